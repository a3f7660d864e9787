"""Whether layers that make tensors from nothing run at once, or are recorded."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

__all__ = ["dygraph", "in_dygraph_mode", "set_dygraph"]

_eager = False


def in_dygraph_mode() -> bool:
    """Tell whether a `fluid.dygraph.guard` is entered.

    Source:
        ``paddle.fluid.in_dygraph_mode``, PaddlePaddle 1.8.
    """
    return _eager


def set_dygraph(on: bool) -> None:
    """Enter or leave eager mode for good."""
    global _eager
    _eager = on


@contextlib.contextmanager
def dygraph(on: bool = True) -> Iterator[None]:
    """Enter or leave eager mode inside the block."""
    before = _eager
    set_dygraph(on)
    try:
        yield
    finally:
        set_dygraph(before)
