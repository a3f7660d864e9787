"""Items that threads make ahead of their use."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

__all__ = ["Buffer", "Prefetched", "run"]

T = TypeVar("T")

# What an exit of the process waits for threads that are inside a user's generator.
_EXIT_SECONDS = 5.0


class Buffer(Generic[T]):
    """What threads that make items share with the one that takes them.

    Args:
        capacity: how many items wait at most.
    """

    def __init__(self, capacity: int) -> None:
        self._capacity = capacity
        self._changed = threading.Condition()
        self._items: deque[T] = deque()
        self._count = 0
        self._closed = False
        self._error: BaseException | None = None

    def put(self, item: T, number: int | None = None) -> bool:
        """Add an item when there is room; tell whether anyone still wants some.

        Args:
            item: is added.
            number: how many must have come before.
        """
        with self._changed:
            while not self._closed and (
                len(self._items) >= self._capacity or number not in (None, self._count)
            ):
                self._changed.wait()
            if not self._closed:
                self._items.append(item)
                self._count += 1
                self._changed.notify_all()
            return not self._closed

    def end(self, error: BaseException | None, number: int | None = None) -> None:
        """Note that nothing more comes, and why; after that many items."""
        with self._changed:
            while not self._closed and number not in (None, self._count):
                self._changed.wait()
            if not self._closed:
                self._closed = True
                self._error = error
                self._changed.notify_all()

    def close(self) -> None:
        """Drop what is there; nobody wants more."""
        with self._changed:
            self._closed = True
            self._items.clear()
            self._changed.notify_all()

    def take(self) -> T:
        """Return the next item, after waiting for it; then what ended them is raised."""
        with self._changed:
            while not self._items and not self._closed:
                self._changed.wait()
            if self._items:
                self._changed.notify_all()
                return self._items.popleft()
        if self._error is not None:
            raise self._error
        raise StopIteration


def run(target: Callable[..., None], *args: Any, buffer: Buffer[Any]) -> threading.Thread:
    """Start a thread that fills a buffer; the end of the process closes that, and waits for it."""
    thread = threading.Thread(target=target, args=args, name=target.__name__, daemon=True)
    _running[thread] = buffer
    thread.start()
    return thread


class Prefetched(Iterator[T]):
    """An iterator over what a generator gives, which a thread of its own runs ahead.

    What the generator raises comes out of the iterator, behind the items that went before it. The
    thread ends with the generator, with `stop`, when nobody holds the iterator, and at the end of
    the process.

    Args:
        source: returns what is iterated; called in the thread.
        capacity: how many items wait at most; one more is being made.
    """

    def __init__(self, source: Callable[[], Iterable[T]], capacity: int) -> None:
        self._buffer: Buffer[T] = Buffer(capacity)
        # The thread holds the buffer only.
        weakref.finalize(self, self._buffer.close).atexit = False
        self._thread = run(_prefetch, source, self._buffer, buffer=self._buffer)

    def __next__(self) -> T:
        return self._buffer.take()

    def stop(self) -> None:
        """End the thread, and wait for the item that it is at."""
        self._buffer.close()
        self._thread.join()


def _prefetch(source: Callable[[], Iterable[T]], buffer: Buffer[T]) -> None:
    error: BaseException | None = None
    try:
        for item in source():
            if not buffer.put(item):
                break
    except BaseException as raised:  # whatever it is, the reader must not wait forever
        error = raised
    buffer.end(error)


_running: weakref.WeakKeyDictionary[threading.Thread, Buffer[Any]] = weakref.WeakKeyDictionary()


@atexit.register
def _stop_all() -> None:
    """End the threads while the interpreter is whole: inside native code, a late one may crash."""
    until = time.monotonic() + _EXIT_SECONDS
    for buffer in list(_running.values()):
        buffer.close()
    for thread in list(_running):
        thread.join(max(0.0, until - time.monotonic()))
