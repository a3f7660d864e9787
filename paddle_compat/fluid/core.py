"""`paddle.fluid.core`: the part of 1.8's native module that programs name."""

from __future__ import annotations

from paddle_compat.fluid._dtypes import VarDesc
from paddle_compat.fluid._errors import EnforceNotMet, EOFException
from paddle_compat.fluid._places import (
    CPUPlace,
    CUDAPinnedPlace,
    CUDAPlace,
    get_cuda_device_count,
    is_compiled_with_cuda,
)
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._scope import LoDTensor, Scope
from paddle_compat.fluid._scope import Scope as _Scope  # noqa: F401 - the native type's name
from paddle_compat.fluid._strategies import ParallelExecutor

__all__ = [
    "CPUPlace",
    "CUDAPinnedPlace",
    "CUDAPlace",
    "EOFException",
    "EnforceNotMet",
    "LoDTensor",
    "ParallelExecutor",
    "Scope",
    "VarDesc",
    "get_cuda_device_count",
    "is_compiled_with_cuda",
]


for _strategy in (ParallelExecutor.BuildStrategy, ParallelExecutor.ExecutionStrategy):
    _strategy.__module__ = __name__
    _strategy.__qualname__ = f"ParallelExecutor.{_strategy.__name__}"

# `is_compiled_with_cuda` is `fluid.framework`'s.
__getattr__ = publish(__name__, globals(), [n for n in __all__ if n[0].isupper()])
