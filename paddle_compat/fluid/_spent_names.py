"""Names that are given away for layers that 1.8 builds and this package does not.

Where one operator here stands for several of 1.8's, the names of what is built later stay 1.8's.
"""

from __future__ import annotations

from paddle_compat.fluid import unique_name

__all__ = ["spend", "spend_helpers"]

_BARE = ("tmp", "_generated_var")


def spend(*layers: str) -> str:
    """Give away the name of a result of each layer; return the last one."""
    name = ""
    for layer in layers:
        name = unique_name.generate(layer)
        if layer not in _BARE:
            name = unique_name.generate(f"{name}.tmp")
    return name


def spend_helpers(layer: str, count: int) -> None:
    """Give away the names of calls of a layer whose results have names already."""
    for _ in range(count):
        unique_name.generate(layer)
