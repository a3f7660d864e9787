"""Causes that show when a port, or a function that it calls, gets other plain numbers."""

from __future__ import annotations

import functools
import inspect
import itertools
import math
import types
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np

from paddle_compat.testing.port import Changes, Port, call
from paddle_compat.testing.recorder import Case
from paddle_compat.testing.trial import Trial

__all__ = ["number_trials", "numbers_of"]

_CALLEES = 12
_PORT = ""


class _Module:
    """A module with one function replaced; the module itself is left alone."""

    def __init__(self, module: types.ModuleType, name: str, function: Port) -> None:
        self._module = module
        setattr(self, name, function)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._module, name)


def number_trials(port: Port, case: Case) -> Iterator[Trial]:
    """Yield what to try with the numbers of a port and of the functions that it calls by name."""
    for owner, numbers in numbers_of(port, case).items():
        where = f"in its call of {owner}: " if owner else ""
        for (a, first), (b, second) in itertools.combinations(numbers.items(), 2):
            if first != second:
                changed = _with(port, owner, {a: second, b: first})
                cause = f"argument order: {where}it matches with {a} and {b} swapped"
                yield Trial(cause, changed, Changes())
        for name, value in numbers.items():
            for other, number in _related(name, float(value)):
                cause = f"another number: {where}it matches with {other} for {name}"
                yield Trial(cause, _with(port, owner, {name: number}), Changes())
        rounded = {
            name: single for name, v in numbers.items() if (single := float(np.float32(v))) != v
        }
        if rounded:
            cause = f"float32 attributes: {where}it matches with {', '.join(rounded)} in float32"
            yield Trial(cause, _with(port, owner, rounded), Changes())


def _related(name: str, value: float) -> Iterator[tuple[str, float]]:
    """Yield what a number is often mistaken for."""
    if 0 < value < 1:
        yield f"1 - {name}", 1 - value
    if value > 0 and value != 1:
        yield f"1 / {name}", 1 / value
        yield f"{name} squared", value * value
        yield f"the root of {name}", math.sqrt(value)
        yield f"1 / {name} squared", 1 / (value * value)


def numbers_of(port: Port, case: Case) -> dict[str, dict[str, float]]:
    """Return the plain numbers that the port ('') and its callees get, by parameter."""
    seen: dict[str, dict[str, float]] = {}

    def watch(owner: str, function: Port) -> Port:
        def arguments(given: dict[str, Any]) -> dict[str, Any]:
            numbers = {n: v for n, v in given.items() if type(v) in (int, float)}
            if numbers:
                seen.setdefault(owner, numbers)
            return given

        return _through(function, arguments)

    watched = port
    for owner, function in _callees(port).items():
        watched = _replaced(watched, owner, watch(owner, function))
    call(watch(_PORT, watched), case)
    return dict(sorted(seen.items()))


def _through(function: Port, change: Callable[[dict[str, Any]], dict[str, Any]]) -> Port:
    """Return a function that changes its arguments, by name and with their defaults."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        return function

    @functools.wraps(function)
    def changed(*args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        bound.arguments.update(change(dict(bound.arguments)))
        return function(*bound.args, **bound.kwargs)

    return changed


def _with(port: Port, owner: str, values: Mapping[str, float]) -> Port:
    """Return a port that gets other numbers, or gives them to a function that it calls."""

    def change(given: dict[str, Any]) -> dict[str, Any]:
        return {**given, **values}

    if owner == _PORT:
        return _through(port, change)
    return _replaced(port, owner, _through(_callees(port)[owner], change))


def _plain(port: Port) -> types.FunctionType | None:
    """Return the function that a port's globals are looked up in."""
    return port if isinstance(port, types.FunctionType) else None


def _callees(port: Port) -> dict[str, Port]:
    """Return the Python functions that a port's code names, as ``name`` or ``module.name``."""
    function = _plain(port)
    if function is None:
        return {}
    found: dict[str, Port] = {}
    names = function.__code__.co_names
    for name in names:
        item = function.__globals__.get(name)
        if isinstance(item, types.FunctionType):
            found[name] = item
        elif isinstance(item, types.ModuleType):
            for inner in names:
                method = vars(item).get(inner)
                if isinstance(method, types.FunctionType):
                    found[f"{name}.{inner}"] = method
    return dict(itertools.islice(found.items(), _CALLEES))


def _replaced(port: Port, owner: str, replacement: Port) -> Port:
    """Return a copy of a port that finds another function under a name; nothing else changes."""
    function = _plain(port)
    assert function is not None
    name, _, inner = owner.partition(".")
    new: Any = replacement
    if inner:
        new = _Module(function.__globals__[name], inner, replacement)
    copy = types.FunctionType(
        function.__code__,
        {**function.__globals__, name: new},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy
