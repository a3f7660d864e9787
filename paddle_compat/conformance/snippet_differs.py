"""Where ours is meant to differ from real Paddle 1.8.5, snippet by snippet."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import Differs

__all__ = ["DIFFERS"]

DIFFERS: Mapping[str, Differs] = {}
