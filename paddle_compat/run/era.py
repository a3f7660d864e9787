"""Restores names that Python and NumPy have removed since 2020, each when a script first uses it.

The table is `era_names`. A name comes back only where it is really missing: ``np.bool`` of NumPy 2
is another thing than the one of 2019, and stays as it is.
"""

from __future__ import annotations

import sys
import warnings
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from importlib import import_module
from threading import Lock
from types import ModuleType

from paddle_compat.run.era_names import REMOVED, Removed
from paddle_compat.run.frames import using_line

__all__ = ["install", "report", "reported"]

_WRITTEN = {"numpy": "np"}
_reported: set[str] = set()
_extended: set[str] = set()
_lock = Lock()


def install(already_reported: Iterable[str] = ()) -> None:
    """Restore the removed names in this process, lazily.

    Args:
        already_reported: full names that need no line on stderr any more.
    """
    _reported.update(already_reported)
    for name, table in REMOVED.items():
        if name in _extended:
            continue
        _extended.add(name)
        module = import_module(name)
        missing = {n: removed for n, removed in table.items() if not _has(module, n)}
        if missing:
            _extend(module, missing)


def reported() -> list[str]:
    """Return the full names that were used and reported so far."""
    return sorted(_reported)


def _has(module: ModuleType, name: str) -> bool:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return hasattr(module, name)


def _extend(module: ModuleType, missing: Mapping[str, Removed]) -> None:
    known: Callable[[str], object] | None = vars(module).get("__getattr__")

    def look_up(name: str) -> object:
        removed = missing.get(name)
        if removed is not None:
            value = removed.restored()
            full = f"{_WRITTEN.get(module.__name__, module.__name__)}.{name}"
            report(full, removed.since, removed.instead)
            vars(module)[name] = value
            return value
        if known is not None:
            return known(name)
        raise AttributeError(f"module {module.__name__!r} has no attribute {name!r}")

    vars(module)["__getattr__"] = look_up


def report(name: str, since: str, instead: str) -> None:
    """Tell on stderr, once, that the script uses something that is gone."""
    with _lock:
        if name in _reported:
            return
        _reported.add(name)
    # A script without a usable stderr runs on, as it does with Python's own warnings.
    with suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(
            f"paddle-compat: {using_line()}: {name} is gone since {since}; "
            f"restored for this run. Write {instead}.\n"
        )
