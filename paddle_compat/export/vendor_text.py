"""Pieces of a module's source, with changes by position: all that is not changed stays as it is."""

from __future__ import annotations

import ast
import io
import re
import textwrap
import tokenize
from collections.abc import Sequence

from paddle_compat.export.vendor_modules import Module

__all__ = ["Piece"]

# What comments say to tools that check this package.
_FOR_TOOLS = re.compile(r"\s*#\s*(noqa|type:\s*ignore|fmt:|pragma).*")

_DOCUMENTED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


class Piece:
    """A statement of a module, to be written elsewhere.

    Args:
        module: the module.
        statement: the statement, at whatever depth.
    """

    def __init__(self, module: Module, statement: ast.stmt) -> None:
        self.module = module
        self.statement = statement
        self._edits: list[tuple[tuple[int, int], tuple[int, int], str]] = []
        for node in ast.walk(statement):
            if isinstance(node, _DOCUMENTED):
                self._shorten(node)

    def source(self, node: ast.expr) -> str:
        """Return the source of a part, as it is."""
        return _between(self.module.lines, *_span(node)).decode()

    def replace(self, node: ast.expr, old: str, new: str) -> None:
        """Put other text in the place of a part, whose text must be what is told.

        Raises:
            LookupError: it is not.
        """
        if self.source(node) != old:
            raise LookupError(
                f"{self.module.name}, line {node.lineno}: {old!r} is not where Python says"
            )
        if new != old:
            self._edits.append((*_span(node), new))

    def unwrap(self, call: ast.Call, behind: str) -> bool:
        """Put the one argument of a call, with text behind it, in the call's place if that can be.

        Args:
            call: the call.
            behind: the text.
        """
        if len(call.args) != 1 or call.keywords:
            return False
        [argument] = call.args
        if not isinstance(argument, (ast.Name, ast.Attribute, ast.Subscript, ast.Call)):
            return False
        (start, end), (first, last) = _span(call), _span(argument)
        self._edits += [(start, first, ""), (last, end, behind)]
        return True

    def rename(self, name: str, new: str) -> None:
        """Give what the statement binds another name.

        A function that another one made may have a name of its own, which is not the source's.
        """
        statement = self.statement
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            line = self.module.lines[statement.lineno - 1]
            name = statement.name
            keyword = re.compile(rb"(?:def|class)\s+" + name.encode())
            found = keyword.match(line, statement.col_offset)
            assert found is not None
            start, end = found.end() - len(name.encode()), found.end()
            if new != name:
                at = statement.lineno
                self._edits.append(((at, start), (at, end), new))
            return
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id == name:
                self.replace(node, name, new)

    def drop_decorator(self, decorator: ast.expr) -> None:
        """Leave a decorator out."""
        assert decorator.end_lineno is not None
        self._edits.append(((decorator.lineno, 0), (decorator.end_lineno + 1, 0), ""))

    @property
    def lines(self) -> range:
        """The numbers of the statement's lines."""
        statement = self.statement
        assert statement.end_lineno is not None
        first = min([statement.lineno, *(d.lineno for d in _decorators(statement))])
        return range(first, statement.end_lineno + 1)

    def text(self) -> str:
        """Return the source with its changes, at no depth, below the comments that stand above."""
        start, end = (self.lines.start, 0), (self.lines.stop, 0)
        parts = [line.encode() for line in self._comments(self.lines.start)]
        for left, right, new in sorted(self._edits):
            parts += [_between(self.module.lines, start, left), new.encode()]
            start = right
        parts.append(_between(self.module.lines, start, end))
        return _without_notes(textwrap.dedent(b"".join(parts).decode()))

    def _comments(self, line: int) -> list[str]:
        """Return the comment lines right above a line; then an assignment's own documentation."""
        found: list[str] = []
        for above in reversed(self.module.lines[: line - 1]):
            if not above.lstrip().startswith(b"#"):
                break
            found.insert(0, above.decode())
        body = self.module.tree.body
        if isinstance(self.statement, (ast.Assign, ast.AnnAssign)) and self.statement in body:
            after = body[body.index(self.statement) + 1 :][:1]
            told = _string(after[0]) if after else None
            if told is not None:
                found.append(f"# {told.partition(chr(10))[0]}\n")
        return found

    def _shorten(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
        """Keep the first line of a docstring."""
        expression = node.body[0]
        if _string(expression) is None or expression.lineno == expression.end_lineno:
            return
        assert isinstance(expression, ast.Expr)
        start, end = _span(expression.value)
        first = self.module.lines[start[0] - 1][start[1] :].decode().rstrip()
        if "\\" not in first:
            first = first.lstrip("rR")
        self._edits.append((start, end, f'{first}"""'))


def _decorators(statement: ast.stmt) -> Sequence[ast.expr]:
    return statement.decorator_list if isinstance(statement, _DOCUMENTED) else []


def _string(statement: ast.stmt) -> str | None:
    """Return the text of a statement that is a mere string."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
        value = statement.value.value
        return value if isinstance(value, str) else None
    return None


def _span(node: ast.expr) -> tuple[tuple[int, int], tuple[int, int]]:
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    return (node.lineno, node.col_offset), (node.end_lineno, node.end_col_offset)


def _between(lines: Sequence[bytes], start: tuple[int, int], end: tuple[int, int]) -> bytes:
    """Return what stands between two places, told by line from 1 and column from 0."""
    if start[0] == end[0]:
        return lines[start[0] - 1][start[1] : end[1]]
    last = lines[end[0] - 1][: end[1]] if end[1] else b""
    return lines[start[0] - 1][start[1] :] + b"".join(lines[start[0] : end[0] - 1]) + last


def _without_notes(text: str) -> str:
    """Leave out the comments that speak to this package's own tools."""
    lines = text.splitlines(keepends=True)
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        if token.type == tokenize.COMMENT:
            row, column = token.start
            line = lines[row - 1]
            kept = _FOR_TOOLS.sub("", line[column:])
            if kept != line[column:]:
                lines[row - 1] = f"{line[:column]}{kept}".rstrip()
                lines[row - 1] += "\n" if lines[row - 1] else ""
    return "".join(lines)
