"""Which names of a piece of Python source are its module's, and where they stand."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Reference", "references"]

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True, eq=False)
class Reference:
    """A name that a function, class or assignment takes from its module.

    Attributes:
        node: the name.
        parents: what it stands in, outermost first, from the statement on.
        hidden: the names of the scopes between it and the module, which another name would meet.
        annotation: whether it stands in an annotation, which is never evaluated.
    """

    node: ast.Name
    parents: tuple[ast.AST, ...]
    hidden: frozenset[str]
    annotation: bool

    @property
    def name(self) -> str:
        """The name itself."""
        return self.node.id

    @property
    def attribute(self) -> ast.Attribute | None:
        """The attribute that is asked of it, where one is."""
        parent = self.parents[-1]
        return parent if isinstance(parent, ast.Attribute) else None


def references(statement: ast.AST) -> Iterator[Reference]:
    """Go through the names that a statement of a module reads from the module or from Python.

    Names that the statement itself binds in the module are among them where it reads them too.
    """
    yield from _walk(statement, (), (), False)


# A scope: its names, and whether it is a class's, which functions inside do not see.
_Scopes = tuple[tuple[frozenset[str], bool], ...]


def _walk(
    node: ast.AST, parents: tuple[ast.AST, ...], scopes: _Scopes, annotation: bool
) -> Iterator[Reference]:
    inside = (*parents, node)
    if isinstance(node, ast.Name):
        if not isinstance(node.ctx, ast.Load):
            return
        visible = [names for i, (names, of_class) in enumerate(scopes) if not of_class or i == 0]
        hidden = frozenset().union(*visible)
        if node.id not in hidden:
            yield Reference(node, parents, hidden, annotation)
        return
    outer: list[ast.AST] = []
    inner: list[ast.AST] = []
    told: list[ast.AST] = []
    if isinstance(node, _FUNCTIONS):
        outer += [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        if not isinstance(node, ast.Lambda):
            outer += node.decorator_list
            told += [a.annotation for a in _arguments(node.args) if a.annotation is not None]
            told += [node.returns] if node.returns is not None else []
        inner += node.body if isinstance(node.body, list) else [node.body]
        new = (_names_of(node), False)
    elif isinstance(node, ast.ClassDef):
        outer += [*node.bases, *node.keywords, *node.decorator_list]
        inner += node.body
        new = (_bound(node.body), True)
    elif isinstance(node, _COMPREHENSIONS):
        # What it goes through first is evaluated outside; the same names there are the same here.
        inner += list(ast.iter_child_nodes(node))
        targets = [n for generator in node.generators for n in ast.walk(generator.target)]
        new = (frozenset(n.id for n in targets if isinstance(n, ast.Name)), False)
    elif isinstance(node, ast.AnnAssign):
        told.append(node.annotation)
        outer += [node.target, *([node.value] if node.value is not None else [])]
        new = (frozenset(), False)
    else:
        outer += list(ast.iter_child_nodes(node))
        new = (frozenset(), False)
    for child in outer:
        yield from _walk(child, inside, scopes, annotation)
    for child in told:
        yield from _walk(child, inside, scopes, True)
    for child in inner:
        yield from _walk(child, inside, (new, *scopes), annotation)


def _arguments(arguments: ast.arguments) -> list[ast.arg]:
    found = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return [*found, *(a for a in (arguments.vararg, arguments.kwarg) if a is not None)]


def _names_of(function: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> frozenset[str]:
    names = frozenset(argument.arg for argument in _arguments(function.args))
    return names if isinstance(function, ast.Lambda) else names | _bound(function.body)


def _bound(body: list[ast.stmt]) -> frozenset[str]:
    """Return the names that statements bind in their own scope."""
    names: set[str] = set()
    elsewhere: set[str] = set()
    todo: list[ast.AST] = list(body)
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
            todo += node.decorator_list
            continue
        if isinstance(node, ast.Lambda):
            continue
        if isinstance(node, _COMPREHENSIONS):
            # An assignment expression in one binds outside of it; its own targets do not.
            todo += [inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr)]
            continue
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names |= {(a.asname or a.name.partition(".")[0]) for a in node.names}
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            elsewhere |= set(node.names)
        elif isinstance(node, ast.ExceptHandler) and node.name is not None:
            names.add(node.name)
        elif isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load):
            names.add(node.id)
        elif isinstance(node, (ast.MatchAs, ast.MatchStar)) and node.name is not None:
            names.add(node.name)
        elif isinstance(node, ast.MatchMapping) and node.rest is not None:
            names.add(node.rest)
        todo += list(ast.iter_child_nodes(node))
    return frozenset(names - elsewhere)
