"""A graph of torch calls as the lines of a function."""

from __future__ import annotations

import builtins
import inspect
import operator
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import torch
from torch import fx

from paddle_compat.export.layers import remember_
from paddle_compat.export.recording import changes
from paddle_compat.fluid._operator import Operator

__all__ = ["Writer"]

_INFIX = {
    operator.add: "+", operator.sub: "-", operator.mul: "*", operator.truediv: "/",
    operator.floordiv: "//", operator.mod: "%", operator.pow: "**", operator.matmul: "@",
    operator.and_: "&", operator.or_: "|", operator.xor: "^", operator.eq: "==",
    operator.ne: "!=", operator.lt: "<", operator.le: "<=", operator.gt: ">", operator.ge: ">=",
}  # fmt: skip
_PREFIX = {operator.neg: "-", operator.invert: "~", operator.not_: "not "}
_IN_PLACE = {
    operator.iadd: "+=", operator.isub: "-=", operator.imul: "*=", operator.itruediv: "/=",
    operator.iand: "&=", operator.ior: "|=",
}  # fmt: skip

# What torch's functions take anyway; those that choose between two functions tell no signature.
_DEFAULTS: Mapping[str, Any] = {
    "dilation": 1, "ceil_mode": False, "return_indices": False, "inplace": False,
}  # fmt: skip


class Writer:
    """Writes the calls of a graph.

    Args:
        graph: get_attr and call_module nodes name attributes of ``self``.
        attributes: what an attribute is called, by its path; the path itself else.
        called: what functions of this package are called.
    """

    def __init__(
        self,
        graph: fx.Graph,
        attributes: Mapping[str, str],
        called: Mapping[Callable[..., Any], str],
    ) -> None:
        self._graph = graph
        self._attributes = attributes
        self._called = called
        self._text: dict[fx.Node, str] = {}
        self._simple: set[fx.Node] = set()
        self._pure = not any(changes(n) for n in graph.nodes if n.target is not remember_)

    def lines(self) -> Iterable[str]:
        """Write the function's body, comments included."""
        place = ""
        unpacked: set[fx.Node] = set()
        for node in self._graph.nodes:
            if node.op == "placeholder":
                self._text[node] = node.name
                continue
            if node.op == "output":
                yield f"return {self._value(node.args[0])}"
                continue
            if node in unpacked:
                continue
            text = self._expression(node)
            if self._inlined(node):
                self._text[node] = text
                continue
            op: Operator | None = node.meta.get("operator")
            if op is not None and str(op.location) != place:
                place = str(op.location)
                yield ""
                yield _comment(op)
            yield self._statement(node, text, unpacked)

    def _statement(self, node: fx.Node, text: str, unpacked: set[fx.Node]) -> str:
        self._text[node] = node.name
        if node.target is operator.setitem:
            target, index, value = node.args
            return f"{self._atom(target)}[{self._index(index)}] = {self._value(value)}"
        if node.target in _IN_PLACE:
            target, value = node.args
            self._text[node] = self._atom(target)
            return f"{self._atom(target)} {_IN_PLACE[node.target]} {self._value(value)}"
        if changes(node) and not node.users:
            return text
        items = _items(node)
        if items:
            held = [item for item in items if item is not None]
            unpacked.update(held)
            self._text.update((item, item.name) for item in held)
            return f"{', '.join('_' if i is None else i.name for i in items)} = {text}"
        return f"{node.name} = {text}{_shape(node)}"

    def _inlined(self, node: fx.Node) -> bool:
        """Tell whether a value is written where it is used."""
        if node.op == "get_attr" or node.target in (getattr, operator.not_):
            return True
        if changes(node) or len(node.users) != 1 or "variable" in node.meta:
            return False
        [user] = node.users
        return self._pure and user.op != "output"

    def _expression(self, node: fx.Node) -> str:
        if node.op == "get_attr":
            self._simple.add(node)
            path = str(node.target)
            return f"self.{self._attributes.get(path, path)}"
        if node.op == "call_module":
            self._simple.add(node)
            return f"self.{node.target}({self._arguments(node.args, node.kwargs)})"
        if node.op == "call_method":
            self._simple.add(node)
            args = self._arguments(node.args[1:], node.kwargs)
            return f"{self._atom(node.args[0])}.{node.target}({args})"
        return self._function(node)

    def _function(self, node: fx.Node) -> str:
        function: Any = node.target
        if function in _INFIX:
            left, right = map(self._atom, node.args)
            return f"{left} {_INFIX[function]} {right}"
        if function in _PREFIX:
            return f"{_PREFIX[function]}{self._atom(node.args[0])}"
        self._simple.add(node)
        if function is operator.getitem:
            value, index = node.args
            return f"{self._atom(value)}[{self._index(index)}]"
        if function is getattr:
            value, name = node.args
            return f"{self._atom(value)}.{name}"
        if function in self._called:
            return f"{self._called[function]}({self._arguments(node.args, node.kwargs)})"
        name = fx.node._get_qualified_name(function).replace("torch.nn.functional.", "F.")
        if name.startswith(("torch._C._nn.", "torch._VF.")):
            name = f"F.{function.__name__}"
        if name.startswith("torch.Tensor."):
            first, *others = node.args
            args = self._arguments(others, node.kwargs)
            return f"{self._atom(first)}.{function.__name__}({args})"
        return f"{name}({self._arguments(node.args, _told(function, node.kwargs))})"

    def _arguments(self, args: Iterable[Any], kwargs: Mapping[str, Any]) -> str:
        told = [self._value(value) for value in args]
        return ", ".join([*told, *(f"{key}={self._value(v)}" for key, v in kwargs.items())])

    def _atom(self, value: Any) -> str:
        """Return a value as it can stand beside an operator."""
        text = self._value(value)
        if isinstance(value, fx.Node):
            simple = text.isidentifier() or value in self._simple
        else:
            simple = not text.startswith("-")
        return text if simple else f"({text})"

    def _value(self, value: Any) -> str:
        if isinstance(value, fx.Node):
            return self._text[value]
        if isinstance(value, (tuple, list)):
            inner = ", ".join(map(self._value, value))
            if isinstance(value, list):
                return f"[{inner}]"
            return f"({inner},)" if len(value) == 1 else f"({inner})"
        if isinstance(value, slice):
            parts = [value.start, value.stop, value.step]
            return f"slice({', '.join(map(self._value, parts))})"
        if (isinstance(value, float) and value in (float("inf"), float("-inf"))) or value != value:
            return f'float("{value}")'
        if value is Ellipsis:
            return "..."
        if isinstance(value, torch.device):
            return f'torch.device("{value}")'
        return repr(value)

    def _index(self, index: Any) -> str:
        if isinstance(index, tuple) and index:
            return ", ".join(map(self._part, index)) + ("," if len(index) == 1 else "")
        return self._part(index)

    def _part(self, part: Any) -> str:
        if not isinstance(part, slice):
            return self._value(part)
        first, last = ("" if p is None else self._value(p) for p in (part.start, part.stop))
        step = "" if part.step is None else f":{self._value(part.step)}"
        return f"{first}:{last}{step}"


def _items(node: fx.Node) -> list[fx.Node | None]:
    """Return the nodes that take each of several results, if nothing else reads them."""
    items: list[fx.Node | None] = [None] * node.meta.get("results", 0)
    for user in node.users:
        index = user.args[1] if user.target is operator.getitem else None
        if not isinstance(index, int) or not 0 <= index < len(items) or items[index] is not None:
            return []
        items[index] = user
    return items if len(items) > 1 else []


def _told(function: Any, kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that a function would not take anyway."""
    try:
        defaults = {n: p.default for n, p in inspect.signature(function).parameters.items()}
    except (TypeError, ValueError):
        defaults = {}
    if "args" in defaults and "kwargs" in defaults:
        defaults = dict(_DEFAULTS)
    missing = object()
    return {
        key: value
        for key, value in kwargs.items()
        if isinstance(value, fx.Node) or not _equal(defaults.get(key, missing), value)
    }


def _equal(default: Any, value: Any) -> bool:
    return type(default) is type(value) and bool(default == value)


def _comment(op: Operator) -> str:
    source = op.location.source
    where = f"{op.location.file.rsplit('/', 1)[-1]}:{op.location.line}"
    return f"# {where}" + (f"  {source}" if source else "")


def _shape(node: fx.Node) -> str:
    """Return what a value is, as a comment."""
    variable = node.meta.get("variable")
    if variable is None or node.name in dir(builtins):
        return ""
    name = "" if variable.name.replace(".", "_") == node.name else f"{variable.name}: "
    return f"  # {name}{node.meta['described']}"
