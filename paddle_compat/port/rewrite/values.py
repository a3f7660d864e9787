"""What the expressions of a file certainly are: tensors, layers, optimizers; floats.

Nothing is guessed from a name. A parameter of a function is a tensor where it is annotated as one,
or where the function itself hands it to a Paddle function that takes nothing else there.
"""

from __future__ import annotations

import ast
from functools import cached_property
from typing import Literal

from paddle_compat.port.resolve import Module
from paddle_compat.port.rewrite.kinds import (
    CONTAINERS,
    FLOAT_FUNCTIONS,
    FLOAT_LAYERS,
    KEEPS_DTYPE,
    LAYER,
    LAYERS,
    OPTIMIZERS,
    TAKES_TENSOR,
    TENSOR,
    TENSOR_FUNCTIONS,
    TENSOR_METHODS,
)
from paddle_compat.port.scopes import Binding

__all__ = ["Kind", "Values"]

Kind = Literal["tensor", "parameter", "layer", "layers", "optimizer"]

_NO_TENSOR = (ast.Is, ast.IsNot, ast.In, ast.NotIn)
_FLOATS = ("float16", "float32", "float64", "bfloat16")


class Values:
    """The kinds of a module's expressions."""

    def __init__(self, module: Module) -> None:
        self.module = module
        self._kinds: dict[ast.AST, Kind | None] = {}
        self._floats: dict[ast.AST, bool] = {}
        self._parameters: dict[ast.AST, Kind | None] = {}

    def kind(self, node: ast.AST) -> Kind | None:
        """Return what an expression is, None where that is not certain."""
        if node not in self._kinds:
            self._kinds[node] = None  # what depends on itself alone is nothing
            self._kinds[node] = self._kind(node)
        return self._kinds[node]

    def is_tensor(self, node: ast.AST) -> bool:
        """Tell whether an expression certainly is a tensor."""
        return self.kind(node) in ("tensor", "parameter")

    def _kind(self, node: ast.AST) -> Kind | None:
        if isinstance(node, ast.Call):
            return self._called(node)
        if isinstance(node, ast.Name):
            return self._named(node)
        if isinstance(node, ast.Compare) and any(isinstance(op, _NO_TENSOR) for op in node.ops):
            return None
        if isinstance(node, (ast.BinOp, ast.Compare)):
            sides = [
                node.left,
                *([node.right] if isinstance(node, ast.BinOp) else node.comparators),
            ]
            return "tensor" if any(self.is_tensor(side) for side in sides) else None
        if isinstance(node, ast.UnaryOp) and not isinstance(node.op, ast.Not):
            return "tensor" if self.is_tensor(node.operand) else None
        if isinstance(node, ast.Subscript):
            held = self.kind(node.value)
            return (
                "layer" if held == "layers" else ("tensor" if self.is_tensor(node.value) else None)
            )
        if isinstance(node, ast.IfExp):
            either = {self.kind(node.body), self.kind(node.orelse)}
            return either.pop() if len(either) == 1 else None
        if isinstance(node, ast.Attribute):
            return self._attribute(node)
        return None

    def _called(self, node: ast.Call) -> Kind | None:
        path = self.module.paddle_path(node.func)
        if path is not None:
            return _made_by(path)
        if isinstance(node.func, ast.Attribute) and self.is_tensor(node.func.value):
            return "tensor" if node.func.attr in TENSOR_METHODS else None
        if isinstance(node.func, ast.Name) and self._defines_layer(node.func):
            return "layer"
        # Layers of Paddle's own return one tensor; what those of this file return is not known.
        maker = self.maker(node.func)
        return "tensor" if maker in LAYERS else None

    def maker(self, node: ast.AST) -> str | None:
        """Return the Paddle class that made a layer, followed through names and ``self.x``."""
        if isinstance(node, ast.Call):
            return self.module.paddle_path(node.func)
        found: list[ast.expr | None] = []
        if isinstance(node, ast.Name):
            found = [each.value for each in self.module.bindings(node)]
        elif isinstance(node, ast.Attribute):
            found = list(self._assigned_to_self(node))
        makers = {self.maker(each) if each is not None else None for each in found}
        return makers.pop() if len(makers) == 1 else None

    def _named(self, node: ast.Name) -> Kind | None:
        reaching = self.module.bindings(node)
        kinds = {self._bound(binding) for binding in reaching if binding.kind != "delete"}
        return kinds.pop() if len(kinds) == 1 else None

    def _bound(self, binding: Binding) -> Kind | None:
        node = binding.node
        if binding.value is not None:
            return self.kind(binding.value)
        if isinstance(node, ast.arg):
            if node not in self._parameters:
                self._parameters[node] = None
                self._parameters[node] = self._parameter(node)
            return self._parameters[node]
        parent = self.module.parent(node)
        if isinstance(parent, ast.AugAssign):  # holds what it held, changed
            before = [b for b in self._all(node) if b is not binding and b.value is not None]
            kinds = {self.kind(b.value) for b in before if b.value is not None}
            return kinds.pop() if len(kinds) == 1 else None
        if isinstance(parent, (ast.For, ast.comprehension)) and parent.target is node:
            return self._element(parent.iter)
        return None

    def _all(self, node: ast.AST) -> list[Binding]:
        return self._siblings.get(node, [])

    @cached_property
    def _siblings(self) -> dict[ast.AST, list[Binding]]:
        """All bindings of the same name in the same scope, by the node of each."""
        scopes = self.module.read.scopes.values()
        lists = [found for scope in scopes for found in scope.bindings.values()]
        return {each.node: found for found in lists for each in found}

    def _element(self, iterated: ast.expr) -> Kind | None:
        if isinstance(iterated, ast.Call) and isinstance(iterated.func, ast.Attribute):
            if iterated.func.attr == "parameters" and self.kind(iterated.func.value) is not None:
                return "parameter"
            return None
        held = self.kind(iterated)
        return "layer" if held == "layers" else None

    def _parameter(self, node: ast.arg) -> Kind | None:
        if node.annotation is not None and self.module.paddle_path(node.annotation) == TENSOR:
            return "tensor"
        return "tensor" if node in self._handed_over else None

    @cached_property
    def _handed_over(self) -> frozenset[ast.AST]:
        """The parameters that are handed to something of Paddle's that takes tensors alone."""
        found = set()
        for call in self.module.read.calls:
            named = (k.value for k in call.keywords if k.arg in ("x", "input"))
            first = call.args[0] if call.args else next(named, None)
            if not isinstance(first, ast.Name):
                continue
            path = self.module.paddle_path(call.func)
            takes = path in TAKES_TENSOR if path is not None else self.maker(call.func) in LAYERS
            if takes:
                reaching = self.module.bindings(first)
                found |= {each.node for each in reaching if isinstance(each.node, ast.arg)}
        return frozenset(found)

    def _attribute(self, node: ast.Attribute) -> Kind | None:
        if node.attr in ("T", "grad") and self.is_tensor(node.value):
            return "tensor"
        if isinstance(node.value, ast.Name) and node.value.id == "self":
            if node.attr in ("weight", "bias"):
                return None
            values = list(self._assigned_to_self(node))
            kinds = {self.kind(value) for value in values}
            return kinds.pop() if len(kinds) == 1 else None
        if node.attr in ("weight", "bias") and self.kind(node.value) == "layer":
            return "parameter"
        if isinstance(node.value, ast.Name) and self.kind(node.value) == "layer":
            return None
        return None

    def _assigned_to_self(self, node: ast.Attribute) -> list[ast.expr]:
        """Return what the class around assigns to ``self.name``."""
        klass = self.module.klass(node)
        if klass is None or not isinstance(node.value, ast.Name) or node.value.id != "self":
            return []
        return self._attributes.get((klass, node.attr), [])

    @cached_property
    def _attributes(self) -> dict[tuple[ast.ClassDef, str], list[ast.expr]]:
        found: dict[tuple[ast.ClassDef, str], list[ast.expr]] = {}
        for node in self.module.read.attributes:
            if not isinstance(node.ctx, ast.Store) or not isinstance(node.value, ast.Name):
                continue
            klass, parent = self.module.klass(node), self.module.parent(node)
            if klass is None or node.value.id != "self":
                continue
            value = parent.value if isinstance(parent, ast.Assign) else ast.Constant(None)
            found.setdefault((klass, node.attr), []).append(value)
        return found

    def is_layer_class(self, klass: ast.ClassDef) -> bool:
        """Tell whether a class derives from Paddle's `Layer`, through classes of this file too."""
        for base in klass.bases:
            if self.module.paddle_path(base) in LAYER:
                return True
            if isinstance(base, ast.Name) and self._defines_layer(base):
                return True
        return False

    def _defines_layer(self, name: ast.Name) -> bool:
        found = self.module.bindings(name)
        nodes = [binding.node for binding in found]
        return bool(nodes) and all(
            isinstance(node, ast.ClassDef) and self.is_layer_class(node) for node in nodes
        )

    # Floats

    def is_float(self, node: ast.AST) -> bool:
        """Tell whether an expression certainly is a tensor of a floating-point dtype."""
        if node not in self._floats:
            self._floats[node] = False
            self._floats[node] = self._is_float(node)
        return self._floats[node]

    def _is_float(self, node: ast.AST) -> bool:
        if isinstance(node, ast.Call):
            return self._float_call(node)
        if isinstance(node, ast.BinOp):
            sides = (node.left, node.right)
            if any(self.is_float(side) for side in sides):
                return True
            literal = any(isinstance(self.module.constant(side), float) for side in sides)
            return literal and any(self.is_tensor(side) for side in sides)
        if isinstance(node, ast.UnaryOp):
            return self.is_float(node.operand)
        if isinstance(node, ast.Subscript):
            return self.is_float(node.value) and self.is_tensor(node.value)
        if isinstance(node, ast.Name):
            reaching = self.module.bindings(node)
            values = [b.value for b in reaching]
            return bool(values) and all(v is not None and self.is_float(v) for v in values)
        return False

    def _float_call(self, node: ast.Call) -> bool:
        path = self.module.paddle_path(node.func)
        if path in FLOAT_FUNCTIONS:
            return True
        name = (path or "").rpartition(".")[2]
        if path is None and isinstance(node.func, ast.Attribute):
            name = node.func.attr
            if name in ("astype", "cast"):
                return bool(node.args) and self.names_float(node.args[0])
            if name in KEEPS_DTYPE and self.is_tensor(node.func.value):
                return self.is_float(node.func.value)
        if path == "paddle.cast" and len(node.args) > 1:
            return self.names_float(node.args[1])
        if path is not None and name in KEEPS_DTYPE and node.args:
            return self.is_float(node.args[0])
        if path in ("paddle.zeros", "paddle.ones", "paddle.to_tensor"):
            told = next((k.value for k in node.keywords if k.arg == "dtype"), None)
            return told is not None and self.names_float(told)
        return path is None and self.maker(node.func) in FLOAT_LAYERS

    def names_float(self, node: ast.AST) -> bool:
        """Tell whether an expression names a floating-point dtype."""
        told = self.module.constant(node)
        path = self.module.paddle_path(node)
        return told in _FLOATS or (path is not None and path.rpartition(".")[2] in _FLOATS)


def _made_by(path: str) -> Kind | None:
    if path in CONTAINERS:
        return "layers"
    if path in LAYERS:
        return "layer"
    if path in OPTIMIZERS:
        return "optimizer"
    return "tensor" if path in TENSOR_FUNCTIONS else None
