"""Legacy PaddlePaddle detection code on PyTorch: ``import paddle_compat as paddle``.

Tensors are plain `torch.Tensor` objects. Importing this package patches nothing and needs no
Paddle. What Paddle has and this package does not raises `UnsupportedAPIError`, which says what to
use instead.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING

from paddle_compat.batch import batch
from paddle_compat.errors import UnsupportedAPIError, unsupported_attribute

if TYPE_CHECKING:
    from paddle_compat import fluid, framework, nn, reader, tensor
    from paddle_compat.framework.dtype import (
        bfloat16,
        bool,  # noqa: A004 - Paddle's name
        complex64,
        complex128,
        float16,
        float32,
        float64,
        int8,
        int16,
        int32,
        int64,
        uint8,
    )
    from paddle_compat.framework.io import load, save
    from paddle_compat.tensor import (
        cast,
        greater_equal,
        sum,  # noqa: A004 - Paddle's name
        to_tensor,
    )

__all__ = [
    "UnsupportedAPIError",
    "__version__",
    "batch",
    "bfloat16",
    "bool",
    "cast",
    "complex64",
    "complex128",
    "float16",
    "float32",
    "float64",
    "fluid",
    "framework",
    "greater_equal",
    "int8",
    "int16",
    "int32",
    "int64",
    "load",
    "nn",
    "reader",
    "save",
    "sum",
    "tensor",
    "to_tensor",
    "uint8",
]

__version__ = "0.1.0"

# Where each name comes from: imported when it is first asked for, so that the command line, and
# what works on source alone, need no torch.
_MODULES = ("fluid", "framework", "nn", "reader", "tensor")
_HOMES = {
    "paddle_compat.framework.dtype": """
        bfloat16 bool complex64 complex128 float16 float32 float64 int8 int16 int32 int64 uint8
    """,
    "paddle_compat.framework.io": "load save",
    "paddle_compat.tensor": "cast greater_equal sum to_tensor",
}
_HOME = {name: home for home, names in _HOMES.items() for name in names.split()}

_unsupported = unsupported_attribute(
    __name__,
    "paddle",
    offered="torch's own function, for tensors here are torch tensors",
    section="What is offered",
    instead={
        "Tensor": "torch.Tensor",
        "dataset": "a loader of your own, or torchvision.datasets",
        "add": "torch.add",
        "concat": "torch.cat",
        "grad": "torch.autograd.grad",
        "matmul": "torch.matmul",
        "mean": "torch.mean",
        "no_grad": "torch.no_grad",
        "ones": "torch.ones",
        "optimizer": "torch.optim",
        "reshape": "torch.reshape",
        "seed": "torch.manual_seed",
        "zeros": "torch.zeros",
        "CPUPlace": "the place 'cpu', or torch.device('cpu')",
        "CUDAPlace": "the place 'gpu:0', or torch.device('cuda', 0)",
    },
)


def __getattr__(name: str) -> object:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _HOME:
        found: object = getattr(import_module(_HOME[name]), name)
        setattr(sys.modules[__name__], name, found)
        return found
    return _unsupported(name)


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
