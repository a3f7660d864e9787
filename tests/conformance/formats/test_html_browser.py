"""The page in a browser: both schemes, a phone, the keyboard, the filter, the plots."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any

import pytest

from paddle_compat.conformance import ours, scans
from paddle_compat.conformance.vectors_file import load
from paddle_compat.conformance.verify.formats.html import to_html
from paddle_compat.conformance.verify.model import Curve, Result, joined

from .browser import launched, looked_at
from .reports import HOSTILE, LAYER, LOSS, many, sample

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Locator, Page

PHONE = (390, 844)
VERSIONS = ("1.8.5", "2.6.2", "3.3.1")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with launched() as browser:
        yield browser


def _expect(locator: Locator) -> Any:
    """Wait for what a locator comes to; the page's policy lets no other way of waiting in."""
    from playwright.sync_api import expect

    return expect(locator)


def _curves() -> tuple[Curve, ...]:
    """Return the real curves of gamma 0.5 and 2 in float32, and of the mean."""
    vectors = load(scans.VECTORS)
    asked = [
        place
        for place, call in enumerate(vectors.calls)
        if not call.wrt or ("float32" in call.name and call.attrs["gamma"] in (0.5, 2.0))
    ]
    mine = dict(zip(asked, ours.evaluate([vectors.calls[place] for place in asked]), strict=True))
    return joined(
        curve
        for version in VERSIONS
        for place in asked
        if place in vectors.outcomes[version]
        for curve in scans.curves(
            vectors.calls[place], mine[place], vectors.outcomes[version][place], version
        )
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Path:
    """Write the page of a small report with real curves, and passing cases to page through."""
    report = sample()
    report = replace(
        report,
        results=(*report.results, *many(150).results),
        builds=dict.fromkeys(("1.8.5", "2.6.2", "3.0.0", "3.1.1", "3.2.2", "3.3.1"), ""),
        curves=_curves(),
    )
    written = tmp_path_factory.mktemp("page") / "report.html"
    written.write_text(to_html(report), "utf-8")
    return written


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [(1280, 900), PHONE], ids=["desk", "phone"])
def test_page_fits_and_follows_the_scheme(
    browser: Browser, path: Path, size: tuple[int, int], scheme: str
) -> None:
    with looked_at(browser, path, size=size, scheme=scheme) as page:
        assert page.evaluate("document.documentElement.scrollWidth") <= size[0]
        ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
        light = sum(map(int, ground.removeprefix("rgb(").removesuffix(")").split(","))) > 384
        assert light == (scheme == "light")
        figure = page.locator("#plot-list figure").first.bounding_box()
        assert figure is not None
        assert figure["x"] >= 0
        assert figure["x"] + figure["width"] <= size[0]


def test_matrix_scrolls_in_its_own_box_on_a_phone(browser: Browser, path: Path) -> None:
    with looked_at(browser, path, size=PHONE) as page:
        box = "document.querySelector('#matrix .scroll')"
        assert page.evaluate(f"{box}.scrollWidth > {box}.clientWidth")
        page.evaluate(f"{box}.scrollLeft = 100")
        assert page.evaluate("window.scrollX") == 0
        head = page.locator(".matrix tr[data-api] th").first.bounding_box()
        assert head is not None
        assert head["x"] < 30, "the names stay"


def _focused(page: Page) -> str:
    text: str = page.evaluate("document.activeElement.textContent.replace(/\\s+/g, ' ').trim()")
    return text


def test_keyboard_walks_from_the_skip_link_to_the_numbers(browser: Browser, path: Path) -> None:
    with looked_at(browser, path, motion="reduce") as page:
        page.keyboard.press("Tab")
        assert _focused(page) == "Skip to the matrix"
        link = page.locator(".skip").bounding_box()
        assert link is not None
        assert link["y"] >= 0, "it shows when it has the focus"
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        assert _focused(page) == f"✓ 1 pass: {LOSS}, Paddle 2.6.2, show the cases"
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline == "solid"
        page.keyboard.press("ArrowRight")
        assert _focused(page).endswith("Paddle 3.3.1, show the cases")
        page.keyboard.press("ArrowRight")
        assert _focused(page).endswith("Paddle 3.3.1, show the cases"), "the last stays"
        page.keyboard.press("ArrowDown")
        assert (
            _focused(page) == f"○ 1 unsupported ✓ 152 pass: {LAYER}, Paddle 1.8.5, show the cases"
        )
        before = page.evaluate("[scrollY, document.querySelector('#matrix .scroll').scrollTop]")
        page.keyboard.press("ArrowUp")
        after = page.evaluate("[scrollY, document.querySelector('#matrix .scroll').scrollTop]")
        assert after == before, "the arrows move the focus, and no page"
        page.keyboard.press("End")
        page.keyboard.press("Space")
        assert _focused(page) == "Cases"
        assert (
            page.locator("#case-count").inner_text()
            == f"2 cases of {LOSS}, Paddle 3.3.1, 2 checks."
        )
        for _ in range(40):
            page.keyboard.press("Tab")
            if "gamma 0.5" in _focused(page):
                break
        page.keyboard.press("Enter")
        _expect(page.locator("#case-list details[open] .body")).to_contain_text("Waived by")
        shown = page.locator("#case-list details[open]").inner_text()
        assert "Waived by functional-fractional-gamma-gradient" in shown
        assert "Paddle\tnan\tinf\tinf" in shown
        assert "at [0, 0]" in shown
        assert "(Paddle’s is wrong)" in shown


def test_one_tab_stop_for_the_whole_matrix(browser: Browser, path: Path) -> None:
    with looked_at(browser, path) as page:
        assert page.locator('.matrix button[tabindex="0"]').count() == 1
        page.locator(".matrix button").last.focus()
        assert page.locator('.matrix button[tabindex="0"]').count() == 1


def test_filter_narrows_matrix_cases_and_waivers(browser: Browser, path: Path) -> None:
    with looked_at(browser, path) as page:
        page.keyboard.press("/")
        page.keyboard.type("gamma 0.5")
        _expect(page.locator("#found")).to_have_text("1 API")
        assert page.locator(".matrix tr[data-api]:visible").count() == 1
        assert page.locator("#case-list details").count() == 1
        page.keyboard.press("Control+a")
        page.keyboard.type("no such thing")
        _expect(page.locator("#found")).to_have_text("0 APIs")
        assert page.locator(".matrix tbody:visible").count() == 0
        assert page.locator("[data-waiver]:visible").count() == 0
        assert page.locator("#case-count").inner_text() == "0 cases, 0 checks."
        page.keyboard.press("Control+a")
        page.keyboard.press("Delete")
        _expect(page.locator("#found")).to_have_text("")
        assert page.locator(".matrix tr[data-api]:visible").count() == 2


def test_passing_cases_come_a_page_at_a_time(browser: Browser, path: Path) -> None:
    with looked_at(browser, path) as page:
        assert page.locator("#case-list details").count() == 3
        page.get_by_label("✓ pass").check(force=True)
        assert page.locator("#case-list details").count() == 60
        page.locator("button.more").click()
        assert page.locator("#case-list details").count() == 120
        assert "relu of some input number" in _focused(page), "where the next page begins"


def test_a_waiver_shows_its_cases(browser: Browser, path: Path) -> None:
    with looked_at(browser, path, motion="reduce") as page:
        page.locator("[data-waiver] button").click()
        assert page.locator("#case-list details").count() == 1
        assert page.locator("#filter").input_value() == "functional-fractional-gamma-gradient"


def test_commands_are_copied_and_names_are_shown_as_they_are(browser: Browser, path: Path) -> None:
    with looked_at(browser, path) as page:
        page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page.locator("#failure-list button.copy").first.click()
        _expect(page.locator("#said")).to_have_text("Copied")
        command = page.evaluate("navigator.clipboard.readText()")
        assert command == f"paddle-compat verify --against 3.3.1 -- '{LOSS}::grid'"
        assert HOSTILE.split("\n")[0] in (page.locator("#case-list").text_content() or "")
        assert page.locator("script").count() == 3


def test_commands_are_quoted_as_a_shell_reads_them(browser: Browser, path: Path) -> None:
    names = ["plain", "two words", "it's", "a·b", '$HOME `x` "y"']
    results = [
        Result(f"f::{name}", "f", "3.3.1", "unsupported", reproduce=f"verify {quote(f'f::{name}')}")
        for name in names
    ]
    written = path.with_name("quoted.html")
    written.write_text(to_html(replace(sample(), results=tuple(results), curves=())), "utf-8")
    with looked_at(browser, written) as page:
        for summary in page.locator("#case-list summary").all():
            summary.click()
        _expect(page.locator("#case-list code")).to_have_count(len(names))
        told = page.locator("#case-list code").all_inner_texts()
        assert told == [result.reproduce for result in results]
        assert page.locator("#plots").is_hidden()


def _pick(page: Page, name: str, value: str) -> None:
    # The controls are made anew, so `check` would look at one that is gone.
    page.locator(f'input[name="plot-{name}"][value="{value}"]').click(force=True)


def _plot(page: Page, heading: str) -> str:
    caption = page.locator("figure", has_text=heading).locator("figcaption").inner_text()
    return caption.replace("\u00a0", " ")


def test_plots_show_the_quirks_where_they_live(browser: Browser, path: Path) -> None:
    with looked_at(browser, path) as page:
        assert page.locator("#plot-list figure").count() == 3
        drift = _plot(page, "Drift of a mean")
        assert "Paddle: at most 1.3e−5, at 100\u202f000 elements." in drift
        assert "Ours: at most 7.3e−9" in drift

        # The gradient at zero: of 3.x, and not of 2.6.2.
        _pick(page, "label", "0")
        assert "Paddle: at most 0.19, at x = 0." in _plot(page, "γ = 2")
        assert page.locator("figure", has_text="γ = 2").locator("circle.spike").count() == 2
        _pick(page, "version", "2.6.2")
        assert page.locator("circle.spike").count() == 0
        assert "at x = 0" not in _plot(page, "γ = 2")

        # The wall of a gamma below 1.
        _pick(page, "label", "1")
        assert "no number at 54 of 182 points (x ≥ 16.64)" in _plot(page, "γ = 0.5")
        figure = page.locator("figure", has_text="γ = 0.5")
        assert figure.locator(".wall-paddle").count() == 1
        assert figure.locator(".wall-ours").count() == 0
        assert figure.locator("text.on").text_content() == "no number"
        assert page.locator("figure", has_text="γ = 2").locator(".wall-paddle").count() == 0


def test_plots_show_a_fault_of_ours(browser: Browser, path: Path) -> None:
    [curve] = [c for c in sample().curves if c.axis == "logit"]
    sound = tuple(1e-9 for _ in curve.x)
    x = (-2.0, -1.0, 1.0, 2.0)
    spike = replace(curve, gamma=1.0, x=x, ours=(1e-9, 1e-9, 0.5, 1e-9), paddle=sound)
    lost = replace(curve, gamma=2.0, x=x, ours=(1e-9, None, None, None), paddle=sound)
    written = path.with_name("fault.html")
    written.write_text(to_html(replace(sample(), curves=(spike, lost))), "utf-8")
    with looked_at(browser, written) as page:
        assert "Ours: at most 0.50, at x = 1." in _plot(page, "γ = 1")
        assert page.locator("circle.spike-ours").count() == 1
        assert page.locator(".spike-paddle").count() == 0
        assert "Ours: no number at 3 of 4 points (x ≥ −1)" in _plot(page, "γ = 2")
        assert page.locator(".wall-ours").count() == 1
        # The key has one.
        assert page.locator("#plot-list .wall-paddle").count() == 0


def test_plots_are_chosen_and_read_by_keyboard(browser: Browser, path: Path) -> None:
    with looked_at(browser, path) as page:
        page.locator('input[name="plot-version"]:checked').focus()
        page.keyboard.press("ArrowLeft")
        assert page.locator('input[name="plot-version"]:checked').input_value() == "2.6.2"
        assert page.evaluate("document.activeElement.name") == "plot-version"
        page.locator('input[name="plot-api"]:checked').focus()
        page.keyboard.press("ArrowLeft")
        assert page.locator('input[name="plot-version"]').count() == 1, "fluid is in 1.8.5"
        _pick(page, "kind", "relative")
        svg = page.locator("#plot-list svg").first
        svg.focus()
        page.keyboard.press("Home")
        told = svg.get_attribute("aria-valuetext") or ""
        assert told.startswith("x = −40: Paddle ")
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        assert (svg.get_attribute("aria-valuetext") or "").startswith("x = −38.5: ")
        assert page.locator("#plot-list h3 span").first.inner_text().startswith("x = −38.5: ")


def test_pointer_reads_a_plot(browser: Browser, path: Path) -> None:
    with looked_at(browser, path, motion="reduce") as page:
        svg = page.locator("#plot-list svg").first
        svg.scroll_into_view_if_needed()
        box = svg.bounding_box()
        assert box is not None
        page.mouse.move(box["x"] + box["width"] * 0.979, box["y"] + box["height"] / 2)
        assert "x = 40: Paddle" in page.locator("#plot-list h3 span").first.inner_text()


def test_page_without_its_script_is_readable(browser: Browser, path: Path) -> None:
    with looked_at(browser, path, script=False) as page:
        assert page.locator(".matrix tr[data-api]:visible").count() == 2
        assert "worst at (0, 1): ours 0.25" in page.locator("#failures").inner_text()
        assert page.locator("[data-waiver]:visible").count() == 1
        assert page.locator("noscript").is_visible()
        for name in ("#cases", "#plots", ".filter", 'nav a[href="#plots"]', "button"):
            assert page.locator(name).locator("visible=true").count() == 0


def test_motion_is_spared_who_wants_it_spared(browser: Browser, path: Path) -> None:
    for motion, behaviour in (("reduce", "auto"), ("no-preference", "smooth")):
        with looked_at(browser, path, motion=motion) as page:
            told = page.evaluate("getComputedStyle(document.documentElement).scrollBehavior")
            assert told == behaviour


def test_print_leaves_out_what_paper_cannot_do(browser: Browser, path: Path) -> None:
    with looked_at(browser, path) as page:
        page.emulate_media(media="print")
        for name in (".tools", ".controls", "button.copy"):
            assert page.locator(name).locator("visible=true").count() == 0
        height = page.evaluate("getComputedStyle(document.querySelector('.scroll')).maxHeight")
        assert height == "none"
        assert page.locator(".matrix tr[data-api]:visible").count() == 2


def test_thousands_of_cases_are_no_burden(browser: Browser, path: Path) -> None:
    crowd = path.with_name("crowd.html")
    crowd.write_text(to_html(many(9000, 2000)), "utf-8")
    with looked_at(browser, crowd) as page:
        assert page.locator("#failure-list details").count() == 100
        assert page.evaluate("document.querySelectorAll('*').length") < 6000
        page.locator("#filter").fill("wrong 1999")
        _expect(page.locator("#case-list details")).to_have_count(1)


def test_a_fault_of_the_page_is_noticed(browser: Browser, path: Path) -> None:
    broken = path.with_name("broken.html")
    broken.write_text(path.read_text("utf-8").replace("setUp();", "setUp(); missing();"), "utf-8")
    # The policy does not even let the changed script in; either way something is logged.
    with pytest.raises(AssertionError), looked_at(browser, broken):
        pass
