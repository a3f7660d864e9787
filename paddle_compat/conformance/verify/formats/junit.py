"""The report as JUnit XML, in the form that CI servers read.

A ``testsuite`` is an API against a version of Paddle. A failed case has a ``failure``, an
unsupported one is ``skipped``, and a waived one passes, with the ids of its waivers as a property
and its reason in ``system-out``.
"""

from __future__ import annotations

import re
from xml.etree import ElementTree

from paddle_compat.conformance.verify.model import Mismatch, Report, Result

__all__ = ["to_junit", "told"]

_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""What XML 1.0 has no way to write."""

_BLAMES = {"ours": "ours is wrong", "paddle": "Paddle's is wrong", "both": "both are wrong"}


def to_junit(report: Report) -> str:
    """Return the report as JUnit XML."""
    root = ElementTree.Element("testsuites", {"name": "paddle-compat verify", **_totals(report)})
    suites: dict[tuple[str, str], list[Result]] = {}
    for result in report.results:
        suites.setdefault((result.api, result.version), []).append(result)
    for (api, version), results in suites.items():
        suite = ElementTree.SubElement(
            root,
            "testsuite",
            {"name": _clean(f"{api} against Paddle {version}"), **_counts(results)},
        )
        properties = ElementTree.SubElement(suite, "properties")
        environment = vars(report.environment)
        for name, value in {
            "paddle": version,
            "against": report.against,
            "build": report.builds.get(version, ""),
            "seed": str(report.seed),
            **environment,
            **({"stopped": report.stopped} if report.stopped else {}),
        }.items():
            _property(properties, name, value)
        for result in results:
            _case(suite, result)
    ElementTree.indent(root)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        + ElementTree.tostring(root, encoding="unicode")
        + "\n"
    )


def told(mismatch: Mismatch) -> str:
    """Tell a mismatch in a line, and whose fault it is."""
    return f"{mismatch.part}: {mismatch.rule}: {mismatch.detail} ({_BLAMES[mismatch.blame]})"


def _totals(report: Report) -> dict[str, str]:
    return _counts(list(report.results))


def _counts(results: list[Result]) -> dict[str, str]:
    failed = sum(result.status == "fail" for result in results)
    skipped = sum(result.status == "unsupported" for result in results)
    return {
        "tests": str(len(results)),
        "failures": str(failed),
        "errors": "0",
        "skipped": str(skipped),
        # Servers want a time; a run does not take it by case.
        "time": "0",
    }


def _case(suite: ElementTree.Element, result: Result) -> None:
    name = result.case.removeprefix(f"{result.api}::")
    case = ElementTree.SubElement(
        suite,
        "testcase",
        {
            # Servers take what is behind the last dot for the class.
            "classname": _clean(f"{result.api}.paddle-{result.version.replace('.', '_')}"),
            "name": _clean(name),
            "time": "0",
        },
    )
    if result.waivers:
        properties = ElementTree.SubElement(case, "properties")
        for waiver in result.waivers:
            _property(properties, "waiver", waiver)
    lines = [told(mismatch) for mismatch in result.mismatches]
    again = f"reproduce: {result.reproduce}"
    if result.status == "fail":
        failure = ElementTree.SubElement(
            case,
            "failure",
            {
                "message": _clean(lines[0] if lines else result.reason),
                "type": _clean(result.mismatches[0].rule if lines else "fail"),
            },
        )
        failure.text = _clean("\n".join([*lines, again]))
    elif result.status == "unsupported":
        ElementTree.SubElement(case, "skipped", {"message": _clean(result.reason)})
    elif result.status == "waived":
        output = ElementTree.SubElement(case, "system-out")
        waived = f"waived: {', '.join(result.waivers)}"
        output.text = _clean("\n".join([waived, result.reason, *lines, again]))


def _property(properties: ElementTree.Element, name: str, value: str) -> None:
    ElementTree.SubElement(properties, "property", {"name": name, "value": _clean(value)})


def _clean(text: str) -> str:
    """Replace what XML cannot hold by what a reader can see."""
    return _NOT_XML.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
