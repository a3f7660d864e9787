"""One file's port: from its bytes to what is said about it, and to its new bytes."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from paddle_compat.port.diagnostics import Finding
from paddle_compat.port.resolve import Module, parse
from paddle_compat.port.rewrite.plan import Plan, Standing, Target, plan
from paddle_compat.port.source import Source, SourceError

__all__ = ["Change", "FileResult", "Place", "Told", "port"]


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a file, as people count: lines and characters from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Change:
    """A stretch of the old file and what a fix writes in its place."""

    start: Place
    end: Place
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A finding, with its place counted."""

    path: str
    start: Place
    end: Place
    code: str
    message: str
    paddle: str | None = None
    fix: str | None = None
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True, slots=True)
class FileResult:
    """What porting a file came to.

    Attributes:
        path: the file, as it is reported.
        told: the findings; after a rewrite, see `left`.
        left: the findings of the rewritten file.
        old: its text; empty if it cannot be read.
        new: the rewritten text, None if nothing changes.
        data: the rewritten bytes.
        standings: for each Paddle name used, who has it.
        parsed: whether it could be read.
    """

    path: str
    told: tuple[Told, ...] = ()
    left: tuple[Told, ...] = ()
    old: str = ""
    new: str | None = None
    data: bytes = b""
    standings: tuple[tuple[str, Standing], ...] = ()
    parsed: bool = True


@dataclass(slots=True)
class _Counter:
    module: Module
    path: str
    told: list[Told] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count the place of a finding."""
        fix = finding.fix
        changes = tuple(
            Change(
                self._place(edit.span.start),
                self._place(edit.span.end),
                "".join(
                    str(p) if isinstance(p, str) else self.module.source.text[p.start : p.end]
                    for p in edit.pieces
                ),
            )
            for edit in (fix.edits if fix else ())
        )
        self.told.append(
            Told(
                self.path,
                self._place(finding.span.start),
                self._place(finding.span.end),
                finding.code,
                finding.message,
                finding.paddle,
                fix.message if fix else None,
                changes,
            )
        )

    def _place(self, offset: int) -> Place:
        return Place(*self.module.source.position(offset))


def port(data: bytes, path: str, target: Target, chosen: frozenset[str]) -> FileResult:
    """Port a file, given as its bytes; nothing is written.

    Args:
        data: what is in it.
        path: its path, to report.
        target: where to.
        chosen: the codes that count.
    """
    if b"paddle" not in data:
        return FileResult(path)
    with _without_collection():
        return _port(data, path, target, chosen)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Stop looking for cycles while trees grow: it takes most of the time, and there are none."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _port(data: bytes, path: str, target: Target, chosen: frozenset[str]) -> FileResult:
    try:
        module = parse(data, path)
        first = plan(module, target, chosen)
    except SourceError as error:
        return _unread(path, error, chosen)
    except ValueError as error:  # edits that do not go together
        place = Place(1, 1)
        refused = (Told(path, place, place, "PC008", f"the rewrite is not made: {error}"),)
        return FileResult(path, refused, refused)
    except RecursionError:
        return _unread(path, SourceError("nested too deeply for the porter"), chosen)
    told = _counted(module, path, first)
    old = module.source.text
    standings = tuple(first.standings)
    if first.text == old:
        return FileResult(path, told, told, old, None, b"", standings)
    refusal, left = _again(module.source, first, path, target, chosen)
    if refusal is not None:
        place = Place(1, 1)
        why = Told(path, place, place, "PC008", f"the rewrite is not made: {refusal}")
        shown = (*((why,) if "PC008" in chosen else ()), *told)
        return FileResult(path, shown, shown, old, None, b"", standings)
    written = module.source.encode(first.text)
    return FileResult(path, told, left, old, first.text, written, standings)


def _unread(path: str, error: SourceError, chosen: frozenset[str]) -> FileResult:
    place = Place(error.line, error.column)
    told = (Told(path, place, place, "PC003", f"no Python 3: {error.reason}"),)
    shown = told if "PC003" in chosen else ()
    return FileResult(path, shown, shown, parsed=False)


def _again(
    source: Source, first: Plan, path: str, target: Target, chosen: frozenset[str]
) -> tuple[str | None, tuple[Told, ...]]:
    """Return why a rewrite cannot be made, or what is said about the rewritten file."""
    try:
        data = source.encode(first.text)
    except UnicodeEncodeError as error:
        return f"{source.encoding} has no {error.object[error.start]!r}", ()
    try:
        module = parse(data, path)
        second = plan(module, target, chosen)
    except ValueError as error:
        if not isinstance(error, SourceError):
            return f"porting it again fails: {error}", ()
        return f"line {error.line} would not parse: {error.reason}", ()
    if second.text != first.text:
        return "a second port would change it again", ()
    return None, _counted(module, path, second)


def _counted(module: Module, path: str, made: Plan) -> tuple[Told, ...]:
    counter = _Counter(module, path)
    for finding in made.findings:
        counter.add(finding)
    return tuple(counter.told)
