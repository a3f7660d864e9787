"""Tensors from a safetensors file, with torch alone."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

__all__ = ["read_tensors"]

_DTYPES = {
    "BOOL": torch.bool,
    "U8": torch.uint8,
    "I8": torch.int8,
    "I16": torch.int16,
    "I32": torch.int32,
    "I64": torch.int64,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    "F32": torch.float32,
    "F64": torch.float64,
}


def read_tensors(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors of a safetensors file by name."""
    data = bytearray(Path(path).read_bytes())
    start = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:start])
    header.pop("__metadata__", None)
    tensors = {}
    for name, told in header.items():
        first, last = told["data_offsets"]
        dtype = _DTYPES[told["dtype"]]
        if first == last:
            tensors[name] = torch.empty(told["shape"], dtype=dtype)
        else:
            piece = data[start + first : start + last]
            tensors[name] = torch.frombuffer(piece, dtype=dtype).reshape(told["shape"])
    return tensors
