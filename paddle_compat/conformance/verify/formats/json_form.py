"""The report as JSON, and back.

The form is described by ``report.schema.json`` beside this module (JSON Schema, draft 2020-12):
`schema` returns it. JSON has no nan and no infinity, so where a number can be one of them the
strings ``"nan"``, ``"inf"`` and ``"-inf"`` stand for them; null means that there is no number.
Each result and each curve is on a line of its own.

The number under ``schema`` is `SCHEMA`. It grows when a reader has to change: when a field goes
away or changes its meaning. A new field does not make it grow; readers pass over those that they
do not know.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from paddle_compat.conformance.verify.model import (
    SCHEMA,
    Curve,
    Environment,
    Mismatch,
    Report,
    Result,
)

__all__ = ["from_json", "schema", "to_json"]

_T = TypeVar("_T")

_WORDS = {"nan": math.nan, "inf": math.inf, "-inf": -math.inf}
_NUMBERS = ("ours", "paddle", "exact", "error_ours", "error_paddle", "ulp_ours", "ulp_paddle")
_ARRAYS = ("x", "exact", "ours", "paddle")


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the form."""
    text = Path(__file__).with_name("report.schema.json").read_text(encoding="utf-8")
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def to_json(report: Report) -> str:
    """Return the report as JSON; the same report gives the same text.

    Example:
        >>> from paddle_compat.conformance.verify.model import Environment, Report
        >>> environment = Environment("0.1.0", "2.9.0", "3.11.4", "Linux x86_64")
        >>> report = Report(environment, "recorded", {"3.3.1": ""}, (), 0, ())
        >>> from_json(to_json(report)) == report
        True
    """
    head = {
        "schema": SCHEMA,
        "environment": vars(report.environment),
        "against": report.against,
        "builds": dict(report.builds),
        "patterns": list(report.patterns),
        "seed": report.seed,
        "stopped": report.stopped,
        "counts": report.counts,
        "waivers": dict(report.waivers),
    }
    lines = [f"{_text(name)}: {_text(value)}" for name, value in head.items()]
    lines.append(_listed("results", [_result(result) for result in report.results]))
    lines.append(_listed("curves", [_curve(curve) for curve in report.curves]))
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _text(value: object) -> str:
    # Plain ASCII: any text can be encoded, half a surrogate pair in a message too.
    return json.dumps(value, allow_nan=False)


def _listed(name: str, items: list[dict[str, Any]]) -> str:
    body = ",\n".join(map(_text, items))
    return f"{_text(name)}: [\n{body}\n]" if items else f"{_text(name)}: []"


def _number(value: float | None) -> float | str | None:
    if value is None or math.isfinite(value):
        return value
    return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")


def _result(result: Result) -> dict[str, Any]:
    mismatches = [
        {
            name: _number(value) if name in _NUMBERS else value
            for name, value in vars(mismatch).items()
        }
        for mismatch in result.mismatches
    ]
    return {**vars(result), "waivers": list(result.waivers), "mismatches": mismatches}


def _curve(curve: Curve) -> dict[str, Any]:
    arrays = {name: [_number(value) for value in getattr(curve, name)] for name in _ARRAYS}
    return {**vars(curve), "gamma": _number(curve.gamma), "label": _number(curve.label), **arrays}


def from_json(text: str) -> Report:
    """Read a report back: ``from_json(to_json(report)) == report``, but for nan, which equals none.

    Fields that this version does not know are passed over.

    Raises:
        ValueError: the text is no JSON, no such report, or one of another schema.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise ValueError(f"from_json: this is no JSON: {error}") from None
    if not isinstance(data, dict) or "schema" not in data:
        raise ValueError(
            "from_json: this is no report of paddle-compat verify: it has no field 'schema'"
        )
    if data["schema"] != SCHEMA:
        raise ValueError(
            f"from_json: the report has schema {data['schema']!r}, and this version of "
            f"paddle_compat reads {SCHEMA}; read it with the version that wrote it, or verify again"
        )
    data = {
        **data,
        "environment": _made(Environment, data.get("environment"), "environment"),
        "patterns": _tuple(data, "patterns", ""),
        "results": tuple(
            _read_result(item, f"results[{place}]")
            for place, item in enumerate(_tuple(data, "results", ""))
        ),
        "curves": tuple(
            _read_curve(item, f"curves[{place}]")
            for place, item in enumerate(_tuple(data, "curves", ""))
        ),
    }
    return _made(Report, data, "the report")


def _read_result(data: Any, where: str) -> Result:
    mismatches = []
    for place, item in enumerate(_tuple(data, "mismatches", where)):
        there = f"{where}.mismatches[{place}]"
        numbers = {name: _float(item.get(name), there) for name in _NUMBERS}
        known = {**item, **numbers, "index": _tuple(item, "index", there)}
        mismatches.append(_made(Mismatch, known, there))
    known = {**data, "waivers": _tuple(data, "waivers", where), "mismatches": tuple(mismatches)}
    return _made(Result, known, where)


def _read_curve(data: Any, where: str) -> Curve:
    arrays = {
        name: tuple(_float(value, where) for value in _tuple(data, name, where)) for name in _ARRAYS
    }
    single = {name: _float(data.get(name), where) for name in ("gamma", "label")}
    return _made(Curve, {**data, **single, **arrays}, where)


def _float(value: Any, where: str) -> float | None:
    if isinstance(value, str):
        if value not in _WORDS:
            words = ", ".join(map(repr, _WORDS))
            raise ValueError(f"from_json: {where}: {value!r} is no number and none of {words}")
        return _WORDS[value]
    return None if value is None else float(value)


def _tuple(data: Any, name: str, where: str) -> tuple[Any, ...]:
    told = f"{where}.{name}" if where else name
    if not isinstance(data, Mapping):
        raise ValueError(f"from_json: {where}: expected an object, but it is {data!r}")
    if not isinstance(data.get(name), list):
        raise ValueError(f"from_json: {told}: expected a list, but it is {data.get(name)!r}")
    return tuple(data[name])


def _made(kind: type[_T], data: Any, where: str) -> _T:
    """Make a dataclass of the fields that it knows."""
    if not isinstance(data, Mapping):
        raise ValueError(f"from_json: {where}: expected an object, but it is {data!r}")
    names = [field.name for field in fields(kind)]  # type: ignore[arg-type]
    missing = [name for name in names if name not in data]
    if missing:
        raise ValueError(f"from_json: {where} has no field {missing[0]!r}")
    return kind(**{name: data[name] for name in names})
