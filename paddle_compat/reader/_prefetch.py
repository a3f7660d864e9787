"""Items that threads make ahead of their use."""

from __future__ import annotations

import atexit
import threading
import time
import weakref
from collections.abc import Callable, Iterable, Iterator
from queue import SimpleQueue
from typing import Any, TypeVar

__all__ = ["Buffer", "Prefetched", "run"]

T = TypeVar("T")

# What an exit of the process waits for threads that are inside a user's generator.
_EXIT_SECONDS = 5.0


class Buffer(Iterator[T]):
    """Items on their way from the threads that make them to the one that takes them.

    An interrupt may come anywhere in the one that takes, so that this is made of queues whose
    operations are whole; a lock or a condition could stay held.

    Args:
        capacity: how many items there is room for; None is any number.
    """

    def __init__(self, capacity: int | None) -> None:
        self._items: SimpleQueue[T | None] = SimpleQueue()
        # One for each item that there is room for; None is any number of them.
        self._room: SimpleQueue[None] | None = None if capacity is None else SimpleQueue()
        for _ in range(capacity or 0):
            self.make_room()
        self._closed = False
        self._ended = False
        self._error: BaseException | None = None

    def make_room(self) -> None:
        """Let one more be made."""
        if self._room is not None:
            self._room.put(None)

    def claim(self) -> bool:
        """Wait for room for an item; tell whether anyone still wants it."""
        if self._room is not None:
            self._room.get()
        if self._closed:
            self.make_room()  # for the other threads, to see the same
        return not self._closed

    def give(self, item: T) -> None:
        """Add an item, for which there is room."""
        self._items.put(item)

    def end(self, error: BaseException | None) -> None:
        """Note that nothing more comes, and why."""
        self._error = error
        self._ended = True
        self._items.put(None)

    def close(self) -> None:
        """Note that nobody wants more."""
        self._closed = True
        self.make_room()

    def __next__(self) -> T:
        if not self._ended or not self._items.empty():
            item = self._items.get()
            if item is not None:
                return item
        raise self._error or StopIteration


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
        capacity: how many items wait at most, while one more is being made; None is any number.
    """

    def __init__(self, source: Callable[[], Iterable[T]], capacity: int | None) -> None:
        self._buffer: Buffer[tuple[T]] = Buffer(capacity)
        # The thread holds the buffer only.
        weakref.finalize(self, self._buffer.close).atexit = False
        self._thread = run(_prefetch, source, self._buffer, buffer=self._buffer)

    def __next__(self) -> T:
        # Before the wait: an interrupt of it may add room, but never take any away.
        self._buffer.make_room()
        [item] = next(self._buffer)
        return item

    def stop(self) -> None:
        """End the thread, and wait for the item that it is at."""
        self._buffer.close()
        self._thread.join()


def _prefetch(source: Callable[[], Iterable[T]], buffer: Buffer[tuple[T]]) -> None:
    error: BaseException | None = None
    try:
        for item in source():
            if not buffer.claim():
                break
            buffer.give((item,))
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
