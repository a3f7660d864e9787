"""Functions of this package as source text that needs torch alone.

The text holds the functions and all that they need of this package, and nothing else of it. It is
their own source, as it is written: names that would meet are changed, and so is what only this
package can use (its decorators, its modules as prefixes).
"""

from __future__ import annotations

import ast
import builtins
import keyword
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import torch

from paddle_compat.export import vendor_plain
from paddle_compat.export.vendor_modules import (
    External,
    Module,
    Submodule,
    Symbol,
    Target,
    imported,
    module_at,
    module_named,
    resolved,
)
from paddle_compat.export.vendor_names import Reference, references
from paddle_compat.export.vendor_text import Piece

__all__ = ["VendorError", "Vendored", "vendored"]

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


class VendorError(ValueError):
    """A function whose source cannot stand outside of this package: the message says why."""


@dataclass(frozen=True)
class Vendored:
    """Source text, and what it takes to use it.

    Attributes:
        source: definitions, in an order in which they can be executed, below `imports` and
            ``from __future__ import annotations``.
        imports: import statements, sorted; those that the caller has already are left out.
        names: what each function is called in the text.
    """

    source: str
    imports: list[str]
    names: dict[Callable[..., Any], str]


def vendored(
    functions: Iterable[Callable[..., Any]],
    taken: Iterable[str] = (),
    imports: Iterable[str] = (),
) -> Vendored:
    """Return source text that defines functions of this package without it.

    The text depends on the functions and their order alone.

    Args:
        functions: of torch tensors; a layer stands for its own function.
        taken: names that the text must not define; what `imports` binds need not be among them.
        imports: import statements that stand above the text anyway.

    Raises:
        VendorError: a function is not one of this package's, or needs what only this package has.
    """
    gathered = _Gathered()
    roots = {function: gathered.add(_own(function)) for function in functions}
    gathered.complete()
    names = _named(gathered, list(roots.values()), taken, list(imports))
    return Vendored(
        _written(gathered, names.of),
        names.imports,
        {function: names.of[key] for function, key in roots.items()},
    )


def _own(function: Callable[..., Any]) -> FunctionType:
    """Return a layer's own function; another function as it is."""
    spec = getattr(function, "__fluid_spec__", None)
    own = function if spec is None else spec.function
    if not isinstance(own, FunctionType):
        raise VendorError(f"{function!r} is no function that is written in Python")
    return own


@dataclass(frozen=True, eq=False)
class _Made:
    """A function that another function made: its names of that one stand for known values."""

    function: FunctionType


# What a definition is known by.
_Key = Symbol | _Made


@dataclass(frozen=True, eq=False)
class _Use:
    """A place in a piece of source that names something from elsewhere.

    Attributes:
        node: the name, or the attribute of a module.
        written: what stands there.
        target: what it means.
        hidden: the names that mean something else at that place.
    """

    node: ast.expr
    written: str
    target: _Key | External
    hidden: frozenset[str]


@dataclass(frozen=True, eq=False)
class _Definition:
    """A piece of source, and what it needs.

    Attributes:
        piece: the source.
        binds: the names that it defines, by what they are known by.
        uses: the names in it that come from elsewhere.
        holds: the text that takes the place of a part, where that is no name.
    """

    piece: Piece
    binds: Mapping[_Key, str]
    uses: list[_Use] = field(default_factory=list)
    holds: list[tuple[ast.expr, str]] = field(default_factory=list)


class _Gathered:
    """The definitions that functions need."""

    def __init__(self) -> None:
        self.definitions: dict[_Key, _Definition] = {}
        self._made: dict[FunctionType, _Made] = {}
        self._todo: list[tuple[_Definition, Mapping[str, Any]]] = []

    def add(self, function: FunctionType) -> _Key:
        """Take a function in; return what it is known by."""
        module = module_at(function.__code__.co_filename)
        node = None if module is None else _definition_at(module, function)
        if module is None or node is None:
            raise VendorError(f"{function.__qualname__} is not written in this package")
        if node in module.tree.body:
            return self._add(Symbol(module.name, node.name))
        key = self._made.setdefault(function, _Made(function))
        if key not in self.definitions:
            definition = _Definition(Piece(module, node), {key: function.__name__})
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
        self._keep(_Definition(piece, {Symbol(module.name, name): name for name in bound}), {})
        return symbol

    def _keep(self, definition: _Definition, cells: Mapping[str, Any]) -> None:
        for node in ast.walk(definition.piece.statement):
            if isinstance(node, (ast.Global, ast.Import, ast.ImportFrom)):
                raise VendorError(
                    f"{definition.piece.module.name}, line {node.lineno}: "
                    f"{ast.unparse(node)!r} cannot stand elsewhere"
                )
        self.definitions.update(dict.fromkeys(definition.binds, definition))
        self._todo.append((definition, cells))

    def _use(self, definition: _Definition, reference: Reference, target: Target) -> None:
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
            _check_called(target)
            target = self._add(target)
        definition.uses.append(_Use(node, written, target, reference.hidden))

    def _hold(self, definition: _Definition, reference: Reference, value: Any) -> None:
        """Put what a made function holds in the place of its name."""
        module = definition.piece.module
        if isinstance(value, FunctionType) and value.__name__ == "<lambda>":
            definition.holds.append(_inlined(module, value, reference))
            return
        if isinstance(value, FunctionType) and module_at(value.__code__.co_filename) is not None:
            key = self.add(_own(value))
            definition.uses.append(_Use(reference.node, reference.name, key, reference.hidden))
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


@dataclass(frozen=True)
class _Names:
    of: dict[_Key | External, str]
    imports: list[str]


def _named(
    gathered: _Gathered, roots: Sequence[_Key], taken: Iterable[str], given: Iterable[str]
) -> _Names:
    """Choose what everything is called, so that no name hides another."""
    order = dict.fromkeys([*roots, *sorted(gathered.definitions, key=_place(gathered))])
    uses: dict[_Key | External, list[_Use]] = {}
    for definition in dict.fromkeys(gathered.definitions[key] for key in order):
        for use in definition.uses:
            uses.setdefault(_known(use.target), []).append(use)
    of: dict[_Key | External, str] = {}
    used = {*dir(builtins), *keyword.kwlist, *taken}

    def name(key: _Key | External, wanted: str, module: str) -> None:
        of[key] = _free(wanted, module, used, uses.get(key, ()))
        used.add(of[key])

    for line in given:
        for external in _read_import(line):
            of[_known(external)] = external.bound
            used.add(external.bound)
    lines = []
    externals = [key for key in uses if isinstance(key, External) and key not in of]
    for external in sorted(externals, key=lambda e: (e.module, e.name or "")):
        first = uses[external][0].target
        assert isinstance(first, External)
        name(external, first.bound, external.module.replace(".", "_"))
        lines.append(External(external.module, external.name, of[external]).line)
    for key in order:
        definition = gathered.definitions[key]
        name(key, definition.binds[key], definition.piece.module.name.rpartition(".")[2].strip("_"))
    return _Names(of, lines)


def _known(target: _Key | External) -> _Key | External:
    """Return what an import is known by, whatever it is called."""
    return External(target.module, target.name, "") if isinstance(target, External) else target


def _read_import(line: str) -> Iterator[External]:
    for statement in ast.parse(line).body:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            for target in imported(statement).values():
                if isinstance(target, External):
                    yield target


def _free(name: str, module: str, used: set[str], uses: Iterable[_Use]) -> str:
    """Return a name that is free where it is defined, and is not hidden where it is used."""
    uses = list(uses)

    def fits(candidate: str) -> bool:
        return candidate not in used and not any(
            candidate in use.hidden for use in uses if use.written != candidate
        )

    candidates = [name, f"{name}_{module}", *(f"{name}_{module}_{i}" for i in range(2, 1000))]
    return next(filter(fits, candidates))


def _place(gathered: _Gathered) -> Callable[[_Key], tuple[int, int, str]]:
    """Return what to sort definitions by: the order in which Python would execute them."""
    order: dict[str, int] = {}
    begun: set[str] = set()

    def visit(name: str) -> None:
        module = module_named(name)
        if module is None or name in begun:
            return
        begun.add(name)
        for neighbour in module.neighbours():
            visit(neighbour)
        order[name] = len(order)

    for name in sorted({d.piece.module.name for d in gathered.definitions.values()}):
        visit(name)

    def place(key: _Key) -> tuple[int, int, str]:
        definition = gathered.definitions[key]
        line = definition.piece.statement.lineno
        return order[definition.piece.module.name], line, definition.binds[key]

    return place


def _written(gathered: _Gathered, of: Mapping[_Key | External, str]) -> str:
    parts: list[str] = []
    module = None
    keys = sorted(gathered.definitions, key=_place(gathered))
    for definition in dict.fromkeys(gathered.definitions[key] for key in keys):
        piece = definition.piece
        for use in definition.uses:
            piece.replace(use.node, use.written, of[_known(use.target)])
        for node, text in definition.holds:
            piece.replace(node, piece.source(node), text)
        for key, name in definition.binds.items():
            piece.rename(name, of[key])
        if piece.module is not module:
            module = piece.module
            parts.append(f"# {module.summary}\n")
        parts.append(piece.text())
    return "\n".join(parts)
