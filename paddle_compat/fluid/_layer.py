"""The one seam between a layer's definition and the two ways of running it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar, cast, overload, runtime_checkable

import torch

from paddle_compat.fluid import _lod, _modes

__all__ = [
    "LayerSpec",
    "Recorder",
    "activation",
    "by_type",
    "layer",
    "record_with",
    "recorded",
    "recorder_of",
    "spec_of",
    "unwrapped",
]

# What most arguments are; asking a tensor's type for an attribute it lacks is slow.
_EAGER = frozenset((torch.Tensor, torch.nn.Parameter, float, int, str, bool, type(None)))
_Layer = TypeVar("_Layer", bound=Callable[..., Any])


Sharing = str | Mapping[int, str] | Callable[[dict[str, Any]], str | None] | None
"""Whose levels of detail results take: see `LayerSpec.shares`."""


@runtime_checkable
class Recorder(Protocol):
    """An argument that stands for a value of a later run, as a static program's variables do."""

    def __fluid_layer__(self, spec: LayerSpec, arguments: dict[str, Any]) -> Any:
        """Record the call of a layer; return what stands for its result."""


@dataclass(frozen=True)
class LayerSpec:
    """What recording a layer needs to know.

    Attributes:
        function: the layer, on torch tensors; its `name` and `act` arguments are the recorder's
            business and never reach it with a value.
        type: Paddle's name of the operator.
        key: what Paddle numbers the layer's names by.
        before: how many names Paddle gives away before the results' own; or what gives them away,
            from the arguments and the layer's own next name.
        after: how many after.
        results: how many results; None where that depends on the arguments.
        infer: the rule for static shapes, where running the function does not tell.
        stop_gradient: whether no gradient passes.
        generated: whether the results' names are made without the layer's.
        creates: whether there need be no tensor among the arguments.
        into: the argument that may name an existing variable or tensor to take the result.
        plain_name: whether an argument `name` is the result's name itself.
        no_gradient: whether the operator has no gradient, whatever its results' `stop_gradient`;
            or the arguments that it has none for.
        overwritable: whether the result is a new tensor that the gradient does not read, so that
            what comes next may overwrite it.
        in_place: the layer, done in its first argument's memory.
        lods: the arguments whose levels of detail the function takes too, as `NAME_lod`; those
            parameters are not part of the layer's signature.
        ragged: the results that have levels of detail of their own, each with its place among the
            `Lod`s that the function returns after its results.
        lod_level: how many levels of detail Paddle declares those results with.
        shares: the argument whose levels of detail the results take, by result where they differ,
            or what tells it from the arguments; by default the first one, in layers that look at
            no levels of detail, where it has as many rows.
        hands_on: whether results carry what they share outside of programs too, where the layer
            looks at no levels of detail itself: for layers that such layers come after.
        signature: the function's.
    """

    function: Callable[..., Any]
    type: str
    key: str
    before: int | Callable[[dict[str, Any], Callable[[], str]], None] = 0
    after: int = 0
    infer: Callable[[dict[str, Any]], Any] | None = None
    stop_gradient: bool = False
    generated: bool = False
    creates: bool = False
    into: str | None = None
    plain_name: bool = False
    no_gradient: bool | tuple[str, ...] = False
    overwritable: bool = False
    in_place: Callable[[torch.Tensor], torch.Tensor] | None = None
    lods: tuple[str, ...] = ()
    ragged: Mapping[int, int] = field(default_factory=dict)
    lod_level: int = 1
    shares: Sharing = "first"
    hands_on: bool = False
    signature: inspect.Signature = inspect.Signature()  # noqa: RUF009 - it cannot change

    def bind(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> dict[str, Any]:
        """Return the arguments by name, defaults filled in."""
        try:
            bound = self.signature.bind(*args, **kwargs)
        except TypeError as error:
            raise TypeError(f"{self.function.__name__}: {error}") from None
        bound.apply_defaults()
        return dict(bound.arguments)

    def spend_names(self, arguments: dict[str, Any], temporary: Callable[[], str]) -> None:
        """Give away the names that Paddle gives away before the results'."""
        if callable(self.before):
            self.before(arguments, temporary)
        else:
            for _ in range(self.before):
                temporary()

    @property
    def levelled(self) -> bool:
        """Whether results outside of programs carry levels of detail, taken or their own."""
        return bool(self.lods or self.ragged or self.hands_on)

    def run(self, arguments: dict[str, Any]) -> Any:
        """Call the function on tensors, with the levels of detail that they carry."""
        if not self.levelled:
            return self.function(**arguments)
        levels = {f"{name}_lod": _lod.lod_of(arguments[name]) for name in self.lods}
        results = self.function(**arguments, **levels)
        several = isinstance(results, (list, tuple))
        told = results if several else (results,)
        count = len(told) - len(set(self.ragged.values()))
        for index, result in enumerate(told[:count]):
            if index in self.ragged:
                _lod.attach(result, told[count + self.ragged[index]])
            elif self.shares != "first":
                source = self.shared(arguments, index, result.shape)
                lod = _lod.fitting(result, _lod.lod_of(source)) if source is not None else ()
                if lod:
                    _lod.attach(result, lod)
        return told[:count] if several and count > 1 else told[0]

    def shared(self, arguments: dict[str, Any], index: int, shape: Sequence[int]) -> Any:
        """Return the argument whose levels of detail a result takes; None where there is none.

        Args:
            arguments: by name.
            index: which result.
            shape: its shape.
        """
        shares = self.shares
        if isinstance(shares, Mapping):
            shares = shares.get(index)
        elif callable(shares):
            shares = shares(arguments)
        if shares is None:
            return None
        if shares != "first":
            return _first(arguments[shares])
        if self.lods or self.ragged:
            return None
        found = next((_first(v) for v in arguments.values() if recorder_of(v) is not None), None)
        return found if found is not None and tuple(found.shape[:1]) == tuple(shape[:1]) else None


@overload
def layer(function: _Layer) -> _Layer: ...


@overload
def layer(
    function: str | None = None,
    *,
    key: str | None = None,
    before: int | Callable[[dict[str, Any], Callable[[], str]], None] = 0,
    after: int = 0,
    infer: Callable[[dict[str, Any]], Any] | None = None,
    stop_gradient: bool = False,
    generated: bool = False,
    creates: bool = False,
    into: str | None = None,
    plain_name: bool = False,
    no_gradient: bool | tuple[str, ...] = False,
    overwritable: bool = False,
    in_place: Callable[[torch.Tensor], torch.Tensor] | None = None,
    lods: tuple[str, ...] = (),
    ragged: Mapping[int, int] = ...,
    lod_level: int = 1,
    shares: Sharing = "first",
    hands_on: bool = False,
) -> Callable[[_Layer], _Layer]: ...


def layer(function: Any = None, *, key: str | None = None, **options: Any) -> Any:
    """Make a function of torch tensors a fluid layer.

    A layer is written once. Called with tensors it runs; called with at least one `Recorder`
    among its arguments, or in a list among them, it hands its `LayerSpec` and its arguments by
    name to that. A layer that makes tensors from nothing (`creates`) is recorded whenever no
    `fluid.dygraph.guard` is entered. Nothing else tells static from eager.

    An argument `name` names the results, and `act` is the name of an activation that follows.

    Args:
        function: the layer's function; or Paddle's name of the operator, where that differs.
        key: what its names are numbered by, where that is not the operator's name.
        options: as in `LayerSpec`.
    """
    if not callable(function):
        return functools.partial(_decorate, type_=function, key=key, options=options)
    return _decorate(function, type_=None, key=key, options=options)


def _decorate(
    function: _Layer, *, type_: str | None, key: str | None, options: dict[str, Any]
) -> _Layer:
    name = type_ or function.__name__
    signature = inspect.signature(function)
    hidden = {f"{name}_lod" for name in options.get("lods", ())}
    if hidden:
        kept = [p for p in signature.parameters.values() if p.name not in hidden]
        signature = signature.replace(parameters=kept)
    spec = LayerSpec(function, name, key or name, signature=signature, **options)
    levelled = spec.levelled
    activates = "act" in spec.signature.parameters or spec.into is not None

    @functools.wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        held = False
        for value in (*args, *kwargs.values()):
            if type(value) not in _EAGER:
                recorder = recorder_of(value)
                if recorder is not None:
                    return recorder.__fluid_layer__(spec, spec.bind(args, kwargs))
                held = True
        if spec.creates and not _modes.in_dygraph_mode():
            return recorded(spec, spec.bind(args, kwargs))
        if not activates and not levelled and not held:
            return function(*args, **kwargs)
        arguments = spec.bind(args, kwargs)
        if held:
            arguments = {key: unwrapped(value) for key, value in arguments.items()}
        act = arguments.get("act")
        if act is not None:
            arguments["act"] = None
        target = arguments.get(spec.into) if spec.into else None
        result = spec.run(arguments)
        if target is not None:
            return _write(spec, target, result)
        return result if act is None else activation(act)(result)

    if hidden:
        call.__signature__ = signature  # type: ignore[attr-defined]
    call.__fluid_spec__ = spec  # type: ignore[attr-defined]
    _by_type.setdefault(name, call)
    return cast(_Layer, call)


_by_type: dict[str, Callable[..., Any]] = {}


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, (list, tuple)) and value else value


def unwrapped(value: Any) -> Any:
    """Return the torch tensor that an argument holds, carrying its levels of detail."""
    if type(value) in (list, tuple):
        return type(value)(map(unwrapped, value))
    unwrap = getattr(type(value), "__fluid_tensor__", None)
    return value if unwrap is None else unwrap(value)


def by_type(name: str) -> Callable[..., Any]:
    """Return the layer that records an operator of this name."""
    return _by_type[name]


# fmt: off
_ACTIVATIONS = frozenset((
    "abs", "acos", "asin", "atan", "brelu", "ceil", "cos", "elu", "erf", "exp", "floor", "gelu",
    "hard_shrink", "hard_sigmoid", "hard_swish", "leaky_relu", "log", "logsigmoid", "reciprocal",
    "relu", "relu6", "round", "rsqrt", "selu", "sigmoid", "sign", "sin", "soft_relu", "softmax",
    "softplus", "softshrink", "softsign", "sqrt", "square", "stanh", "swish", "tanh", "tanh_shrink",
    "thresholded_relu",
))
# fmt: on


def activation(act: Any) -> Callable[..., Any]:
    """Return the layer that an `act` argument names.

    Raises:
        TypeError: the name is no string.
        ValueError: there is no such activation.
    """
    if not isinstance(act, str):
        raise TypeError(f"act must be the name of an activation, but it is {type(act).__name__}")
    if act not in _ACTIVATIONS:
        raise ValueError(f"act must be one of {', '.join(sorted(_ACTIVATIONS))}, but it is {act!r}")
    return by_type(act)


_Record = Callable[[LayerSpec, dict[str, Any]], Any]
_record: _Record | None = None


def record_with(record: _Record) -> None:
    """Say what records layers into the default program: called once, by what stands above."""
    global _record
    _record = record


def recorded(spec: LayerSpec, arguments: dict[str, Any]) -> Any:
    """Record a call of a layer into the default program."""
    assert _record is not None
    return _record(spec, arguments)


def _write(spec: LayerSpec, target: Any, result: torch.Tensor) -> torch.Tensor:
    """Put an eager result where the call wants it."""
    if not isinstance(target, torch.Tensor):
        raise TypeError(
            f"{spec.type}: {spec.into} must be a tensor, but it is {type(target).__name__}"
        )
    if target.dtype != result.dtype or target.shape != result.shape:
        raise ValueError(
            f"{spec.type}: {spec.into} must be {result.dtype} {list(result.shape)} to take the "
            f"result, but it is {target.dtype} {list(target.shape)}"
        )
    with torch.no_grad():
        return target.copy_(result)


def spec_of(function: Callable[..., Any]) -> LayerSpec:
    """Return what `layer` noted of a function."""
    return cast(LayerSpec, function.__fluid_spec__)  # type: ignore[attr-defined]


def recorder_of(value: Any) -> Recorder | None:
    """Return what records a call with this argument."""
    if hasattr(type(value), "__fluid_layer__"):
        return cast(Recorder, value)
    if type(value) in (list, tuple):
        for item in value:
            if type(item) not in _EAGER and hasattr(type(item), "__fluid_layer__"):
                return cast(Recorder, item)
    return None
