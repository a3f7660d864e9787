"""A call that is to be rewritten, and the edits that do it piece by piece.

Only what has to change is touched: the function's name, keywords, single arguments. Comments and
line breaks inside a call stay; where a change would lose a comment, it is not made.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from paddle_compat.port.arguments import Argument, Arguments
from paddle_compat.port.edits import Edit
from paddle_compat.port.resolve import Module
from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.values import Values
from paddle_compat.port.source import Span

__all__ = ["Kept", "Piece", "Rewrite", "Site"]

Piece = str | Span

_TIGHT = (ast.Name, ast.Attribute, ast.Call, ast.Subscript, ast.List, ast.Dict, ast.Set)


@dataclass(frozen=True, slots=True)
class Kept:
    """Why a call is not rewritten.

    Attributes:
        reason: what differs, or what is not known, in words that go behind a dash.
        code: the rule's code.
    """

    reason: str
    code: str = "PC102"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """The edits of one place, and what it becomes in a word or two."""

    edits: tuple[Edit, ...]
    becomes: str


class Site:
    """A call with its arguments bound.

    Attributes:
        module: the file.
        values: what its expressions are.
        call: the call.
        given: its arguments by Paddle's names.
        receiver: the tensor, for a call of a tensor's method.
    """

    def __init__(
        self,
        module: Module,
        values: Values,
        call: ast.Call,
        given: Arguments,
        receiver: ast.expr | None = None,
    ) -> None:
        self.module, self.values, self.call = module, values, call
        self.given, self.receiver = given, receiver

    def value(self, parameter: str) -> ast.expr | None:
        """Return what is given for a parameter; the receiver counts as its first."""
        return self.given.get(parameter)

    # Where things are written

    def outer(self, node: ast.expr) -> Span:
        """Return where an argument is written, with the parentheses around it."""
        text = self.module.source.text
        start, end = self.module.span(node)
        low = text.index("(", self.module.span(self.call.func).end) + 1
        high = self.module.span(self.call).end - 1
        if node is self.receiver:
            low, high = self.module.span(self.call).start, self.module.span(self.call.func).end
        while True:
            left, right = start - 1, end
            while left >= low and text[left].isspace():
                left -= 1
            while right < high and text[right].isspace():
                right += 1
            if left < low or right >= high or text[left] != "(" or text[right] != ")":
                return Span(start, end)
            start, end = left, right + 1

    def tight(self, node: ast.expr) -> tuple[Piece, ...]:
        """Return an argument as pieces that may stand before a dot."""
        span = self.outer(node)
        whole = isinstance(node, _TIGHT) or self.module.source.text[span.start] == "("
        return (span,) if whole else ("(", span, ")")

    def loose(self, node: ast.expr) -> tuple[Piece, ...]:
        """Return an argument as pieces that may stand between commas."""
        return (self.outer(node),)

    # Edits

    def named(self, target: str) -> Edit:
        """Return the edit that names another function; of a method, another method."""
        span = self.module.span(self.call.func)
        if self.receiver is None:
            return Edit(span, (TorchName(target),))
        assert isinstance(self.call.func, ast.Attribute)
        return Edit(Span(span.end - len(self.call.func.attr), span.end), (target,))

    def keyworded(self, argument: Argument, name: str) -> Edit | None:
        """Return the edit that gives an argument by a keyword, None if it is so already."""
        keyword = argument.keyword
        if keyword is None:
            if isinstance(argument.value, ast.GeneratorExp):
                return None
            start = self.outer(argument.value).start
            return Edit(Span(start, start), (f"{name}=",))
        assert keyword.arg is not None
        start = self.module.span(keyword).start
        if keyword.arg == name:
            return None
        return Edit(Span(start, start + len(keyword.arg)), (name,))

    def whole(self, argument: Argument) -> Span:
        """Return where an argument is written, its keyword included."""
        outer = self.outer(argument.value)
        if argument.keyword is None:
            return outer
        return Span(self.module.span(argument.keyword).start, outer.end)

    def replaced(self, *pieces: Piece) -> Rewrite | Kept:
        """Return the rewrite of the whole call by pieces of it."""
        span = self.module.span(self.call)
        kept = sorted(piece for piece in pieces if isinstance(piece, Span))
        if self._comment_between(span, kept):
            return Kept("a comment inside the call would be lost", "PC105")
        return Rewrite((Edit(span, pieces),), "")

    def _comment_between(self, span: Span, kept: Sequence[Span]) -> bool:
        at, text = span.start, self.module.source.text
        gaps = []
        for piece in kept:
            gaps.append(text[at : piece.start])
            at = max(at, piece.end)
        gaps.append(text[at : span.end])
        return any("#" in gap for gap in gaps)

    def without(self, dropped: Sequence[Argument]) -> list[Edit] | Kept:
        """Return the edits that leave out arguments, with their commas."""
        spans = [
            self.whole(argument) for argument in self.given if argument.value is not self.receiver
        ]
        order = sorted(range(len(spans)), key=lambda index: spans[index])
        spans = [spans[index] for index in order]
        gone = {self.whole(argument) for argument in dropped}
        edits = []
        for index, span in enumerate(spans):
            if span not in gone:
                continue
            if index:
                cut = Span(spans[index - 1].end, span.end)
            elif len(spans) == 1:
                cut = Span(span.start, self._closing())
            elif spans[1] in gone:
                return Kept("two first arguments would have to go", "PC102")
            else:
                cut = Span(span.start, spans[1].start)
            if "#" in self.module.source.text[cut.start : cut.end]:
                return Kept("a comment inside the call would be lost", "PC105")
            edits.append(Edit(cut, ()))
        return edits

    def added(self, text: str, dropped: Sequence[Argument]) -> Edit:
        """Return the edit that adds an argument behind the last one that stays."""
        gone = {id(argument) for argument in dropped}
        kept = [
            self.whole(argument).end
            for argument in self.given
            if id(argument) not in gone and argument.value is not self.receiver
        ]
        if kept:
            end = max(kept)
            return Edit(Span(end, end), (f", {text}",))
        start = self.module.source.text.index("(", self.module.span(self.call.func).end) + 1
        return Edit(Span(start, start), (text,))

    def _closing(self) -> int:
        return self.module.span(self.call).end - 1
