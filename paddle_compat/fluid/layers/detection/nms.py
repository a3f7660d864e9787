"""Non-maximum suppression: many classes, local awareness, matrices."""

from __future__ import annotations

__all__: list[str] = []
