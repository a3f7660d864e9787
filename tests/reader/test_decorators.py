"""Readers of readers where real 1.8.5 waits forever; and how their threads and processes end."""

from __future__ import annotations

import gc
import multiprocessing
import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import paddle_compat as paddle
from paddle_compat import reader
from paddle_compat.reader._prefetch import Prefetched


@pytest.fixture(autouse=True)
def nothing_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    gc.collect()
    until = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < until:
        time.sleep(0.01)
    assert set(threading.enumerate()) - before == set()
    assert multiprocessing.active_children() == []


def count() -> Iterator[int]:
    number = 0
    while True:
        yield number
        number += 1


def fails() -> Iterator[int]:
    yield from range(5)
    raise KeyError("a broken record")


def same(value: Any) -> Any:
    time.sleep(random.random() / 500)
    return value


def breaks_at_five(value: int) -> int:
    if value == 5:
        raise KeyError("a broken record")
    return int(same(value))


FAILING: dict[str, Callable[[], Iterator[Any]]] = {
    "buffered": reader.buffered(fails, 2),
    "xmap_readers": reader.xmap_readers(same, fails, 3, 2, order=True),
    "xmap_readers, by the mapper": reader.xmap_readers(breaks_at_five, count, 3, 2, order=True),
}


@pytest.mark.parametrize("name", FAILING)
def test_an_error_comes_behind_the_samples_before_it(name: str) -> None:
    found = []
    samples = FAILING[name]()
    for _ in range(5):
        found.append(next(samples))
    with pytest.raises(KeyError, match="a broken record"):
        next(samples)
    assert found == [0, 1, 2, 3, 4]


def test_an_error_of_unordered_threads_comes_out() -> None:
    with pytest.raises(KeyError, match="a broken record"):
        list(reader.xmap_readers(breaks_at_five, count, 3, 2)())


@pytest.mark.parametrize("threads", [1, 3, 9])
@pytest.mark.parametrize("size", [0, 1, 4])
def test_results_of_threads_are_complete_and_in_order(threads: int, size: int) -> None:
    made = reader.xmap_readers(same, lambda: range(50), threads, size, order=True)
    assert list(made()) == list(range(50))
    made = reader.xmap_readers(same, lambda: range(50), threads, size)
    assert sorted(made()) == list(range(50))


ENDLESS: dict[str, Callable[[], Iterator[Any]]] = {
    "buffered": reader.buffered(count, 2),
    "xmap_readers": reader.xmap_readers(same, count, 3, 2),
    "xmap_readers in order": reader.xmap_readers(same, count, 3, 2, order=True),
    "pipes": reader.multiprocess_reader([count, count]),
    "queue": reader.multiprocess_reader([count, count], use_pipe=False, queue_size=3),
}


@pytest.mark.parametrize("name", ENDLESS)
def test_leaving_early_ends_threads_and_processes(name: str) -> None:
    samples = ENDLESS[name]()
    next(samples)
    samples.close()  # type: ignore[attr-defined]
    samples = ENDLESS[name]()
    next(samples)
    del samples  # and nothing_stays


@pytest.mark.parametrize("ahead", [1, 4])
def test_a_buffer_runs_ahead_by_its_size_and_one(ahead: int) -> None:
    made: list[int] = []

    def source() -> Iterator[int]:
        for number in range(100):
            made.append(number)
            yield number

    samples = reader.buffered(source, ahead)()
    next(samples)
    until = time.monotonic() + 5
    while len(made) < ahead + 2 and time.monotonic() < until:
        time.sleep(0.001)
    time.sleep(0.05)
    assert len(made) == ahead + 2


class Interrupt(BaseException):
    """Stands for KeyboardInterrupt, which would end the test run."""


def test_interrupts_at_any_moment_leave_no_thread_stuck() -> None:
    waiting = False

    def interrupt(number: int, frame: object) -> None:
        if waiting:
            raise Interrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        for _ in range(400):
            samples = Prefetched(count, 2)
            try:
                waiting = True
                signal.setitimer(signal.ITIMER_REAL, 1e-4 + random.random() / 500)
                for _ in samples:
                    pass
            except Interrupt:
                waiting = False
            stopping = threading.Thread(target=samples.stop, daemon=True)
            stopping.start()
            stopping.join(20)
            assert not stopping.is_alive()
    finally:
        signal.signal(signal.SIGALRM, before)


@pytest.mark.parametrize("use_pipe", [True, False])
def test_an_error_of_a_process_comes_with_its_text(use_pipe: bool) -> None:
    with pytest.raises(ValueError, match=r"(?s)in its process.*KeyError: 'a broken record'"):
        list(reader.multiprocess_reader([fails], use_pipe)())


@pytest.mark.parametrize("use_pipe", [True, False])
def test_a_process_that_dies_is_told(use_pipe: bool) -> None:
    def dies() -> Iterator[int]:
        yield 1
        os.kill(os.getpid(), signal.SIGKILL)

    with pytest.raises(ValueError, match="the process ended"):
        list(reader.multiprocess_reader([dies], use_pipe)())


def test_processes_give_arrays_too() -> None:
    made = reader.multiprocess_reader([lambda: [(np.ones(2), 3)]])
    [[image, label]] = list(made())
    assert image.tolist() == [1, 1]
    assert label == 3


def test_readers_that_are_not_aligned_are_told_apart() -> None:
    made = reader.compose(lambda: [1, 2], lambda: [1])
    with pytest.raises(reader.ComposeNotAligned, match="reader 1 has no sample"):
        list(made())


def test_a_batch_size_that_is_not_positive_is_told() -> None:
    with pytest.raises(ValueError, match="batch_size must be positive, but it is -1"):
        paddle.batch(count, -1)


def test_processes_need_a_list_of_readers() -> None:
    with pytest.raises(AssertionError, match="list of at least one reader"):
        reader.multiprocess_reader([])


def test_names_that_are_not_there_are_told() -> None:
    with pytest.raises(paddle.UnsupportedAPIError, match=r"paddle\.reader\.creator"):
        _ = reader.creator
