"""Changes of a text: each replaces a stretch by pieces, of which some are stretches themselves.

A piece that is a stretch is copied with the changes inside of it, so a call and its arguments can
change independently. What no edit touches stays as it is, byte for byte.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from paddle_compat.port.source import Span

__all__ = ["Edit", "apply", "compatible", "contains"]


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace a stretch.

    Attributes:
        span: what is replaced; an empty one is a place to insert at.
        pieces: texts, and stretches of the old text inside `span`.
    """

    span: Span
    pieces: tuple[str | Span, ...]


def apply(text: str, edits: Iterable[Edit]) -> str:
    """Return the text with the edits made.

    Raises:
        ValueError: they are not `compatible`: one would be lost.
    """
    ordered = sorted(set(edits), key=lambda edit: (edit.span.start, -edit.span.end))
    made: set[Edit] = set()
    written = _render(text, Span(0, len(text)), ordered, made)
    if len(made) < len(ordered):
        lost = next(edit for edit in ordered if edit not in made)
        raise ValueError(f"an edit of {text[lost.span.start : lost.span.end]!r} would be lost")
    return written


def _render(text: str, whole: Span, edits: Sequence[Edit], made: set[Edit]) -> str:
    """Return a stretch with the edits in it made; `edits` are sorted, outer before inner."""
    out, at, index = [], whole.start, 0
    while index < len(edits):
        edit = edits[index]
        out.append(text[at : edit.span.start])
        made.add(edit)
        index += 1
        first = index
        while index < len(edits) and contains(edit.span, edits[index].span):
            index += 1
        inside = edits[first:index]
        ahead = _ahead(edit, inside)
        made.update(ahead)
        out += ["".join(map(str, each.pieces)) for each in ahead]
        for piece in edit.pieces:
            if isinstance(piece, str):
                out.append(piece)
            else:
                within = [each for each in inside if contains(piece, each.span)]
                out.append(_render(text, piece, within, made))
        at = edit.span.end
    out.append(text[at : whole.end])
    return "".join(out)


def _ahead(edit: Edit, inside: Sequence[Edit]) -> list[Edit]:
    """Return what is inserted right where an edit starts, if no piece of it begins there."""
    if any(isinstance(piece, Span) and piece.start == edit.span.start for piece in edit.pieces):
        return []
    return [each for each in inside if each.span.start == each.span.end == edit.span.start]


def contains(outer: Span, inner: Span) -> bool:
    """Tell whether a stretch lies in another; a place at its very end does not."""
    if inner.start == inner.end:
        return outer.start <= inner.start < outer.end
    return outer.start <= inner.start and inner.end <= outer.end


def compatible(edits: Sequence[Edit], others: Iterable[Edit]) -> bool:
    """Tell whether edits can be made together with others.

    Two can that lie apart, or of which one lies in a piece that the other one copies.
    """
    return all(_together(one, other) for one in edits for other in others)


def _together(one: Edit, other: Edit) -> bool:
    if one == other:
        return True
    if one.span.end <= other.span.start or other.span.end <= one.span.start:
        return one.span != other.span
    outer, inner = (one, other) if contains(one.span, other.span) else (other, one)
    kept = [piece for piece in outer.pieces if isinstance(piece, Span)]
    return any(contains(piece, inner.span) for piece in kept)
