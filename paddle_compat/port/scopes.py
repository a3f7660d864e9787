"""Which name is bound where: Python's scopes, read off a file's syntax tree in one walk."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

__all__ = ["Binding", "Block", "NameUse", "Scope", "Tree", "read"]

Kind = Literal["import", "assign", "parameter", "definition", "loop", "delete", "other"]

# Statements that run their bodies any number of times, or not at all.
_LOOPS = (ast.For, ast.AsyncFor, ast.While)
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(slots=True, eq=False)
class Block:
    """A list of statements that run one after the other, if they run."""

    parent: Block | None = None
    loop: bool = False

    def chain(self) -> Iterator[Block]:
        """Yield the block, and those around it."""
        at: Block | None = self
        while at is not None:
            yield at
            at = at.parent


@dataclass(slots=True, eq=False)
class Binding:
    """A place that binds a name.

    Attributes:
        node: the statement or expression that does it.
        kind: how.
        value: what a plain assignment assigns.
        path: the dotted path that an absolute import binds.
        order: when, in the order of execution of straight-line code.
        block: in which block.
    """

    node: ast.AST
    kind: Kind
    order: int
    block: Block
    value: ast.expr | None = None
    path: str | None = None


@dataclass(slots=True, eq=False)
class Scope:
    """A module, class, function, lambda or comprehension."""

    node: ast.AST
    parent: Scope | None = None
    bindings: dict[str, list[Binding]] = field(default_factory=dict)
    outside: dict[str, Literal["global", "nonlocal"]] = field(default_factory=dict)
    stars: list[Binding] = field(default_factory=list)

    @property
    def is_class(self) -> bool:
        """Whether names bound here are hidden from functions inside."""
        return isinstance(self.node, ast.ClassDef)

    @property
    def is_inline(self) -> bool:
        """Whether it runs where it is written, as a comprehension does."""
        return isinstance(self.node, _COMPREHENSIONS)


@dataclass(slots=True, eq=False)
class NameUse:
    """A name that is read."""

    node: ast.Name
    scope: Scope
    order: int
    block: Block


@dataclass(slots=True)
class Tree:
    """What one walk of a module finds."""

    module: ast.Module
    top: Scope
    parents: dict[ast.AST, ast.AST] = field(default_factory=dict)
    uses: dict[ast.AST, NameUse] = field(default_factory=dict)
    calls: list[ast.Call] = field(default_factory=list)
    attributes: list[ast.Attribute] = field(default_factory=list)
    imports: list[ast.Import | ast.ImportFrom] = field(default_factory=list)
    scopes: dict[ast.AST, Scope] = field(default_factory=dict)


def read(module: ast.Module) -> Tree:
    """Walk a module.

    Raises:
        RecursionError: it is nested too deeply.
    """
    tree = Tree(module, Scope(module))
    tree.scopes[module] = tree.top
    walker = _Walker(tree)
    walker.statements(module.body, module)
    walker.by_type.clear()  # a cycle, which would keep the tree alive until it is found
    return tree


class _Walker:
    def __init__(self, tree: Tree) -> None:
        self.tree, self.scope, self.block, self.order = tree, tree.top, Block(), 0
        # By type, since a chain of isinstance for each of a million nodes is what costs.
        self.by_type = {
            ast.Name: self.name,
            ast.Call: self.call,
            ast.Attribute: self.attribute,
            ast.Assign: self.assign,
            ast.AnnAssign: self.annotated,
            ast.AugAssign: self.augmented,
            ast.NamedExpr: self.walrus,
            ast.Import: self.importing,
            ast.ImportFrom: self.importing_from,
            ast.FunctionDef: self.function,
            ast.AsyncFunctionDef: self.function,
            ast.Lambda: self.function,
            ast.ClassDef: self.klass,
            ast.ListComp: self.comprehension,
            ast.SetComp: self.comprehension,
            ast.DictComp: self.comprehension,
            ast.GeneratorExp: self.comprehension,
            ast.For: self.loop,
            ast.AsyncFor: self.loop,
            ast.While: self.blocks,
            ast.If: self.blocks,
            ast.Try: self.blocks,
            ast.Global: self.outside,
            ast.Nonlocal: self.outside,
            ast.ExceptHandler: self.handler,
            ast.MatchAs: self.match,
            ast.MatchStar: self.match,
            ast.MatchMapping: self.match,
            ast.match_case: self.blocks,
        }
        if hasattr(ast, "TryStar"):
            self.by_type[ast.TryStar] = self.blocks

    def statements(self, nodes: list[ast.stmt], parent: ast.AST) -> None:
        for node in nodes:
            self.visit(node, parent)

    def visit(self, node: ast.AST, parent: ast.AST) -> None:
        self.tree.parents[node] = parent
        special = self.by_type.get(type(node))
        if special is not None:
            special(node)  # type: ignore[operator]
        else:
            self.children(node)

    def children(self, node: ast.AST) -> None:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                self.visit(value, node)
            elif isinstance(value, list):
                for each in value:
                    if isinstance(each, ast.AST):
                        self.visit(each, node)

    def bind(
        self,
        name: str,
        node: ast.AST,
        kind: Kind,
        value: ast.expr | None = None,
        path: str | None = None,
    ) -> None:
        self.order += 1
        scope = self.scope
        while kind == "assign" and scope.is_inline and isinstance(node, ast.NamedExpr):
            assert scope.parent is not None
            scope = scope.parent
        where = scope.outside.get(name)
        if where == "global":
            scope = self.tree.top
        elif where == "nonlocal":
            scope = _holder(scope, name)
        binding = Binding(node, kind, self.order, self.block, value, path)
        if where is not None:
            # Called who knows when: no order is known with the owner's own statements.
            binding.block = Block()
        scope.bindings.setdefault(name, []).append(binding)

    def name(self, node: ast.Name) -> None:
        if isinstance(node.ctx, ast.Load):
            self.order += 1
            self.tree.uses[node] = NameUse(node, self.scope, self.order, self.block)
        elif isinstance(node.ctx, ast.Del):
            self.bind(node.id, node, "delete")
        else:
            self.bind(node.id, node, "other")

    def call(self, node: ast.Call) -> None:
        self.tree.calls.append(node)
        self.children(node)

    def attribute(self, node: ast.Attribute) -> None:
        self.tree.attributes.append(node)
        self.visit(node.value, node)

    def assign(self, node: ast.Assign) -> None:
        self.visit(node.value, node)
        for target in node.targets:
            self.target(target, node.value, node)

    def target(self, target: ast.expr, value: ast.expr | None, parent: ast.AST) -> None:
        self.tree.parents[target] = parent
        if isinstance(target, ast.Name):
            self.bind(target.id, target, "assign", value)
        elif isinstance(target, (ast.Tuple, ast.List)):
            values = _paired(target.elts, value) or [None] * len(target.elts)
            for each, its in zip(target.elts, values, strict=True):
                self.target(each, its, target)
        else:
            self.visit(target, parent)

    def annotated(self, node: ast.AnnAssign) -> None:
        self.visit(node.annotation, node)
        if node.value is not None:
            self.visit(node.value, node)
            self.target(node.target, node.value, node)
        elif not isinstance(node.target, ast.Name):
            self.visit(node.target, node)

    def augmented(self, node: ast.AugAssign) -> None:
        self.visit(node.value, node)
        self.visit(node.target, node)

    def walrus(self, node: ast.NamedExpr) -> None:
        self.visit(node.value, node)
        self.tree.parents[node.target] = node
        self.bind(node.target.id, node, "assign", node.value)

    def importing(self, node: ast.Import) -> None:
        self.tree.imports.append(node)
        for alias in node.names:
            self.tree.parents[alias] = node
            first = alias.name.partition(".")[0]
            path = alias.name if alias.asname else first
            self.bind(alias.asname or first, alias, "import", path=path)

    def importing_from(self, node: ast.ImportFrom) -> None:
        self.tree.imports.append(node)
        for alias in node.names:
            self.tree.parents[alias] = node
            absolute = f"{node.module}.{alias.name}" if not node.level else None
            if alias.name == "*":
                self.order += 1
                path = node.module if not node.level else None
                binding = Binding(alias, "import", self.order, self.block, path=path)
                self.scope.stars.append(binding)
            else:
                self.bind(alias.asname or alias.name, alias, "import", path=absolute)

    def function(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda) -> None:
        arguments = node.args
        self.tree.parents[arguments] = node
        for default in (*arguments.defaults, *arguments.kw_defaults):
            if default is not None:
                self.visit(default, arguments)
        every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        every += [each for each in (arguments.vararg, arguments.kwarg) if each is not None]
        for argument in every:
            self.visit(argument, arguments)  # its annotation is read outside
        if not isinstance(node, ast.Lambda):
            for decorator in node.decorator_list:
                self.visit(decorator, node)
            if node.returns is not None:
                self.visit(node.returns, node)
            self.bind(node.name, node, "definition")
        outer, block = self.scope, self.block
        self.enter(node)
        for name, where in _declared(node):
            self.scope.outside[name] = where
        for argument in every:
            self.bind(argument.arg, argument, "parameter")
        if isinstance(node, ast.Lambda):
            self.visit(node.body, node)
        else:
            self.statements(node.body, node)
        self.scope, self.block = outer, block

    def enter(self, node: ast.AST) -> None:
        self.scope, self.block = Scope(node, self.scope), Block()
        self.tree.scopes[node] = self.scope

    def klass(self, node: ast.ClassDef) -> None:
        for each in (*node.decorator_list, *node.bases, *node.keywords):
            self.visit(each, node)
        outer, block = self.scope, self.block
        self.enter(node)
        self.statements(node.body, node)
        self.scope, self.block = outer, block
        self.bind(node.name, node, "definition")

    def comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        first = node.generators[0]
        self.visit(first.iter, first)  # read outside
        outer, block = self.scope, self.block
        self.scope, self.block = Scope(node, outer), Block(block)
        self.tree.scopes[node] = self.scope
        for generator in node.generators:
            self.tree.parents[generator] = node
            if generator is not first:
                self.visit(generator.iter, generator)
            self.target(generator.target, None, generator)
            for condition in generator.ifs:
                self.visit(condition, generator)
        for name in ("elt", "key", "value"):
            part = getattr(node, name, None)
            if part is not None:
                self.visit(part, node)
        self.scope, self.block = outer, block

    def loop(self, node: ast.For | ast.AsyncFor) -> None:
        self.visit(node.iter, node)
        outer = self.block
        self.block = Block(outer, loop=True)
        self.target(node.target, None, node)
        self.statements(node.body, node)
        self.block = Block(outer)
        self.statements(node.orelse, node)
        self.block = outer

    def blocks(self, node: ast.AST) -> None:
        for name in node._fields:
            value = getattr(node, name, None)
            if isinstance(value, ast.AST):
                self.visit(value, node)
            elif isinstance(value, list) and value:
                outer = self.block
                if name != "finalbody":
                    self.block = Block(outer, loop=isinstance(node, _LOOPS))
                for each in value:
                    self.visit(each, node)
                self.block = outer

    def handler(self, node: ast.ExceptHandler) -> None:
        if node.type is not None:
            self.visit(node.type, node)
        outer = self.block
        self.block = Block(outer)
        if node.name:
            self.bind(node.name, node, "other")
        self.statements(node.body, node)
        self.block = outer

    def outside(self, node: ast.Global | ast.Nonlocal) -> None:
        pass  # read when the function was entered, since it holds for the whole of it

    def match(self, node: ast.MatchAs | ast.MatchStar | ast.MatchMapping) -> None:
        name = node.rest if isinstance(node, ast.MatchMapping) else node.name
        if name is not None:
            self.bind(name, node, "other")
        self.children(node)


def _paired(targets: list[ast.expr], value: ast.expr | None) -> list[ast.expr | None] | None:
    """Return the values of ``a, b = 1, 2`` in the order of the targets, if they can be told."""
    if not isinstance(value, (ast.Tuple, ast.List)) or len(value.elts) != len(targets):
        return None
    starred = any(isinstance(each, ast.Starred) for each in (*targets, *value.elts))
    return None if starred else list(value.elts)


def _declared(node: ast.AST) -> Iterator[tuple[str, Literal["global", "nonlocal"]]]:
    """Yield the names that a function declares global or nonlocal, in its own body."""
    waiting = list(getattr(node, "body", [])) if not isinstance(node, ast.Lambda) else []
    while waiting:
        at = waiting.pop()
        if isinstance(at, ast.Global):
            yield from ((name, "global") for name in at.names)
        elif isinstance(at, ast.Nonlocal):
            yield from ((name, "nonlocal") for name in at.names)
        elif not isinstance(at, (*_FUNCTIONS, ast.ClassDef, ast.expr)):
            waiting.extend(ast.iter_child_nodes(at))


def _holder(scope: Scope, name: str) -> Scope:
    at = scope.parent
    while at is not None and at.parent is not None:
        if isinstance(at.node, _FUNCTIONS) and name in at.bindings:
            return at
        at = at.parent
    return scope
