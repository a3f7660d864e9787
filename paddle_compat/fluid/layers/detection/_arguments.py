"""Checks of arguments that boxes, anchors and matching share. None reads a tensor's values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor

from paddle_compat.fluid.layers._checks import check_number, check_tensor, check_type, dtypes
from paddle_compat.fluid.layers._shapes import fits
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = [
    "FLOATS",
    "check_flags",
    "check_floats",
    "check_shape",
    "listed",
    "number_or",
    "numbers",
    "positive_numbers",
    "without_gradient",
]

FLOATS = dtypes("float32", "float64")


def check_shape(
    layer: str, name: str, value: Any, *shape: int | str, allowed: Any = FLOATS
) -> None:
    """Check a tensor's dtype, and its shape; a size that is a word may be any.

    Raises:
        TypeError: it is no tensor of an allowed dtype.
        ValueError: it has another shape.
    """
    check_tensor(layer, name, stand_in(value), allowed)
    given = tuple(value.shape)
    if len(given) != len(shape) or not all(
        isinstance(wanted, str) or fits(size, wanted)
        for size, wanted in zip(given, shape, strict=True)
    ):
        told = ", ".join(str(size) for size in shape)
        raise ValueError(f"{layer}: {name} must be [{told}], but its shape is {list(given)}")


def check_flags(layer: str, **flags: Any) -> None:
    """Check arguments that are true or false; None is what the operator has by default."""
    for name, value in flags.items():
        check_type(layer, name, value, (bool, int, type(None)), "True or False")


def check_floats(layer: str, name: str, values: Sequence[Any]) -> None:
    """Check numbers that 1.8 takes as they are, and all of which must not be ints.

    Raises:
        TypeError: they are, or they are no numbers.
    """
    if values and all(type(value) is int for value in values):
        raise TypeError(
            f"{layer}: {name} must be floats, but it is {values!r}; use "
            f"{[float(value) for value in values]}"
        )
    for value in values:
        check_type(layer, name, value, (int, float), "a list of floats")


def listed(values: Any) -> list[Any]:
    """Return a list or tuple as a list; a number alone as a list of it."""
    return list(values) if isinstance(values, (list, tuple)) else [values]


def numbers(layer: str, name: str, values: Any) -> list[float]:
    """Return numbers as floats, where one alone may stand for a list of it."""
    for value in listed(values):
        check_number(layer, name, value)
    return [float(value) for value in listed(values)]


def positive_numbers(layer: str, name: str, values: Any) -> list[float]:
    """Return numbers as `numbers` does.

    Raises:
        ValueError: one is not positive.
    """
    given = numbers(layer, name, values)
    if given and not min(given) > 0:
        raise ValueError(f"{layer}: {name} must be positive numbers, but it is {values!r}")
    return given


def number_or(layer: str, name: str, value: Any, default: float) -> float:
    """Return a number; what the operator has by default for None."""
    if value is None:
        return default
    check_number(layer, name, value)
    return float(value)


def without_gradient(value: Any) -> Any:
    """Stop the gradient at a variable, or return a tensor without it."""
    if isinstance(value, Tensor):
        return value.detach()
    value.stop_gradient = True
    return value
