"""YOLOv3: loss and boxes."""

from __future__ import annotations

__all__: list[str] = []
