"""RetinaNet's detections from its heads."""

from __future__ import annotations

__all__: list[str] = []
