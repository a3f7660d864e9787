"""Interrupts wait while a step changes what the scope holds, so that it is changed as a whole."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any

__all__ = ["Held", "begin", "hold"]

_SIGNALS = (signal.SIGINT, signal.SIGTERM)
_Handler = Callable[[int, FrameType | None], Any]


class Held:
    """The handlers that are put off; `release` puts them back, and calls those that are due.

    Only handlers written in Python can come between two operations, and only in the main thread;
    anything else is left as it is.
    """

    def __init__(self) -> None:
        self._before: dict[int, _Handler] = {}
        self._due: list[tuple[int, FrameType | None]] = []

    def hold(self) -> None:
        """Put handlers off; twice is once."""
        if self._before or threading.current_thread() is not threading.main_thread():
            return
        for number in _SIGNALS:
            handler = signal.getsignal(number)
            if callable(handler):
                self._before[number] = handler
                signal.signal(number, self._note)

    def _note(self, number: int, frame: FrameType | None) -> None:
        self._due.append((number, frame))

    def release(self) -> None:
        """Put the handlers back, and call those whose signals came."""
        before, self._before = self._before, {}
        for number, handler in before.items():
            signal.signal(number, handler)
        due, self._due = self._due, []
        for number, frame in due:
            before[number](number, frame)


_current = threading.local()


def hold() -> None:
    """Put interrupts off until the run that this belongs to has written everything."""
    held: Held | None = getattr(_current, "held", None)
    if held is not None:
        held.hold()


def begin() -> Held:
    """Return what the updates of the run that begins in this thread hold interrupts with."""
    _current.held = Held()
    return _current.held  # type: ignore[no-any-return]
