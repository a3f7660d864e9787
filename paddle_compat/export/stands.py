"""What stands for the values of a run while a layer's function is traced."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Protocol

import torch
from torch import fx

__all__ = ["Choice", "Flag", "NotTraced", "Recording", "Size", "Stand"]


class NotTraced(Exception):  # noqa: N818 - no error: the layer is called as it is
    """The function decides by what only a run knows, or does what cannot be recorded."""


class Recording(Protocol):
    """What stand-ins tell of what is done to them."""

    def number(self, function: Callable[..., Any], *args: Any) -> Any:
        """Record arithmetic of sizes; return what stands for the result."""

    def decide(self, condition: Choice) -> bool:
        """Say how a comparison of sizes comes out on this way through the function."""


class Stand(torch.Tensor):
    """Stands for a tensor; the tracer answers what is asked of it, and records what is done to it.

    Attributes:
        node: what holds the value in the graph.
        trials: tensors without values, with the known sizes, and different unknown ones.
    """

    node: fx.Node
    trials: tuple[torch.Tensor, torch.Tensor]

    @staticmethod
    def of(node: fx.Node, trials: tuple[torch.Tensor, torch.Tensor]) -> Stand:
        """Return what stands for a node's value."""
        stand = torch.Tensor._make_subclass(Stand, trials[0])
        stand.node, stand.trials = node, trials
        return stand


class _Opaque:
    """Refuses all that torch itself would ask of a size."""

    def __getattr__(self, name: str) -> Any:
        raise NotTraced(f"a size that only a run knows ({name})")


class Choice:
    """Stands for a comparison of sizes that only a run knows."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def __bool__(self) -> bool:
        return self._recording.decide(self)


class Flag:
    """Stands for whether the module is being trained.

    Attributes:
        held: what holds it in the graph.
        trials: what is tried for it.
    """

    trials = (True, True)

    def __init__(self, held: fx.Node) -> None:
        self.held = held

    def __bool__(self) -> bool:
        raise NotTraced("whether the module is being trained")


class Size(torch.SymInt):
    """Stands for a size that only a run knows.

    It is a `torch.SymInt` because torch's functions take those for sizes.

    Attributes:
        held: what holds the value in the graph.
        trials: the size in both trials.
        counts: whether it counts something, so that it is not negative.
    """

    def __init__(
        self, held: fx.Node, trials: tuple[int, int], recording: Recording, counts: bool = True
    ) -> None:
        super().__init__(_Opaque())  # type: ignore[no-untyped-call]
        self.held, self.trials, self.recording, self.counts = held, trials, recording, counts

    def _opaque(self, *unused: Any) -> Any:
        raise NotTraced("a size that only a run knows, as a Python number")

    __bool__ = __int__ = __index__ = __float__ = __round__ = _opaque

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        return f"<{self.held.name}>"

    __str__ = __repr__


def _binary(function: Callable[..., Any], swapped: bool) -> Callable[..., Any]:
    def method(self: Size, other: Any) -> Any:
        if not isinstance(other, (int, float, Size)):
            return NotImplemented
        pair = (other, self) if swapped else (self, other)
        return self.recording.number(function, *pair)

    return method


def _unary(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda self: self.recording.number(function, self)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow"):
    _function = getattr(operator, _name)
    setattr(Size, f"__{_name}__", _binary(_function, False))
    setattr(Size, f"__r{_name}__", _binary(_function, True))
for _name in ("lt", "le", "gt", "ge", "eq", "ne"):
    setattr(Size, f"__{_name}__", _binary(getattr(operator, _name), False))
for _name in ("neg", "pos", "abs"):
    setattr(Size, f"__{_name}__", _unary(getattr(operator, _name)))
