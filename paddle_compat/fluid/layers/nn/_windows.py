"""Sizes and paddings of windows that slide over pictures: of convolutions and of pooling."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

__all__ = ["check_choice", "fit", "paddings", "pair", "same_padding"]

_ALGORITHMS = ("SAME", "VALID")


def pair(layer: str, name: str, value: Any, count: int = 2) -> list[int]:
    """Return a size for each dimension.

    Raises:
        ValueError: it is neither an int nor a list of so many ints.
    """
    if isinstance(value, int):
        return [value] * count
    items = list(value) if isinstance(value, (list, tuple)) else []
    if len(items) != count or not all(isinstance(item, int) for item in items):
        raise ValueError(
            f"{layer}: {name} must be an int, or a list of {count} ints, but it is {value!r}"
        )
    return items


def paddings(layer: str, name: str, value: Any, data_format: str) -> tuple[str, list[int]]:
    """Return how padding is found, and [top, bottom, left, right].

    Raises:
        ValueError: it is none of an int, two ints, four ints, four pairs of ints (one for each
            dimension, zeros for batch and channels), 'SAME' and 'VALID'.
    """
    if isinstance(value, str):
        if value.upper() not in _ALGORITHMS:
            raise ValueError(
                f"{layer}: {name} must be 'SAME', 'VALID' or ints, but it is {value!r}"
            )
        return value.upper(), [0, 0, 0, 0]
    if isinstance(value, (list, tuple)) and len(value) == 4:
        if isinstance(value[0], (list, tuple)):
            channels = 1 if data_format == "NCHW" else 3
            if any(list(value[index]) != [0, 0] for index in (0, channels)):
                raise ValueError(
                    f"{layer}: {name} must be [0, 0] for the batch and the channels, but it is "
                    f"{value!r} with data_format={data_format!r}"
                )
            spatial = value[2:4] if data_format == "NCHW" else value[1:3]
            value = [size for both in spatial for size in both]
        return "EXPLICIT", pair(layer, name, value, 4)
    vertical, horizontal = pair(layer, name, value)
    return "EXPLICIT", [vertical, vertical, horizontal, horizontal]


def same_padding(size: int, window: int, stride: int) -> tuple[int, int]:
    """Return the padding before and after with which a stride of 1 keeps a size."""
    total = max((-(-size // stride) - 1) * stride + window - size, 0)
    return total // 2, total - total // 2


def fit(
    layer: str, size: int, window: int, stride: int, before: int, after: int, *, ceil: bool = False
) -> int:
    """Return how many windows fit a size; -1 where it is unknown.

    Raises:
        ValueError: none fits.
    """
    if size < 0:
        return -1
    room = size + before + after - window
    count = -(-room // stride) + 1 if ceil else room // stride + 1
    if count <= 0:
        raise ValueError(
            f"{layer}: a window of {window} does not fit into a size of {size} with padding of "
            f"{before} and {after}; use a smaller window, or more padding"
        )
    return count


def check_choice(layer: str, name: str, value: object, choices: Sequence[str]) -> None:
    """Check that an argument is one of some words.

    Raises:
        ValueError: it is not.
    """
    if value not in choices:
        listed = " or ".join(map(repr, choices))
        raise ValueError(f"{layer}: {name} must be {listed}, but it is {value!r}")
