"""The forms that a report is written in; each is imported when it is asked for.

- `text`: what a person reads in a terminal;
- `json_form`: JSON, documented and versioned, and read back;
- `junit`: what CI servers read;
- `html`: one page for people;
- `github`: annotations, and the summary of a job.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from importlib import import_module
from types import MappingProxyType

from paddle_compat.conformance.verify.model import Report

__all__ = ["FORMATS"]


def _lazily(module: str, name: str) -> Callable[[Report], str]:
    """Return a form that imports its module at the first report."""

    def render(report: Report) -> str:
        form: Callable[[Report], str] = getattr(import_module(f"{__name__}.{module}"), name)
        return form(report)

    return render


FORMATS: Mapping[str, Callable[[Report], str]] = MappingProxyType(
    {
        "text": _lazily("text", "to_text"),
        "json": _lazily("json_form", "to_json"),
        "junit": _lazily("junit", "to_junit"),
        "html": _lazily("html", "to_html"),
        "github": _lazily("github", "to_github"),
    }
)
"""By name, from a report to its text."""
