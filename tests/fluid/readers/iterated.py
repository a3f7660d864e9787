"""What loaders give that one iterates over."""

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
    plain,
    refused,
    samples,
    started,
    x_y,
)

QUESTIONS: Dict[str, Question] = {}
question = into(QUESTIONS)


def of_samples(places: int = 1, **more: Any) -> Question:
    def asked(paddle: Any) -> Any:
        keep = more.pop("keep", False)
        loader = iterable(paddle, **more)
        cpus = [CPU(paddle)] * places
        loader.set_sample_generator(samples(10), 3, drop_last=not keep, places=cpus)
        return collected(loader())

    return asked


QUESTIONS["samples"] = of_samples()
QUESTIONS["samples_keep_last"] = of_samples(keep=True)
QUESTIONS["samples_as_lists"] = of_samples(return_list=True)
QUESTIONS["samples_two_places"] = of_samples(2)
QUESTIONS["samples_two_places_keep_last"] = of_samples(2, keep=True)
QUESTIONS["samples_three_places_drop_rest"] = of_samples(3, keep=True)
QUESTIONS["samples_three_places_keep_rest"] = of_samples(3, keep=True, drop_last=False)
QUESTIONS["samples_three_places_keep_rest_lists"] = of_samples(
    3, keep=True, drop_last=False, return_list=True
)


@question
def sample_lists(paddle: Any) -> Any:
    cpu = CPU(paddle)
    loader = iterable(paddle).set_sample_list_generator(paddle.batch(samples(), 2), cpu)
    return collected(loader())


@question
def batches_as_they_are(paddle: Any) -> Any:
    def read() -> Any:
        yield [[1.0, 2.0]], [[1]]  # lists; float64
        yield np.zeros([2, 3, 4], "uint8"), np.ones([1], "int8")  # not as declared
        yield paddle.fluid.create_lod_tensor(np.ones([3, 2]), [[1, 2]], cpu), np.ones([3, 1])

    cpu = CPU(paddle)
    return collected(iterable(paddle).set_batch_generator(read, cpu))


@question
def one_buffer_for_all_batches(paddle: Any) -> Any:
    def read() -> Any:
        x, y = np.zeros([1, 2], "float32"), np.zeros([1, 1], "int64")
        for i in range(4):
            x[:], y[:] = i, i
            yield x, y

    return collected(iterable(paddle).set_batch_generator(read, CPU(paddle)))


@question
def epochs(paddle: Any) -> Any:
    loader = iterable(paddle).set_batch_generator(batches(2), CPU(paddle))
    return [collected(loader()), collected(loader), collected(iter(loader))]


@question
def leaving_an_epoch_early(paddle: Any) -> Any:
    loader = iterable(paddle, capacity=1)
    loader.set_batch_generator(batches(20), CPU(paddle))
    found = []
    for _ in range(3):
        for data in loader():
            found.append(plain(data))
            if len(found) % 2 == 0:
                break
    return found


@question
def iterating_twice_at_once(paddle: Any) -> Any:
    loader = iterable(paddle).set_batch_generator(batches(4), CPU(paddle))
    first = iter(loader)
    found = [next(first)]
    second = iter(loader)
    return [first is second is loader, found, next(first), next(second), loader.next()]


@question
def feeding_what_the_loader_gives(paddle: Any) -> Any:
    x, y = x_y(paddle)
    fetches = [x + 1.0, y]
    loader = iterable(paddle, [x, y]).set_batch_generator(batches(2), CPU(paddle))
    exe = paddle.fluid.Executor(CPU(paddle))
    return [exe.run(feed=data, fetch_list=fetches) for data in loader()]


def lod_samples() -> Any:
    for i in range(5):
        yield np.full([i + 1, 2], i, "float64"), [i]


def with_lod(method: str) -> Question:
    def asked(paddle: Any) -> Any:
        fluid = paddle.fluid
        x = fluid.data("x", [None, 2], lod_level=1)
        y = fluid.data("y", [None, 1], "int64")
        loader, cpu = iterable(paddle, [x, y]), CPU(paddle)
        if method == "samples":
            loader.set_sample_generator(lod_samples, 2, drop_last=False, places=cpu)
        else:
            loader.set_sample_list_generator(paddle.batch(lod_samples, 2), cpu)
        return collected(loader())

    return asked


QUESTIONS["lod_samples"] = with_lod("samples")
QUESTIONS["lod_sample_lists"] = with_lod("lists")


@question
def two_levels(paddle: Any) -> Any:
    def read() -> Any:
        yield [([[[1, 2]], [[3, 4], [5, 6]]], 7), ([[[1, 2], [1, 1]]], 8)]

    x = paddle.fluid.data("x", [None, 2], lod_level=2)
    y = paddle.fluid.data("y", [None, 1], "int64")
    return collected(iterable(paddle, [x, y]).set_sample_list_generator(read, CPU(paddle)))


def of_one(method: str, value: Any) -> Question:
    """Ask for what becomes of one item of a generator for two variables."""

    def asked(paddle: Any) -> Any:
        loader = iterable(paddle)
        if method == "set_sample_generator":
            loader.set_sample_generator(lambda: iter([value] * 2), 2, places=CPU(paddle))
        else:
            getattr(loader, method)(lambda: iter([value]), CPU(paddle))
        return collected(loader())

    return asked


QUESTIONS["batch_of_ragged_lists"] = of_one("set_batch_generator", ([[1.0, 2.0], [1.0]], LABEL))
QUESTIONS["batch_with_too_few"] = of_one("set_batch_generator", (ONES,))
QUESTIONS["batch_with_too_many"] = of_one("set_batch_generator", (ONES, LABEL, LABEL))
QUESTIONS["batch_of_text"] = of_one("set_batch_generator", (np.array(["a"]), LABEL))
QUESTIONS["batch_that_is_a_dict"] = of_one("set_batch_generator", {"x": ONES, "y": LABEL})
QUESTIONS["batch_that_is_a_number"] = of_one("set_batch_generator", 3)
QUESTIONS["sample_with_too_many"] = of_one("set_sample_generator", (ONES[0], [1], [2]))
QUESTIONS["sample_of_numbers"] = of_one("set_sample_generator", ([1, 2], 7))
QUESTIONS["sample_of_another_shape"] = of_one("set_sample_generator", (ONES, 7))
QUESTIONS["sample_that_fits_no_shape"] = of_one("set_sample_generator", (np.ones([3, 1, 1]), 7))
QUESTIONS["sample_list_with_too_few"] = of_one("set_sample_list_generator", [(ONES[0],)])
QUESTIONS["sample_list_with_too_many"] = of_one("set_sample_list_generator", [(ONES[0], 1, 1)])
QUESTIONS["sample_list_of_two_shapes"] = of_one(
    "set_sample_list_generator", [(ONES[0], 1), (ONES, 1)]
)


@question
def a_generator_that_raises(paddle: Any) -> Any:
    loader = iterable(paddle).set_batch_generator(fails, CPU(paddle))
    return [collected(loader()), collected(loader())]


def generator_loader(*args: Any, **more: Any) -> Question:
    return refused(lambda p: p.fluid.io.DataLoader.from_generator(*args, **more))


QUESTIONS["no_capacity"] = refused(lambda p: p.fluid.io.DataLoader.from_generator(x_y(p)))
QUESTIONS["no_variables"] = generator_loader(capacity=3)
QUESTIONS["an_empty_list_of_variables"] = generator_loader([], capacity=3)
QUESTIONS["starting_an_iterable"] = refused(lambda p: iterable(p).start())
QUESTIONS["resetting_an_iterable"] = refused(lambda p: iterable(p).reset())
QUESTIONS["iterating_without_data"] = refused(lambda p: iter(iterable(p)))
QUESTIONS["iterating_over_a_started"] = refused(lambda p: iter(started(p, batches())))
QUESTIONS["next_without_iter"] = refused(
    lambda p: next(iterable(p).set_batch_generator(batches(), CPU(p)))
)
QUESTIONS["no_places"] = refused(lambda p: iterable(p).set_batch_generator(batches()))
QUESTIONS["a_number_for_a_place"] = refused(lambda p: iterable(p).set_batch_generator(batches(), 3))
QUESTIONS["a_negative_capacity"] = refused(
    lambda p: iter(iterable(p, capacity=-1).set_batch_generator(batches(), CPU(p)))
)
QUESTIONS["batches_of_nothing"] = refused(lambda p: iterable(p).set_sample_generator(samples(), 0))
QUESTIONS["a_batch_size_in_words"] = refused(
    lambda p: iterable(p).set_sample_generator(samples(), "2", places=CPU(p))
)
