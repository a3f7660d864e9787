"""Questions about loaders and readers, and what they are made of. For Python 3.8 too."""

import random
from typing import Any, Callable, Dict, List

import numpy as np

Question = Callable[[Any], Any]

ONES, LABEL = np.ones([2, 2], "float32"), np.ones([2, 1], "int64")


def into(questions: Dict[str, Question]) -> Callable[[Question], Question]:
    """Return a decorator that puts a function among questions."""

    def question(function: Question) -> Question:
        questions[function.__name__] = function
        return function

    return question


def CPU(paddle: Any) -> Any:  # noqa: N802
    return paddle.fluid.CPUPlace()


def plain(value: Any) -> Any:
    """Return a value that JSON holds, and that is equal where both engines agree."""
    if type(value).__name__ == "LoDTensor":
        return [plain(np.array(value)), value.recursive_sequence_lengths()]
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), value.tolist()]
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, tuple):
        return {"tuple": [plain(item) for item in value]}
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    if hasattr(value, "numpy"):
        return ["eager", plain(value.numpy())]
    return type(value).__name__


def ask(paddle: Any, function: Question) -> Any:
    fluid = paddle.fluid
    random.seed(5)
    np.random.seed(5)
    try:
        with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
            with fluid.scope_guard(fluid.Scope()):
                return plain(function(paddle))
    except Exception as error:
        return "raises " + type(error).__name__


def collected(items: Any) -> List[Any]:
    """Return the items of an iterable, and what ended it."""
    found = []
    try:
        for item in items:
            found.append(plain(item))
    except Exception as error:
        found.append("raises " + type(error).__name__)
    return found


def x_y(paddle: Any) -> List[Any]:
    return [paddle.fluid.data("x", [None, 2]), paddle.fluid.data("y", [None, 1], "int64")]


def samples(count: int = 5) -> Any:
    def read() -> Any:
        for i in range(count):
            yield np.full([2], i, "float32"), [i]

    return read


def batches(count: int = 3, size: int = 2) -> Any:
    def read() -> Any:
        for i in range(count):
            yield np.full([size, 2], i, "float32"), np.full([size, 1], i, "int64")

    return read


def fails() -> Any:
    raise KeyError("from the generator")
    yield


def runs(paddle: Any, fetches: Any, count: int, exe: Any = None, **more: Any) -> List[Any]:
    """Return what some runs fetch, or raise."""
    exe = exe or paddle.fluid.Executor(CPU(paddle))

    def run() -> Any:
        yield exe.run(fetch_list=fetches, **more)

    return [answer for _ in range(count) for answer in collected(run())]


def iterable(paddle: Any, variables: Any = None, capacity: int = 4, **more: Any) -> Any:
    variables = variables or x_y(paddle)
    return paddle.fluid.io.DataLoader.from_generator(variables, capacity, **more)


def started(paddle: Any, source: Any, variables: Any = None, **more: Any) -> Any:
    loader = iterable(paddle, variables, iterable=False, **more)
    return loader.set_batch_generator(source)


def refused(ask_loader: Callable[[Any], Any]) -> Question:
    def asked(paddle: Any) -> Any:
        ask_loader(paddle)
        return "not refused"

    return asked
