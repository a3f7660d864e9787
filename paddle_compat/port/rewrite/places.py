"""The places of a file that torch may have otherwise, and which rewrites go together."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from paddle_compat.port.edits import Edit, compatible, contains
from paddle_compat.port.resolve import Module, Use
from paddle_compat.port.rewrite.eras import builds_programs, is_eager
from paddle_compat.port.rewrite.members import members
from paddle_compat.port.rewrite.site import Kept, Rewrite
from paddle_compat.port.rewrite.uses import outcome
from paddle_compat.port.rewrite.values import Values
from paddle_compat.port.rules.layers import HELPER, HELPER_NAME
from paddle_compat.port.source import Span

__all__ = ["Place", "accept", "is_done", "places"]


@dataclass(slots=True)
class Place:
    """Something to rewrite, or to leave."""

    node: ast.AST
    span: Span
    name: str
    outcome: Rewrite | Kept
    use: Use | None = None
    consumed: bool = False


def places(module: Module) -> list[Place]:
    """Return all that torch may have, outer before inner."""
    values, static, eager = Values(module), builds_programs(module), is_eager(module)
    another = _names_another(module, "torch")
    taken = Kept("the name torch is something else in this file") if another else None
    found = []
    for use in module.paddle_uses:
        what = outcome(module, values, use, static=static, eager=eager)
        if taken is not None and isinstance(what, Rewrite):
            what = taken
        if what is not None:
            call = module.parent(use.node)
            node = call if isinstance(call, ast.Call) and call.func is use.node else use.node
            found.append(Place(node, module.span(node), use.path, what, use))
    if module.paddle_uses and not static and taken is None:
        for member in members(module, values):
            span = module.span(member.node)
            found.append(Place(member.node, span, member.name, member.outcome))
    return sorted(found, key=lambda place: (place.span.start, -place.span.end))


def _names_another(module: Module, name: str) -> bool:
    """Tell whether a name is bound to something that is not the module of that name."""
    return any(
        binding.path != name
        for scope in module.read.scopes.values()
        for binding in scope.bindings.get(name, ())
    )


def accept(module: Module, found: list[Place]) -> list[Place]:
    """Choose the rewrites that can be made together; what another one writes anew is consumed."""
    accepted: list[Place] = []
    near: list[Edit] = []
    fits = _helper_fits(module)
    for place in found:
        # An f-string's places are wrong before Python 3.12.
        if isinstance(place.outcome, Rewrite) and not _is_where_it_says(module, place):
            place.outcome = Kept("its place inside an f-string is not known to this Python")
        # Sorted by their starts, so that what ends before one ends before all that follow.
        near = [edit for edit in near if edit.span.end >= place.span.start]
        if isinstance(place.outcome, Rewrite) and _loses_a_comment(module, place.outcome.edits):
            place.outcome = Kept("a comment inside the call would be lost", "PC105")
        if any(_consumes(edit, place.span) for edit in near):
            place.consumed = True
        elif isinstance(place.outcome, Rewrite):
            if _changes_nothing(module, place.outcome.edits):
                place.consumed = True
            elif HELPER_NAME in _texts(place) and not fits:
                place.outcome = Kept(f"the name {HELPER_NAME} is taken")
            elif compatible(place.outcome.edits, near):
                accepted.append(place)
                near += place.outcome.edits
            else:
                place.outcome = Kept("it overlaps with another rewrite; port again")
    return accepted


def _changes_nothing(module: Module, edits: tuple[Edit, ...]) -> bool:
    text = module.source.text
    return all(edit.pieces == (text[edit.span.start : edit.span.end],) for edit in edits)


def _loses_a_comment(module: Module, edits: tuple[Edit, ...]) -> bool:
    """Tell whether there is a comment in what edits drop, or what may be one."""
    text = module.source.text
    for edit in edits:
        at = edit.span.start
        for piece in sorted(piece for piece in edit.pieces if isinstance(piece, Span)):
            if "#" in text[at : piece.start]:
                return True
            at = max(at, piece.end)
        if "#" in text[at : edit.span.end]:
            return True
    return False


def _consumes(edit: Edit, span: Span) -> bool:
    if edit.span == span or not contains(edit.span, span):
        return False
    return not any(isinstance(piece, Span) and contains(piece, span) for piece in edit.pieces)


def _is_where_it_says(module: Module, place: Place) -> bool:
    node = place.node
    if not isinstance(node, ast.expr):
        return True
    if not any(isinstance(at, ast.JoinedStr) for at in module.ancestors(node)):
        return True
    try:
        there = ast.parse(f"({module.text(node)})", mode="eval").body
    except (SyntaxError, ValueError, IndexError):
        return False
    return ast.dump(there) == ast.dump(node)


def _texts(place: Place) -> tuple[str, ...]:
    assert isinstance(place.outcome, Rewrite)
    pieces = [piece for edit in place.outcome.edits for piece in edit.pieces]
    return tuple(piece for piece in pieces if isinstance(piece, str))


def _helper_fits(module: Module) -> bool:
    bound = any(HELPER_NAME in scope.bindings for scope in module.read.scopes.values())
    return not bound or HELPER.splitlines()[1] in module.source.text


def is_done(place: Place) -> bool:
    """Tell whether nothing of Paddle's is left of a place."""
    return place.consumed or isinstance(place.outcome, Rewrite)
