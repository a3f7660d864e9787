"""A function of samples, computed by threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any

from paddle_compat.reader._prefetch import Buffer, Prefetched, run

__all__ = ["in_threads"]


def in_threads(
    mapper: Callable[[Any], Any],
    reader: Callable[[], Iterable[Any]],
    threads: int,
    capacity: int,
    in_order: bool,
) -> Iterator[Any]:
    """Go through a function's results for samples.

    Args:
        mapper: the function.
        reader: returns the samples; read by a thread of its own.
        threads: how many compute.
        capacity: how many samples, and how many results, wait at most.
        in_order: the results come in the samples' order, or else as they are done.
    """
    samples = Prefetched(reader, capacity)
    results: Buffer[Any] = Buffer(capacity)
    shared = _Shared(samples, threads)
    workers = [run(_map, mapper, shared, results, in_order, buffer=results) for _ in range(threads)]
    try:
        while True:
            try:
                result = results.take()
            except StopIteration:
                return
            yield result
    finally:
        results.close()
        samples.stop()
        for worker in workers:
            worker.join()


class _Shared:
    """The samples, for one thread at a time, and how many threads go on."""

    def __init__(self, samples: Iterator[Any], threads: int) -> None:
        self._samples = samples
        self._lock = threading.Lock()
        self._taken = 0
        self._left = threads

    def take(self) -> tuple[int, Callable[[], Any]]:
        """Return the next sample's number, and what returns it or raises the reader's error.

        Raises:
            StopIteration: there is no sample.
        """
        with self._lock:
            number = self._taken
            try:
                sample = next(self._samples)
            except StopIteration:
                raise
            except BaseException as error:
                return number, partial(_throw, error)
            self._taken += 1
            return number, lambda: sample

    def leave(self) -> bool:
        """Tell the last thread that it is that."""
        with self._lock:
            self._left -= 1
            return self._left == 0


def _throw(error: BaseException) -> None:
    raise error


def _map(
    mapper: Callable[[Any], Any], shared: _Shared, results: Buffer[Any], in_order: bool
) -> None:
    while True:
        try:
            number, sample = shared.take()
        except StopIteration:
            break
        turn = number if in_order else None
        try:
            result = mapper(sample())
        except BaseException as error:  # whatever it is, the reader must not wait forever
            results.end(error, turn)
            return
        if not results.put(result, turn):
            return
    if shared.leave():
        results.end(None)
