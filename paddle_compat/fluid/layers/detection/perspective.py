"""Regions of four corners, brought to a rectangle."""

from __future__ import annotations

__all__: list[str] = []
