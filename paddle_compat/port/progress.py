"""A progress bar, on a terminal and nowhere else."""

from __future__ import annotations

import sys
import time
from types import TracebackType

__all__ = ["Progress"]

_WIDTH = 30
_EVERY = 0.1  # seconds


class Progress:
    """A bar on stderr that shows itself after a moment, and leaves nothing behind."""

    def __init__(self, total: int) -> None:
        self._total, self._done = total, 0
        self._shows = sys.stderr.isatty() and total > 1
        self._next = time.monotonic() + _EVERY
        self._drawn = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._drawn:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()

    def advance(self) -> None:
        """Count one more file."""
        self._done += 1
        now = time.monotonic()
        if self._shows and now >= self._next:
            self._next, self._drawn = now + _EVERY, True
            full = _WIDTH * self._done // self._total
            bar = "#" * full + "." * (_WIDTH - full)
            sys.stderr.write(f"\r[{bar}] {self._done}/{self._total} files")
            sys.stderr.flush()
