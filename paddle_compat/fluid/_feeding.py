"""What is fed to a run: checked, as tensors; and split between places."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from paddle_compat.fluid._compile import Step
from paddle_compat.fluid._dtypes import as_numpy_dtype, dtype_name
from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._scope import LoDTensor, Scope
from paddle_compat.fluid._variable import Variable, fits_declared

__all__ = ["as_feeds", "feed", "levels", "read", "split"]


def as_feeds(feed: Any) -> Mapping[str, Any]:
    """Return what is fed, by name.

    Raises:
        TypeError: it is no dict.
    """
    if feed is None:
        return {}
    if isinstance(feed, (list, tuple)) and len(feed) == 1:
        feed = feed[0]
    if not isinstance(feed, Mapping):
        raise TypeError(
            "feed must be a dict of arrays by the name of their data variable, but it is "
            f"{type(feed).__name__}"
        )
    return feed


def _as_tensor(variable: Variable, value: Any) -> torch.Tensor:
    """Return a fed value as a tensor.

    Raises:
        RuntimeError: it is none, or has another dtype than tensors have.
    """
    if isinstance(value, LoDTensor):
        return value._tensor().detach()
    if isinstance(value, torch.Tensor):
        return value.detach()
    if isinstance(value, (bool, int, float, np.generic)):
        value = np.array([value], dtype=as_numpy_dtype(variable.dtype))
    if not isinstance(value, np.ndarray):
        array = f"numpy.array(..., dtype='{dtype_name(variable.dtype)}')"
        if variable.lod_level:
            array = f"fluid.create_lod_tensor({array}, [[lengths]], place)"
        raise RuntimeError(
            f"the feed of {variable.name!r} must be a numpy array or a fluid.LoDTensor, but it "
            f"is {type(value).__name__}; use {array}"
        )
    if not value.dtype.isnative:
        value = value.astype(value.dtype.newbyteorder("="))
    try:
        return torch.from_numpy(np.ascontiguousarray(value).reshape(value.shape))
    except TypeError:
        raise RuntimeError(
            f"the feed of {variable.name!r} has numpy's dtype {value.dtype}, which no tensor "
            f"has; use .astype('{dtype_name(variable.dtype)}')"
        ) from None


def feed(variable: Variable, value: Any, device: torch.device) -> torch.Tensor:
    """Return a fed value as a tensor on a device, checked against its declaration.

    Raises:
        RuntimeError: it is no array.
        ValueError: it has another shape or dtype than declared.
    """
    tensor = _as_tensor(variable, value)
    if variable.need_check_feed:
        if tensor.dtype != variable.torch_dtype:
            got = str(tensor.dtype).removeprefix("torch.")
            name = dtype_name(variable.dtype)
            raise ValueError(
                f"the feed of {variable.name!r} must be {name}, but it is {got}; use "
                f".astype('{name}')"
            )
        if not fits_declared(variable.shape, tensor.shape):
            raise ValueError(
                f"the feed of {variable.name!r} must have the shape that is declared, "
                f"{list(variable.shape)} (-1 is any size), but it has {list(tensor.shape)}"
            )
    return tensor.to(device)


def levels(variable: Variable, feeds: Mapping[str, Any], scope: Scope) -> Lod:
    """Return the levels of detail of a fed value, or of the scope's, checked."""
    if variable.is_data:
        held = feeds.get(variable.name)
    else:
        found = scope.find_var(variable.name)
        held = None if found is None else found.get_tensor()
    if not isinstance(held, LoDTensor):
        return ()
    if not held.has_valid_recursive_sequence_lengths():
        raise ValueError(
            f"the levels of detail of {variable.name!r}, {held.recursive_sequence_lengths()}, do "
            f"not add up to its {held.shape()[0]} rows; set them with "
            "set_recursive_sequence_lengths"
        )
    return held.levels


def read(program: Program, step: Step, prune: bool) -> dict[str, LoDTensor]:
    """Return the next batches of the program's loaders; with pruning, of those that are needed."""
    needed = {variable.name for variable in step.inputs if isinstance(variable, Variable)}
    found: dict[str, LoDTensor] = {}
    for reader in program.readers:
        if not prune or any(variable.name in needed for variable in reader.variables):
            found.update(reader())
    return found


def split(
    variable: Variable, value: Any, places: int, device: str
) -> list[torch.Tensor | LoDTensor]:
    """Return a fed value in parts of equal size, the last one perhaps smaller, for some places.

    Rows are split, or whole sequences where there are levels of detail. Where the parts of that
    size are fewer than the places, they are for the first ones.

    Raises:
        ValueError: there is nothing to split.
    """
    tensor = _as_tensor(variable, value)
    lod = value.levels if isinstance(value, LoDTensor) else ()
    count = len(lod[0]) if lod else tensor.shape[0] if tensor.dim() else 0
    if not count:
        raise ValueError(
            f"the feed of {variable.name!r}, {list(tensor.shape)}, has no rows to split between "
            f"{places} places; feed at least one for each ({device})"
        )
    size = -(-count // places)
    return [_part(tensor, lod, first, min(first + size, count)) for first in range(0, count, size)]


def _part(tensor: torch.Tensor, lod: Lod, first: int, last: int) -> torch.Tensor | LoDTensor:
    """Return some rows, or some sequences."""
    chosen = []
    for level in lod:
        chosen.append(level[first:last])
        first = int(level[:first].sum())
        last = first + int(chosen[-1].sum())
    rows = tensor[first:last]
    return LoDTensor.of(rows, tuple(chosen)) if lod else rows
