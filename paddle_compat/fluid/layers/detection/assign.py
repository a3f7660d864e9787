"""Which anchors learn which ground truth: RPN's and RetinaNet's assignment."""

from __future__ import annotations

__all__: list[str] = []
