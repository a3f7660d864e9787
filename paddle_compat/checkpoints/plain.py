"""What a file of parameters may hold: arrays, numbers, texts, and plain containers of these."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import numpy as np

__all__ = ["KINDS", "Rebuild", "check_key", "is_array", "is_plain"]

KINDS = "biufc"
"""numpy's letters for the dtypes of numbers."""

# Paddle's own files are some levels deep; a file of many is made to break its reader.
_DEEPEST = 64
_CONTAINERS = (dict, OrderedDict, list, tuple, set, frozenset)
_VALUES = (str, bytes, bytearray, bool, int, float, complex, type(None))
# Beyond, numbers of equal hashes are easily made, and a dict of them takes hours.
_LARGEST_KEY = 2**60


def is_array(value: Any) -> bool:
    """Tell whether a value is an array of numbers or booleans."""
    return isinstance(value, np.ndarray) and value.dtype.kind in KINDS


def is_plain(value: Any) -> bool:
    """Tell whether a value is a plain container, a text, or a number; no class of its own."""
    return type(value) in (*_VALUES, *_CONTAINERS) or isinstance(value, (np.number, np.bool_))


class Rebuild:
    """Makes containers anew with other values in them.

    What stands in several places is made once and stays one: copies of copies would have no end.

    Args:
        change: gets each value, and returns another one; the value itself, to go into it where
            it is a container.
        error: what is raised for containers that are too deep and for keys that are no key.
    """

    def __init__(self, change: Callable[[Any], Any], error: type[Exception]) -> None:
        self._change = change
        self._error = error
        self._done: dict[int, Any] = {}
        self._held: list[Any] = []

    def __call__(self, value: Any, depth: int = 0) -> Any:
        """Return a value with everything in it changed."""
        if id(value) not in self._done:
            if depth > _DEEPEST:
                raise self._error(f"its containers are more than {_DEEPEST} deep")
            self._held.append(value)
            self._done[id(value)] = self._made(value, depth + 1)
        return self._done[id(value)]

    def _made(self, value: Any, depth: int) -> Any:
        changed = self._change(value)
        if changed is not value or type(value) not in _CONTAINERS:
            return changed
        if isinstance(value, dict):
            return type(value)(
                (check_key(key, self._error), self(item, depth)) for key, item in value.items()
            )
        if isinstance(value, (set, frozenset)):
            return type(value)(check_key(item, self._error) for item in value)
        return type(value)([self(item, depth) for item in value])


def check_key(key: Any, error: type[Exception]) -> Any:
    """Return a key of a dict, or an element of a set, that is a text or a number."""
    if isinstance(key, (str, bytes, float, type(None))):
        return key
    if isinstance(key, int) and -_LARGEST_KEY < key < _LARGEST_KEY:
        return key
    raise error(f"a key is no text and no number below 2**60, but {type(key).__name__}")
