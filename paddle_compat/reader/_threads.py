"""A function of samples, computed by threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from paddle_compat.reader._prefetch import Buffer, Prefetched, run

__all__ = ["in_threads"]


def in_threads(
    mapper: Callable[[Any], Any],
    reader: Callable[[], Iterable[Any]],
    threads: int,
    capacity: int | None,
    in_order: bool,
) -> Iterator[Any]:
    """Go through a function's results for samples.

    Args:
        mapper: the function.
        reader: returns the samples; read by a thread of its own.
        threads: how many compute.
        capacity: how many samples, and how many results, wait at most; None is any number.
        in_order: the results come in the samples' order, or else as they are done.
    """
    samples = Prefetched(reader, capacity)
    # Each thread needs room for what it computes.
    room = None if capacity is None else capacity + threads
    results: Buffer[_Result] = Buffer(room)
    shared = _Shared(samples, threads)
    workers = [run(_map, mapper, shared, results, buffer=results) for _ in range(threads)]
    try:
        for result in _sorted(results) if in_order else results:
            if result.error is not None:
                raise result.error
            results.make_room()
            yield result.value
    finally:
        results.close()
        samples.stop()
        for worker in workers:
            worker.join()


@dataclass(frozen=True)
class _Result:
    """What became of a sample: a value, or else an error."""

    number: int
    value: Any = None
    error: BaseException | None = None


def _sorted(results: Iterator[_Result]) -> Iterator[_Result]:
    """Give results by their numbers, from 0 on."""
    held: dict[int, _Result] = {}
    wanted = 0
    for result in results:
        held[result.number] = result
        while wanted in held:
            yield held.pop(wanted)
            wanted += 1


class _Shared:
    """The samples, for one thread at a time, and how many threads go on."""

    def __init__(self, samples: Iterator[Any], threads: int) -> None:
        self._samples = samples
        self._lock = threading.Lock()
        self._taken = 0
        self._left = threads

    def take(self) -> _Result:
        """Return the next sample, or the reader's error.

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
                return _Result(number, error=error)
            self._taken += 1
            return _Result(number, sample)

    def leave(self) -> bool:
        """Tell the last thread that it is that."""
        with self._lock:
            self._left -= 1
            return self._left == 0


def _map(mapper: Callable[[Any], Any], shared: _Shared, results: Buffer[_Result]) -> None:
    while results.claim():
        try:
            result = shared.take()
        except StopIteration:
            break
        if result.error is None:
            try:
                result = replace(result, value=mapper(result.value))
            except BaseException as error:  # whatever it is, the reader must not wait forever
                result = _Result(result.number, error=error)
        results.give(result)
        if result.error is not None:
            return
    if shared.leave():
        results.end(None)
