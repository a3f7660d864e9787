"""What functions of this package need of it: the definitions, and what each of them names."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any, cast

import torch

from paddle_compat.export import vendor_plain
from paddle_compat.export.vendor_modules import (
    External,
    Module,
    Submodule,
    Symbol,
    Target,
    module_at,
    module_named,
    resolved,
)
from paddle_compat.export.vendor_names import Reference, references
from paddle_compat.export.vendor_text import Piece

__all__ = ["Definition", "Gathered", "Key", "Use", "VendorError", "own_function"]

_LAYER = Symbol("paddle_compat.fluid._layer", "layer")
# What records programs and runs them, and has no use outside of them.
_ENGINE = frozenset(
    f"paddle_compat.fluid.{name}"
    for name in (
        "_compile", "_layer", "_modes", "_operator", "_program", "_scope", "_variable", "executor",
        "framework", "layer_helper", "unique_name",
    )
)  # fmt: skip
_TWINS = {
    Symbol(*whose): Symbol(vendor_plain.__name__, name)
    for whose, name in vendor_plain.TWINS.items()
}
# A choice of this process's, which leaves the code that runs everywhere.
_TWINS[Symbol("paddle_compat.kernels.paths", "evaluate")] = Symbol(
    "paddle_compat.kernels.differentiate", "evaluate"
)
_INLINED = {Symbol(*whose): behind for whose, behind in vendor_plain.INLINED.items()}


class VendorError(ValueError):
    """A function whose source cannot stand outside of this package: the message says why."""


def own_function(function: Callable[..., Any]) -> FunctionType:
    """Return a layer's own function; another function as it is."""
    spec = getattr(function, "__fluid_spec__", None)
    own = function if spec is None else spec.function
    if not isinstance(own, FunctionType):
        raise VendorError(f"{function!r} is no function that is written in Python")
    return own


@dataclass(frozen=True, eq=False)
class Made:
    """A function that another function made: its names of that one stand for known values."""

    function: FunctionType


Key = Symbol | Made
"""What a definition is known by."""


@dataclass(frozen=True, eq=False)
class Use:
    """A place in a piece of source that names something from elsewhere.

    Attributes:
        node: the name, or the attribute of a module.
        written: what stands there.
        target: what it means.
        hidden: the names that mean something else at that place.
    """

    node: ast.expr
    written: str
    target: Key | External
    hidden: frozenset[str]


@dataclass(frozen=True, eq=False)
class Definition:
    """A piece of source, and what it needs.

    Attributes:
        piece: the source.
        binds: the names that it defines, by what they are known by.
        uses: the names in it that come from elsewhere.
        holds: the text that takes the place of a part, where that is no name.
    """

    piece: Piece
    binds: Mapping[Key, str]
    uses: list[Use] = field(default_factory=list)
    holds: list[tuple[ast.expr, str]] = field(default_factory=list)


class Gathered:
    """The definitions that functions need."""

    def __init__(self) -> None:
        self.definitions: dict[Key, Definition] = {}
        self._made: dict[FunctionType, Made] = {}
        self._todo: list[tuple[Definition, Mapping[str, Any]]] = []

    def add(self, function: FunctionType) -> Key:
        """Take a function in; return what it is known by."""
        module = module_at(function.__code__.co_filename)
        node = None if module is None else _definition_at(module, function)
        if module is None or node is None:
            raise VendorError(f"{function.__qualname__} is not written in this package")
        if node in module.tree.body:
            return self._add(Symbol(module.name, node.name))
        key = self._made.setdefault(function, Made(function))
        if key not in self.definitions:
            definition = Definition(Piece(module, node), {key: function.__name__})
            self._keep(definition, _cells(function))
        return key

    def complete(self) -> None:
        """Take in what the definitions need, and what that needs."""
        while self._todo:
            definition, cells = self._todo.pop()
            for reference in _used(definition.piece):
                if reference.name in cells:
                    self._hold(definition, reference, cells[reference.name])
                    continue
                target = definition.piece.module.target(reference.name)
                if target is not None:
                    self._use(definition, reference, target)

    def _add(self, symbol: Symbol) -> Symbol:
        """Take a name of a module in, with all that its statement defines."""
        symbol = _TWINS.get(symbol, symbol)
        if symbol in self.definitions:
            return symbol
        if symbol.module in _ENGINE:
            raise VendorError(f"{symbol.name} of {symbol.module} has no use without a program")
        module = module_named(symbol.module)
        assert module is not None
        statement, *others = module.statements[symbol.name]
        if others or not isinstance(
            statement, (ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
        ):
            raise VendorError(
                f"{symbol.name} of {symbol.module} is not defined by one plain statement"
            )
        piece = Piece(module, statement)
        bound = [name for name, found in module.statements.items() if statement in found]
        for decorator in _layer_decorators(module, statement):
            piece.drop_decorator(decorator)
        self._keep(Definition(piece, {Symbol(module.name, name): name for name in bound}), {})
        return symbol

    def _keep(self, definition: Definition, cells: Mapping[str, Any]) -> None:
        for node in ast.walk(definition.piece.statement):
            if isinstance(node, (ast.Global, ast.Import, ast.ImportFrom)):
                raise VendorError(
                    f"{definition.piece.module.name}, line {node.lineno}: "
                    f"{ast.unparse(node)!r} cannot stand elsewhere"
                )
        self.definitions.update(dict.fromkeys(definition.binds, definition))
        self._todo.append((definition, cells))

    def _use(self, definition: Definition, reference: Reference, target: Target) -> None:
        node: ast.expr = reference.node
        written = reference.name
        target = resolved(target)
        if isinstance(target, Submodule) and reference.attribute is not None:
            node = reference.attribute
            written = f"{written}.{reference.attribute.attr}"
            target = resolved(Symbol(target.module, reference.attribute.attr))
        if isinstance(target, Submodule):
            raise VendorError(
                f"{definition.piece.module.name}, line {node.lineno}, uses the module "
                f"{target.module} as a value"
            )
        if isinstance(target, Symbol):
            call = reference.parents[-1]
            called = isinstance(call, ast.Call) and call.func is node and target in _INLINED
            if called and definition.piece.unwrap(cast(ast.Call, call), _INLINED[target]):
                return
            _check_called(target)
            target = self._add(target)
        definition.uses.append(Use(node, written, target, reference.hidden))

    def _hold(self, definition: Definition, reference: Reference, value: Any) -> None:
        """Put what a made function holds in the place of its name."""
        module = definition.piece.module
        if isinstance(value, FunctionType) and value.__name__ == "<lambda>":
            definition.holds.append(_inlined(module, value, reference))
            return
        if isinstance(value, FunctionType) and module_at(value.__code__.co_filename) is not None:
            key = self.add(own_function(value))
            definition.uses.append(Use(reference.node, reference.name, key, reference.hidden))
            return
        if value is None or isinstance(value, (str, int, float)):
            definition.holds.append((reference.node, repr(value)))
            return
        known = vars(sys.modules[module.name])
        targets = [module.target(name) for name in known if known[name] is value]
        target = next((found for found in targets if found is not None), None)
        if target is None:
            definition.holds.append((reference.node, _of_torch(value)))
        else:
            self._use(definition, reference, target)


def _definition_at(module: Module, function: FunctionType) -> ast.FunctionDef | None:
    line = function.__code__.co_firstlineno
    for node in ast.walk(module.tree):
        if isinstance(node, ast.FunctionDef) and line == min(
            [node.lineno, *(d.lineno for d in node.decorator_list)]
        ):
            return node
    return None


def _layer_decorators(module: Module, statement: ast.stmt) -> Iterator[ast.expr]:
    for decorator in getattr(statement, "decorator_list", ()):
        called = decorator.func if isinstance(decorator, ast.Call) else decorator
        target = module.target(called.id) if isinstance(called, ast.Name) else None
        if target is not None and resolved(target) == _LAYER:
            yield decorator


def _check_called(symbol: Symbol) -> None:
    """Check that a layer that code calls does with tensors what its own function does."""
    found = getattr(sys.modules.get(symbol.module), symbol.name, None)
    spec = getattr(found, "__fluid_spec__", None)
    if spec is not None and (spec.levelled or spec.creates or spec.into):
        raise VendorError(f"{symbol.name} of {symbol.module} is called, and is no plain function")


def _used(piece: Piece) -> Iterator[Reference]:
    """Go through the names that a piece uses, but for those in decorators that it loses."""
    dropped = set(_layer_decorators(piece.module, piece.statement))
    for reference in references(piece.statement):
        if not dropped & {*reference.parents, reference.node}:
            yield reference


def _cells(function: FunctionType) -> dict[str, Any]:
    names = function.__code__.co_freevars
    cells = function.__closure__ or ()
    return {name: cell.cell_contents for name, cell in zip(names, cells, strict=True)}


def _inlined(module: Module, function: FunctionType, use: Reference) -> tuple[ast.expr, str]:
    """Return what takes the place of a lambda's name: its result, where it is called as written."""
    line = function.__code__.co_firstlineno
    found = [n for n in ast.walk(module.tree) if isinstance(n, ast.Lambda) and n.lineno == line]
    ours = [r.name for n in found for r in references(n) if module.target(r.name) is not None]
    ours = [name for name in ours if not isinstance(module.target(name), External)]
    if len(found) != 1 or ours or function.__closure__:
        raise VendorError(f"{module.name}, line {line}: a lambda that cannot be written elsewhere")
    call = use.parents[-1]
    names = [argument.arg for argument in found[0].args.args]
    if isinstance(call, ast.Call) and [ast.unparse(a) for a in call.args] == names:
        return call, ast.unparse(found[0].body)
    return use.node, f"({ast.unparse(found[0])})"


def _of_torch(value: Any) -> str:
    """Return the expression that names one of torch's functions."""
    for path, holder in (("torch", torch), ("torch.nn.functional", torch.nn.functional)):
        for name, found in vars(holder).items():
            if found is value:
                return f"{path}.{name}"
    raise VendorError(f"a function holds {value!r}, which cannot be written as source")
