"""What feeders, data sets and eager loaders give."""

from typing import Any, Callable, Dict

import numpy as np

from fluid.readers.asking import (
    CPU,
    ONES,
    Question,
    batches,
    collected,
    into,
    refused,
    samples,
    x_y,
)

QUESTIONS: Dict[str, Question] = {}
question = into(QUESTIONS)


def fed(shapes: Dict[str, Any], rows: Any, **more: Any) -> Question:
    def asked(paddle: Any) -> Any:
        for name, (shape, dtype, level) in shapes.items():
            paddle.fluid.data(name, shape, dtype, level)
        return paddle.fluid.DataFeeder(list(shapes), CPU(paddle)).feed(rows)

    return asked


ROW = {"x": ([None, 2], "float32", 0)}
IMAGE = {"x": ([None, 1, 2, 2], "float32", 0)}
UNKNOWN = {"x": ([None, None, 2], "float32", 0)}
BYTE = {"x": ([None, 1], "uint8", 0)}
WHOLE = {"x": ([None, 1], "int64", 0)}
LOD = {"x": ([None, 2], "float32", 1), "y": ([None, 1], "int64", 1)}
FED = {
    "casts": fed(ROW, [([1, 2],), (np.array([3.0, 4.5]),)]),
    "casts_down": fed(WHOLE, [(1.7,), (-1.7,)]),
    "wraps_around": fed(BYTE, [(-1,), (300,)]),
    "reshapes": fed(IMAGE, [([1, 2, 3, 4],), ([5, 6, 7, 8],)]),
    "does_not_reshape_equal_ranks": fed(ROW, [([1, 2, 3],), ([1, 2, 3],)]),
    "does_not_reshape_unknown": fed(UNKNOWN, [([1, 2, 3, 4],)]),
    "no_reshape_fits": fed(IMAGE, [([1, 2, 3],)]),
    "two_shapes": fed(ROW, [([1, 2],), ([1, 2, 3],)]),
    "too_many": fed(ROW, [([1, 2], 3)]),
    "sequences": fed(LOD, [([[1, 2]], [1]), ([[3, 4], [5, 6]], [2, 3])]),
    "sequences_of_rows": fed(LOD, [(np.ones([2, 2]), np.ones([2, 1])), (np.ones([1, 2]), [[1]])]),
    "an_empty_sequence": fed(LOD, [([[1, 2]], [1]), ([], [])]),
    "a_generator": fed(ROW, (([i, i],) for i in range(2))),
}
QUESTIONS.update({"feeder_" + name: asked for name, asked in FED.items()})


def checked(check: Callable[[Any, Any], Any]) -> Question:
    def asked(paddle: Any) -> Any:
        check(paddle.fluid.data_feeder, x_y(paddle)[0])
        return "passes"

    return asked


FLOATS = ["float32", "float64"]
CHECKED = {
    "variable": lambda d, x: d.check_variable_and_dtype(x, "x", FLOATS, "layer"),
    "other_dtype": lambda d, x: d.check_variable_and_dtype(x, "x", ["int32"], "layer", "More."),
    "no_variable": lambda d, x: d.check_variable_and_dtype(3, "x", FLOATS, "layer"),
    "type": lambda d, x: d.check_type([x], "x", (list, tuple), "layer"),
    "other_type": lambda d, x: d.check_type(x, "x", (list, tuple), "layer"),
    "dtype": lambda d, x: d.check_dtype("float32", "x", FLOATS, "layer"),
    "dtype_of_none": lambda d, x: d.check_dtype("float31", "x", FLOATS, "layer"),
}
QUESTIONS.update({"check_" + name: checked(check) for name, check in CHECKED.items()})


@question
def feeder_of_variables_and_names(paddle: Any) -> Any:
    x, y = x_y(paddle)
    feeder = paddle.fluid.DataFeeder(["y", x], CPU(paddle))
    return [feeder.feed_names, feeder.feed([(1, [1, 2])])]


QUESTIONS["feeder_of_an_unknown_name"] = refused(lambda p: p.fluid.DataFeeder(["unknown"], CPU(p)))
QUESTIONS["feeder_of_a_number"] = refused(lambda p: p.fluid.DataFeeder([3], CPU(p)))


@question
def feeder_of_another_program(paddle: Any) -> Any:
    program = paddle.fluid.Program()
    with paddle.fluid.program_guard(program):
        x_y(paddle)
    return paddle.fluid.DataFeeder(["y"], CPU(paddle), program).feed([(1,)])


def in_parallel(lists: int, places: Any) -> Question:
    def asked(paddle: Any) -> Any:
        feeder = paddle.fluid.DataFeeder(x_y(paddle), CPU(paddle))
        return list(feeder.feed_parallel([list(samples(2)()) for _ in range(lists)], places))

    return asked


QUESTIONS["feeder_in_parallel"] = in_parallel(2, 2)
QUESTIONS["feeder_in_parallel_on_one"] = in_parallel(1, None)
QUESTIONS["feeder_in_parallel_too_few"] = in_parallel(1, 2)


def decorated(**more: Any) -> Question:
    def asked(paddle: Any) -> Any:
        feeder = paddle.fluid.DataFeeder(x_y(paddle), CPU(paddle))
        return collected(feeder.decorate_reader(paddle.batch(samples(5), 2), **more)())

    return asked


QUESTIONS["feeder_of_a_reader"] = decorated(multi_devices=False)
QUESTIONS["feeder_of_a_reader_for_two"] = decorated(multi_devices=True, num_places=2)
QUESTIONS["feeder_of_a_reader_for_two_keep"] = decorated(
    multi_devices=True, num_places=2, drop_last=False
)


def data_set(paddle: Any, size: int = 5) -> Any:
    class Numbers(paddle.fluid.io.Dataset):  # type: ignore[misc]
        def __getitem__(self, index: int) -> Any:
            return np.full([2], index, "float32"), np.array([index])

        def __len__(self) -> int:
            return size

    return Numbers()


def of_data_set(**more: Any) -> Question:
    def asked(paddle: Any) -> Any:
        variables = x_y(paddle)
        given = dict(more)
        feed_list = None if given.get("return_list") else variables
        if "indices" in given:
            given["batch_sampler"] = paddle.fluid.io.BatchSampler(
                indices=given.pop("indices"), batch_size=2
            )
        places = [CPU(paddle)] * given.pop("count", 1)
        loader = paddle.fluid.io.DataLoader(data_set(paddle), feed_list, places, **given)
        return [len(loader), collected(loader()), collected(loader)]

    return asked


QUESTIONS["data_set"] = of_data_set(batch_size=2)
QUESTIONS["data_set_drop_last"] = of_data_set(batch_size=2, drop_last=True, return_list=True)
QUESTIONS["data_set_shuffled"] = of_data_set(batch_size=2, shuffle=True)
QUESTIONS["data_set_sampled"] = of_data_set(indices=[4, 4, 0])
QUESTIONS["data_set_collated"] = of_data_set(
    batch_size=2, collate_fn=lambda rows: [np.stack([row[0] for row in rows]), np.ones([1, 1])]
)
QUESTIONS["data_set_two_places"] = of_data_set(count=2)
QUESTIONS["data_set_two_kinds_of_batches"] = of_data_set(indices=[0], batch_size=2)
QUESTIONS["data_set_no_such_sample"] = of_data_set(indices=["none"])
QUESTIONS["data_set_of_another_kind"] = refused(
    lambda p: p.fluid.io.DataLoader([1, 2], x_y(p), CPU(p))
)
QUESTIONS["data_set_without_places"] = refused(lambda p: p.fluid.io.DataLoader(data_set(p), x_y(p)))
QUESTIONS["data_set_without_variables"] = refused(
    lambda p: p.fluid.io.DataLoader(data_set(p), places=CPU(p))
)
QUESTIONS["sampler_of_nothing"] = refused(lambda p: p.fluid.io.BatchSampler())
QUESTIONS["sampler_size"] = refused(lambda p: p.fluid.io.BatchSampler(indices=[1], batch_size=0))
QUESTIONS["sampler_lengths"] = lambda p: [
    len(p.fluid.io.BatchSampler(indices=list(range(5)), batch_size=size, drop_last=drop))
    for size in (1, 2, 5, 6)
    for drop in (False, True)
]
QUESTIONS["collate_one_field"] = lambda p: p.fluid.io.default_collate_fn([ONES, ONES])


def eager(method: str, **more: Any) -> Question:
    def asked(paddle: Any) -> Any:
        with paddle.fluid.dygraph.guard():
            loader = paddle.fluid.io.DataLoader.from_generator(capacity=2, **more)
            if method == "samples":
                loader.set_sample_generator(samples(), 2)
            elif method == "sample lists":
                loader.set_sample_list_generator(paddle.batch(samples(3), 2), CPU(paddle))
            else:
                loader.set_batch_generator(batches(2))
            return [collected(loader()), collected(loader)]

    return asked


QUESTIONS["eager_samples"] = eager("samples")
QUESTIONS["eager_sample_lists"] = eager("sample lists")
QUESTIONS["eager_batches"] = eager("batches")
QUESTIONS["eager_not_iterable"] = eager("batches", iterable=False)
QUESTIONS["eager_in_a_process"] = eager("samples", use_multiprocess=True)
