"""Static shapes: a layer's own function, run on tensors that have a shape and no values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from paddle_compat.fluid._variable import Variable

__all__ = ["Rule", "Signature", "infer", "same_as"]

Signature = tuple[tuple[int, ...], torch.dtype]
"""A shape with -1 for unknown sizes, and a dtype."""

Rule = Callable[[dict[str, Any]], "Signature | list[Signature]"]
"""What a layer that knows better answers, from its arguments."""

# Two sizes that unknown ones are tried with: what differs in the result is unknown too. Both have
# many divisors, and are larger than any window.
_TRIALS = (5040, 7560)


def infer(
    function: Callable[..., Any], arguments: dict[str, Any], rule: Rule | str | None = None
) -> list[Signature]:
    """Return the shape and dtype of each result of a layer.

    Args:
        function: the layer's function of torch tensors.
        arguments: its arguments, with variables in them.
        rule: goes before running the function; the name of an argument says that the layer works
            element by element, and its one result has that argument's shape.
    """
    if isinstance(rule, str):
        return [_like(function, arguments, rule)]
    if rule is not None:
        told = rule(arguments)
        return told if isinstance(told, list) else [told]
    # Networks repeat themselves, and tensors without values are slow.
    key = (function, tuple((name, _key(value)) for name, value in arguments.items()))
    if key not in _known:
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[key] = _run(function, arguments)
    return list(_known[key])


_known: dict[Any, list[Signature]] = {}
_MOST_KNOWN = 10000


def _key(value: Any) -> Any:
    """Return what of an argument the result's shape and dtype can depend on."""
    if isinstance(value, Variable):
        return (value.shape, value.dtype)
    if isinstance(value, (list, tuple)):
        return (type(value), *(_key(item) for item in value))
    return (type(value), repr(value))


def _run(function: Callable[..., Any], arguments: dict[str, Any]) -> list[Signature]:
    """Run a layer's function on tensors without values."""
    first, unknown = _try(function, arguments, _TRIALS[0])
    if not unknown:
        return [(tuple(result.shape), result.dtype) for result in first]
    second, _ = _try(function, arguments, _TRIALS[1])
    return [
        (
            tuple(a if a == b else -1 for a, b in zip(one.shape, two.shape, strict=True)),
            one.dtype,
        )
        for one, two in zip(first, second, strict=True)
    ]


def _like(function: Callable[..., Any], arguments: dict[str, Any], name: str) -> Signature:
    """Return the signature of an element by element layer, run on no elements."""
    values = {
        key: torch.empty(0, dtype=value.torch_dtype) if isinstance(value, Variable) else value
        for key, value in arguments.items()
    }
    with torch.no_grad():
        result = function(**values)
    return tuple(arguments[name].shape), result.dtype


def same_as(name: str) -> Rule:
    """Return the rule of layers whose one result is like an argument, whatever the others are."""

    def rule(arguments: dict[str, Any]) -> Signature:
        variable = arguments[name]
        return tuple(variable.shape), variable.torch_dtype

    rule.like = name  # type: ignore[attr-defined]
    return rule


def _try(
    function: Callable[..., Any], arguments: dict[str, Any], size: int
) -> tuple[Sequence[torch.Tensor], bool]:
    unknown = False

    def stand_in(value: Any) -> Any:
        nonlocal unknown
        if isinstance(value, Variable):
            shape = [size if known < 0 else known for known in value.shape]
            unknown = unknown or -1 in value.shape
            return torch.empty(shape, dtype=value.torch_dtype, device="meta")
        if isinstance(value, (list, tuple)):
            return type(value)(stand_in(item) for item in value)
        if isinstance(value, torch.Tensor):
            return value.to("meta")
        return value

    with torch.no_grad():
        result = function(**{name: stand_in(value) for name, value in arguments.items()})
    return (result if isinstance(result, (list, tuple)) else (result,)), unknown
