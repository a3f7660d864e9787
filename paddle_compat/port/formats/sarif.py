"""SARIF 2.1.0, which code scanning services read."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from paddle_compat import __version__
from paddle_compat.port.coverage import Coverage
from paddle_compat.port.diagnostics import rules
from paddle_compat.port.work import Place, Told

__all__ = ["to_sarif"]

_LEVELS = {"PC001": "error", "PC003": "error", "PC008": "error", "PC002": "note", "PC010": "note"}


def to_sarif(told: Sequence[Told], counted: Coverage) -> str:
    """Return the findings as a SARIF log of one run."""
    codes = list(rules())
    run = {
        "tool": {
            "driver": {
                "name": "paddle-compat port",
                "version": __version__,
                "rules": [
                    {
                        "id": rule.code,
                        "name": "".join(word.capitalize() for word in rule.name.split("-")),
                        "shortDescription": {"text": rule.name.replace("-", " ")},
                        "fullDescription": {"text": " ".join(rule.explanation.split())},
                        "defaultConfiguration": {"level": _LEVELS.get(rule.code, "warning")},
                    }
                    for rule in rules().values()
                ],
            }
        },
        "columnKind": "unicodeCodePoints",
        "results": [_result(each, codes) for each in told],
    }
    shape = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [run],
    }
    return json.dumps(shape, indent=2) + "\n"


def _result(told: Told, codes: list[str]) -> dict[str, Any]:
    file = {"uri": quote(told.path)}
    region = _region(told.start, told.end)
    result: dict[str, Any] = {
        "ruleId": told.code,
        "ruleIndex": codes.index(told.code),
        "level": _LEVELS.get(told.code, "warning"),
        "message": {"text": told.message},
        "locations": [{"physicalLocation": {"artifactLocation": file, "region": region}}],
    }
    if told.fix is not None:
        replacements = [
            {
                "deletedRegion": _region(change.start, change.end),
                "insertedContent": {"text": change.text},
            }
            for change in told.changes
        ]
        result["fixes"] = [
            {
                "description": {"text": told.fix},
                "artifactChanges": [{"artifactLocation": file, "replacements": replacements}],
            }
        ]
    return result


def _region(start: Place, end: Place) -> dict[str, int]:
    return {
        "startLine": start.line,
        "startColumn": start.column,
        "endLine": end.line,
        "endColumn": end.column,
    }
