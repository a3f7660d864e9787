"""Causes that show when one of the torch functions that a port calls is left out or changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from torch.overrides import TorchFunctionMode

from paddle_compat.testing.port import Changes, Port, call
from paddle_compat.testing.recorder import Case
from paddle_compat.testing.trial import Trial

__all__ = ["call_trials"]

_LEFT_OUT = {
    "sigmoid": "a sigmoid too many",
    "softmax": "a softmax too many",
    "log_softmax": "a softmax too many",
    "exp": "an exponential too many",
    "log": "a logarithm too many",
    "detach": "a detach too many",
}
_WITH_AXIS = {"sum", "mean", "softmax", "log_softmax", "argmax", "argmin", "cumsum"}
_AVERAGES = {"mean": "sum", "sum": "mean"}
_LIMIT = 40

_Replace = Callable[[Callable[..., Any], tuple[Any, ...], dict[str, Any]], Any]


@dataclass(frozen=True)
class _Call:
    """One call of a torch function by a port: the how manieth of that name, and its arguments."""

    name: str
    number: int
    args: tuple[Any, ...]
    kwargs: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.name} number {self.number}"


class _Watch(TorchFunctionMode):
    """Counts calls by name, and lets one of them be replaced."""

    def __init__(self, seen: Callable[[_Call], _Replace | None]) -> None:
        super().__init__()
        self._seen = seen
        self._counts: Counter[str] = Counter()

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = str(getattr(func, "__name__", ""))
        self._counts[name] += 1
        given = dict(kwargs or {})
        replace = self._seen(_Call(name, self._counts[name], args, given))
        return func(*args, **given) if replace is None else replace(func, args, given)


def call_trials(port: Port, case: Case) -> Iterator[Trial]:
    """Yield what to try with the torch functions that a port calls."""
    calls: list[_Call] = []

    def watch(made: _Call) -> None:
        calls.append(made)

    call(_watched(port, watch), case)
    for made in calls[:_LIMIT]:
        for cause, replace in _replacements(made):
            yield Trial(cause, _watched(port, _only(made, replace)), Changes())


def _watched(port: Port, seen: Callable[[_Call], _Replace | None]) -> Port:
    def watched(*args: Any, **kwargs: Any) -> Any:
        with _Watch(seen):
            return port(*args, **kwargs)

    return watched


def _only(made: _Call, replace: _Replace) -> Callable[[_Call], _Replace | None]:
    def seen(other: _Call) -> _Replace | None:
        return replace if (other.name, other.number) == (made.name, made.number) else None

    return seen


def _replacements(made: _Call) -> Iterator[tuple[str, _Replace]]:
    """Yield what a call could have been instead."""
    if made.name in _LEFT_OUT:
        yield (
            f"{_LEFT_OUT[made.name]}: it matches without the port's {made}",
            lambda func, args, kwargs: args[0],
        )
    if made.name in _AVERAGES:
        other = _AVERAGES[made.name]
        yield (
            f"{made.name} against {other}: it matches with {other} for the port's {made}",
            lambda func, args, kwargs: getattr(args[0], other)(*args[1:], **kwargs),
        )
    if made.name in _WITH_AXIS:
        yield from _axes(made)
    if made.kwargs.get("reduction") in ("mean", "sum"):
        now = made.kwargs["reduction"]
        wanted = _AVERAGES[now]
        yield (
            f"{now} against {wanted}: it matches with reduction='{wanted}' in the port's {made}",
            lambda func, args, kwargs: func(*args, **{**kwargs, "reduction": wanted}),
        )


def _axes(made: _Call) -> Iterator[tuple[str, _Replace]]:
    """Yield the other axes that a call could have gone along."""
    rank = getattr(made.args[0], "ndim", 0) if made.args else 0
    by_name = "dim" in made.kwargs
    axis = made.kwargs["dim"] if by_name else made.args[1] if len(made.args) > 1 else None
    if type(axis) is not int or not rank:
        return
    for other in range(rank):
        if other == axis % rank:
            continue

        def along(func: Any, args: Any, kwargs: Any, other: int = other) -> Any:
            if by_name:
                return func(*args, **{**kwargs, "dim": other})
            return func(args[0], other, *args[2:], **kwargs)

        yield f"wrong axis: it matches with axis {other} for {axis} in the port's {made}", along
