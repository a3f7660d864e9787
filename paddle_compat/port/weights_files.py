"""Files of torch's weights: safetensors, and torch's own."""

from __future__ import annotations

import io
import json
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_compat.checkpoints import write_atomically

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Weight", "as_tensor", "safetensors_bytes", "torch_bytes", "write_state"]

Array = np.ndarray[Any, Any]

_DTYPES: Mapping[str, str] = {
    "bool": "BOOL",
    "uint8": "U8",
    "int8": "I8",
    "int16": "I16",
    "int32": "I32",
    "int64": "I64",
    "uint32": "U32",
    "uint64": "U64",
    "float16": "F16",
    "bfloat16": "BF16",
    "float32": "F32",
    "float64": "F64",
    "complex64": "C64",
}


@dataclass(frozen=True, eq=False)
class Weight:
    """A tensor that is to be written.

    Attributes:
        array: its values; of bfloat16 the bits, as uint16.
        dtype: torch's name of its dtype.
    """

    array: Array
    dtype: str

    @classmethod
    def of(cls, array: Array) -> Weight:
        """Return the weight that an array of a Paddle file is.

        Raises:
            TypeError: torch has no such dtype.
        """
        value = array.astype(array.dtype.newbyteorder("="), copy=False)
        name = "bfloat16" if value.dtype == np.uint16 else value.dtype.name
        if name not in _DTYPES and name != "complex128":
            raise TypeError(f"torch has no {name}")
        return cls(value, name)


def safetensors_bytes(weights: Mapping[str, Weight]) -> bytes:
    """Return a safetensors file: the size of a header, the header in JSON, and the elements.

    Raises:
        TypeError: safetensors has no such dtype.
    """
    header: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    data: list[bytes] = []
    start = 0
    # Those of wide elements first, as safetensors does itself: all are aligned so.
    for name, weight in sorted(weights.items(), key=lambda i: (-i[1].array.itemsize, i[0])):
        if weight.dtype not in _DTYPES:
            raise TypeError(f"{name!r} is {weight.dtype}, which safetensors cannot hold; write .pt")
        array = np.ascontiguousarray(weight.array)
        data.append(array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes())
        header[name] = {
            "dtype": _DTYPES[weight.dtype],
            "shape": list(weight.array.shape),
            "data_offsets": [start, start + array.nbytes],
        }
        start += array.nbytes
    told = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    told += b" " * (-len(told) % 8)
    return b"".join([struct.pack("<Q", len(told)), told, *data])


def as_tensor(weight: Weight) -> Tensor:
    """Return a weight as a torch tensor of its own memory."""
    import torch

    array = np.array(weight.array, order="C")
    if weight.dtype == "bfloat16":
        return torch.from_numpy(array.view(np.int16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def torch_bytes(weights: Mapping[str, Weight]) -> bytes:
    """Return what ``torch.save`` writes for a state; ``torch.load(weights_only=True)`` reads it."""
    import torch

    file = io.BytesIO()
    torch.save({name: as_tensor(weight) for name, weight in weights.items()}, file)
    return file.getvalue()


def write_state(path: str | os.PathLike[str], weights: Mapping[str, Weight], form: str) -> None:
    """Write a state, whole or not at all.

    Args:
        path: the file.
        weights: by name.
        form: ``safetensors`` or ``pt``.

    Raises:
        OSError: it cannot be written; an old file is as it was.
        TypeError: safetensors cannot hold a dtype.
    """
    make = torch_bytes if form == "pt" else safetensors_bytes
    write_atomically(path, make(weights))
