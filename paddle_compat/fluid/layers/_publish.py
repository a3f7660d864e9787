"""What every module of layers does at its end."""

from __future__ import annotations

from paddle_compat.fluid._publish import publish

__all__ = ["publish"]
