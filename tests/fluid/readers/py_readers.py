"""What `fluid.layers.py_reader` and its kin give."""

from typing import Any, Dict

import numpy as np

from fluid.readers.asking import (
    CPU,
    LABEL,
    ONES,
    Question,
    batches,
    into,
    refused,
    runs,
    samples,
    x_y,
)

QUESTIONS: Dict[str, Question] = {}
question = into(QUESTIONS)


def described(variable: Any) -> Any:
    dtype = str(variable.dtype)
    shape = list(variable.shape)
    return [variable.name, shape, dtype, variable.lod_level, variable.stop_gradient]


def py_reader(paddle: Any, **more: Any) -> Any:
    return paddle.fluid.layers.py_reader(4, [(-1, 2), (-1, 1)], ["float32", "int64"], **more)


def begin(paddle: Any, reader: Any) -> None:
    # In 1.8.5 the startup program makes these readers.
    paddle.fluid.Executor(CPU(paddle)).run(paddle.fluid.default_startup_program())
    reader.start()


@question
def py_reader_of_samples(paddle: Any) -> Any:
    reader = py_reader(paddle)
    fields = paddle.fluid.layers.read_file(reader)
    reader.decorate_paddle_reader(paddle.batch(samples(), 2))
    begin(paddle, reader)
    return [reader.name, [described(field) for field in fields], runs(paddle, fields, 4)]


@question
def py_reader_of_batches(paddle: Any) -> Any:
    reader = py_reader(paddle, name="train", use_double_buffer=False)
    fields = paddle.fluid.layers.read_file(reader)
    odd = np.ones([2, 3]), np.ones([1], "int32")  # as they are: nothing is checked
    reader.decorate_tensor_provider(lambda: iter([odd] * 2))
    begin(paddle, reader)
    found = [reader.name, runs(paddle, fields, 3)]
    reader.reset()
    reader.start()
    return [*found, runs(paddle, fields, 3)]


@question
def py_reader_with_levels_of_detail(paddle: Any) -> Any:
    layers = paddle.fluid.layers
    reader = layers.py_reader(4, [(2,), (1,)], ["float32", "int64"], [1, 0], name="named")
    reader.decorate_sample_list_generator(lambda: iter([[([[1, 2]], 3), ([[1, 2], [3, 4]], 5)]]))
    fields = layers.read_file(reader)
    begin(paddle, reader)
    answers = runs(paddle, fields, 2, return_numpy=False)
    return [reader.name, [described(field) for field in fields], answers]


@question
def py_reader_by_data(paddle: Any) -> Any:
    layers = paddle.fluid.layers
    reader = layers.create_py_reader_by_data(4, x_y(paddle))
    fields = layers.read_file(reader)
    good, bad = (ONES, LABEL), (np.ones([2, 3], "float32"), LABEL)
    reader.decorate_batch_generator(lambda: iter([good, bad, good]))
    begin(paddle, reader)
    answers = runs(paddle, fields, 4)
    return [reader.name, [described(field) for field in fields], answers]


@question
def py_reader_by_data_of_samples(paddle: Any) -> Any:
    layers = paddle.fluid.layers
    reader = layers.create_py_reader_by_data(4, x_y(paddle), name="named")
    reader.decorate_paddle_reader(paddle.batch(samples(3), 2))
    fields = layers.read_file(reader)
    begin(paddle, reader)
    return [reader.name, runs(paddle, fields, 3)]


@question
def double_buffer(paddle: Any) -> Any:
    layers = paddle.fluid.layers
    reader = layers.py_reader(4, [(-1, 2)], ["float32"], use_double_buffer=False)
    buffered = layers.double_buffer(reader)
    field = layers.read_file(buffered)
    reader.decorate_batch_generator(lambda: ([batch[0]] for batch in batches(3)()))
    begin(paddle, reader)
    return [buffered.name, described(field), runs(paddle, [field], 2)]


@question
def reading_twice_in_a_run(paddle: Any) -> Any:
    reader = py_reader(paddle)
    first, second = (paddle.fluid.layers.read_file(reader) for _ in range(2))
    reader.decorate_batch_generator(batches(4))
    begin(paddle, reader)
    return [[described(field) for field in second], runs(paddle, [first[1], second[1]], 3)]


@question
def py_reader_in_a_clone(paddle: Any) -> Any:
    reader = py_reader(paddle)
    field = paddle.fluid.layers.read_file(reader)[1]
    program = paddle.fluid.default_main_program().clone(for_test=True)
    reader.decorate_batch_generator(batches(3))
    begin(paddle, reader)
    return [runs(paddle, [field.name], 1, program=program), runs(paddle, [field], 3)]


QUESTIONS["py_reader_by_one_variable"] = refused(
    lambda p: p.fluid.layers.create_py_reader_by_data(4, x_y(p)[0])
)
