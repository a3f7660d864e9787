"""The forms in which findings are printed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from paddle_compat.port.coverage import Coverage
from paddle_compat.port.formats.annotations import to_github
from paddle_compat.port.formats.json_form import to_json
from paddle_compat.port.formats.sarif import to_sarif
from paddle_compat.port.formats.text import to_text
from paddle_compat.port.work import Told

__all__ = ["FORMATS"]

FORMATS: Mapping[str, Callable[[Sequence[Told], Coverage], str]] = {
    "text": to_text,
    "json": to_json,
    "sarif": to_sarif,
    "github": to_github,
}
"""By name, from findings and counts to text."""
