"""Paddle's dtype names, which are torch dtypes here, and the ways Paddle reads a dtype argument.

Paddle reads dtypes in three ways, measured on 3.3.1: `paddle.to_tensor` is strict,
`paddle.cast` takes whatever numpy does, `paddle.sum` takes numpy's types but only its own strings.
"""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np
import torch

__all__ = [
    "bfloat16",
    "bool",
    "complex64",
    "complex128",
    "float16",
    "float32",
    "float64",
    "int8",
    "int16",
    "int32",
    "int64",
    "uint8",
]

uint8 = torch.uint8
int8 = torch.int8
int16 = torch.int16
int32 = torch.int32
int64 = torch.int64
float16 = torch.float16
bfloat16 = torch.bfloat16
float32 = torch.float32
float64 = torch.float64
complex64 = torch.complex64
complex128 = torch.complex128
bool = torch.bool  # noqa: A001 - Paddle's name

_BY_NAME: dict[str, torch.dtype] = {
    "bool": torch.bool,
    "uint8": uint8,
    "int8": int8,
    "int16": int16,
    "int32": int32,
    "int64": int64,
    "float16": float16,
    "bfloat16": bfloat16,
    "float32": float32,
    "float64": float64,
    "complex64": complex64,
    "complex128": complex128,
}
# numpy has no bfloat16: Paddle stores its bits in uint16 arrays and lets the name mean bfloat16.
_BY_NUMPY_NAME = {name: dtype for name, dtype in _BY_NAME.items() if name != "bfloat16"} | {
    "uint16": bfloat16
}
_KNOWN = frozenset(_BY_NAME.values())
_LIST = ", ".join(_BY_NAME)


def _offered(dtype: torch.dtype) -> torch.dtype:
    if dtype not in _KNOWN:
        raise ValueError(f"dtype must be one of {_LIST}, but got {dtype}")
    return dtype


def exact_dtype(dtype: Any) -> torch.dtype:
    """Read a dtype as `paddle.to_tensor` does.

    Python's `float`, `int` and `complex` and numpy's short names are refused.

    Raises:
        TypeError: for anything else than a dtype's own name, numpy type or torch dtype.
        ValueError: for a torch dtype that Paddle code has no name for.
    """
    if isinstance(dtype, torch.dtype):
        return _offered(dtype)
    name = dtype
    if isinstance(dtype, np.dtype):
        name = dtype.name
    elif isinstance(dtype, type):
        # Python's `bool` is taken, numpy's is not (its name is `bool` too from numpy 2 on).
        takes = issubclass(dtype, np.generic) and dtype is not np.bool_
        name = dtype.__name__ if takes or dtype is builtins.bool else None
    if isinstance(name, str) and (name in _BY_NAME or name in _BY_NUMPY_NAME):
        return _BY_NAME[name] if name in _BY_NAME else _BY_NUMPY_NAME[name]
    raise TypeError(f"dtype must be one of {_LIST}, but got {dtype!r}")


def numpy_dtype(dtype: Any) -> torch.dtype:
    """Read a dtype as `paddle.cast` does: its names in any letter case, and all that numpy reads.

    Raises:
        TypeError: where numpy knows no such dtype.
        ValueError: where numpy does, and torch or Paddle does not.
    """
    if isinstance(dtype, torch.dtype):
        return _offered(dtype)
    if isinstance(dtype, str) and (name := dtype.lower().strip()) in _BY_NAME:
        return _BY_NAME[name]
    try:
        known = np.dtype(dtype)
    except TypeError:
        raise TypeError(f"dtype must be one of {_LIST}, but got {dtype!r}") from None
    if known.name not in _BY_NUMPY_NAME:
        raise ValueError(f"dtype must be one of {_LIST}, but got {dtype!r}")
    return _BY_NUMPY_NAME[known.name]


def reduction_dtype(dtype: Any) -> torch.dtype:
    """Read a dtype as `paddle.sum` does: numpy's types, but of the strings only the exact names.

    Raises:
        ValueError: for a string that is no dtype's exact name.
        TypeError: for what is no dtype at all (real Paddle 3.3.1 aborts the process).
    """
    if isinstance(dtype, str) and dtype not in _BY_NAME:
        raise ValueError(f"dtype must be one of {_LIST}, but got {dtype!r}")
    return numpy_dtype(dtype)
