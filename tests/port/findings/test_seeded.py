"""Whole files with bugs in them: each is found where it is, and nothing else is."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from paddle_compat.port.diagnostics import rules
from paddle_compat.port.resolve import parse
from port.findings.finding import findings

SEEDED = sorted((Path(__file__).parent / "seeded").glob("*.py.in"))


def expected(text: str) -> list[tuple[int, str]]:
    """Return the codes that comments name, with their lines."""
    return sorted(
        (number, code)
        for number, line in enumerate(text.splitlines(), 1)
        for code in re.findall(r"PC2\d\d", line.partition("  # ")[2])
    )


@pytest.mark.parametrize("path", SEEDED, ids=lambda path: path.name)
def test_each_bug_is_found_where_it_is(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    module = parse(text, path.name)
    found = sorted(
        (text[: finding.span.start].count("\n") + 1, finding.code) for finding in findings(module)
    )
    assert found == expected(text)


def test_the_files_have_every_bug() -> None:
    named = {code for path in SEEDED for _, code in expected(path.read_text(encoding="utf-8"))}
    assert named == {code for code in rules() if code.startswith("PC2")}
