"""Where values come from: through assignments, and through layers that only lay out anew."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import TypeVar
from weakref import WeakKeyDictionary

from paddle_compat.port.resolve import Call, Module

__all__ = [
    "FOCAL",
    "FOCAL_2",
    "FUNCTIONAL",
    "LAYERS",
    "called",
    "callee",
    "has_dygraph",
    "layout_free",
    "nodes",
    "origins",
    "value",
    "words",
]

LAYERS = "paddle.fluid.layers."
FUNCTIONAL = "paddle.nn.functional."
FOCAL = f"{LAYERS}sigmoid_focal_loss"
FOCAL_2 = f"{FUNCTIONAL}sigmoid_focal_loss"

_MOST_STEPS = 20


def words(text: str) -> frozenset[str]:
    """Return the words of a text."""
    return frozenset(text.split())


# Layers and methods whose result has the elements of their first argument, or some, elsewhere.
_LAYOUT = words(
    "reshape transpose flatten squeeze unsqueeze slice strided_slice cast concat stack expand "
    "expand_as tile gather gather_nd detach clone astype reverse flip assign numpy crop "
    "index_select masked_select int long float to permute view contiguous reshape_ squeeze_ "
    "unsqueeze_ to_variable to_tensor array asarray"
)
_MODULES = (LAYERS, "paddle.", "paddle.fluid.dygraph.", "paddle.fluid.", "numpy.", "torch.")


_calls: WeakKeyDictionary[Module, dict[ast.AST, Call]] = WeakKeyDictionary()


def called(module: Module, node: ast.AST | None) -> Call | None:
    """Return the call of a Paddle name that an expression is, None if it is none."""
    if module not in _calls:
        _calls[module] = {call.node: call for call in module.paddle_calls}
    return _calls[module].get(node) if node is not None else None


def value(module: Module, node: ast.expr) -> ast.expr:
    """Return the expression that a name holds, through names that hold one; else the node."""
    for _ in range(_MOST_STEPS):
        assigned = module.assigned(node)
        if assigned is None:
            break
        node = assigned
    return node


def callee(module: Module, node: ast.expr) -> str | None:
    """Return the dotted path of what a call calls: a function, or the class of a layer.

    A layer is followed to where it was made: ``act = nn.Sigmoid()``, also as an attribute of
    ``self`` that its class assigns once; of an ``nn.Sequential`` the last layer counts.
    """
    if not isinstance(node, ast.Call):
        return None
    path = module.paddle_path(node.func) or module.path(node.func)
    if path is not None:
        return path
    made = value(module, node.func)
    if isinstance(made, ast.Attribute):
        made = _attribute(module, made) or made
    for _ in range(_MOST_STEPS):
        if not isinstance(made, ast.Call):
            return None
        path = module.paddle_path(made.func)
        if path != "paddle.nn.Sequential" or not made.args:
            return path
        made = value(module, made.args[-1])
    return None


_attributes: WeakKeyDictionary[Module, dict[tuple[ast.AST, str], list[ast.expr]]]
_attributes = WeakKeyDictionary()


def _attribute(module: Module, node: ast.Attribute) -> ast.expr | None:
    """Return what a class assigns to an attribute of ``self``, once and for all."""
    if not isinstance(node.value, ast.Name) or node.value.id != "self":
        return None
    if module not in _attributes:
        found: dict[tuple[ast.AST, str], list[ast.expr]] = {}
        for assign in nodes(module, ast.Assign):
            for target in assign.targets:
                if isinstance(target, ast.Attribute) and isinstance(target.value, ast.Name):
                    klass = module.klass(assign)
                    if klass is not None and target.value.id == "self":
                        found.setdefault((klass, target.attr), []).append(assign.value)
        _attributes[module] = found
    klass = module.klass(node)
    given = _attributes[module].get((klass, node.attr), []) if klass is not None else []
    return given[0] if len(given) == 1 else None


def layout_free(module: Module, node: ast.expr) -> list[ast.expr]:
    """Return what an expression only lays out anew; nothing if it does more than that."""
    if isinstance(node, ast.Subscript):
        return [node.value]
    if isinstance(node, (ast.List, ast.Tuple)):
        return list(node.elts)
    if not isinstance(node, ast.Call):
        return []
    path = module.path(node.func)
    if path is not None:
        start, _, name = path.rpartition(".")
        if name not in _LAYOUT or f"{start}.".replace("paddle_compat", "paddle") not in _MODULES:
            return []
        if node.args:
            return [node.args[0]]
        named = [k.value for k in node.keywords if k.arg in ("x", "input")]
        return named[:1]
    if isinstance(node.func, ast.Attribute) and node.func.attr in _LAYOUT:
        return [node.func.value]
    return []


def origins(module: Module, node: ast.expr) -> Iterator[ast.expr]:
    """Yield the expressions whose elements an expression has: itself, and where they came from."""
    waiting = [node]
    seen: set[ast.expr] = set()
    while waiting and len(seen) < 10 * _MOST_STEPS:
        at = value(module, waiting.pop())
        if at in seen:
            continue
        seen.add(at)
        yield at
        waiting.extend(layout_free(module, at))


_nodes: WeakKeyDictionary[Module, dict[type[ast.AST], list[ast.AST]]] = WeakKeyDictionary()
_Node = TypeVar("_Node", bound=ast.AST)


def nodes(module: Module, *kinds: type[_Node]) -> Iterator[_Node]:
    """Yield the nodes of some types, which are sorted once for all rules."""
    if module not in _nodes:
        found: dict[type[ast.AST], list[ast.AST]] = {}
        for node in module.read.parents:
            found.setdefault(type(node), []).append(node)
        _nodes[module] = found
    for kind in kinds:
        yield from _nodes[module].get(kind, ())  # type: ignore[misc]


_EAGER = ("paddle.fluid.dygraph", "paddle.disable_static", "paddle.fluid.enable_dygraph")


def has_dygraph(module: Module) -> bool:
    """Tell whether a file works with tensors that have values, of 1.x or 2.x."""
    return any(
        use.path.startswith((*_EAGER, "paddle.nn.", "paddle.to_tensor"))
        for use in module.paddle_uses
    )
