"""Boxes: their overlap, codes, clipping and decoding."""

from __future__ import annotations

__all__: list[str] = []
