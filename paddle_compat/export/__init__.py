"""The way out: legacy programs as plain torch modules, and as source that needs torch alone."""

from __future__ import annotations

from paddle_compat.export.module import to_module
from paddle_compat.export.source import Source, to_source

__all__ = ["Source", "to_module", "to_source"]
