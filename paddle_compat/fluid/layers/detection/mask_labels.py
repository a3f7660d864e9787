"""The masks that regions of interest learn, from polygons."""

from __future__ import annotations

__all__: list[str] = []
