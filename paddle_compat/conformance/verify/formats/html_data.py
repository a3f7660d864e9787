"""What the page's script reads: the report's cases and curves, packed.

Texts and details that results share are stored once, numbers as they are shown, errors as whole
thousandths of their logarithm. What does not fit the budget is left out, passing cases first, and
the page says how many.
"""

from __future__ import annotations

import json
import math
import shlex
from collections.abc import Iterator, Sequence
from typing import Any

from paddle_compat.conformance.verify.formats.text import told_apart
from paddle_compat.conformance.verify.model import Curve, Mismatch, Report, Result, joined

__all__ = ["BUDGET", "ZERO", "embedded", "packed_cases", "packed_curves"]

BUDGET = 1_200_000
"""How many bytes of JSON the cases may take."""

ZERO = -999999
"""Stands for the logarithm of 0."""

LETTERS = {"pass": "p", "waived": "w", "fail": "f", "unsupported": "u"}
_FIRST = {"fail": 0, "waived": 1, "unsupported": 2, "pass": 3}


def embedded(data: object) -> str:
    """Return JSON that can stand in a script element: nothing in it ends the element."""
    text = json.dumps(data, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


class _Pool:
    """Things that are stored once, and known by their place."""

    def __init__(self) -> None:
        self.items: list[Any] = []
        self.size = 0
        self._places: dict[str, int] = {}

    def add(self, item: Any) -> int:
        key = json.dumps(item)
        if key not in self._places:
            self._places[key] = len(self.items)
            self.items.append(item)
            self.size += len(key)
        return self._places[key]


def packed_cases(report: Report, budget: int = BUDGET) -> dict[str, Any]:
    """Return the cases: of each its API, its name, its status by version, and details.

    A detail belongs to each status that is no pass, in the order of the versions:
    ``[waivers, reason, mismatches, command]``, where a command is there only if it is another
    than the version's ``commands`` and the quoted id.
    """
    versions = _versions(report)
    texts, details, apis = _Pool(), _Pool(), _Pool()
    by_case: dict[str, dict[str, Result]] = {}
    for result in report.results:
        apis.add(result.api)
        by_case.setdefault(result.case, {})[result.version] = result
    commands = _commands(report)
    rows: list[tuple[int, list[Any]]] = []
    left_out = size = 0
    order = list(by_case.items())
    ranked = sorted(
        range(len(order)), key=lambda place: min(_FIRST[r.status] for r in order[place][1].values())
    )
    for place in ranked:
        case, results = order[place]
        given = [results.get(version) for version in versions]
        api = next(result.api for result in given if result is not None)
        if size + texts.size + details.size > budget:
            left_out += 1
            continue
        name = case.removeprefix(f"{api}::")
        row = [
            apis.add(api),
            name,
            "".join("-" if result is None else LETTERS[result.status] for result in given),
            [
                details.add(_detail(result, texts, commands))
                for result in given
                if result is not None and result.status != "pass"
            ],
        ]
        size += len(json.dumps(name)) + 24
        rows.append((place, row))
    rows.sort(key=lambda item: item[0])
    return {
        "versions": versions,
        "apis": apis.items,
        "texts": texts.items,
        "details": details.items,
        "cases": [row for _, row in rows],
        "commands": [commands.get(version, "") for version in versions],
        "left_out": left_out,
    }


def _versions(report: Report) -> list[str]:
    found = dict.fromkeys([*report.builds, *(result.version for result in report.results)])
    return list(found)


def _commands(report: Report) -> dict[str, str]:
    """Return what the commands of each version begin with, before the quoted id."""
    return {
        result.version: result.reproduce.removesuffix(shlex.quote(result.case))
        for result in reversed(report.results)
        if result.reproduce.endswith(shlex.quote(result.case))
    }


def _detail(result: Result, texts: _Pool, commands: dict[str, str]) -> list[Any]:
    usual = commands.get(result.version, "") + shlex.quote(result.case)
    detail: list[Any] = [
        [texts.add(waiver) for waiver in result.waivers],
        texts.add(result.reason),
        [_mismatch(mismatch, texts) for mismatch in result.mismatches],
    ]
    return detail if result.reproduce == usual else [*detail, result.reproduce]


def _mismatch(found: Mismatch, texts: _Pool) -> list[Any]:
    words = (found.part, found.rule, found.detail, found.blame, found.reference)
    row: list[Any] = [*(texts.add(word) for word in words), found.elements]
    if found.ours is None and found.paddle is None and found.exact is None:
        return row
    numbers = told_apart((found.ours, found.paddle, found.exact))
    errors = (found.error_ours, found.error_paddle, found.ulp_ours, found.ulp_paddle)
    shown = ["" if error is None else f"{error:.3g}" for error in errors]
    return [*row, list(found.index), *numbers, *shown]


def packed_curves(curves: Sequence[Curve], versions: Sequence[str]) -> dict[str, Any]:
    """Return the curves: what versions share once, every array as places of a pool."""
    arrays = _Pool()
    groups: dict[tuple[Any, ...], dict[str, Any]] = {}
    for curve in joined(curves):
        key = (curve.api, curve.dtype, _json(curve.gamma), _json(curve.label), curve.part)
        ours, x = arrays.add(_logs(curve.ours)), arrays.add([_json(value) for value in curve.x])
        # Should versions have been asked different questions, they have plots of their own.
        group = groups.setdefault(
            (*key, curve.axis, ours, x),
            {
                **dict(zip(("api", "dtype", "gamma", "label", "part"), key, strict=True)),
                "axis": curve.axis,
                "x": x,
                "exact": arrays.add(_logs([abs(value) for value in curve.exact])),
                "ours": ours,
                "paddle": {},
            },
        )
        if curve.version in versions:
            group["paddle"][curve.version] = arrays.add(_logs(curve.paddle))
    return {"zero": ZERO, "arrays": arrays.items, "groups": list(groups.values())}


def _json(value: float) -> float | str:
    return value if math.isfinite(value) else str(value)


def _logs(values: Sequence[float | None]) -> list[int | None]:
    return list(_thousandths(values))


def _thousandths(values: Sequence[float | None]) -> Iterator[int | None]:
    """Yield whole thousandths of the logarithms, more than a plot shows."""
    for value in values:
        if value is None or not math.isfinite(value):
            yield None
        else:
            yield ZERO if value <= 0 else round(1000 * math.log10(value))
