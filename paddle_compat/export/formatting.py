"""Generated source in one form: sorted imports, lines of at most 100 characters."""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec

__all__ = ["WIDTH", "formatted", "needs"]

WIDTH = 100
_STEPS = (
    ("check", "--select=I", "--fix-only", "--exit-zero"),
    ("format",),
)


def needs(*packages: str) -> None:
    """Check that packages are there which export needs, and this library does not.

    Raises:
        ModuleNotFoundError: one is not; the text tells how to install it.
    """
    for package in packages:
        if find_spec(package) is None:
            raise ModuleNotFoundError(
                f"export needs {package}, which is not installed; install it by "
                "pip install 'paddle-compat[export]'",
                name=package,
            )


def formatted(text: str) -> str:
    """Return Python source as ruff formats it, whatever the user's own settings are.

    Raises:
        ModuleNotFoundError: ruff is not installed.
        ValueError: the text is no Python source.
    """
    needs("ruff")
    for step in _STEPS:
        command = [sys.executable, "-m", "ruff", *step, "--isolated", "--no-cache"]
        command += [f"--line-length={WIDTH}", "--target-version=py310", "-"]
        done = subprocess.run(command, input=text, capture_output=True, text=True, encoding="utf-8")
        if done.returncode != 0:
            raise ValueError(f"ruff cannot format the source: {done.stderr.strip()}")
        text = done.stdout
    return text
