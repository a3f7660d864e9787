"""The report for GitHub Actions: annotations in the log, and a summary of the job.

The format's text is `workflow commands`_, one a line; GitHub shows some ten annotations of a kind
a step, so the first failures get one each and the rest is told in one more.

.. _workflow commands: https://docs.github.com/actions/reference/workflow-commands-for-github-actions
"""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from paddle_compat.conformance.verify.formats.junit import told
from paddle_compat.conformance.verify.model import Report, Result

__all__ = ["ANNOTATIONS", "append_summary", "markdown", "to_github"]

ANNOTATIONS = 9
"""How many failures get an annotation of their own; GitHub shows ten errors of a step."""

_ROWS = 50
"""How many failures the summary of the job lists."""

_MARKS = {"pass": "✅", "waived": "🟡", "fail": "❌", "unsupported": "⬜"}


def to_github(report: Report) -> str:
    """Return the workflow commands: an error a failure, and a notice or warning for the whole."""
    failures = [result for result in report.results if result.status == "fail"]
    lines = [
        _command("error", _title(result), _message(result)) for result in failures[:ANNOTATIONS]
    ]
    rest = failures[ANNOTATIONS:]
    if rest:
        apis = Counter(result.api for result in rest)
        listed = ", ".join(f"{api} ({count})" for api, count in apis.most_common(10))
        more = f" and {len(apis) - 10} more" if len(apis) > 10 else ""
        lines.append(
            _command("error", f"{len(rest)} more failures", f"They are in: {listed}{more}")
        )
    complete = not report.stopped and not failures
    lines.append(
        _command("notice" if complete else "warning", "paddle-compat verify", _verdict(report))
    )
    return "\n".join(lines) + "\n"


def append_summary(report: Report) -> bool:
    """Append the summary to the file that GitHub names, and tell whether it names one."""
    path = os.environ.get("GITHUB_STEP_SUMMARY")
    if not path:
        return False
    with Path(path).open("a", encoding="utf-8", errors="backslashreplace") as file:
        file.write(markdown(report))
    return True


def markdown(report: Report) -> str:
    """Return the summary of the job: the verdict, a table, the first failures, the waivers."""
    return "\n".join(_paragraphs(report)) + "\n"


def _paragraphs(report: Report) -> Iterator[str]:
    environment = report.environment
    yield f"## {_MARKS['fail' if report.failed else 'pass']} paddle-compat verify"
    yield ""
    yield f"{_verdict(report)}."
    yield ""
    yield (
        f"paddle_compat {_cell(environment.package)}, torch {_cell(environment.torch)}, Python "
        f"{_cell(environment.python)}, {_cell(environment.platform)}; seed {report.seed}"
    )
    yield ""
    versions = list(report.builds) or list(dict.fromkeys(r.version for r in report.results))
    yield f"| | {' | '.join(f'Paddle {_cell(version)}' for version in versions)} |"
    yield f"|---|{'---|' * len(versions)}"
    for api, by_version in report.matrix().items():
        cells = (_counted(by_version.get(version, {})) for version in versions)
        yield f"| `{_code(api)}` | {' | '.join(cells)} |"
    failures = [result for result in report.results if result.status == "fail"]
    if failures:
        yield ""
        yield f"### {len(failures)} {'failure' if len(failures) == 1 else 'failures'}"
        yield ""
    for result in failures[:_ROWS]:
        yield f"<details><summary>{_cell(_title(result))}</summary>"
        yield ""
        yield "~~~~~~"
        # A fence is ended by nothing but as many tildes at a line's beginning.
        yield re.sub("^~", " ~", _message(result), flags=re.MULTILINE)
        yield "~~~~~~"
        yield "</details>"
        yield ""
    if len(failures) > _ROWS:
        yield f"and {len(failures) - _ROWS} more."
    waivers = Counter(waiver for result in report.results for waiver in result.waivers)
    if waivers:
        yield ""
        yield "### Waivers"
        yield ""
        yield "| id | cases | what it is about |"
        yield "|---|---|---|"
        for waiver, count in waivers.most_common():
            yield f"| `{_code(waiver)}` | {count} | {_cell(report.waivers.get(waiver, ''))} |"


def _verdict(report: Report) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in report.counts.items())
    stopped = {
        "": "",
        "budget": "; the time was up before the end",
        "interrupted": "; interrupted before the end",
    }[report.stopped]
    cases = len({result.case for result in report.results})
    return f"{len(report.results)} checks of {cases} cases: {counts}{stopped}"


def _title(result: Result) -> str:
    return f"{result.case} (Paddle {result.version})"


def _message(result: Result) -> str:
    lines = [told(mismatch) for mismatch in result.mismatches]
    return "\n".join([*(lines or [result.reason]), f"reproduce: {result.reproduce}"])


def _counted(counts: dict[str, int] | object) -> str:
    assert isinstance(counts, dict)
    parts = [f"{mark} {counts[status]}" for status, mark in _MARKS.items() if counts.get(status)]
    return " ".join(parts) or "–"


def _command(kind: str, title: str, message: str) -> str:
    return f"::{kind} title={_property(title)}::{_data(message)}"


def _data(text: str) -> str:
    """Escape a command's message."""
    text = _encodable(text)
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    """Escape a command's property, which a comma or a colon would end."""
    return _data(text).replace(":", "%3A").replace(",", "%2C")


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()


def _cell(text: str) -> str:
    """Escape a text for a cell of a table, or a heading: no markup of any kind."""
    text = re.sub(r"\s+", " ", text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_\[\]|~#@])", r"\\\1", text)


def _code(text: str) -> str:
    """Escape a text that stands between backticks in a cell."""
    return re.sub(r"\s+", " ", text).replace("`", "'").replace("|", "\\|")
