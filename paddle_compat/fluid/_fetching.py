"""What a run returns: values that are the caller's own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, NamedTuple

import torch

from paddle_compat.fluid._lod import Lod
from paddle_compat.fluid._scope import LoDTensor, as_array

__all__ = ["Fetched", "addresses", "hand_out", "merged", "owned", "unshared"]

# Copying fewer elements takes no longer than looking at where they lie.
_LARGE = 1 << 16


class Fetched(NamedTuple):
    """A fetched value, its levels of detail, and whether it is alone in its memory."""

    value: torch.Tensor
    lod: Lod
    alone: bool


def hand_out(fetched: Sequence[Fetched], return_numpy: bool) -> list[Any]:
    """Return fetched values to the caller, whose own they are.

    Raises:
        RuntimeError: arrays are asked for, and a value has levels of detail.
    """
    if not return_numpy:
        return [
            LoDTensor.of(value if alone else value.clone(), lod) for value, lod, alone in fetched
        ]
    if any(lod for _, lod, _ in fetched):
        raise RuntimeError(
            "a fetched value has levels of detail, which an array cannot hold; use "
            "Executor.run(..., return_numpy=False), and then numpy.array(result) and "
            "result.recursive_sequence_lengths()"
        )
    return [value.numpy() if alone else as_array(value) for value, _, alone in fetched]


def merged(parts: Sequence[Fetched]) -> Fetched:
    """Return what several places give for one fetch as one value, row below row."""
    if len(parts) == 1:
        return parts[0]
    device = parts[0].value.device
    value = torch.cat([part.value.to(device) for part in parts])
    lods = zip(*(part.lod for part in parts), strict=False)
    return Fetched(value, tuple(torch.cat(level) for level in lods), True)


def unshared(value: torch.Tensor, read: Collection[int]) -> torch.Tensor:
    """Return a value that shares no memory with what the step read, told by its addresses."""
    value = value.detach()
    return value.clone() if value.untyped_storage().data_ptr() in read else value


def addresses(inputs: Iterable[Any]) -> set[int]:
    """Return where the tensors among these lie."""
    return {
        value.untyped_storage().data_ptr() for value in inputs if isinstance(value, torch.Tensor)
    }


def owned(fetched: Sequence[torch.Tensor], others: Iterable[Any]) -> list[bool]:
    """Tell which large results are alone in their memory, so that they need not be copied."""
    large = [
        value.is_cpu
        and value.numel() >= _LARGE
        and value.is_contiguous()
        and value.untyped_storage().nbytes() == value.numel() * value.element_size()
        for value in fetched
    ]
    if not any(large):
        return large
    held = addresses(others)
    places = [value.untyped_storage().data_ptr() for value in fetched]
    return [
        big and place not in held and places.count(place) == 1
        for big, place in zip(large, places, strict=True)
    ]
