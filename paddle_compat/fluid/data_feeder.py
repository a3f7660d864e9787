"""`paddle.fluid.data_feeder`: samples to what an Executor is fed; and checks of arguments."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch

from paddle_compat.fluid import framework
from paddle_compat.fluid._dtypes import VarType, as_numpy_dtype, dtype_name
from paddle_compat.fluid._places import CPUPlace, CUDAPlace, Place, cpu_places, cuda_places
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._scope import LoDTensor
from paddle_compat.fluid._variable import Variable

__all__ = [
    "DataFeeder",
    "check_dtype",
    "check_type",
    "check_variable_and_dtype",
    "convert_dtype",
]


def convert_dtype(dtype: Any) -> str:
    """Return a dtype's name, such as ``'float32'``.

    Raises:
        ValueError: it is no dtype.

    Source:
        ``paddle.fluid.data_feeder.convert_dtype``, PaddlePaddle 1.8.
    """
    try:
        return dtype_name(dtype)
    except TypeError as error:
        raise ValueError(str(error)) from None


def check_variable_and_dtype(
    input: Any,
    input_name: str,
    expected_dtype: Sequence[str],
    op_name: str,
    extra_message: str = "",
) -> None:
    """Check that an argument of a layer is a variable of one of some dtypes; not in eager mode.

    Raises:
        TypeError: it is not.

    Source:
        ``paddle.fluid.data_feeder.check_variable_and_dtype``, PaddlePaddle 1.8.
    """
    if not framework.in_dygraph_mode():
        check_type(input, input_name, (Variable, torch.Tensor), op_name, extra_message)
        check_dtype(input.dtype, input_name, expected_dtype, op_name, extra_message)


def check_type(
    input: Any,
    input_name: str,
    expected_type: type | tuple[type, ...],
    op_name: str,
    extra_message: str = "",
) -> None:
    """Check that an argument of a layer has one of some types; not in eager mode.

    Raises:
        TypeError: it has not.

    Source:
        ``paddle.fluid.data_feeder.check_type``, PaddlePaddle 1.8.
    """
    if framework.in_dygraph_mode() or isinstance(input, expected_type):
        return
    kinds = expected_type if isinstance(expected_type, tuple) else (expected_type,)
    raise TypeError(
        f"{op_name}: {input_name} must be {' or '.join(kind.__name__ for kind in kinds)}, but it "
        f"is {type(input).__name__}. {extra_message}".rstrip()
    )


def check_dtype(
    input_dtype: Any,
    input_name: str,
    expected_dtype: Sequence[str],
    op_name: str,
    extra_message: str = "",
) -> None:
    """Check that a dtype is one of those of some names; not in eager mode.

    Raises:
        TypeError: it is not.

    Source:
        ``paddle.fluid.data_feeder.check_dtype``, PaddlePaddle 1.8.
    """
    if framework.in_dygraph_mode() or convert_dtype(input_dtype) in expected_dtype:
        return
    raise TypeError(
        f"{op_name}: {input_name} must be {' or '.join(expected_dtype)}, but it is "
        f"{convert_dtype(input_dtype)}. {extra_message}".rstrip()
    )


class DataFeeder:
    """Turns lists of samples into feeds.

    A field of a sample is cast to its variable's dtype; a batch of fields that has another number
    of dimensions is reshaped to the variable's, where at most one size is unknown. The field of a
    variable with a level of detail is a sequence of rows (with two levels, of sequences).

    Args:
        feed_list: the variables, or names of variables of the program, in the fields' order.
        place: where the feeds are put.
        program: whose names they are; None is the default main program.

    Raises:
        TypeError: the list holds neither.
        ValueError: the program has no variable of a name.

    Example:
        >>> from paddle_compat import fluid
        >>> with fluid.program_guard(fluid.Program()):
        ...     x = fluid.data("x", [None, 2])
        ...     y = fluid.data("y", [None, 1], "int64")
        >>> feeder = fluid.DataFeeder([x, y], fluid.CPUPlace())
        >>> feed = feeder.feed([([0, 1], 7), ([2, 3], 8)])
        >>> feed["x"].shape(), feed["y"].shape()
        ([2, 2], [2, 1])

    Source:
        ``paddle.fluid.DataFeeder``, PaddlePaddle 1.8.
    """

    def __init__(
        self, feed_list: Sequence[Variable | str], place: Place, program: Program | None = None
    ) -> None:
        program = framework.default_main_program() if program is None else program
        variables = []
        for item in feed_list:
            variable = program.block(0).var(item) if isinstance(item, str) else item
            if not isinstance(variable, Variable):
                raise TypeError(
                    "DataFeeder: feed_list must hold variables or names, but one is "
                    f"{type(item).__name__}"
                )
            variables.append(variable)
        self.feed_dtypes = [variable.dtype for variable in variables]
        self.feed_names = [variable.name for variable in variables]
        self.feed_shapes = [variable.shape for variable in variables]
        self.feed_lod_level = [variable.lod_level for variable in variables]
        self.place = place

    def feed(self, iterable: Iterable[Sequence[Any]]) -> dict[str, LoDTensor]:
        """Return the feed of a list of samples.

        Raises:
            AssertionError: a sample has another number of fields than there are variables.
            ValueError: fields make no array, or none of the variable's number of dimensions.
        """
        return self._feed(iterable, self.place)

    def _feed(self, samples: Iterable[Sequence[Any]], place: Place) -> dict[str, LoDTensor]:
        fields: list[list[Any]] = [[] for _ in self.feed_names]
        for sample in samples:
            if len(sample) != len(fields):
                raise AssertionError(
                    f"a sample has {len(sample)} fields, but feed_list has {len(fields)} "
                    f"variables: {', '.join(self.feed_names)}"
                )
            for field, value in zip(fields, sample, strict=True):
                field.append(value)
        declared = zip(self.feed_lod_level, self.feed_shapes, self.feed_dtypes, strict=True)
        return {
            name: _tensor(name, field, *variable, place)
            for name, field, variable in zip(self.feed_names, fields, declared, strict=True)
        }

    def feed_parallel(
        self, iterable: Sequence[Iterable[Sequence[Any]]], num_places: int | None = None
    ) -> Iterator[dict[str, LoDTensor]]:
        """Go through the feeds of several lists of samples, one for each device.

        Args:
            iterable: as many lists of samples as there are devices.
            num_places: how many devices; by default all, on the CPU the environment's CPU_NUM.

        Raises:
            ValueError: on reading, when the numbers differ.
        """
        places = self._places(num_places)
        if len(iterable) != len(places):
            raise ValueError(
                f"feed_parallel: there are {len(iterable)} lists of samples for {len(places)} "
                "devices; give one for each, or num_places"
            )
        for place, samples in zip(places, iterable, strict=True):
            yield self._feed(samples, place)

    def _places(self, number: int | None) -> list[Any]:
        if isinstance(self.place, CUDAPlace):
            return cuda_places(None if number is None else list(range(int(number))))
        return cpu_places() if number is None else [CPUPlace() for _ in range(int(number))]

    def decorate_reader(
        self,
        reader: Callable[[], Iterable[Iterable[Sequence[Any]]]],
        multi_devices: bool,
        num_places: int | None = None,
        drop_last: bool = True,
    ) -> Callable[[], Iterator[Any]]:
        """Return a reader of feeds, made of a reader of lists of samples.

        Args:
            reader: a function that returns lists of samples to iterate over.
            multi_devices: give lists of feeds, one for each device.
            num_places: how many devices, as in `feed_parallel`.
            drop_last: leave out a last list that is shorter.

        Raises:
            ValueError: on reading, without drop_last, when the last list is shorter.
        """

        def feeds() -> Iterator[Any]:
            if not multi_devices:
                for samples in reader():
                    yield self.feed(samples)
                return
            number = len(self._places(num_places))
            held: list[Any] = []
            for samples in reader():
                held.append(samples)
                if len(held) == number:
                    yield list(self.feed_parallel(held, number))
                    held = []
            if held and not drop_last:
                raise ValueError(
                    f"decorate_reader: the last {len(held)} lists of samples are too few for "
                    f"{number} devices; use drop_last=True, or give a multiple"
                )

        return feeds


def _tensor(
    name: str,
    values: list[Any],
    lod_level: int,
    shape: tuple[int, ...],
    dtype: VarType,
    place: Place,
) -> LoDTensor:
    """Return a variable's fields of several samples as one tensor."""
    lengths: list[list[int]] = []
    for _ in range(lod_level):
        lengths.append([len(value) for value in values])
        values = [row for value in values for row in value]
    wanted = as_numpy_dtype(dtype)
    try:
        array = np.array(values, dtype=wanted)
    except OverflowError:  # NumPy 1 wraps around
        array = np.array(values).astype(wanted)
    except ValueError as error:
        raise ValueError(
            f"the samples' fields for {name!r} make no array: {error}; give all the same shape, or "
            "declare the variable with lod_level=1, for sequences of rows"
        ) from error
    if shape and sum(size < 0 for size in shape) <= 1 and array.ndim != len(shape):
        try:
            array = array.reshape(shape)
        except ValueError:
            raise ValueError(
                f"the samples' fields for {name!r} make an array of the shape "
                f"{list(array.shape)}, which does not fit the declared {list(shape)}; declare "
                "the shape of a sample, or reshape the fields"
            ) from None
    tensor = LoDTensor()
    tensor.set(array, place)
    if lod_level:
        tensor.set_recursive_sequence_lengths(lengths)
    return tensor


__getattr__ = publish(__name__, globals(), __all__)
