"""The parts of the page that are there without its script."""

from __future__ import annotations

import html
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import TypeAlias

from paddle_compat.conformance.verify.formats.text import failure
from paddle_compat.conformance.verify.model import STATUSES, Report, Status

__all__ = ["SYMBOLS", "escaped", "failures", "footer", "header", "matrix", "title", "waivers"]

_Matrix: TypeAlias = Mapping[str, Mapping[str, Mapping[Status, int]]]

SYMBOLS: Mapping[Status, str] = {"pass": "✓", "waived": "≈", "fail": "✗", "unsupported": "○"}
_MEANINGS: Mapping[Status, str] = {
    "pass": "pass",
    "waived": "waived: a known difference",
    "fail": "fail",
    "unsupported": "unsupported: nothing was compared",
}
_FAILURES = 100
"""How many failures are told in full without the script."""

_GROUPS = (
    ("Losses", r".*(sigmoid_focal_loss|SigmoidFocalLoss)"),
    ("Programs", r"programs\..*"),
    ("Layers of fluid", r"fluid\.layers\..*"),
)

_PARTS = re.compile("(?<=[._])|(?<=[a-z])(?=[A-Z])")
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def escaped(text: str) -> str:
    """Return text for an element or an attribute; what no page can hold is told as a number."""
    return html.escape(_NOT_TEXT.sub(lambda found: f"\\x{ord(found[0]):02x}", text))


def _number(count: int) -> str:
    return f"{count:,}".replace(",", "\u202f")


def _counted(count: int, one: str, several: str) -> str:
    return f"{_number(count)} {one if count == 1 else several}"


def title(report: Report) -> str:
    """Return the title of the window."""
    failed = report.counts["fail"]
    verdict = f"{_number(failed)} failed" if failed else "passed"
    return f"{verdict} · paddle-compat verify"


def _headline(report: Report) -> str:
    counts, total = report.counts, len(report.results)
    status: Status = "pass"
    if counts["fail"]:
        status = "fail"
        told = f"{_number(counts['fail'])} of {_counted(total, 'check', 'checks')} failed"
    elif total == counts["unsupported"]:
        status, told = "unsupported", "Nothing was compared"
    elif counts["waived"]:
        told = "Paddle’s numbers, but for known differences"
    else:
        told = "Paddle’s numbers, everywhere"
    return f'<span class="mark {status}" aria-hidden="true">{SYMBOLS[status]}</span>{told}'


def header(report: Report) -> str:
    """Return the verdict with the counts."""
    counts, total = report.counts, len(report.results)
    cases = len({result.case for result in report.results})
    apis = len({result.api for result in report.results})
    versions = [escaped(version) for version in report.builds]
    listed = " and ".join(filter(None, [", ".join(versions[:-1]), *versions[-1:]]))
    answers = "recorded answers of" if report.against == "recorded" else "the running"
    lede = (
        f"<b>{_counted(total, 'check', 'checks')}</b> of {_counted(cases, 'case', 'cases')} and "
        f"{_counted(apis, 'API', 'APIs')}, held to {answers} real Paddle <b>{listed}</b>."
    )
    stopped = {
        "": "",
        "budget": "The time was up before the end: what was not reached is unsupported.",
        "interrupted": "Interrupted before the end: what was not reached is unsupported.",
    }[report.stopped]
    tiles, bars, offset = [], [], 0.0
    for status in STATUSES:
        count = counts[status]
        kind = f"s-{status}" if count else "none"
        tiles.append(
            f'<li class="{kind}"><b>{_number(count)}</b>'
            f'<span aria-hidden="true">{SYMBOLS[status]}</span> {status}</li>'
        )
        if count:
            # A sliver stays visible, however many passed.
            width = max(1000 * count / total, 4)
            bars.append(
                f'<rect class="{status}" x="{offset:.1f}" y="0" width="{width:.1f}" height="8"/>'
            )
            offset += width + 2
    bar = (
        f'<svg class="bar" viewBox="0 0 {max(offset - 2, 1):.1f} 8" preserveAspectRatio="none" '
        f'aria-hidden="true">{"".join(bars)}</svg>'
    )
    return "\n".join(
        [
            '<header class="top">',
            '<p class="kicker">paddle-compat verify</p>',
            f"<h1>{_headline(report)}</h1>",
            f'<p class="lede">{lede}</p>',
            f'<p class="stopped">{stopped}</p>' if stopped else "",
            f'<ul class="tiles" aria-label="Checks by result">{"".join(tiles)}</ul>',
            bar,
            "</header>",
        ]
    )


def failures(report: Report) -> str:
    """Return the failures as text, which the script replaces by what can be opened and copied."""
    failed = [result for result in report.results if result.status == "fail"]
    if not failed:
        return ""
    told = [
        f'<pre class="plainly">{escaped(chr(10).join(failure(result)).strip())}</pre>'
        for result in failed[:_FAILURES]
    ]
    rest = len(failed) - _FAILURES
    if rest > 0:
        told.append(
            f'<p class="note">and {_number(rest)} more: see the matrix, or '
            "<code>--format json</code>.</p>"
        )
    return "\n".join(
        [
            '<section id="failures" aria-labelledby="failures-title">',
            f'<h2 id="failures-title">{_counted(len(failed), "failure", "failures")}</h2>',
            f'<div id="failure-list">{"".join(told)}</div>',
            "</section>",
        ]
    )


def matrix(report: Report, versions: Sequence[str]) -> str:
    """Return the table of APIs and versions."""
    counted = report.matrix()
    legend = "".join(
        f'<li class="s-{status}"><span aria-hidden="true">{SYMBOLS[status]}</span> {meaning}</li>'
        for status, meaning in _MEANINGS.items()
    )
    heads = "".join(
        f'<th scope="col"><small>Paddle</small>{escaped(version)}</th>' for version in versions
    )
    places = {api: place for place, api in enumerate(counted)}
    bodies = []
    for name, apis in _grouped(counted):
        rows = "".join(
            f'<tr data-api="{places[api]}"><th scope="row" class="mono">{_breakable(api)}</th>'
            f"{''.join(_cell(counted[api].get(v), place) for place, v in enumerate(versions))}</tr>"
            for api in apis
        )
        head = (
            f'<tr class="group"><th scope="rowgroup" colspan="{len(versions) + 1}">'
            f"<span>{name}</span></th></tr>"
        )
        bodies.append(f"<tbody>{head}{rows}</tbody>")
    return f"""<section id="matrix" aria-labelledby="matrix-title">
<h2 id="matrix-title">API × version</h2>
<ul class="legend" aria-label="Symbols">{legend}</ul>
<div class="scroll" role="region" aria-labelledby="matrix-title" tabindex="0">
<table class="matrix"><thead><tr><th scope="col">API</th>{heads}</tr></thead>
{"".join(bodies)}</table>
</div>
</section>"""


def _grouped(counted: _Matrix) -> list[tuple[str, list[str]]]:
    groups: dict[str, list[str]] = {name: [] for name, _ in _GROUPS}
    for api in counted:
        name = next((name for name, pattern in _GROUPS if re.fullmatch(pattern, api)), "Others")
        groups.setdefault(name, []).append(api)

    def passed(api: str) -> bool:
        return not any(counts["fail"] for counts in counted[api].values())

    # What failed comes first, and keeps its order otherwise.
    named = [(name, sorted(members, key=passed)) for name, members in groups.items() if members]
    return sorted(named, key=lambda group: all(map(passed, group[1])))


def _breakable(api: str) -> str:
    """Let a dotted name break where it has parts."""
    return "<wbr>".join(escaped(part) for part in _PARTS.split(api))


def _cell(counts: Mapping[Status, int] | None, place: int) -> str:
    if not counts:
        dot = '<span aria-hidden="true">·</span><span class="vh">not asked</span>'
        return f'<td class="none">{dot}</td>'
    # The worst first.
    order: tuple[Status, ...] = ("fail", "waived", "unsupported", "pass")
    parts = " ".join(
        f'<span class="count s-{status}"><span aria-hidden="true">{SYMBOLS[status]}</span> '
        f'{counts[status]}<span class="vh"> {status}</span></span>'
        for status in order
        if counts[status]
    )
    return f'<td data-version="{place}">{parts}</td>'


def waivers(report: Report) -> str:
    """Return the known differences that occurred, the most frequent first."""
    counted = Counter(waiver for result in report.results for waiver in result.waivers)
    if not counted:
        return ""
    seen: dict[str, dict[str, None]] = {}
    for result in report.results:
        for waiver in result.waivers:
            seen.setdefault(waiver, {})[result.version] = None
    rows = "".join(
        f'<tr data-waiver="{escaped(waiver)}"><th scope="row" class="mono">{escaped(waiver)}</th>'
        f"<td>{_number(count)}</td><td>{escaped(report.waivers.get(waiver, ''))}</td>"
        f"<td>{escaped(', '.join(seen[waiver]))}</td></tr>"
        for waiver, count in counted.most_common()
    )
    return f"""<section id="waivers" aria-labelledby="waivers-title">
<h2 id="waivers-title">Waivers</h2>
<p class="note">Where real Paddle is known to differ, and how many checks met it. One that no longer
occurs is a failure.</p>
<div class="scroll" role="region" aria-labelledby="waivers-title" tabindex="0">
<table class="waivers"><thead><tr><th scope="col">Waiver</th><th scope="col">Checks</th>
<th scope="col">What Paddle does</th><th scope="col">Seen in</th></tr></thead>
<tbody>{rows}</tbody></table>
</div>
</section>"""


def footer(report: Report) -> str:
    """Return what was verified, and on what."""
    environment = report.environment
    terms = {
        "paddle_compat": environment.package,
        "torch": environment.torch,
        "Python": environment.python,
        "platform": environment.platform,
        "answers": report.against,
        **{
            f"Paddle {version}": build or "build not known"
            for version, build in report.builds.items()
        },
        "patterns": " ".join(report.patterns) or "all cases",
        "seed": str(report.seed),
    }
    told = "".join(
        f"<dt>{escaped(name)}</dt><dd>{escaped(value)}</dd>" for name, value in terms.items()
    )
    return f"<footer><dl>{told}</dl></footer>"
