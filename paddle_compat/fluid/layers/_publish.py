"""What every module of layers does at its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from paddle_compat.errors import unsupported_attribute

__all__ = ["publish"]


def publish(module: str, names: dict[str, Any], public: Sequence[str]) -> Callable[[str], object]:
    """Let a module's public functions name it as theirs; return its `__getattr__`.

    Legacy code imports a layer again by its `__module__` and `__name__`, so the one must be where
    Paddle keeps the layer, not the file that it is written in.
    """
    for name in public:
        item = names[name]
        if callable(item) and getattr(item, "__module__", "").startswith(module):
            item.__module__ = module
            if hasattr(item, "__fluid_spec__"):
                item.__fluid_spec__.function.__module__ = module
    return unsupported_attribute(
        module,
        module.replace("paddle_compat", "paddle", 1),
        offered=", ".join(public),
        section="Legacy programs",
    )
