"""Numbers, dtypes and arguments, as torch alone has them.

Vendored code takes these in place of functions of the same names, which know NumPy and programs
too. What occurs when a layer runs is the same: its arguments are torch tensors, and torch's dtypes
or their names. `TWINS` tells whose twin each is.
"""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import torch
from torch import Tensor

__all__ = ["INLINED", "TWINS"]


def single(value: float) -> float:
    """Return a number rounded to float32."""
    value = float(value)
    if not math.isfinite(value):
        return value
    # What the last bit of a float32 near the value is worth; the least one is 2**-149.
    unit = 2.0 ** max(math.frexp(value)[1] - 24, -149)
    rounded = abs(round(value / unit) * unit)
    return math.copysign(rounded if rounded < 2.0**128 else math.inf, value)


def number(name: str, value: object) -> float:
    """Return a number of any kind as a float."""
    if not isinstance(value, (float, int, Real)):
        raise TypeError(f"{name} must be a number, but it is {type(value).__name__}")
    return float(value)


def is_tensor(value: Any) -> bool:
    """Tell whether an argument is a tensor."""
    return isinstance(value, Tensor)


def stand_in(value: Any) -> Any:
    """Return what checks look at: the argument itself."""
    return value


def torch_dtype_of(value: Tensor) -> torch.dtype:
    """Return a tensor's dtype."""
    return value.dtype


def as_torch_dtype(dtype: Any) -> torch.dtype:
    """Return a dtype that is given as such or by its name."""
    found = getattr(torch, dtype, None) if isinstance(dtype, str) else dtype
    if not isinstance(found, torch.dtype):
        raise TypeError(f"{dtype!r} is no dtype")
    return found


def read_dtype(dtype: Any) -> torch.dtype:
    """Return a dtype that is given as such or by its name."""
    try:
        return as_torch_dtype(dtype)
    except TypeError:
        kind = ValueError if isinstance(dtype, str) else TypeError
        raise kind(f"{dtype!r} is no dtype") from None


def check_tensor(
    layer: str, name: str, value: object, allowed: tuple[torch.dtype, ...] | None = None
) -> None:
    """Check that an argument is a tensor, of one of the dtypes; bfloat16 passes as float16 does."""
    if not isinstance(value, Tensor):
        raise TypeError(f"{layer}: {name} must be a tensor, but it is {type(value).__name__}")
    if allowed is None or value.dtype in allowed:
        return
    if value.dtype == torch.bfloat16 and torch.float16 in allowed:
        return
    wanted = " or ".join(str(dtype).removeprefix("torch.") for dtype in allowed)
    raise TypeError(f"{layer}: {name} must be {wanted}, but it is {value.dtype}")


_FLUID = "paddle_compat.fluid"

TWINS = {
    (f"{_FLUID}._attributes", "single"): "single",
    ("paddle_compat.framework.arguments", "number"): "number",
    (f"{_FLUID}.layers._shapes", "is_tensor"): "is_tensor",
    (f"{_FLUID}.layers._shapes", "torch_dtype_of"): "torch_dtype_of",
    (f"{_FLUID}.layers._stand_in", "stand_in"): "stand_in",
    (f"{_FLUID}._dtypes", "as_torch_dtype"): "as_torch_dtype",
    (f"{_FLUID}.layers._checks", "read_dtype"): "read_dtype",
    (f"{_FLUID}.layers._checks", "check_tensor"): "check_tensor",
}
"""The twins here, by the module and name of whose they are."""

INLINED = {
    (f"{_FLUID}.layers._shapes", "torch_dtype_of"): ".dtype",
    (f"{_FLUID}.layers._stand_in", "stand_in"): "",
}
"""What a call comes down to: its one argument, and this behind it."""
