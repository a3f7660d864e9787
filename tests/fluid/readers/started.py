"""What loaders give that programs read."""

from typing import Any, Dict

import numpy as np

from fluid.readers.asking import (
    CPU,
    LABEL,
    ONES,
    Question,
    batches,
    collected,
    fails,
    into,
    iterable,
    runs,
    samples,
    started,
    x_y,
)

QUESTIONS: Dict[str, Question] = {}
question = into(QUESTIONS)


@question
def an_epoch(paddle: Any) -> Any:
    x, y = x_y(paddle)
    started(paddle, batches(), [x, y]).start()
    return runs(paddle, [x * 2.0, y], 5)


@question
def an_epoch_without_double_buffer(paddle: Any) -> Any:
    x, y = x_y(paddle)
    started(paddle, batches(), [x, y], use_double_buffer=False).start()
    return runs(paddle, [x * 2.0, y], 5)


@question
def epochs_with_reset(paddle: Any) -> Any:
    x, y = x_y(paddle)
    loader = started(paddle, batches(), [x, y])
    found = []
    for count in (4, 1, 4):
        loader.start()
        found += runs(paddle, [y], count)
        loader.reset()
    return found


@question
def starting_without_reset(paddle: Any) -> Any:
    x, y = x_y(paddle)
    loader = started(paddle, batches(), [x, y])
    loader.start()
    first = runs(paddle, [y], 4)
    loader.start()
    return [first, runs(paddle, [y], 2)]


@question
def resetting_what_is_not_started(paddle: Any) -> Any:
    x, y = x_y(paddle)
    loader = started(paddle, batches(), [x, y])
    loader.reset()
    loader.reset()
    loader.start()
    return runs(paddle, [y], 4)


@question
def one_that_has_no_data(paddle: Any) -> Any:
    variables = x_y(paddle)
    iterable(paddle, variables, iterable=False).start()
    return runs(paddle, variables, 1)


@question
def when_the_generator_begins(paddle: Any) -> Any:
    begun = []

    def read() -> Any:
        begun.append(True)
        yield np.zeros([1, 2], "float32"), np.zeros([1, 1], "int64")

    variables = x_y(paddle)
    loader = started(paddle, read, variables)
    loader.start()
    loader.reset()
    loader.start()
    before = len(begun)
    return [before, runs(paddle, variables, 1), len(begun)]


def two_loaders(first: int, second: int) -> Question:
    def asked(paddle: Any) -> Any:
        x, y = x_y(paddle)
        z = paddle.fluid.data("z", [None, 1], "int64")
        loaders = [
            started(paddle, batches(first), [x, y]),
            started(paddle, lambda: ([b[1]] for b in batches(second)()), [z]),
        ]
        for loader in loaders:
            loader.start()
        found = [runs(paddle, [y, z], 4)]
        for loader in loaders:
            loader.reset()
            loader.start()
            found.append(runs(paddle, [y, z], 3))
        return found

    return asked


QUESTIONS["the_first_of_two_ends"] = two_loaders(3, 10)
QUESTIONS["the_second_of_two_ends"] = two_loaders(10, 2)


@question
def two_loaders_of_one_variable(paddle: Any) -> Any:
    variables = x_y(paddle)
    for source in (batches(3, 2), batches(5, 1)):
        started(paddle, source, variables).start()
    return runs(paddle, variables, 4)


@question
def a_feed_beside_the_loader(paddle: Any) -> Any:
    x, y = x_y(paddle)
    started(paddle, batches(), [x, y]).start()
    z = paddle.fluid.data("z", [None, 2])
    feed = {"x": np.full([2, 2], 9, "float32"), "z": np.ones([1, 2], "float32")}
    return runs(paddle, [x + 1.0, y, z + 1.0], 4, feed=feed)


@question
def a_loader_whose_data_nothing_reads(paddle: Any) -> Any:
    started(paddle, batches()).start()
    return runs(paddle, [paddle.fluid.layers.fill_constant([1], "float32", 2.0)], 4)


@question
def pruning_what_nothing_reads(paddle: Any) -> Any:
    x, y = x_y(paddle)
    started(paddle, batches(), [x, y]).start()
    other = paddle.fluid.layers.fill_constant([1], "float32", 2.0)
    return [runs(paddle, [other], 4, use_prune=True), runs(paddle, [x * 2.0], 4, use_prune=True)]


@question
def clones(paddle: Any) -> Any:
    x, y = x_y(paddle)
    started(paddle, batches(5), [x, y]).start()
    name = (x * 2.0).name
    main = paddle.fluid.default_main_program()
    programs = [main.clone(), main.clone(for_test=True), main]
    return [runs(paddle, [name], 2, program=program) for program in programs]


@question
def the_startup_program(paddle: Any) -> Any:
    x, y = x_y(paddle)
    started(paddle, batches(2), [x, y]).start()
    exe = paddle.fluid.Executor(CPU(paddle))
    exe.run(paddle.fluid.default_startup_program())
    return runs(paddle, [y], 3)


@question
def several_executors(paddle: Any) -> Any:
    x, y = x_y(paddle)
    started(paddle, batches(4), [x, y]).start()
    return [runs(paddle, [y], 2), runs(paddle, [y], 3)]


@question
def a_run_that_fails_takes_its_batch(paddle: Any) -> Any:
    x, y = x_y(paddle)
    z = paddle.fluid.data("z", [-1, 2])
    started(paddle, batches(3), [x, y]).start()
    fetches = [x + z, y]
    exe = paddle.fluid.Executor(CPU(paddle))
    first = runs(paddle, fetches, 1, exe, feed={"z": np.ones([5, 2], "float32")})
    return [first, runs(paddle, fetches, 3, exe, feed={"z": np.ones([2, 2], "float32")})]


@question
def a_loader_made_behind_the_layers(paddle: Any) -> Any:
    x, y = x_y(paddle)
    fetches = [x * 2.0, y]
    started(paddle, batches(1), [x, y]).start()
    return runs(paddle, fetches, 2)


def unchecked(*values: Any) -> Question:
    def asked(paddle: Any) -> Any:
        x = paddle.fluid.layers.data("x", [2])
        started(paddle, lambda: ([value] for value in values), [x]).start()
        return runs(paddle, [x], len(values) + 1)

    return asked


QUESTIONS["layers_data_is_not_checked"] = unchecked(np.ones([2, 3]), np.ones([2], "int32"))


def misfit(value: Any) -> Question:
    def asked(paddle: Any) -> Any:
        variables = x_y(paddle)
        good = ONES, LABEL
        started(paddle, lambda: iter([value, good]), variables).start()
        return runs(paddle, variables, 3)

    return asked


QUESTIONS["a_batch_of_another_shape"] = misfit((np.ones([2, 3], "float32"), LABEL))
QUESTIONS["a_batch_of_another_dtype"] = misfit((np.ones([2, 2]), LABEL))
QUESTIONS["a_batch_with_too_few"] = misfit((ONES,))
QUESTIONS["a_batch_with_too_many"] = misfit((ONES, LABEL, LABEL))


@question
def a_generator_that_raises_in_a_run(paddle: Any) -> Any:
    x, y = x_y(paddle)
    loader = started(paddle, fails, [x, y])
    loader.start()
    first = runs(paddle, [y], 1)
    loader.reset()
    loader.start()
    second = runs(paddle, [y], 1)
    loader.reset()
    loader.set_batch_generator(batches(1))
    loader.start()
    return [first, second, runs(paddle, [y], 2)]


@question
def levels_of_detail_in_a_run(paddle: Any) -> Any:
    fluid = paddle.fluid
    x = fluid.data("x", [None, 4], lod_level=1)

    def read() -> Any:
        for lengths in ([1, 2], [3], [0, 3]):
            boxes = np.arange(12, dtype="float32").reshape(3, 4)
            yield [fluid.create_lod_tensor(boxes, [lengths], CPU(paddle))]
        yield [np.ones([2, 4], "float32")]

    started(paddle, read, [x]).start()
    return runs(paddle, [x, x * 2.0], 5, return_numpy=False)


@question
def training(paddle: Any) -> Any:
    fluid = paddle.fluid
    fluid.default_startup_program().random_seed = 3
    x, y = x_y(paddle)
    loader = iterable(paddle, [x, y], iterable=False)
    loader.set_sample_list_generator(paddle.batch(samples(6), 2))
    constant = fluid.initializer.Constant(0.5)
    loss = fluid.layers.reduce_mean(fluid.layers.fc(x, 1, param_attr=constant))
    fluid.optimizer.SGD(0.125).minimize(loss)
    exe = fluid.Executor(CPU(paddle))
    exe.run(fluid.default_startup_program())
    losses = []
    for _ in range(2):
        loader.start()
        try:
            while True:
                losses += exe.run(fetch_list=[loss])
        except fluid.core.EOFException:
            loader.reset()
    return losses


@question
def py_reader_iterated(paddle: Any) -> Any:
    reader = paddle.fluid.io.PyReader(x_y(paddle), 4)
    found = [reader.iterable]
    found.append(reader.decorate_batch_generator(batches(2), CPU(paddle)))
    found.append(collected(reader()))
    reader.decorate_sample_generator(samples(), 2, places=CPU(paddle))
    found.append(collected(reader))
    reader.decorate_sample_list_generator(paddle.batch(samples(3), 2), CPU(paddle))
    return [*found, collected(reader())]


@question
def py_reader_started(paddle: Any) -> Any:
    x, y = x_y(paddle)
    reader = paddle.fluid.io.PyReader([x, y], 4, iterable=False)
    reader.decorate_batch_generator(batches(2))
    found = []
    for _ in range(2):
        reader.start()
        found += runs(paddle, [y], 3)
        reader.reset()
    return found


# Several places.


def data_parallel(count: int, iterable_one: bool = False) -> Question:
    def asked(paddle: Any) -> Any:
        fluid = paddle.fluid
        x, y = x_y(paddle)
        loader = iterable(paddle, [x, y], iterable=iterable_one)
        constant = fluid.initializer.Constant(0.5)
        loss = fluid.layers.reduce_mean(fluid.layers.fc(x, 1, param_attr=constant))
        fluid.optimizer.SGD(0.125).minimize(loss)
        exe = fluid.Executor(CPU(paddle))
        exe.run(fluid.default_startup_program())
        places = fluid.cpu_places(2)
        program = fluid.CompiledProgram(fluid.default_main_program())
        program = program.with_data_parallel(loss_name=loss.name, places=places)
        if iterable_one:
            loader.set_batch_generator(batches(count), places)
            return [exe.run(program, feed=data, fetch_list=[loss, y]) for data in loader()]
        loader.set_batch_generator(batches(count))
        found = []
        for _ in range(2):
            loader.start()
            found.append(runs(paddle, [loss, y], 4, exe, program=program))
            loader.reset()
        return found

    return asked


QUESTIONS["data_parallel"] = data_parallel(4)
QUESTIONS["data_parallel_with_a_rest"] = data_parallel(5)
QUESTIONS["data_parallel_iterated"] = data_parallel(4, iterable_one=True)
QUESTIONS["data_parallel_iterated_with_a_rest"] = data_parallel(5, iterable_one=True)
