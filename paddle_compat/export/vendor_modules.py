"""Modules of this package as source: what each name in one is, and where it comes from."""

from __future__ import annotations

import ast
import functools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

__all__ = [
    "External",
    "Module",
    "Submodule",
    "Symbol",
    "Target",
    "imported",
    "module_at",
    "module_named",
    "resolved",
]

_PACKAGE = __name__.partition(".")[0]
_ROOT = Path(__file__).parents[1]


@dataclass(frozen=True)
class Symbol:
    """A name that statements of a module of this package bind, or hand on."""

    module: str
    name: str


@dataclass(frozen=True)
class Submodule:
    """A module of this package, bound to a name."""

    module: str


@dataclass(frozen=True)
class External:
    """What an import brings from elsewhere.

    Attributes:
        module: the module.
        name: what is taken from it; None for the module itself.
        bound: what it is called.
    """

    module: str
    name: str | None
    bound: str

    @property
    def line(self) -> str:
        """The import, as a statement."""
        if self.name is not None:
            alias = "" if self.bound == self.name else f" as {self.bound}"
            return f"from {self.module} import {self.name}{alias}"
        alias = "" if self.bound == self.module.partition(".")[0] else f" as {self.bound}"
        return f"import {self.module}{alias}"


Target = Symbol | Submodule | External


class Module:
    """The source of a module of this package.

    Attributes:
        name: its full name.
        lines: the source's lines as UTF-8, which is what columns count.
        tree: what Python reads in it.
        statements: the statements that bind or change a name, by name, in order.
    """

    def __init__(self, name: str, path: Path) -> None:
        self.name = name
        self._is_package = path.name == "__init__.py"
        text = path.read_text(encoding="utf-8")
        self.lines = [line.encode() for line in text.splitlines(keepends=True)]
        self.tree = ast.parse(text, str(path))
        self.statements: dict[str, list[ast.stmt]] = {}
        self._imports: dict[str, Target] = {}
        self._stars: list[str] = []
        for statement in self.tree.body:
            self._read(statement)

    def _read(self, statement: ast.stmt) -> None:
        if isinstance(statement, (ast.Import, ast.ImportFrom)):
            self._imports.update(imported(statement, self.absolute))
            if isinstance(statement, ast.ImportFrom) and statement.names[0].name == "*":
                self._stars.append(self.absolute(statement))
        elif isinstance(statement, ast.If) and ast.unparse(statement.test) == "TYPE_CHECKING":
            for inner in statement.body:
                self._read(inner)
        else:
            for name in _binds(statement):
                self.statements.setdefault(name, []).append(statement)

    def absolute(self, statement: ast.ImportFrom) -> str:
        """Return the full name of the module that an import takes from."""
        if not statement.level:
            return statement.module or ""
        parts = self.name.split(".")
        kept = parts[: len(parts) - statement.level + self._is_package]
        return ".".join([*kept, *([statement.module] if statement.module else [])])

    def target(self, name: str) -> Target | None:
        """Return what a name means in the module; None where it has none of its own."""
        if name in self.statements:
            return Symbol(self.name, name)
        if name in self._imports:
            return self._imports[name]
        for star in self._stars:
            other = module_named(star)
            if other is not None and name in other.public:
                return Symbol(star, name)
        return None

    @functools.cached_property
    def public(self) -> frozenset[str]:
        """What a star import takes from the module."""
        names = {name for name in {*self.statements, *self._imports} if not name.startswith("_")}
        for star in self._stars:
            other = module_named(star)
            names |= set() if other is None else other.public
        return frozenset(names)

    @functools.cached_property
    def summary(self) -> str:
        """The first line of the module's docstring."""
        return (ast.get_docstring(self.tree) or "").partition("\n")[0]

    def neighbours(self) -> Iterator[str]:
        """Go through the modules of this package that are imported before this one is done."""
        for target in self._imports.values():
            if isinstance(target, Submodule):
                yield target.module
            elif isinstance(target, Symbol):
                inner = f"{target.module}.{target.name}"
                yield target.module if module_named(inner) is None else inner
        yield from self._stars


def imported(
    statement: ast.Import | ast.ImportFrom,
    absolute: Callable[[ast.ImportFrom], str] = lambda statement: statement.module or "",
) -> dict[str, Target]:
    """Return what an import statement binds its names to.

    What comes from a module of this package is told as that module's, whether it is made there.
    """
    found: dict[str, Target] = {}
    source = absolute(statement) if isinstance(statement, ast.ImportFrom) else None
    for alias in statement.names:
        if source is not None:
            bound = alias.asname or alias.name
            ours = source.partition(".")[0] == _PACKAGE
            found[bound] = (
                Symbol(source, alias.name) if ours else External(source, alias.name, bound)
            )
            continue
        bound = alias.asname or alias.name.partition(".")[0]
        ours = alias.name.partition(".")[0] == _PACKAGE
        whole = alias.name if alias.asname else bound
        found[bound] = Submodule(whole) if ours else External(alias.name, None, bound)
    found.pop("*", None)
    return found


def resolved(target: Target) -> Target:
    """Follow a name through the modules that only hand it on.

    Raises:
        LookupError: it leads nowhere.
    """
    while isinstance(target, Symbol):
        module = module_named(target.module)
        found = None if module is None else module.target(target.name)
        if module is not None and target.name in module.statements:
            return target
        if found is None or found == target:
            if module_named(f"{target.module}.{target.name}") is None:
                raise LookupError(f"there is no {target.name} in {target.module}")
            return Submodule(f"{target.module}.{target.name}")
        target = found
    return target


def _binds(statement: ast.stmt) -> Iterator[str]:
    """Go through the names that a statement binds in its module, or changes the value of."""
    if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield statement.name
    elif isinstance(statement, (ast.Assign, ast.AnnAssign, ast.AugAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        for target in targets:
            changed = target
            while isinstance(changed, (ast.Subscript, ast.Attribute)):
                changed = changed.value  # TABLE[key] = ... changes the table, not the key
            yield from (node.id for node in ast.walk(changed) if isinstance(node, ast.Name))
    elif isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Call):
        function = statement.value.func  # TABLE.update(...)
        if isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name):
            yield function.value.id
    else:
        for inner in ast.iter_child_nodes(statement):
            if isinstance(inner, ast.stmt):
                yield from _binds(inner)
            elif isinstance(inner, ast.ExceptHandler):
                for one in inner.body:
                    yield from _binds(one)


@functools.cache
def module_named(name: str) -> Module | None:
    """Return a module of this package; None where there is none of that name."""
    first, *rest = name.split(".")
    if first != _PACKAGE:
        return None
    path = _ROOT.joinpath(*rest)
    for file in (path.with_suffix(".py"), path / "__init__.py"):
        if file.is_file():
            return Module(name, file)
    return None


def module_at(file: str) -> Module | None:
    """Return the module of this package that a source file is; None for other files."""
    try:
        parts = Path(file).relative_to(_ROOT).with_suffix("").parts
    except ValueError:
        return None
    if parts[-1:] == ("__init__",):
        parts = parts[:-1]
    return module_named(".".join((_PACKAGE, *parts)))
