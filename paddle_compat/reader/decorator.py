"""`paddle.reader.decorator`: readers made of readers.

A reader is a function without arguments that returns an iterable of samples. Those that a thread or
a process reads ahead pass on what it raises; 1.8 waits forever instead.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from paddle_compat.errors import unsupported_attribute
from paddle_compat.reader._prefetch import Prefetched
from paddle_compat.reader._processes import in_processes
from paddle_compat.reader._threads import in_threads

__all__ = [
    "ComposeNotAligned",
    "buffered",
    "cache",
    "chain",
    "compose",
    "firstn",
    "map_readers",
    "multiprocess_reader",
    "shuffle",
    "xmap_readers",
]

Reader = Callable[[], Iterable[Any]]


def cache(reader: Reader) -> Callable[[], Iterator[Any]]:
    """Return a reader of the same samples, which are read once, now.

    Source:
        ``paddle.reader.cache``, PaddlePaddle 1.8.
    """
    samples = tuple(reader())

    def cached() -> Iterator[Any]:
        yield from samples

    return cached


def map_readers(func: Callable[..., Any], *readers: Reader) -> Callable[[], Iterator[Any]]:
    """Return a reader of a function's results for the samples of readers, side by side.

    Example:
        >>> from paddle_compat import reader
        >>> list(reader.map_readers(max, lambda: [1, 5], lambda: [2, 3])())
        [2, 5]

    Source:
        ``paddle.reader.map_readers``, PaddlePaddle 1.8.
    """

    def mapped() -> Iterator[Any]:
        yield from map(func, *[reader() for reader in readers])

    return mapped


def shuffle(reader: Reader, buf_size: int) -> Callable[[], Iterator[Any]]:
    """Return a reader that gives every so many samples in a random order, by Python's `random`.

    Source:
        ``paddle.reader.shuffle``, PaddlePaddle 1.8; after ``random.seed``, the same order.
    """

    def shuffled() -> Iterator[Any]:
        held: list[Any] = []
        for sample in reader():
            held.append(sample)
            if len(held) >= buf_size:
                random.shuffle(held)
                yield from held
                held = []
        if held:
            random.shuffle(held)
            yield from held

    return shuffled


def chain(*readers: Reader) -> Callable[[], Iterator[Any]]:
    """Return a reader of the samples of readers, one after the other.

    Source:
        ``paddle.reader.chain``, PaddlePaddle 1.8.
    """

    def chained() -> Iterator[Any]:
        yield from itertools.chain(*[reader() for reader in readers])

    return chained


class ComposeNotAligned(ValueError):  # noqa: N818 - Paddle's name
    """Readers that are composed have different numbers of samples."""


def compose(*readers: Reader, **kwargs: Any) -> Callable[[], Iterator[tuple[Any, ...]]]:
    """Return a reader that puts the samples of readers together to one: tuples are joined.

    Args:
        readers: each sample is a tuple of fields, or one field.
        kwargs: ``check_alignment=False`` ends with the shortest reader, without an error.

    Raises:
        ComposeNotAligned: on reading, when one reader ends before another, or a sample is None.

    Example:
        >>> from paddle_compat import reader
        >>> list(reader.compose(lambda: [(1, 2)], lambda: [3])())
        [(1, 2, 3)]

    Source:
        ``paddle.reader.compose``, PaddlePaddle 1.8.
    """
    aligned = kwargs.pop("check_alignment", True)

    def composed() -> Iterator[tuple[Any, ...]]:
        rows = [reader() for reader in readers]
        for row in itertools.zip_longest(*rows) if aligned else zip(*rows, strict=False):
            if aligned and any(sample is None for sample in row):
                short = [number for number, sample in enumerate(row) if sample is None]
                raise ComposeNotAligned(
                    f"compose: reader {short[0]} has no sample where others have one; readers must "
                    "have equally many, none of them None, or pass check_alignment=False"
                )
            yield sum((s if isinstance(s, tuple) else (s,) for s in row), ())

    return composed


def buffered(reader: Reader, size: int) -> Callable[[], Iterator[Any]]:
    """Return a reader that a thread reads ahead.

    Args:
        reader: is read.
        size: how many samples wait at most; 0 or less is any number.

    Source:
        ``paddle.reader.buffered``, PaddlePaddle 1.8.
    """

    def ahead() -> Iterator[Any]:
        samples = Prefetched(reader, size if size > 0 else None)
        try:
            yield from samples
        finally:
            samples.stop()

    return ahead


def firstn(reader: Reader, n: int) -> Callable[[], Iterator[Any]]:
    """Return a reader of a reader's first samples.

    Source:
        ``paddle.reader.firstn``, PaddlePaddle 1.8.
    """

    def first() -> Iterator[Any]:
        for number, sample in enumerate(reader()):
            if number == n:
                return
            yield sample

    return first


def xmap_readers(
    mapper: Callable[[Any], Any],
    reader: Reader,
    process_num: int,
    buffer_size: int,
    order: bool = False,
) -> Callable[[], Iterator[Any]]:
    """Return a reader of a function's results for a reader's samples, computed by threads.

    Args:
        mapper: takes a sample.
        reader: is read by one thread.
        process_num: how many threads compute.
        buffer_size: how many samples, and how many results, wait at most; 0 or less is any number.
        order: results come in the samples' order, or else as they are done.

    Source:
        ``paddle.reader.xmap_readers``, PaddlePaddle 1.8.
    """
    size = buffer_size if buffer_size > 0 else None
    return lambda: in_threads(mapper, reader, process_num, size, order)


def multiprocess_reader(
    readers: list[Reader], use_pipe: bool = True, queue_size: int = 1000
) -> Callable[[], Iterator[Any]]:
    """Return a reader of the samples of readers, each of them in a process of its own.

    Args:
        readers: a list; they are run by forked processes.
        use_pipe: a sample of each reader in turn, as JSON gives it back (tuples come as lists)
            where JSON can hold it; or else samples as they come.
        queue_size: how many samples wait at most, without pipes.

    Raises:
        AssertionError: readers is no list, or empty.
        ValueError: on reading, when a reader raises, or gives None.

    Source:
        ``paddle.reader.multiprocess_reader``, PaddlePaddle 1.8.
    """
    if type(readers) is not list or not readers:
        raise AssertionError(
            "multiprocess_reader: readers must be a list of at least one reader, but it is "
            f"{readers!r}"
        )
    return lambda: in_processes(readers, in_turn=use_pipe, capacity=queue_size)


__getattr__ = unsupported_attribute(
    __name__, "paddle.reader.decorator", offered=__all__, section="Legacy programs"
)
