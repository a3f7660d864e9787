"""Loaders where real 1.8.5 waits forever, crashes or tells nothing; and how their threads end."""

from __future__ import annotations

import gc
import re
import signal
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from paddle_compat import UnsupportedAPIError, fluid

CPU = fluid.CPUPlace()
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        yield


@pytest.fixture(autouse=True)
def no_thread_stays() -> Iterator[None]:
    before = set(threading.enumerate())
    yield
    gc.collect()
    until = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < until:
        time.sleep(0.01)
    assert set(threading.enumerate()) - before == set()


def declared() -> list[Any]:
    return [fluid.data("x", [None, 2])]


def batch(value: float) -> list[Any]:
    return [np.full([1, 2], value, "float32")]


def numbers(count: int = 10**9) -> Any:
    return (batch(i) for i in range(count))


def failing() -> Iterator[Any]:
    yield batch(0)
    yield batch(1)
    raise KeyError("a broken record")


def started(
    source: Callable[[], Any], capacity: int = 2, names: list[Any] | None = None
) -> tuple[Any, Callable[[], float]]:
    """Return a loader that is not iterable, and what runs the program once."""
    x = declared() if names is None else names
    loader = fluid.io.DataLoader.from_generator(x, capacity, iterable=False)
    loader.set_batch_generator(source)
    exe = fluid.Executor(CPU)
    program = fluid.default_main_program()
    return loader, lambda: float(exe.run(program, fetch_list=[x[0]])[0][0, 0])


def iterable(source: Callable[[], Any], capacity: int = 2) -> Any:
    loader = fluid.io.DataLoader.from_generator(declared(), capacity)
    return loader.set_batch_generator(source, CPU)


def told(error: pytest.ExceptionInfo[BaseException]) -> str:
    return str(error.value)


def test_a_run_without_start_says_so() -> None:
    _, run = started(numbers)
    with pytest.raises(fluid.core.EnforceNotMet, match=r"'x'.* not started; call its start\(\)"):
        run()


def test_a_run_after_reset_without_start_says_so() -> None:
    loader, run = started(numbers)
    loader.start()
    assert run() == 0
    loader.reset()
    with pytest.raises(fluid.core.EnforceNotMet, match="not started"):
        run()


def test_the_end_tells_what_to_catch_and_to_call() -> None:
    loader, run = started(lambda: numbers(1))
    loader.start()
    run()
    for _ in range(2):
        with pytest.raises(fluid.core.EOFException, match=r"fluid.core.EOFException.*reset\(\)"):
            run()


def test_what_a_generator_raises_comes_behind_its_batches_with_its_line() -> None:
    loader, run = started(failing)
    loader.start()
    assert [run(), run()] == [0, 1]
    for _ in range(2):  # again until reset
        with pytest.raises(fluid.core.EnforceNotMet) as caught:
            run()
        assert "the generator of the loader of 'x' failed: KeyError: 'a broken record'" in told(
            caught
        )
        assert re.search(r'test_readers\.py:\d+: raise KeyError\("a broken record"\)', told(caught))
        assert isinstance(caught.value.__cause__, KeyError)
    loader.reset()
    loader.start()
    assert run() == 0


def test_an_iterable_loader_passes_on_what_its_generator_raises() -> None:
    found = []

    def train() -> None:
        for [data] in iterable(failing)():
            found.append(float(np.array(data["x"])[0, 0]))

    with pytest.raises(fluid.core.EnforceNotMet, match="a broken record") as caught:
        train()
    assert found == [0, 1]
    assert isinstance(caught.value.__cause__, KeyError)


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), StopAsyncIteration()])
def test_no_error_of_a_generator_is_waited_for_forever(error: BaseException) -> None:
    def source() -> Iterator[Any]:
        raise error
        yield

    loader, run = started(source)
    loader.start()
    with pytest.raises(fluid.core.EnforceNotMet, match=type(error).__name__):
        run()


def test_samples_that_do_not_fit_are_told_with_the_variable() -> None:
    loader = fluid.io.DataLoader.from_generator(declared(), 2)
    loader.set_sample_generator(lambda: [([1, 2],), ([1, 2, 3],)], 2, places=CPU)
    with pytest.raises(
        fluid.core.EnforceNotMet, match=r"fields for 'x' make no array.*lod_level=1"
    ):
        list(loader())


def test_ragged_batches_are_told() -> None:
    with pytest.raises(fluid.core.EnforceNotMet, match=r"TypeError: .*create_lod_tensor"):
        list(iterable(lambda: [[[[1.0], [1.0, 2.0]]]])())


def test_a_batch_of_another_shape_or_dtype_names_the_variable() -> None:
    loader, run = started(lambda: [[np.ones([1, 3], "float32")], [np.ones([1, 2])], batch(5)])
    loader.start()
    with pytest.raises(fluid.core.EnforceNotMet, match=r"'x' must have the shape.*\[1, 3\]"):
        run()
    with pytest.raises(fluid.core.EnforceNotMet, match="'x' must be float32, but it is float64"):
        run()
    assert run() == 5


def test_a_batch_with_too_few_fields_names_the_variables() -> None:
    x, y = declared()[0], fluid.data("y", [None, 1])
    loader, run = started(lambda: numbers(1), names=[x, y])
    loader.start()
    with pytest.raises(fluid.core.EnforceNotMet, match="has 1 fields for 2 variables, 'x', 'y'"):
        run()


@pytest.mark.parametrize("variables", ["x", ["x"], 3])
def test_what_is_no_variable_is_refused_at_once(variables: Any) -> None:
    declared()
    with pytest.raises(TypeError, match="feed_list must"):
        fluid.io.DataLoader.from_generator(variables, 2)


@pytest.mark.parametrize("capacity", [-1, 2.5, True, "2"])
def test_a_capacity_that_is_none_is_refused_at_once(capacity: Any) -> None:
    with pytest.raises(TypeError, match=r"capacity.*positive int"):
        fluid.io.DataLoader.from_generator(declared(), capacity)


def test_an_exhausted_loader_stays_exhausted() -> None:
    loader = iterable(lambda: numbers(1))
    batches = iter(loader)
    next(batches)
    for _ in range(3):
        with pytest.raises(StopIteration):
            next(batches)
    assert len(list(loader)) == 1


def test_from_dataset_is_refused() -> None:
    with pytest.raises(UnsupportedAPIError, match="from_generator"):
        fluid.io.DataLoader.from_dataset(object(), [CPU])


@pytest.mark.parametrize("capacity", [1, 3])
def test_a_generator_runs_ahead_by_the_capacity_and_one(capacity: int) -> None:
    made: list[int] = []

    def source() -> Iterator[Any]:
        for i in range(100):
            made.append(i)
            yield batch(i)

    loader, run = started(source, capacity)
    loader.start()
    time.sleep(0.05)
    assert made == []  # as in 1.8, the first run begins it
    for taken in range(1, 4):
        run()
        until = time.monotonic() + 5
        while len(made) < taken + capacity + 1 and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(0.05)
        assert len(made) == taken + capacity + 1
    loader.reset()


def test_reset_in_the_middle_ends_the_generator() -> None:
    ended = threading.Event()

    def source() -> Iterator[Any]:
        try:
            yield from numbers()
        finally:
            ended.set()

    loader, run = started(source)
    loader.start()
    run()
    loader.reset()
    assert ended.is_set()
    assert not any(thread.name == "_prefetch" for thread in threading.enumerate())


def test_an_error_in_the_loop_leaves_nothing_behind() -> None:
    known: list[weakref.ref[Any]] = []

    def train() -> None:
        loader = iterable(numbers)
        known.append(weakref.ref(loader))
        for _ in loader():
            raise RuntimeError("in the loop")

    with pytest.raises(RuntimeError, match="in the loop") as caught:
        train()
    del caught
    gc.collect()
    assert known[0]() is None  # and no_thread_stays


def test_a_loader_that_nobody_holds_ends_its_thread() -> None:
    batches = iter(iterable(numbers))
    next(batches)
    del batches  # and no_thread_stays


SCRIPT = """
import itertools, signal, sys, time
import numpy as np
from paddle_compat import fluid

signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background of a shell

def source():
    try:
        for step in itertools.count():
            {work}
            yield [np.zeros([1, 2], "float32")]
    finally:
        print("ended", flush=True)

x = fluid.data("x", [None, 2])
loader = fluid.io.DataLoader.from_generator([x], 2, iterable=False).set_batch_generator(source)
exe = fluid.Executor(fluid.CPUPlace())
loader.start()
exe.run(fetch_list=[x])
print("running", flush=True)
{end}
"""


def python(work: str, end: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT.format(work=work, end=end)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


@pytest.mark.parametrize(
    ("end", "code"),
    [("", 0), ("sys.exit(5)", 5), ("raise ValueError('in the loop')", 1)],
    ids=["at the end", "exit", "error"],
)
def test_a_process_ends_in_the_middle_of_an_epoch(end: str, code: int) -> None:
    process = python("np.linalg.svd(np.ones([30, 30]))", end)
    out, err = process.communicate(timeout=60)
    assert process.returncode == code
    assert out.split() == ["running", "ended"]
    assert ("in the loop" in err) if code == 1 else (err == "")


def test_an_interrupt_ends_the_process_and_its_generator() -> None:
    process = python("time.sleep(0.01)", "while True: exe.run(fetch_list=[x])")
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    time.sleep(0.2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    assert process.returncode in (1, -signal.SIGINT)
    assert out.split() == ["ended"]
    assert err.strip().endswith("KeyboardInterrupt")


def test_an_interrupt_comes_while_a_run_waits_for_a_batch() -> None:
    process = python("time.sleep(3 * (step > 0))", "exe.run(fetch_list=[x])")
    assert process.stdout is not None
    assert process.stdout.readline() == "running\n"
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert "KeyboardInterrupt" in err
    assert time.monotonic() - begun < 30


def test_a_generator_that_hangs_does_not_hang_the_exit() -> None:
    process = python("time.sleep(1000 * (step > 0))", "")
    out, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    assert out.split() == ["running"]


@pytest.mark.parametrize("workers", [0, 2])
def test_a_data_set_is_read_in_order(workers: int) -> None:
    class Numbers(fluid.io.Dataset):
        def __getitem__(self, index: int) -> Any:
            return np.full([2], index, "float32")

        def __len__(self) -> int:
            return 7

    loader = fluid.io.DataLoader(
        Numbers(), declared(), CPU, batch_size=2, num_workers=workers, drop_last=True
    )
    for _ in range(2):
        values = [np.array(data["x"])[:, 0].tolist() for [data] in loader]
        assert values == [[0, 1], [2, 3], [4, 5]]


@pytest.mark.parametrize("workers", [0, 1])
def test_an_error_of_a_data_set_comes_with_its_text(workers: int) -> None:
    class Broken(fluid.io.Dataset):
        def __getitem__(self, index: int) -> Any:
            raise KeyError("no such image")

        def __len__(self) -> int:
            return 3

    loader = fluid.io.DataLoader(Broken(), declared(), CPU, num_workers=workers)
    with pytest.raises(
        fluid.core.EnforceNotMet, match=r"(?s)the data set Broken failed: .*no such image"
    ):
        list(loader)


def test_eager_loaders_give_torch_tensors() -> None:
    with fluid.dygraph.guard():
        loader = fluid.io.DataLoader.from_generator(capacity=2).set_batch_generator(
            lambda: numbers(2)
        )
        found = [tensor for [tensor] in loader()]
    assert all(isinstance(tensor, torch.Tensor) for tensor in found)
    assert [tensor[0, 0].item() for tensor in found] == [0, 1]


def test_an_eager_process_that_fails_tells_why() -> None:
    with fluid.dygraph.guard():
        loader = fluid.io.DataLoader.from_generator(capacity=2, use_multiprocess=True)
        loader.set_batch_generator(failing)
        with pytest.raises(fluid.core.EnforceNotMet, match="a broken record"):
            list(loader())


def test_what_a_layer_reads_may_be_on_another_program() -> None:
    loader, run = started(lambda: numbers(3))
    other = fluid.Program()
    with fluid.program_guard(other):
        one = fluid.layers.fill_constant([1], "float32", 1.0)
    loader.start()
    fluid.Executor(CPU).run(other, fetch_list=[one])
    assert run() == 0
    loader.reset()
