"""Matching of predictions and ground truth, and what follows from a match."""

from __future__ import annotations

__all__: list[str] = []
