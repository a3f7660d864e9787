"""The report as JSON: what it says, that it is valid, that it reads back."""

from __future__ import annotations

import json
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings

from paddle_compat.conformance.verify.formats import FORMATS
from paddle_compat.conformance.verify.formats.json_form import from_json, schema, to_json
from paddle_compat.conformance.verify.model import SCHEMA, Report

from .reports import many, reports, sample


def _check(text: str) -> dict[str, Any]:
    """Parse strictly, as a reader in another language does, and validate."""

    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    data: dict[str, Any] = json.loads(text, parse_constant=refuse)
    jsonschema.Draft202012Validator(schema()).validate(data)
    return data


def test_schema_is_one() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema()["properties"]["schema"]["const"] == SCHEMA
    assert schema()["$id"].endswith(f":{SCHEMA}")


def test_every_field_is_described_and_required() -> None:
    data = _check(to_json(sample()))
    described = schema()
    kinds = described["$defs"]
    for found, wanted in (
        (data, described),
        (data["environment"], described["properties"]["environment"]),
        (data["results"][1], kinds["result"]),
        (data["results"][1]["mismatches"][0], kinds["mismatch"]),
        (data["curves"][0], kinds["curve"]),
    ):
        assert set(found) == set(wanted["properties"]) == set(wanted["required"])


def test_sample_says_what_the_report_says() -> None:
    report = sample()
    data = _check(to_json(report))
    assert data["schema"] == SCHEMA
    assert data["counts"] == {"pass": 3, "waived": 1, "fail": 1, "unsupported": 1}
    assert [r["status"] for r in data["results"]] == [r.status for r in report.results]
    waived = data["results"][2]["mismatches"][0]
    assert waived["paddle"] == "nan"
    assert waived["error_paddle"] == "inf"
    assert data["curves"][0]["paddle"][-1] is None
    assert data["results"][1]["mismatches"][1]["ours"] is None


@settings(max_examples=150, deadline=None)
@given(reports)
def test_round_trip_keeps_everything(report: Report) -> None:
    text = to_json(report)
    _check(text)
    again = from_json(text)
    # nan equals nothing, itself neither; its text does.
    assert repr(again) == repr(report)
    assert to_json(again) == text
    text.encode("ascii")


def test_a_result_is_a_line() -> None:
    text = to_json(many(100))
    assert sum('"status": "pass"' in line for line in text.splitlines()) == 100


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("schema", 2),
        ("against", "memory"),
        ("counts", {"pass": 1}),
        ("results", [{"case": "a"}]),
        ("curves", [{}]),
        ("seed", "seven"),
        ("stopped", None),
        ("curves", [{**json.loads(to_json(sample()))["curves"][0], "x": ["NaN"]}]),
        ("curves", [{**json.loads(to_json(sample()))["curves"][0], "exact": [None]}]),
    ],
)
def test_schema_refuses_what_is_wrong(name: str, value: object) -> None:
    data = json.loads(to_json(sample()))
    data[name] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(data)


def test_schema_wants_a_failure_to_say_why() -> None:
    data = json.loads(to_json(sample()))
    data["results"][1]["mismatches"] = []
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(schema()).validate(data)


def test_new_fields_are_passed_over() -> None:
    data = json.loads(to_json(sample()))
    data["later"] = data["results"][0]["later"] = data["curves"][0]["later"] = 1
    _check(json.dumps(data))
    assert repr(from_json(json.dumps(data))) == repr(sample())


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda data: data.update(schema=2), "has schema 2, and this version .* reads 1"),
        (lambda data: data.pop("schema"), "no report of paddle-compat verify"),
        (lambda data: data.pop("seed"), "the report has no field 'seed'"),
        (lambda data: data.update(results={}), "results: expected a list, but it is {}"),
        (lambda data: data.update(results=[1]), r"results\[0\]: expected an object, but it is 1"),
        (lambda data: data["results"][1].pop("case"), r"results\[1\] has no field 'case'"),
        (
            lambda data: data["results"][1]["mismatches"][0].update(ours="NaN"),
            r"results\[1\]\.mismatches\[0\]: 'NaN' is no number and none of 'nan', 'inf', '-inf'",
        ),
        (lambda data: data["curves"][0].pop("x"), r"curves\[0\]\.x: expected a list"),
        (lambda data: data.pop("environment"), "environment: expected an object"),
    ],
)
def test_reading_something_else_is_refused(change: Any, message: str) -> None:
    data = json.loads(to_json(sample()))
    change(data)
    with pytest.raises(ValueError, match=message):
        from_json(json.dumps(data))


@pytest.mark.parametrize("text", ["", "{", "nan"])
def test_reading_no_json_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="this is no JSON"):
        from_json(text)


def test_registry_offers_each_form() -> None:
    assert {"json", "junit", "html", "github"} <= set(FORMATS)
    assert FORMATS["json"](sample()) == to_json(sample())
