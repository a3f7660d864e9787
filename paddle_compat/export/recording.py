"""One run of a layer's function on stand-ins: what it calls of torch, written down."""

from __future__ import annotations

import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from types import FrameType
from typing import Any

import torch
from torch import fx
from torch.overrides import TorchFunctionMode

from paddle_compat.export.stands import Choice, Flag, NotTraced, Size, Stand

__all__ = ["Known", "Tracer", "Undecided", "changes"]

Known = tuple[Sequence[int], torch.dtype] | str | None
"""What is known of a value: shape and dtype; or what else it is, `TRAINING` say; or nothing."""

# Sizes that unknown ones are tried with, as static shapes are found: see `fluid._infer`.
_TRIALS = (5040, 7560)

# Stands for the device of the layer's arguments; nothing lies there.
DEVICE = torch.device("privateuseone", 7)

# What a tensor is asked for, and its stand-in knows.
_SIZES = frozenset(("numel", "nelement"))
_NEVER = frozenset((
    "item", "tolist", "numpy", "backward", "register_hook", "cpu", "cuda", "stride", "data_ptr",
    "is_contiguous", "storage", "untyped_storage", "storage_offset", "requires_grad_", "equal",
    "allclose", "is_pinned", "is_shared", "get_device", "set_", "share_memory_", "is_set_to",
))  # fmt: skip
_FACTORIES = frozenset((
    torch.tensor, torch.full, torch.zeros, torch.ones, torch.empty, torch.arange, torch.linspace,
    torch.eye, torch.rand, torch.randn, torch.randint, torch.randperm, torch.as_tensor,
    torch.tril_indices, torch.triu_indices, torch.logspace,
))  # fmt: skip

_INFIX: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "pow": operator.pow, "eq": operator.eq, "ne": operator.ne, "lt": operator.lt,
    "le": operator.le, "gt": operator.gt, "ge": operator.ge, "matmul": operator.matmul,
    "neg": operator.neg, "__and__": operator.and_, "__or__": operator.or_,
    "__xor__": operator.xor, "__invert__": operator.invert, "bitwise_not": operator.invert,
    "__getitem__": operator.getitem, "__setitem__": operator.setitem, "__add__": operator.add,
    "__mul__": operator.mul, "__sub__": operator.sub, "__truediv__": operator.truediv,
    "__floordiv__": operator.floordiv, "floor_divide": operator.floordiv,
    "__mod__": operator.mod, "remainder": operator.mod, "__pow__": operator.pow,
    "__iadd__": operator.iadd, "__isub__": operator.isub, "__imul__": operator.imul,
    "__itruediv__": operator.itruediv, "__iand__": operator.iand, "__ior__": operator.ior,
    "__eq__": operator.eq, "__ne__": operator.ne, "__lt__": operator.lt, "__le__": operator.le,
    "__gt__": operator.gt, "__ge__": operator.ge, "__neg__": operator.neg,
    "__matmul__": operator.matmul,
}  # fmt: skip
_REVERSED: dict[str, Callable[..., Any]] = {
    "__radd__": operator.add, "__rsub__": operator.sub, "__rmul__": operator.mul,
    "__rtruediv__": operator.truediv, "__rdiv__": operator.truediv,
    "__rfloordiv__": operator.floordiv, "__rmod__": operator.mod, "__rpow__": operator.pow,
    "__rmatmul__": operator.matmul, "__rand__": operator.and_, "__ror__": operator.or_,
}  # fmt: skip
_IMPURE = frozenset((
    operator.setitem, operator.iadd, operator.isub, operator.imul, operator.itruediv,
    operator.iand, operator.ior,
))  # fmt: skip

_Function = Callable[..., Any]


class Undecided(BaseException):
    """A decision is wanted that this run was not told."""


class _Modes(TorchFunctionMode):
    """Sends all that torch is called for to the tracer."""

    def __init__(self, tracer: Tracer) -> None:
        super().__init__()
        self._tracer = tracer

    def __torch_function__(
        self, func: Any, types: Any, args: Sequence[Any] = (), kwargs: Any = None
    ) -> Any:
        if func is torch._C._set_grad_enabled:
            return func(*args)
        with torch._C.DisableTorchFunction():
            return self._tracer.call(func, tuple(args), dict(kwargs or {}))


class Tracer:
    """One run of a function: the graph of what it called, on one way through its decisions."""

    def __init__(self, decisions: Sequence[bool], differentiable: bool, agreeing: bool) -> None:
        self._differentiable = differentiable
        self._agreeing = agreeing
        self.graph = fx.Graph()
        # The stops after what was computed without a gradient.
        self.ungraded: set[fx.Node] = set()
        self._decisions = list(decisions)
        self._made = 0
        self._first: Stand | None = None
        self._entry: FrameType | None = None

    def placeholder(self, name: str, told: tuple[Sequence[int], torch.dtype] | str) -> Stand | Flag:
        """Return what stands for an argument."""
        if isinstance(told, str):
            return Flag(self.graph.placeholder(name))
        shape, dtype = told
        first, second = (
            torch.empty([t if n < 0 else n for n in shape], dtype=dtype, device="meta")
            for t in _TRIALS
        )
        stand = Stand.of(self.graph.placeholder(name), (first, second))
        self._first = stand if self._first is None else self._first
        return stand

    def run(self, function: _Function, arguments: Mapping[str, Any]) -> Any:
        """Run the function."""
        self._entry = sys._getframe()
        with _Modes(self):
            return function(**arguments)

    def decide(self, condition: Choice) -> bool:
        """Take the next of the decisions that this run was told."""
        if self._made == len(self._decisions):
            raise Undecided
        self._made += 1
        return self._decisions[self._made - 1]

    def number(self, function: _Function, *args: Any) -> Any:
        """Record arithmetic of sizes."""
        first, second = (
            function(*(a.trials[trial] if isinstance(a, Size) else a for a in args))
            for trial in range(2)
        )
        if function is operator.mul and any(isinstance(a, int) and a == 1 for a in args):
            return next(a for a in args if isinstance(a, Size))
        if isinstance(first, bool):
            told = self._agreeing and function in (operator.eq, operator.ne) and first == second
            return first if told or _is_sure(function, args) else Choice(self)
        if not isinstance(first, int):
            raise NotTraced("a fraction of a size")
        node = self.graph.call_function(function, self.nodes(args))
        counts = function in (operator.add, operator.mul, operator.floordiv)
        counts = counts and all(a.counts if isinstance(a, Size) else a >= 0 for a in args)
        return Size(node, (first, second), self, counts)

    def call(self, function: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Record a call of torch's; return what stands for its result."""
        self._refuse_inside_own_gradient()
        word = getattr(function, "__name__", str(function))
        if word == "__get__":
            return self._property(function.__self__.__name__, args[0])
        method = torch.overrides.is_tensor_method_or_property(function)
        if word in _NEVER or kwargs.get("out") is not None:
            raise NotTraced(word)
        if method or word in ("numel", "is_floating_point"):
            known = self._known(word, args)
            if known is not None:
                return known
        if function in _FACTORIES and kwargs.get("device") is None:
            kwargs["device"] = DEVICE
        first, second = (_evaluate(function, args, kwargs, trial) for trial in range(2))
        if isinstance(first, (bool, torch.dtype, torch.Size)):
            if first == second and not _has_size((args, kwargs)) and word in _BY_DTYPE:
                return first
            raise NotTraced(f"{word} of values")
        if word in _SAME and isinstance(args[0], Stand) and _is_same(args[0], first, second):
            return args[0]
        node = self._node(function, word, method, args, kwargs)
        return self._stands(node, first, second)

    def _node(
        self, function: Any, word: str, method: bool, args: tuple[Any, ...], kwargs: dict[str, Any]
    ) -> fx.Node:
        operands, options = self.nodes(args), self.nodes(kwargs)
        if method and not kwargs:
            if word in _INFIX and len(args) == _OPERANDS.get(word, 2):
                return self.graph.call_function(_INFIX[word], operands)
            if word in _REVERSED:
                return self.graph.call_function(_REVERSED[word], operands[::-1])
        if method:
            if word.startswith("__"):
                raise NotTraced(word)
            return self.graph.call_method(word, operands, options)
        return self.graph.call_function(function, operands, options)

    def _property(self, name: str, of: Any) -> Any:
        stand: Stand = of
        if name == "shape":
            return self._shape(stand)
        if name == "ndim":
            return stand.trials[0].ndim
        if name == "dtype":
            return stand.trials[0].dtype
        if name == "device":
            return DEVICE
        if name == "requires_grad" and not self._differentiable:
            return False
        if name == "is_meta":
            return False
        if name in ("T", "mT"):
            node = self.graph.call_function(_getattr, (stand.node, name))
            return self._stands(node, *(getattr(trial, name) for trial in stand.trials))
        raise NotTraced(f"Tensor.{name}")

    def _shape(self, of: Stand) -> tuple[Any, ...]:
        return tuple(self._size(of, axis) for axis in range(of.trials[0].ndim))

    def _size(self, of: Stand, axis: int) -> Any:
        first, second = (trial.shape[axis] for trial in of.trials)
        if first == second:
            return first
        return Size(self.graph.call_method("size", (of.node, axis)), (first, second), self)

    def _known(self, word: str, args: tuple[Any, ...]) -> Any:
        """Return what a stand-in itself can answer; None where it cannot."""
        of: Stand = args[0]
        if not isinstance(of, Stand):
            return None
        if word in ("dim", "ndimension"):
            return of.trials[0].ndim
        if word == "size":
            return self._shape(of) if len(args) == 1 else self._shape(of)[args[1]]
        if word in ("numel", "nelement"):
            first, second = (trial.numel() for trial in of.trials)
            if first == second:
                return first
            return Size(self.graph.call_method("numel", (of.node,)), (first, second), self)
        if word in ("__len__", "__iter__"):
            length = self._size(of, 0)
            if isinstance(length, Size):
                raise NotTraced("a length that only a run knows")
            return length if word == "__len__" else iter([of[i] for i in range(length)])
        if word == "__hash__":
            return id(of)
        if word in ("__repr__", "__format__"):
            return "a tensor"
        if word == "type" and len(args) == 1:
            raise NotTraced(word)
        return None

    def _stands(self, node: fx.Node, first: Any, second: Any) -> Any:
        if isinstance(first, torch.Tensor):
            if not torch.is_grad_enabled() and first.dtype.is_floating_point:
                node = self.graph.call_method("detach", (node,))
                self.ungraded.add(node)
            node.meta["signature"] = _shape_of(first, second), first.dtype
            return Stand.of(node, (first, second))
        if isinstance(first, (tuple, list)):
            if len(first) != len(second):
                raise NotTraced("as many results as a size that only a run knows")
            node.meta["results"] = len(first)
            items = [
                self._stands(self.graph.call_function(operator.getitem, (node, i)), *pair)
                for i, pair in enumerate(zip(first, second, strict=True))
            ]
            return type(first)(items)
        if first is None:
            return None
        raise NotTraced(f"a result of type {type(first).__name__}")

    def nodes(self, value: Any) -> Any:
        """Return arguments as nodes take them."""
        if isinstance(value, Stand):
            return value.node
        if isinstance(value, (Size, Flag)):
            return value.held
        if isinstance(value, (tuple, list)):
            items = [self.nodes(item) for item in value]
            return tuple(items) if isinstance(value, tuple) else items
        if isinstance(value, dict):
            return {key: self.nodes(item) for key, item in value.items()}
        if isinstance(value, slice):
            return slice(*map(self.nodes, (value.start, value.stop, value.step)))
        if isinstance(value, torch.device) and value == DEVICE:
            if self._first is None:
                return None
            return self.graph.call_function(_getattr, (self._first.node, "device"))
        if value is None or isinstance(value, _PLAIN):
            return value
        raise NotTraced(f"an argument of type {type(value).__name__}")

    def _refuse_inside_own_gradient(self) -> None:
        """Refuse to look inside a function that defines its own gradient."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and frame is not self._entry:
            if frame.f_code is _APPLY:
                raise NotTraced("a gradient of its own")
            frame = frame.f_back


_getattr: Callable[..., Any] = getattr
_APPLY = torch.autograd.Function.apply.__func__.__code__  # type: ignore[attr-defined]
_PLAIN = (
    bool, int, float, complex, str, torch.dtype, torch.device, torch.memory_format, torch.layout,
    type(Ellipsis),
)  # fmt: skip
_OPERANDS = {"neg": 1, "__neg__": 1, "__invert__": 1, "bitwise_not": 1, "__setitem__": 3}
# What gives the tensor itself where there is nothing to change.
_SAME = frozenset(("reshape", "view", "flatten", "expand", "to", "type", "float", "contiguous"))
_BY_DTYPE = frozenset((
    "is_floating_point", "is_complex", "is_signed", "result_type", "can_cast", "element_size",
    "broadcast_shapes", "is_same_size",
))  # fmt: skip


def _evaluate(function: Any, args: Any, kwargs: dict[str, Any], trial: int) -> Any:
    """Carry a call out on what stands for tensors in one of the trials."""

    def real(value: Any) -> Any:
        if isinstance(value, (Stand, Size, Flag)):
            return value.trials[trial]
        if type(value) in (tuple, list):
            return type(value)(map(real, value))
        if isinstance(value, slice):
            return slice(*map(real, (value.start, value.stop, value.step)))
        if isinstance(value, torch.device) and value == DEVICE:
            return torch.device("meta")
        return value

    with torch.no_grad():
        return function(*real(args), **{key: real(value) for key, value in kwargs.items()})


def _is_sure(function: Any, args: tuple[Any, ...]) -> bool:
    """Tell whether a comparison comes out the same for whatever is counted: with less than 0."""
    size, bound = args
    if not isinstance(size, Size) or isinstance(bound, Size) or not size.counts:
        return False
    if function in (operator.lt, operator.ge):
        return bool(bound <= 0)
    return bool(bound < 0)


def _shape_of(first: torch.Tensor, second: torch.Tensor) -> tuple[int, ...]:
    """Return the shape of a value, with -1 for sizes that differ between the trials."""
    return tuple(a if a == b else -1 for a, b in zip(first.shape, second.shape, strict=True))


def _is_same(of: Stand, first: torch.Tensor, second: torch.Tensor) -> bool:
    return all(
        trial.shape == result.shape and trial.dtype == result.dtype
        for trial, result in zip(of.trials, (first, second), strict=True)
    )


def _has_size(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_has_size, value.values()))
    if isinstance(value, (tuple, list)):
        return any(map(_has_size, value))
    return isinstance(value, Size)


def changes(node: fx.Node) -> bool:
    """Tell whether a call changes a tensor, so that it stays though nothing reads its result."""
    if node.target in _IMPURE:
        return True
    name = node.target if isinstance(node.target, str) else getattr(node.target, "__name__", "")
    return name.endswith("_") and not name.endswith("__")
