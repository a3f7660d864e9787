"""Which code evaluates a focal loss: the one place that chooses, and how to choose otherwise.

- ``auto``, what happens unless something else is asked for: the sweeps of plain torch operations
  over blocks of elements where eager code may run, on every kind of device, else the straight line.
- ``blocks``: the same, by its name.
- ``straight``: plain differentiable torch operations on whole tensors, always.
- ``triton``: the fused kernels, for CUDA tensors. What they do not compute takes the straight line:
  `torch.func` and forward-mode AD, weights of each class, labels that are differentiated while
  `torch.compile` traces.

`focal_path` chooses for a block of code; for a whole process, the environment variable
``PADDLE_COMPAT_FOCAL`` does when the library is imported.
"""

from __future__ import annotations

import contextlib
import importlib
import os
from collections.abc import Iterator
from typing import Literal, get_args

from torch import Tensor

from paddle_compat.kernels import differentiate
from paddle_compat.kernels.differentiate import Problem

__all__ = ["VARIABLE", "Path", "evaluate", "focal_path"]

Path = Literal["auto", "straight", "blocks", "triton"]
VARIABLE = "PADDLE_COMPAT_FOCAL"


def evaluate(problem: Problem, logit: Tensor, label: Tensor) -> Tensor:
    """Evaluate a loss on the chosen path."""
    path = _chosen[-1]
    if path == "straight":
        return problem.composed(logit, label)
    if path == "triton":
        from paddle_compat.kernels import fused

        return fused.evaluate(problem, logit, label)
    return differentiate.evaluate(problem, logit, label)


@contextlib.contextmanager
def focal_path(path: Path) -> Iterator[None]:
    """Choose which code evaluates the focal losses within this block, for all threads.

    Gradients take the path that their loss took. Losses on the path 'triton' raise RuntimeError
    where it cannot run: without Triton, and for tensors that are not on a CUDA device.

    Args:
        path: 'auto', 'straight', 'blocks' or 'triton'.

    Raises:
        ValueError: another path.

    Example:
        >>> import torch
        >>> from paddle_compat.kernels.paths import focal_path
        >>> from paddle_compat.nn import SigmoidFocalLoss
        >>> with focal_path("straight"):
        ...     SigmoidFocalLoss()(torch.tensor([2.0]), torch.tensor([0.0]))
        tensor(1.2376)
    """
    _chosen.append(_checked("path", path))
    try:
        yield
    finally:
        _chosen.pop()


def _checked(name: str, path: str) -> str:
    if path not in get_args(Path):
        raise ValueError(f"{name} must be 'auto', 'straight', 'blocks' or 'triton', got {path!r}")
    if path == "triton":
        # Its operators are there before a compiler looks at code that calls them.
        importlib.import_module("paddle_compat.kernels.fused")
    return path


# The process's own, and those of the blocks that are open.
_chosen = [_checked(f"the environment variable {VARIABLE}", os.environ.get(VARIABLE, "auto"))]
