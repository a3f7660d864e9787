"""Proposals of a region proposal network, and what they learn."""

from __future__ import annotations

__all__: list[str] = []
