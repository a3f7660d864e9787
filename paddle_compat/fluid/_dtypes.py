"""The dtypes of 1.x: `VarDesc.VarType`, and the ways its code writes a dtype."""

from __future__ import annotations

import enum
from typing import Any

import numpy as np
import torch

__all__ = ["VarDesc", "VarType", "as_numpy_dtype", "as_torch_dtype", "as_var_type", "dtype_name"]


class VarType(enum.Enum):
    """What a variable holds: the dtypes and kinds of 1.8, with its numbers."""

    BOOL = 0
    INT16 = 1
    INT32 = 2
    INT64 = 3
    FP16 = 4
    FP32 = 5
    FP64 = 6
    LOD_TENSOR = 7
    SELECTED_ROWS = 8
    FEED_MINIBATCH = 9
    FETCH_LIST = 10
    STEP_SCOPES = 11
    LOD_RANK_TABLE = 12
    LOD_TENSOR_ARRAY = 13
    PLACE_LIST = 14
    READER = 15
    RAW = 17
    UINT8 = 20
    INT8 = 21

    def __repr__(self) -> str:
        return f"VarType.{self.name}"

    __str__ = __repr__

    def __int__(self) -> int:
        return int(self.value)

    def __index__(self) -> int:
        return int(self.value)


class VarDesc:
    """Home of `VarType`, as in `paddle.fluid.core`."""

    VarType = VarType


_NAMES = {
    VarType.BOOL: "bool",
    VarType.INT8: "int8",
    VarType.UINT8: "uint8",
    VarType.INT16: "int16",
    VarType.INT32: "int32",
    VarType.INT64: "int64",
    VarType.FP16: "float16",
    VarType.FP32: "float32",
    VarType.FP64: "float64",
}
_TORCH = {kind: getattr(torch, name) for kind, name in _NAMES.items()}
_FROM_TORCH = {dtype: kind for kind, dtype in _TORCH.items()}
_FROM_NAME = {name: kind for kind, name in _NAMES.items()}


def as_var_type(dtype: Any) -> VarType:
    """Read a dtype in any of the ways of 1.x code: a name, a numpy or torch dtype, a VarType.

    Raises:
        TypeError: it is no dtype at all.
        ValueError: it is one that 1.8 does not have.
    """
    if isinstance(dtype, VarType):
        if dtype not in _NAMES:
            raise TypeError(f"dtype must be that of an element, but it is {dtype}")
        return dtype
    if isinstance(dtype, torch.dtype):
        if dtype not in _FROM_TORCH:
            raise ValueError(f"fluid has no dtype {dtype}; cast to one of {_LIST}")
        return _FROM_TORCH[dtype]
    if isinstance(dtype, str) and dtype in _FROM_NAME:
        return _FROM_NAME[dtype]
    try:
        name = np.dtype(dtype).name
    except TypeError:
        raise TypeError(f"dtype must be one of {_LIST}, but got {dtype!r}") from None
    if name not in _FROM_NAME or dtype is None:
        raise ValueError(f"dtype must be one of {_LIST}, but got {dtype!r}")
    return _FROM_NAME[name]


def as_torch_dtype(dtype: Any) -> torch.dtype:
    """Read a dtype in any of the ways of 1.x code, as torch's."""
    return dtype if isinstance(dtype, torch.dtype) else _TORCH[as_var_type(dtype)]


def as_numpy_dtype(dtype: Any) -> np.dtype[Any]:
    """Read a dtype in any of the ways of 1.x code, as numpy's."""
    return np.dtype(dtype_name(dtype))


def dtype_name(dtype: Any) -> str:
    """Return a dtype's name, such as ``'float32'``."""
    return _NAMES[as_var_type(dtype)]


_LIST = ", ".join(_NAMES.values())
