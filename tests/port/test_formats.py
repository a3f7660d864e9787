"""The forms of findings hold to their schemas and to each other."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

import paddle_compat.port
from paddle_compat import cli

SCHEMA = Path(paddle_compat.port.__file__).parent / "data" / "findings.schema.json"
SOURCE = "# größe\nimport paddle\nx = 'ä'; y = paddle.concat(  [paddle.ones([2])], axis=0)\n"


def printed(form: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> str:
    file = tmp_path / "odd, name%: ü.py"
    file.write_text(SOURCE + "paddle.vision.ops.nms(x)\n", encoding="utf-8")
    cli.main(["port", "--format", form, str(file)])
    return capsys.readouterr().out


def test_json_is_what_its_schema_says(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told = json.loads(printed("json", tmp_path, capsys))
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(told, schema)
    assert [each["code"] for each in told["findings"]] == ["PC002", "PC010", "PC010", "PC001"]
    assert told["findings"][1]["start"] == {"line": 3, "column": 14}
    assert told["coverage"]["uses"] == {"torch": 2, "shim": 0, "unsupported": 1}


def test_the_schema_refuses_what_it_should(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(printed("json", tmp_path, capsys))
    told["findings"][0]["start"]["line"] = 0
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(told, json.loads(SCHEMA.read_text(encoding="utf-8")))


def test_edits_of_the_json_are_those_of_the_fix(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    told = json.loads(printed("json", tmp_path, capsys))
    lines = SOURCE.splitlines()
    concat = next(each for each in told["findings"] if each["paddle"] == "paddle.concat")
    cut = [
        (
            lines[e["start"]["line"] - 1][e["start"]["column"] - 1 : e["end"]["column"] - 1],
            e["text"],
        )
        for e in concat["fix"]["edits"]
    ]
    assert cut == [("paddle.concat", "torch.cat"), ("axis", "dim")]


def test_sarif_has_what_2_1_0_requires(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log: dict[str, Any] = json.loads(printed("sarif", tmp_path, capsys))
    assert log["version"] == "2.1.0"
    assert set(log) == {"$schema", "version", "runs"}
    (run,) = log["runs"]
    driver = run["tool"]["driver"]
    assert driver["name"] == "paddle-compat port"
    identifiers = [rule["id"] for rule in driver["rules"]]
    assert len(set(identifiers)) == len(identifiers)
    for rule in driver["rules"]:
        assert rule["shortDescription"]["text"]
        assert rule["fullDescription"]["text"]
        assert rule["defaultConfiguration"]["level"] in ("note", "warning", "error")
    assert run["columnKind"] == "unicodeCodePoints"
    assert run["results"]
    for result in run["results"]:
        assert identifiers[result["ruleIndex"]] == result["ruleId"]
        assert result["level"] in ("note", "warning", "error")
        assert result["message"]["text"]
        for location in result["locations"]:
            check_region(location["physicalLocation"]["region"])
            uri = location["physicalLocation"]["artifactLocation"]["uri"]
            assert re.fullmatch(r"[\w.~/%-]+", uri), uri
        for fix in result.get("fixes", ()):
            assert fix["description"]["text"]
            for change in fix["artifactChanges"]:
                assert change["artifactLocation"]["uri"]
                assert change["replacements"]
                for replacement in change["replacements"]:
                    check_region(replacement["deletedRegion"])
                    assert isinstance(replacement["insertedContent"]["text"], str)


def check_region(region: dict[str, int]) -> None:
    start = (region["startLine"], region["startColumn"])
    end = (region["endLine"], region["endColumn"])
    assert min(*start, *end) >= 1
    assert start <= end


def test_annotations_escape_what_would_end_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = printed("github", tmp_path, capsys).splitlines()
    assert len(lines) == 4
    for line in lines:
        found = re.fullmatch(
            r"::(error|warning) file=([^,:]+),line=\d+,col=\d+,endLine=\d+,endColumn=\d+,"
            r"title=PC\d{3}::.+",
            line,
        )
        assert found, line
        assert found[2].endswith("odd%2C name%25%3A ü.py")
