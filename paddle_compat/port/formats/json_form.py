"""JSON; ``data/findings.schema.json`` is its schema."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from paddle_compat.port.coverage import Coverage
from paddle_compat.port.work import Place, Told

__all__ = ["to_json"]


def to_json(told: Sequence[Told], counted: Coverage) -> str:
    """Return the findings and counts as one JSON object."""
    shape = {
        "version": 1,
        "findings": [_finding(each) for each in told],
        "coverage": {
            "files_read": counted.read,
            "files_unreadable": counted.unread,
            "uses": {kind: counted.sites[kind] for kind in ("torch", "shim", "unsupported")},
            "files": {kind: counted.files[kind] for kind in ("torch", "shim", "unsupported")},
            "missing": [
                {"name": name, "uses": uses, "files": len(counted.missing_files[name])}
                for name, uses in sorted(counted.missing.items(), key=lambda i: (-i[1], i[0]))
            ],
        },
    }
    return json.dumps(shape, indent=2) + "\n"


def _finding(told: Told) -> dict[str, Any]:
    fix = None
    if told.fix is not None:
        edits = [
            {"start": _place(change.start), "end": _place(change.end), "text": change.text}
            for change in told.changes
        ]
        fix = {"message": told.fix, "edits": edits}
    return {
        "path": told.path,
        "start": _place(told.start),
        "end": _place(told.end),
        "code": told.code,
        "message": told.message,
        "paddle": told.paddle,
        "fix": fix,
    }


def _place(place: Place) -> dict[str, int]:
    return {"line": place.line, "column": place.column}
