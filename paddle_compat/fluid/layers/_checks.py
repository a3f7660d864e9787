"""Checks of arguments that many layers share. Only `is_anywhere` reads a tensor's values."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from paddle_compat.fluid._dtypes import VarType, as_torch_dtype, as_var_type
from paddle_compat.fluid.layers._shapes import torch_dtype_of

__all__ = [
    "FLOATS",
    "NUMBERS",
    "check_number",
    "check_tensor",
    "check_tensors",
    "check_type",
    "dtypes",
    "is_anywhere",
    "read_dtype",
]


def dtypes(*names: str) -> tuple[torch.dtype, ...]:
    """Return torch dtypes by name."""
    return tuple(as_torch_dtype(name) for name in names)


FLOATS = dtypes("float16", "float32", "float64")
NUMBERS = (*FLOATS, *dtypes("int32", "int64"))


def _listed(allowed: Iterable[torch.dtype]) -> str:
    names = [str(dtype).removeprefix("torch.") for dtype in allowed]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def check_tensor(
    layer: str, name: str, value: object, allowed: tuple[torch.dtype, ...] | None = None
) -> None:
    """Check that an argument is a tensor, of one of the dtypes.

    Raises:
        TypeError: it is not; the text names the layer, the argument and the fix. bfloat16 passes
            wherever float16 does.
    """
    if not isinstance(value, torch.Tensor):
        raise TypeError(
            f"{layer}: {name} must be a variable or a tensor, but it is {type(value).__name__}; "
            "use fluid.layers.assign(...) on an array, or fluid.data to feed it"
        )
    if allowed is None or value.dtype in allowed:
        return
    if value.dtype == torch.bfloat16 and torch.float16 in allowed:
        return
    wanted = torch.float32 if torch.float32 in allowed else allowed[0]
    raise TypeError(
        f"{layer}: {name} must be {_listed(allowed)}, but it is {_listed([value.dtype])}; use "
        f"fluid.layers.cast({name}, '{_listed([wanted])}')"
    )


def check_tensors(
    layer: str, name: str, values: object, allowed: tuple[torch.dtype, ...] | None = None
) -> None:
    """Check that an argument is a list or tuple of tensors, of one of the dtypes."""
    if not isinstance(values, (list, tuple)):
        raise TypeError(
            f"{layer}: {name} must be a list of variables or tensors, but it is "
            f"{type(values).__name__}"
        )
    for index, value in enumerate(values):
        check_tensor(layer, f"{name}[{index}]", value, allowed)


def check_same_dtype(layer: str, **values: Any) -> None:
    """Check that tensors have the dtype of the first.

    Raises:
        TypeError: they do not.
    """
    (first, one), *others = values.items()
    for name, other in others:
        if torch_dtype_of(other) != torch_dtype_of(one):
            raise TypeError(
                f"{layer}: {name} must have the dtype of {first}, {torch_dtype_of(one)}, but it "
                f"is {torch_dtype_of(other)}; use fluid.layers.cast on one of them"
            )


def check_type(
    layer: str, name: str, value: Any, types: type | tuple[type, ...], wanted: str
) -> None:
    """Check an argument's Python type.

    Raises:
        TypeError: it is another.
    """
    if not isinstance(value, types):
        raise TypeError(f"{layer}: {name} must be {wanted}, but it is {type(value).__name__}")


def check_number(layer: str, name: str, value: Any) -> None:
    """Check that an argument is a number, or what Python makes one of.

    Raises:
        TypeError: it is not.
        ValueError: it is text that tells none.
    """
    try:
        float(value)
    except (TypeError, ValueError, RuntimeError):
        error = ValueError if isinstance(value, str) else TypeError
        raise error(f"{layer}: {name} must be a number, but it is {value!r}") from None


def is_anywhere(condition: torch.Tensor) -> bool:
    """Tell whether a tensor of bools holds anywhere.

    While torch compiles or exports there are no values to look at, and the answer is no.
    """
    return not torch.compiler.is_compiling() and bool(condition.any())


def read_dtype(dtype: Any) -> VarType:
    """Read a dtype as layers do.

    Raises:
        TypeError: it is none at all.
        ValueError: it is the name of none, or one that 1.8 does not have.
    """
    try:
        return as_var_type(dtype)
    except TypeError as error:
        raise (ValueError if isinstance(dtype, str) else TypeError)(str(error)) from None
