"""The fixtures that run scripts."""

from __future__ import annotations

from run.conftest import launcher, runner

__all__ = ["launcher", "runner"]
