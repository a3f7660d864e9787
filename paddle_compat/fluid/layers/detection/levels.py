"""Regions of interest, spread over a pyramid's levels and collected from them."""

from __future__ import annotations

__all__: list[str] = []
