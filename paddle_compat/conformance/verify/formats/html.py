"""The report as one page for people: it needs nothing from anywhere, and can be sent around.

Without its script the page shows the verdict, the matrix, the failures and the waivers; the script
adds the filter, the cases and the plots. A Content-Security-Policy lets nothing in but the one
style and the one script that are written here, whatever a case is called.
"""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

from paddle_compat.conformance.verify.formats.html_data import (
    embedded,
    packed_cases,
    packed_curves,
)
from paddle_compat.conformance.verify.formats.html_parts import (
    failures,
    footer,
    header,
    matrix,
    title,
    waivers,
)
from paddle_compat.conformance.verify.model import Report

__all__ = ["to_html"]

_PAGE = Path(__file__).with_name("page")
_STYLES = ("page.css", "parts.css")
_SCRIPTS = ("base.js", "matrix.js", "cases.js", "plot.js", "plots.js", "main.js")


def to_html(report: Report) -> str:
    """Return the report as a page."""
    style = "".join(_read(name) for name in _STYLES)
    script = f'(() => {{\n"use strict";\n{"".join(_read(name) for name in _SCRIPTS)}}})();\n'
    policy = (
        f"default-src 'none'; style-src '{_hash(style)}'; script-src '{_hash(script)}'; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    cases = packed_cases(report)
    curves = packed_curves(report.curves, cases["versions"])
    page = f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title(report)}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<a class="skip" href="#matrix">Skip to the matrix</a>
{header(report)}
<div class="tools"><div>
<nav aria-label="Contents">{_contents(report)}</nav>
<div class="filter" hidden>
<output id="found" for="filter"></output>
<label class="vh" for="filter">Filter</label>
<input id="filter" type="search" placeholder="Filter APIs, cases, waivers" autocomplete="off"
 spellcheck="false" aria-describedby="found">
</div>
</div></div>
<main>
{failures(report)}
{matrix(report, cases["versions"])}
<section id="cases" aria-labelledby="cases-title" hidden>
<h2 id="cases-title" tabindex="-1">Cases</h2>
<p class="note">Choose a cell of the matrix for all of its cases, passing ones too.</p>
<div id="case-controls" class="controls"></div>
<p id="case-count" class="note" aria-live="polite"></p>
<div id="case-list"></div>
</section>
<section id="plots" aria-labelledby="plots-title" hidden>
<h2 id="plots-title">Errors against the exact value</h2>
<p class="note">How far each answer is from the true one, along the logit. Where there is no number
the point is in the band at the top. The pale ground is what rounding to the dtype alone explains.
Arrow keys move along a plot.</p>
<div id="plot-controls" class="controls"></div>
<ul class="key" id="plot-key"></ul>
<div id="plot-list" class="plots"></div>
</section>
{waivers(report)}
<noscript><p class="note">Single cases and the plots need JavaScript; the form
<code>--format json</code> has all of them as data.</p></noscript>
</main>
{footer(report)}
<div id="said" class="vh" role="status"></div>
<script type="application/json" id="data-cases">{embedded(cases)}</script>
<script type="application/json" id="data-curves">{embedded(curves)}</script>
<script>{script}</script>
</body>
</html>
"""
    return page.encode("utf-8", "backslashreplace").decode("utf-8")


def _read(name: str) -> str:
    return (_PAGE / name).read_text(encoding="utf-8")


def _hash(text: str) -> str:
    digest = base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode()
    return f"sha256-{digest}"


def _contents(report: Report) -> str:
    links = []
    if report.failed:
        links.append(("failures", "Failures", ""))
    links += [("matrix", "Matrix", ""), ("cases", "Cases", " hidden")]
    if report.curves:
        links.append(("plots", "Plots", " hidden"))
    if any(result.waivers for result in report.results):
        links.append(("waivers", "Waivers", ""))
    return "".join(f'<a href="#{name}"{more}>{word}</a>' for name, word, more in links)
