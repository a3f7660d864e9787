"""Prior boxes and anchors, on the cells of a feature map."""

from __future__ import annotations

__all__: list[str] = []
