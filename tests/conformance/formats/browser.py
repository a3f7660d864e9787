"""A headless Chromium to look at pages with; without one its tests skip, and say why."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

__all__ = ["launched", "looked_at"]

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_ARGUMENTS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@contextmanager
def launched() -> Iterator[Browser]:
    """Give a browser: one on PATH, or the one that ``playwright install chromium`` fetched."""
    try:
        from playwright.sync_api import Error, sync_playwright
    except ImportError as error:
        pytest.skip(f"pages are looked at through playwright: {error}")
    with sync_playwright() as playwright:
        path = next(filter(None, map(shutil.which, _NAMES)), None)
        try:
            browser = playwright.chromium.launch(executable_path=path, args=_ARGUMENTS)
        except Error as error:
            [first, *_] = error.message.splitlines()
            pytest.skip(
                f"there is no Chromium: install one, or run `playwright install chromium` ({first})"
            )
        yield browser
        browser.close()


@contextmanager
def looked_at(
    browser: Browser,
    path: Path,
    *,
    size: tuple[int, int] = (1280, 900),
    scheme: str = "light",
    script: bool = True,
    motion: str = "no-preference",
) -> Iterator[Page]:
    """Open a page in a profile of its own; whatever it logs or asks for is a failure."""
    width, height = size
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion=motion,  # type: ignore[arg-type]
        java_script_enabled=script,
    )
    page = context.new_page()
    page.set_default_timeout(5000)
    troubles: list[str] = []
    page.on("console", lambda message: troubles.append(f"{message.type}: {message.text}"))
    page.on("pageerror", lambda error: troubles.append(f"error: {error}"))
    page.on("dialog", lambda dialog: troubles.append(f"dialog: {dialog.message}"))
    address = path.as_uri()
    page.on(
        "request",
        lambda request: (
            None
            if request.url.split("#")[0] in (address, "data:,")
            else troubles.append(f"request: {request.url}")
        ),
    )
    page.goto(address)
    yield page
    context.close()
    assert not troubles
