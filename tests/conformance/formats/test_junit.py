"""The report as JUnit XML: valid, and each status as CI servers tell it."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from lxml import etree

from paddle_compat.conformance.verify.formats.junit import to_junit
from paddle_compat.conformance.verify.model import Report

from .reports import LAYER, LOSS, reports, sample

XSD = etree.XMLSchema(etree.parse(str(Path(__file__).with_name("junit.xsd"))))


def _parsed(report: Report) -> ElementTree.Element:
    text = to_junit(report)
    XSD.assertValid(etree.fromstring(text.encode("utf-8")))
    return ElementTree.fromstring(text)


def _case(root: ElementTree.Element, name: str, suite: str) -> ElementTree.Element:
    [found] = [
        case
        for element in root.iter("testsuite")
        if suite in (element.get("name") or "")
        for case in element.iter("testcase")
        if case.get("name") == name
    ]
    return found


def test_a_suite_is_an_api_against_a_version() -> None:
    root = _parsed(sample())
    assert [suite.get("name") for suite in root] == [
        f"{LOSS} against Paddle 2.6.2",
        f"{LOSS} against Paddle 3.3.1",
        f"{LAYER} against Paddle 1.8.5",
    ]
    counted = [[suite.get(n) for n in ("tests", "failures", "skipped")] for suite in [root, *root]]
    assert counted == [["6", "1", "1"], ["1", "0", "0"], ["2", "1", "0"], ["3", "0", "1"]]


def test_the_class_of_a_case_is_its_version_in_the_package_of_its_api() -> None:
    classes = [case.get("classname") or "" for case in _parsed(sample()).iter("testcase")]
    assert [name.rpartition(".")[::2] for name in classes[:4]] == [
        (LOSS, "paddle-2_6_2"),
        (LOSS, "paddle-3_3_1"),
        (LOSS, "paddle-3_3_1"),
        (LAYER, "paddle-1_8_5"),
    ]


def test_a_failure_tells_the_mismatches_and_the_command() -> None:
    failure = _case(_parsed(sample()), "grid", "3.3.1").find("failure")
    assert failure is not None
    assert failure.get("type") == "ours is not the exact value"
    assert "at (0, 1)" in (failure.get("message") or "")
    text = failure.text or ""
    assert "(ours is wrong)" in text
    assert "ours ValueError, Paddle float32[2] (both are wrong)" in text
    assert f"reproduce: paddle-compat verify --against 3.3.1 -- '{LOSS}::grid'" in text


def test_a_waived_case_passes_and_names_its_waiver() -> None:
    case = _case(_parsed(sample()), "gamma 0.5", "3.3.1")
    assert case.find("failure") is None
    assert case.find("skipped") is None
    waiver = case.find("properties/property")
    assert waiver is not None
    assert waiver.attrib == {"name": "waiver", "value": "functional-fractional-gamma-gradient"}
    assert "Paddle's gradient is nan" in (case.findtext("system-out") or "")


def test_an_unsupported_case_is_skipped_with_its_reason() -> None:
    [skipped] = _parsed(sample()).iter("skipped")
    message = skipped.get("message") or ""
    assert message.startswith("not recorded: </script>")
    assert "\\x00\\x1b\\xd800" in message


def test_a_passing_case_is_bare() -> None:
    assert len(_case(_parsed(sample()), "grid", "2.6.2")) == 0


@settings(max_examples=100, deadline=None)
@given(reports)
def test_any_report_is_valid_and_counts_add_up(report: Report) -> None:
    root = _parsed(report)
    assert len(list(root.iter("testcase"))) == len(report.results)
    assert len(list(root.iter("failure"))) == report.counts["fail"] == int(root.get("failures", ""))
    assert len(list(root.iter("skipped"))) == report.counts["unsupported"]
    for name in ("tests", "failures", "skipped"):
        assert sum(int(suite.get(name, "")) for suite in root) == int(root.get(name, ""))


def test_schema_refuses_what_no_server_reads() -> None:
    text = to_junit(sample()).replace("<failure", "<failed").replace("</failure", "</failed")
    with pytest.raises(etree.DocumentInvalid):
        XSD.assertValid(etree.fromstring(text.encode("utf-8")))
