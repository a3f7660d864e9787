"""What every public module does at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from paddle_compat.errors import unsupported_attribute

__all__ = ["publish"]


def publish(module: str, names: dict[str, Any], public: Sequence[str]) -> Callable[[str], object]:
    """Let a module's public functions and classes name it as theirs; return its `__getattr__`.

    Legacy code imports things again by their `__module__` and `__name__`, so the one must be where
    Paddle keeps them, not the file that they are written in.
    """
    for name in public:
        item = names[name]
        home = getattr(item, "__module__", None) or ""
        if callable(item) and (home.startswith(module) or "._" in home):
            item.__module__ = module
            if hasattr(item, "__fluid_spec__"):
                item.__fluid_spec__.function.__module__ = module
    return unsupported_attribute(
        module,
        module.replace("paddle_compat", "paddle", 1),
        offered=public,
        section="Legacy programs",
    )
