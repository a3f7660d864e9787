"""How much of a code base is covered, and what to add first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from paddle_compat.port.work import FileResult

__all__ = ["Coverage", "coverage", "many", "statistics", "summary"]

_FIRST = 10


@dataclass(slots=True)
class Coverage:
    """Counts.

    Attributes:
        files: files that use Paddle, by who has all of their names: the worst of them.
        sites: uses of Paddle names, by who has them.
        missing: names that nothing has, by how often they are used.
        codes: findings by code.
        read: all files that were looked at.
        unread: files that are no Python 3.
        missing_files: for each missing name, the files that use it.
    """

    files: Counter[str] = field(default_factory=Counter)
    sites: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)
    missing_files: dict[str, set[str]] = field(default_factory=dict)
    read: int = 0
    unread: int = 0


def coverage(results: Iterable[FileResult]) -> Coverage:
    """Count what is covered."""
    counted = Coverage()
    for result in results:
        counted.read += 1
        counted.unread += not result.parsed
        counted.codes.update(told.code for told in result.told)
        standings = [standing for _, standing in result.standings]
        counted.sites.update(standings)
        for name, standing in result.standings:
            if standing == "unsupported":
                counted.missing[name] += 1
                counted.missing_files.setdefault(name, set()).add(result.path)
        for worst in ("unsupported", "shim", "torch"):
            if worst in standings:
                counted.files[worst] += 1
                break
    return counted


def summary(counted: Coverage) -> str:
    """Return one line: how many uses and files are covered."""
    sites, files = sum(counted.sites.values()), sum(counted.files.values())
    if not sites:
        told = "no Paddle name is used"
    else:
        parts = [
            f"{counted.sites[kind]} {words} ({100 * counted.sites[kind] // sites} %)"
            for kind, words in _WORDS.items()
        ]
        covered = files - counted.files["unsupported"]
        told = (
            f"{many(sites, 'Paddle name')} in {many(files, 'file')}: {', '.join(parts)}; "
            f"{covered} of {many(files, 'file')} need nothing else"
        )
    if counted.unread:
        told += f"; {many(counted.unread, 'file')} could not be read"
    return told


_WORDS = {
    "torch": "equal in torch",
    "shim": "on paddle_compat",
    "unsupported": "unsupported",
}


def statistics(counted: Coverage, names: dict[str, str]) -> str:
    """Return tables: findings by code, and the names to add first.

    Args:
        counted: the counts.
        names: the rules' names by code.
    """
    rows = [(str(n), code, names.get(code, "")) for code, n in sorted(counted.codes.items())]
    lines = _table(("findings", "code", "rule"), rows) if rows else []
    first = sorted(counted.missing.items(), key=lambda item: (-item[1], item[0]))[:_FIRST]
    if first:
        lines += ["", "What to add first, of what neither torch nor paddle_compat has:"]
        lines += _table(
            ("uses", "files", "name"),
            [(str(n), str(len(counted.missing_files[name])), name) for name, n in first],
        )
        total = sum(counted.missing.values())
        covered = sum(n for _, n in first)
        if len(counted.missing) > len(first):
            lines.append(f"These are {covered} of {total} unsupported uses.")
    return "\n".join(lines)


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(row[i]) for row in (header, *rows)) for i in range(len(header))]
    lines = []
    for row in (header, *rows):
        cells = [
            cell.rjust(width) if i < len(row) - 1 and row[i].isdigit() else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    return lines


def many(count: int, word: str) -> str:
    """Return a count with its word: ``1 file``, ``2 files``."""
    if word.endswith("x") and count != 1:
        word += "e"
    return f"{count} {word}{'' if count == 1 else 's'}"
