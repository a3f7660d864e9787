"""Where the checks of the fused kernels run: interpreted on the CPU, or on a GPU.

The checks (``check_*.py``) are run by `test_fused.py`, in processes of their own: Triton has to
know when it is first imported whether it interprets.
"""

from __future__ import annotations

import os
from typing import Any

import torch
from torch import Tensor

__all__ = ["DEVICE", "VARIABLE", "labels", "logits", "round_as_gpus_do"]

VARIABLE = "FUSED_DEVICE"
DEVICE = os.environ.get(VARIABLE, "cpu")


def round_as_gpus_do() -> None:
    """Have the interpreter round to bfloat16 as every GPU does, to the nearest; it truncates."""
    from triton.language import bfloat16, float32
    from triton.runtime.interpreter import InterpreterBuilder, TensorHandle

    cast = InterpreterBuilder.cast_impl

    def rounded(self: Any, source: Any, wanted: Any) -> Any:
        if source.dtype.scalar == float32 and wanted.scalar == bfloat16:
            nearest = torch.from_numpy(source.data.copy()).to(torch.bfloat16)
            return TensorHandle(nearest.view(torch.uint16).numpy(), wanted.scalar)
        return cast(self, source, wanted)

    InterpreterBuilder.cast_impl = rounded


def logits(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 0) -> Tensor:
    """Draw logits."""
    random = torch.Generator().manual_seed(seed)
    return (torch.randn(*shape, generator=random, dtype=torch.float64) * 4).to(DEVICE, dtype)


def labels(*shape: int, dtype: torch.dtype = torch.float64, seed: int = 1) -> Tensor:
    """Draw labels, hard and soft."""
    random = torch.Generator().manual_seed(seed)
    soft = torch.rand(*shape, generator=random, dtype=torch.float64)
    return torch.where(soft < 0.3, 0.0, torch.where(soft > 0.8, 1.0, soft)).to(DEVICE, dtype)
