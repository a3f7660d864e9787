"""What a file of Paddle source says: names resolved, calls bound, values followed.

`Module` is what every rule of `paddle-compat port` is given. It is read off the file's syntax tree
(`ast`) and text; nothing is imported or run.
"""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from paddle_compat.port.arguments import Arguments, bind
from paddle_compat.port.edits import Edit
from paddle_compat.port.names import exported, usual
from paddle_compat.port.scopes import Binding, NameUse, Scope, Tree, read
from paddle_compat.port.source import Source, SourceError, Span

__all__ = ["AMBIGUOUS", "Call", "Module", "Use", "parse"]

ROOTS = ("paddle", "paddle_compat")
AMBIGUOUS = "?"

_IMPORTERS = ("__import__", "importlib.import_module")


@dataclass(frozen=True, slots=True, eq=False)
class Use:
    """A Paddle name in the source: the longest dotted expression that is one.

    Attributes:
        node: the expression, an `ast.Name` or `ast.Attribute`.
        path: the dotted Paddle path by its usual name, ``paddle.fluid.layers.fc`` for
            ``fluid.layers.nn.fc``; it starts with ``paddle`` also where the source says
            ``paddle_compat``.
        written: the path as the source has it.
        ported: whether the source says ``paddle_compat``.
    """

    node: ast.expr
    path: str
    written: str
    ported: bool


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """A call of a Paddle name.

    Attributes:
        node: the call.
        use: what is called.
    """

    node: ast.Call
    use: Use

    @property
    def path(self) -> str:
        """The dotted Paddle path of what is called."""
        return self.use.path

    def bind(self, *parameters: str) -> Arguments | None:
        """Bind the arguments to a signature's parameters, by position and name.

        None where ``*`` or ``**`` hides what goes where, or where the call would be a TypeError.
        """
        return bind(self.node, parameters)


@dataclass(slots=True)
class _Cache:
    paths: dict[ast.AST, str | None] = field(default_factory=dict)


class Module:
    """A parsed file.

    Attributes:
        source: its text and places.
        tree: its syntax tree.
        name: the file's path as it is reported; empty for a text.
    """

    def __init__(self, source: Source, tree: ast.Module, name: str = "") -> None:
        self.source, self.tree, self.name = source, tree, name
        self.read: Tree = read(tree)
        self._cache = _Cache()

    # Names

    def path(self, node: ast.AST) -> str | None:
        """Return the dotted path that an expression names, None if it is no module's name.

        It is the path that the file's imports, aliases (``L = fluid.layers``) and scopes give, for
        any package: ``numpy.zeros`` as well as ``paddle.fluid.layers.fc``. `AMBIGUOUS` is returned
        where a name is bound to several things of which one is Paddle's.
        """
        paths = self._cache.paths
        if node not in paths:
            paths[node] = None  # a name defined by itself has no path
            paths[node] = self._path(node)
        return paths[node]

    def paddle_path(self, node: ast.AST) -> str | None:
        """Return the Paddle path that an expression names, None if it names none.

        It starts with ``paddle`` also where the source says ``paddle_compat``.
        """
        path = self.path(node)
        if path is None or path.partition(".")[0] not in ROOTS:
            return None
        return "paddle" + path.removeprefix("paddle_compat").removeprefix("paddle")

    @cached_property
    def paddle_uses(self) -> list[Use]:
        """Every Paddle name that is used, in order of position; imports are not among them."""
        found = []
        for node in (*self.read.uses, *self.read.attributes):
            parent = self.read.parents.get(node)
            if isinstance(parent, ast.Attribute) and self.paddle_path(parent) is not None:
                continue
            path = self.paddle_path(node)
            if path is not None:
                assert isinstance(node, ast.expr)
                ported = str(self.path(node)).startswith("paddle_compat")
                found.append(Use(node, usual(path), path, ported))
        return sorted(found, key=lambda use: (use.node.lineno, use.node.col_offset))

    @cached_property
    def ambiguous(self) -> list[ast.Name]:
        """Names of which it cannot be told whether they are Paddle's where they are used."""
        return [use.node for use in self.read.uses.values() if self.path(use.node) == AMBIGUOUS]

    @cached_property
    def paddle_calls(self) -> list[Call]:
        """Every call of a Paddle name, in order of position."""
        called = {use.node: use for use in self.paddle_uses}
        found = [Call(call, called[call.func]) for call in self.read.calls if call.func in called]
        return sorted(found, key=lambda call: (call.node.lineno, call.node.col_offset))

    def calls(self, *paths: str) -> Iterator[Call]:
        r"""Yield the calls of one of some Paddle paths, given by their usual names.

        >>> module = parse("from paddle.fluid import layers as L\ny = L.fc(x, 10)")
        >>> [module.text(call.node) for call in module.calls("paddle.fluid.layers.fc")]
        ['L.fc(x, 10)']
        """
        wanted = set(paths)
        return (call for call in self.paddle_calls if call.path in wanted)

    def _path(self, node: ast.AST) -> str | None:
        if isinstance(node, ast.Attribute):
            before = self.path(node.value)
            return before if before in (None, AMBIGUOUS) else f"{before}.{node.attr}"
        if isinstance(node, ast.Name):
            use = self.read.uses.get(node)
            return self._named(use) if use is not None else None
        if isinstance(node, ast.Call):
            return self._imported(node)
        return None

    def _imported(self, call: ast.Call) -> str | None:
        """Return the path of a module that `__import__` or importlib is asked for."""
        what = call.func
        name = what.id if isinstance(what, ast.Name) else None
        if name != "__import__" and self.path(what) not in _IMPORTERS:
            return None
        first = call.args[0] if call.args else None
        if not isinstance(first, ast.Constant) or not isinstance(first.value, str):
            return None
        if name == "__import__" and len(call.args) + len(call.keywords) < 2:
            return first.value.partition(".")[0]
        return first.value

    def _named(self, use: NameUse) -> str | None:
        name = use.node.id
        reaching = self.bindings(use.node)
        found = {self._binding_path(each, name) for each in reaching if not _is_nothing(each)}
        if len(found) == 1:
            return found.pop()
        paddle = any(path and path.partition(".")[0] in ROOTS for path in found)
        return AMBIGUOUS if paddle or AMBIGUOUS in found else None

    def _binding_path(self, binding: Binding, name: str) -> str | None:
        if isinstance(binding.node, ast.alias) and binding.node.name == "*":
            return f"{binding.path}.{name}"
        if binding.kind == "import":
            return binding.path
        if binding.kind == "assign" and binding.value is not None:
            return self.path(binding.value)
        return None

    # Values

    def bindings(self, name: ast.Name) -> list[Binding]:
        """Return the bindings that a name may have where it is read; none for a builtin."""
        use = self.read.uses.get(name)
        if use is None:
            return []
        at: Scope | None = use.scope
        inline, first = True, True
        while at is not None:
            hidden = at.is_class and not first
            if at.outside.get(name.id) == "global":
                at = self.read.top
                inline = use.scope is at
            if not hidden:
                every = [*at.bindings.get(name.id, ()), *self._stars(at, name.id)]
                if every:
                    return _reaching(every, use) if inline else every
            inline = inline and at.is_inline
            first = first and at.is_inline
            at = at.parent
        return []

    def _stars(self, scope: Scope, name: str) -> Iterator[Binding]:
        for star in scope.stars:
            if star.path and star.path.partition(".")[0] in ROOTS:
                module = "paddle" + star.path.removeprefix("paddle_compat").removeprefix("paddle")
                if name in exported(module):
                    yield star

    def assigned(self, node: ast.AST) -> ast.expr | None:
        """Return the expression that a name certainly holds where it is read, else None.

        A name of a plain assignment (``x = value``, also in pairs) that no other binding may have
        replaced. Follow it again if the result is a name.
        """
        if not isinstance(node, ast.Name):
            return None
        reaching = self.bindings(node)
        if len(reaching) != 1 or reaching[0].kind != "assign":
            return None
        value = reaching[0].value
        # Only ever back in the text, so that following values comes to an end: in a loop, and
        # between functions, values may depend on each other. What holds no name is an end itself.
        back = reaching[0].order < self.read.uses[node].order
        return value if back or _is_literal(value) else None

    def constant(self, node: ast.AST | None) -> Any:
        """Return the value of a literal, through names that hold one; else `Ellipsis`.

        Numbers, strings, None, booleans, and lists, tuples and dicts of them, with signs.
        """
        for _ in range(10):
            value = self.assigned(node) if isinstance(node, ast.Name) else None
            if value is None:
                break
            node = value
        try:
            return ast.literal_eval(node) if isinstance(node, ast.expr) else ...
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            return ...

    # Surroundings

    def parent(self, node: ast.AST) -> ast.AST | None:
        """Return the node around a node."""
        return self.read.parents.get(node)

    def ancestors(self, node: ast.AST) -> Iterator[ast.AST]:
        """Yield the nodes around a node, innermost first."""
        at = self.read.parents.get(node)
        while at is not None:
            yield at
            at = self.read.parents.get(at)

    def function(self, node: ast.AST) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
        """Return the function around a node."""
        for at in self.ancestors(node):
            if isinstance(at, (ast.FunctionDef, ast.AsyncFunctionDef)):
                return at
        return None

    def klass(self, node: ast.AST) -> ast.ClassDef | None:
        """Return the class around a node."""
        return next((at for at in self.ancestors(node) if isinstance(at, ast.ClassDef)), None)

    # Text

    def span(self, node: ast.AST) -> Span:
        """Return where a node is written; parentheses around it are not part of it."""
        assert isinstance(node, (ast.expr, ast.stmt, ast.keyword, ast.arg, ast.alias))
        assert node.end_lineno is not None
        assert node.end_col_offset is not None
        return Span(
            self.source.offset(node.lineno, node.col_offset),
            self.source.offset(node.end_lineno, node.end_col_offset),
        )

    def text(self, node: ast.AST) -> str:
        """Return how a node is written."""
        span = self.span(node)
        return self.source.text[span.start : span.end]

    def replace(self, node: ast.AST, *pieces: str | ast.AST) -> Edit:
        """Return the edit that writes pieces in a node's place.

        A piece that is a node, of those inside of `node`, is written as it is by then: changes of
        others inside of it are made too. It is put in parentheses unless it binds as tightly as a
        name does, or it stands where commas separate.
        """
        return Edit(self.span(node), tuple(self._piece(piece) for piece in pieces))

    def _piece(self, piece: str | ast.AST) -> str | Span:
        return piece if isinstance(piece, str) else self.span(piece)

    def insert_before(self, node: ast.AST, text: str) -> Edit:
        """Return the edit that writes a text right before a node."""
        start = self.span(node).start
        return Edit(Span(start, start), (text,))

    def insert_after(self, node: ast.AST, text: str) -> Edit:
        """Return the edit that writes a text right after a node."""
        end = self.span(node).end
        return Edit(Span(end, end), (text,))


def _is_literal(value: ast.expr | None) -> bool:
    return value is not None and not any(
        isinstance(each, (ast.Name, ast.Call)) for each in ast.walk(value)
    )


def _is_nothing(binding: Binding) -> bool:
    """Tell whether a binding only says that there is no such thing: ``fluid = None``."""
    value = binding.value
    return binding.kind == "delete" or (isinstance(value, ast.Constant) and value.value is None)


def _reaching(every: list[Binding], use: NameUse) -> list[Binding]:
    """Return the bindings of the use's own flow that may hold when it is read."""
    around = set(use.block.chain())
    last = max(
        (each for each in every if each.order < use.order and each.block in around),
        key=lambda each: each.order,
        default=None,
    )
    loops = {block for block in around if block.loop}
    if last is None:
        return [e for e in every if e.order < use.order or not loops.isdisjoint(e.block.chain())]
    found = [last]
    for each in every:
        between = last.order < each.order < use.order
        again = each.order > use.order and not loops.isdisjoint(each.block.chain())
        if between or again:
            # A loop that starts by binding the name anew hides what its last round left.
            hidden = again and any(
                block in loops and block in set(each.block.chain()) for block in last.block.chain()
            )
            if not hidden:
                found.append(each)
    return found


def parse(data: bytes | str, name: str = "") -> Module:
    """Read a file's source.

    Args:
        data: its bytes, or its text.
        name: the path to report.

    Raises:
        SourceError: it is no Python 3 source that this Python can read.
    """
    source = Source(data)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # invalid escapes and such are the file's own
            tree = ast.parse(source.text, name or "<text>")
        return Module(source, tree, name)
    except SyntaxError as error:
        line = min(max(error.lineno or 1, 1), len(source.starts))
        raise SourceError(str(error.msg), line, max(error.offset or 1, 1)) from error
    except (RecursionError, MemoryError) as error:
        raise SourceError("nested too deeply for Python's parser") from error
    except ValueError as error:  # null bytes, before Python 3.12
        raise SourceError(str(error)) from error
