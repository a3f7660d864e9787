"""Annotations of a pull request, by GitHub's workflow commands."""

from __future__ import annotations

from collections.abc import Sequence

from paddle_compat.port.coverage import Coverage
from paddle_compat.port.work import Told

__all__ = ["to_github"]


def to_github(told: Sequence[Told], counted: Coverage) -> str:
    """Return an ``::error`` or ``::warning`` for each finding."""
    lines = []
    for each in told:
        level = "error" if each.code in ("PC001", "PC003", "PC008") else "warning"
        where = (
            f"file={_property(each.path)},line={each.start.line},col={each.start.column},"
            f"endLine={each.end.line},endColumn={each.end.column},title={each.code}"
        )
        lines.append(f"::{level} {where}::{_data(each.message)}\n")
    return "".join(lines)


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
