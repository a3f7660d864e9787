"""The report for GitHub Actions: commands that its runner reads as they are meant."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from paddle_compat.conformance.verify.formats import github
from paddle_compat.conformance.verify.formats.github import append_summary, markdown, to_github
from paddle_compat.conformance.verify.model import Report

from .reports import HOSTILE, LAYER, LOSS, many, reports, sample


def _read(text: str) -> list[tuple[str, str, str]]:
    """Read commands as GitHub's runner does: kind, title, message."""
    commands = []
    for line in text.removesuffix("\n").split("\n"):
        found = re.fullmatch(r"::(error|warning|notice) title=([^:,]*)::(.*)", line)
        assert found, line
        kind, title, message = found.groups()
        for code, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n")):
            title = title.replace(code, character)
            message = message if character in ":," else message.replace(code, character)
        commands.append((kind, title.replace("%25", "%"), message.replace("%25", "%")))
    return commands


def test_a_failure_is_an_error_with_its_command() -> None:
    (kind, title, message), *_ = _read(to_github(sample()))
    assert kind == "error"
    assert title == f"{LOSS}::grid (Paddle 3.3.1)"
    assert "(ours is wrong)\n" in message
    assert message.endswith(f"reproduce: paddle-compat verify --against 3.3.1 -- '{LOSS}::grid'")


def test_the_last_command_gives_the_counts() -> None:
    told = "6 checks of 5 cases: 3 pass, 1 waived, 1 fail, 1 unsupported"
    assert _read(to_github(sample()))[-1] == ("warning", "paddle-compat verify", told)
    assert _read(to_github(many(3)))[-1][0] == "notice"
    stopped = _read(to_github(replace(many(3), stopped="budget")))[-1]
    assert stopped[0] == "warning"
    assert stopped[2].endswith("; the time was up before the end")


def test_annotations_are_bounded_and_the_rest_is_summarised() -> None:
    commands = _read(to_github(many(0, 500)))
    assert len(commands) == github.ANNOTATIONS + 2
    rest = 500 - github.ANNOTATIONS
    assert commands[-2] == (
        "error",
        f"{rest} more failures",
        f"They are in: {LAYER} ({rest})",
    )


def test_no_text_ends_a_command_or_begins_one() -> None:
    report = many(0, 1)
    found = replace(report.results[0].mismatches[0], detail=HOSTILE)
    result = replace(report.results[0], case=HOSTILE, mismatches=(found,))
    commands = _read(to_github(replace(report, results=(result,))))
    assert [kind for kind, _, _ in commands] == ["error", "warning"]
    assert commands[0][1].startswith("</script><script>")
    assert "%0A::error::\n|" in commands[0][1]
    assert "%0A::error::\n|" in commands[0][2]


@settings(max_examples=100, deadline=None)
@given(reports)
def test_any_report_is_read_as_commands(report: Report) -> None:
    commands = _read(to_github(report))
    assert len(commands) == report.counts["fail"] + 1
    to_github(report).encode("utf-8")
    markdown(report)


def test_summary_is_appended_only_where_github_asks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    assert not append_summary(sample())
    path = tmp_path / "summary.md"
    path.write_text("before\n")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", str(path))
    assert append_summary(sample())
    text = path.read_text(encoding="utf-8")
    assert text.startswith("before\n## ❌ paddle-compat verify\n")
    assert text.endswith(markdown(sample()))


def test_summary_has_the_matrix_the_failures_and_the_waivers() -> None:
    text = markdown(sample())
    assert "| | Paddle 1.8.5 | Paddle 2.6.2 | Paddle 3.3.1 |" in text
    assert f"| `{LOSS}` | – | ✅ 1 | 🟡 1 ❌ 1 |" in text
    assert f"| `{LAYER}` | ✅ 2 ⬜ 1 | – | – |" in text
    assert "### 1 failure\n" in text
    assert "| `functional-fractional-gamma-gradient` | 1 | For 0 &lt; gamma &lt; 1 an" in text
    assert markdown(many(1)).startswith("## ✅ paddle-compat verify\n\n1 checks of 1 cases: 1 pass")


def test_summary_is_bounded_and_no_text_breaks_it() -> None:
    assert len(markdown(many(0, 5000))) < 100_000
    report = many(0, 1)
    found = replace(report.results[0].mismatches[0], detail="two lines\n~~~~~~\n<script>")
    result = replace(report.results[0], case=HOSTILE, api="a|b`c", mismatches=(found,))
    text = markdown(replace(report, results=(result,)))
    outside = re.sub("(?s)^~~~~~~$.*?^~~~~~~$", "", text, flags=re.MULTILINE)
    assert "<script>" not in outside
    assert "| `a\\|b'c` |" in outside
