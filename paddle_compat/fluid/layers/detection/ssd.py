"""SSD: heads, loss and detections."""

from __future__ import annotations

__all__: list[str] = []
