"""The page, without a browser: what is in it, that nothing breaks it, that it stays small."""

from __future__ import annotations

import base64
import hashlib
import json
import math
import re
from dataclasses import replace
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from paddle_compat.conformance.verify.formats import html_data
from paddle_compat.conformance.verify.formats.html import to_html
from paddle_compat.conformance.verify.formats.html_data import packed_cases, packed_curves
from paddle_compat.conformance.verify.model import Report

from .reports import HOSTILE, LAYER, LOSS, many, reports, sample

LIMIT = 2 * 1024**2


class Page(HTMLParser):
    """What a browser without JavaScript makes of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.raw: dict[str, list[str]] = {"script": [], "style": []}
        self.texts: list[str] = []
        self.tags: list[str] = []
        self.handlers: list[str] = []
        self._inside: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "action", "poster", "data", "xlink:href"):
                self.links.append(value or "")
            if name.startswith("on") or name == "style":
                self.handlers.append(name)
        if tag in self.raw:
            self._inside.append(tag)
            self.raw[tag].append("")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and self._inside[-1] == tag:
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.raw[self._inside[-1]][-1] += data
        else:
            self.texts.append(data)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", "".join(self.texts))


def _embedded(page: Page) -> tuple[dict[str, Any], dict[str, Any]]:
    cases, curves, _ = page.raw["script"]
    return json.loads(cases), json.loads(curves)


def test_page_fetches_nothing() -> None:
    page = Page(to_html(sample()))
    assert page.links
    assert all(link.startswith("#") or link == "data:," for link in page.links)
    [style] = page.raw["style"]
    assert "url(" not in style
    assert "@import" not in style
    *_, script = page.raw["script"]
    for word in ("fetch(", "XMLHttpRequest", "import(", "WebSocket", "innerHTML", "eval("):
        assert word not in script
    # The name of SVG's namespace is a name, and no address.
    assert set(re.findall(r"https?://[^\s\"']+", script)) == {"http://www.w3.org/2000/svg"}


def test_policy_lets_in_the_one_style_and_the_one_script() -> None:
    text = to_html(sample())
    page = Page(text)
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy
    assert policy[1].startswith("default-src 'none'; ")
    for kind, code in (("style", page.raw["style"][0]), ("script", page.raw["script"][-1])):
        digest = base64.b64encode(hashlib.sha256(code.encode()).digest()).decode()
        assert f"{kind}-src 'sha256-{digest}';" in policy[1]
    assert not page.handlers, "the policy would block them"


def test_no_text_becomes_markup() -> None:
    page = Page(to_html(sample()))
    assert page.tags.count("script") == 3
    cases, _ = _embedded(page)
    assert HOSTILE in [name for _, name, *_ in cases["cases"]]
    everywhere = replace(
        sample(),
        results=tuple(
            replace(
                result,
                api=HOSTILE,
                case=HOSTILE + str(place),
                version=HOSTILE,
                waivers=(HOSTILE,),
                reason=HOSTILE,
                reproduce=HOSTILE,
            )
            for place, result in enumerate(sample().results)
        ),
        builds={HOSTILE: HOSTILE},
        patterns=(HOSTILE,),
        waivers={HOSTILE: HOSTILE},
        environment=replace(sample().environment, platform=HOSTILE),
    )
    usual = Page(to_html(sample()))
    hostile = Page(to_html(everywhere))
    assert hostile.tags.count("script") == 3
    assert set(hostile.tags) <= set(usual.tags)
    assert hostile.raw["script"][-1] == usual.raw["script"][-1]
    assert "<script>alert(1)</script>" in hostile.text


def test_embedded_data_cannot_end_its_element() -> None:
    text = html_data.embedded([HOSTILE, "</script x", "<!-- <script"])
    assert not set("<>&") & set(text)
    assert json.loads(text) == [HOSTILE, "</script x", "<!-- <script"]


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(reports)
def test_any_report_is_a_page(report: Report) -> None:
    text = to_html(report)
    text.encode("utf-8")
    page = Page(text)
    assert page.tags.count("script") == 3
    cases, _ = _embedded(page)
    assert len(cases["cases"]) == len({result.case for result in report.results})


def test_verdict_and_counts_are_at_the_top() -> None:
    page = Page(to_html(sample()))
    assert "✗1 of 6 checks failed" in page.text
    assert "6 checks of 5 cases and 2 APIs, held to recorded answers of real Paddle" in page.text
    assert "3✓ pass1≈ waived1✗ fail1○ unsupported" in page.text
    passed = Page(to_html(many(3)))
    assert "✓Paddle’s numbers, everywhere" in passed.text
    waived = replace(sample(), results=sample().results[2:3])
    assert "✓Paddle’s numbers, but for known differences" in Page(to_html(waived)).text
    nothing = replace(sample(), results=sample().results[-1:], stopped="interrupted")
    assert "○Nothing was compared" in Page(to_html(nothing)).text
    assert "Interrupted before the end" in Page(to_html(nothing)).text


def test_matrix_failures_and_waivers_are_there_without_the_script() -> None:
    page = Page(to_html(sample()))
    assert f"{LOSS}·not asked✓ 1 pass✗ 1 fail ≈ 1 waived" in page.text
    assert f"{LAYER}○ 1 unsupported ✓ 2 pass·not asked·not asked" in page.text
    assert f"FAIL {LOSS}::grid, Paddle 3.3.1" in page.text
    assert "worst at (0, 1): ours 0.25, Paddle 0.125, exact 0.125" in page.text
    assert f"again: paddle-compat verify --against 3.3.1 -- '{LOSS}::grid'" in page.text
    assert "functional-fractional-gamma-gradient1For 0 < gamma < 1 an easy element" in page.text
    assert "paddlepaddle-1.8.5-cp38-cp38-manylinux1_x86_64.whl" in page.text


def test_apis_are_grouped() -> None:
    result = sample().results[0]
    apis = ("programs.training", "tensor.sum", LAYER, "nn.SigmoidFocalLoss", LOSS)
    report = replace(sample(), results=tuple(replace(result, api=api) for api in apis))
    text = Page(to_html(report)).text
    assert "Programs" not in Page(to_html(sample())).text
    order = [text.index(f"{name}") for name in ("Losses", "nn.SigmoidFocalLoss", LOSS)]
    order += [text.index(name) for name in ("Programs", "Layers of fluid", "Others")]
    assert order == sorted(order)


def test_what_failed_comes_first_in_the_matrix() -> None:
    good, bad = sample().results[:2]
    results = [replace(good, api=api) for api in (LOSS, LAYER, "programs.a", "programs.b")]
    report = replace(sample(), results=(*results, replace(bad, api="programs.b")))
    text = Page(to_html(report)).text
    text = text[text.index("API × version") :]
    names = ("Programs", "programs.b", "programs.a", "Losses", "Layers of fluid")
    places = [text.index(name) for name in names]
    assert places == sorted(places)


@pytest.mark.parametrize(("passed", "failed"), [(30_000, 0), (0, 20_000), (9_000, 5_000)])
def test_page_stays_small(passed: int, failed: int) -> None:
    report = many(passed, failed)
    text = to_html(report)
    assert len(text.encode()) < LIMIT
    cases, _ = _embedded(Page(text))
    assert len(cases["cases"]) + cases["left_out"] == passed + failed


def test_what_is_left_out_first_are_passing_cases() -> None:
    report = many(300, 30)
    packed = packed_cases(report, budget=6000)
    assert packed["left_out"] > 100
    assert sum("f" in letters for _, _, letters, _ in packed["cases"]) == 30
    assert packed_cases(report)["left_out"] == 0


def test_cases_stay_in_the_order_of_the_report() -> None:
    report = sample()
    packed = packed_cases(report)
    named = [f"{packed['apis'][api]}::{name}" for api, name, *_ in packed["cases"]]
    assert named == list(dict.fromkeys(result.case for result in report.results))


def test_packed_cases_say_what_the_results_say() -> None:
    report = sample()
    packed = packed_cases(report)
    assert packed["versions"] == ["1.8.5", "2.6.2", "3.3.1"]
    texts = packed["texts"]
    seen = []
    for api, name, letters, details in packed["cases"]:
        rest = iter(details)
        for version, letter in zip(packed["versions"], letters, strict=True):
            if letter == "-":
                continue
            case = f"{packed['apis'][api]}::{name}"
            found = () if letter == "p" else tuple(packed["details"][next(rest)])
            seen.append((case, version, letter, found))
    assert len(seen) == len(report.results)
    for result in report.results:
        [(_, _, letter, found)] = [s for s in seen if s[:2] == (result.case, result.version)]
        assert letter == result.status[0]
        if found:
            waivers, reason, mismatches, *command = found
            assert tuple(texts[place] for place in waivers) == result.waivers
            assert texts[reason] == result.reason
            assert [texts[row[2]] for row in mismatches] == [m.detail for m in result.mismatches]
            assert command in ([], [result.reproduce])
    numbers = packed["details"][0][2][0][6:]
    assert numbers == [[0, 1], "0.25", "0.125", "0.125", "0.125", "0", "8.39e+06", "0"]


def test_packed_curves_keep_the_errors() -> None:
    [curve, mean] = sample().curves
    packed = packed_curves(sample().curves, ["3.3.1"])
    [group, other] = packed["groups"]
    assert (group["gamma"], group["axis"], other["axis"]) == (0.5, "logit", "elements")
    errors = packed["arrays"][group["paddle"]["3.3.1"]]
    assert errors[-1] is None
    assert packed["arrays"][group["ours"]][1] == html_data.ZERO
    for error, packed_error in zip(curve.paddle[:3], errors, strict=False):
        assert error is not None
        assert math.isclose(10 ** (packed_error / 1000), error, rel_tol=0.002)
    assert packed["arrays"][other["x"]] == list(mean.x)
    assert math.copysign(1, packed["arrays"][group["x"]][1]) == -1, "-0 stays -0"


def test_versions_share_what_they_agree_on() -> None:
    [curve, _] = sample().curves
    versions = [f"3.{minor}.0" for minor in range(5)]
    curves = [replace(curve, version=version) for version in versions]
    packed = packed_curves(curves, versions)
    assert len(packed["groups"]) == 1
    assert len(packed["arrays"]) == 4
    assert set(packed["groups"][0]["paddle"]) == set(versions)


def _luminance(colour: str) -> float:
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    dark, light = sorted([_luminance(one), _luminance(other)])
    return (light + 0.05) / (dark + 0.05)


def test_contrast_is_known_where_it_is_known() -> None:
    assert _contrast("#000000", "#ffffff") == pytest.approx(21)
    assert _contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground(scheme: str) -> None:
    style = Page(to_html(sample())).raw["style"][0]
    light, dark = re.findall(r":root \{([^}]*)\}", style)[:2]
    palette = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", light))
    if scheme == "dark":
        assert "prefers-color-scheme: dark" in style
        redefined = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", dark))
        assert redefined.keys() == palette.keys()
        palette = redefined
    pairs = [(text, ground) for text in ("text", "muted") for ground in ("bg", "surface")]
    pairs += [(name, f"{name}-bg") for name in ("pass", "waived", "fail", "unsupported")]
    pairs += [(name, "bg") for name in ("pass", "fail", "unsupported", "accent")]
    pairs += [(name, "surface") for name in ("fail", "accent", "ours", "paddle")]
    # In the band of what is no number, and over the pale ground of rounding.
    pairs += [("surface", "ours"), ("surface", "paddle"), ("muted", "rounding")]
    assert {
        pair: round(_contrast(palette[pair[0]], palette[pair[1]]), 2)
        for pair in pairs
        if _contrast(palette[pair[0]], palette[pair[1]]) < 4.5
    } == {}
