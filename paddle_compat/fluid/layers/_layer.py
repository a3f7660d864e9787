"""The one seam between a layer's definition and the two ways of running it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, Protocol, TypeVar, cast, runtime_checkable

import torch

__all__ = ["Recorder", "layer"]

# What most arguments are; asking a tensor's type for an attribute it lacks is slow.
_EAGER = frozenset((torch.Tensor, torch.nn.Parameter, float, int, str, type(None)))
_Layer = TypeVar("_Layer", bound=Callable[..., Any])


@runtime_checkable
class Recorder(Protocol):
    """An argument that stands for a value of a later run, as a static program's variables do."""

    def __fluid_layer__(self, function: Callable[..., Any], arguments: dict[str, Any]) -> Any:
        """Record the call of a layer; return what stands for its result."""


def layer(function: _Layer) -> _Layer:
    """Make a function of torch tensors a fluid layer.

    A layer is written once. Called with tensors it runs; called with at least one `Recorder`
    it hands itself, undecorated, and its arguments by name, defaults filled in, to the first of
    them. Nothing else tells static from eager.
    """
    signature = inspect.signature(function)

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        for value in (*args, *kwargs.values()):
            if type(value) not in _EAGER and hasattr(type(value), "__fluid_layer__"):
                bound = signature.bind(*args, **kwargs)
                bound.apply_defaults()
                return value.__fluid_layer__(function, dict(bound.arguments))
        return function(*args, **kwargs)

    return cast(_Layer, call)
