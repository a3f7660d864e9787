"""`paddle.reader`: functions of readers; a reader is a function that returns an iterable."""

from __future__ import annotations

from paddle_compat.errors import unsupported_attribute
from paddle_compat.reader import decorator
from paddle_compat.reader.decorator import (
    ComposeNotAligned,
    buffered,
    cache,
    chain,
    compose,
    firstn,
    map_readers,
    multiprocess_reader,
    shuffle,
    xmap_readers,
)

__all__ = [
    "ComposeNotAligned",
    "buffered",
    "cache",
    "chain",
    "compose",
    "decorator",
    "firstn",
    "map_readers",
    "multiprocess_reader",
    "shuffle",
    "xmap_readers",
]

__getattr__ = unsupported_attribute(
    __name__, "paddle.reader", offered=__all__, section="Legacy programs"
)
