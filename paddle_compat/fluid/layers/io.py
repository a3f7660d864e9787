"""`paddle.fluid.layers.io`: what is fed, and readers that are variables of a program."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from paddle_compat.fluid import _publish, framework, unique_name
from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._places import CPUPlace
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._reads import Epochs, Read, Source
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.data_feeder import DataFeeder
from paddle_compat.fluid.layer_helper import LayerHelper

__all__ = ["create_py_reader_by_data", "data", "double_buffer", "py_reader", "read_file"]


def data(
    name: str,
    shape: Sequence[int | None],
    append_batch_size: bool = True,
    dtype: Any = "float32",
    lod_level: int = 0,
    type: VarType = VarType.LOD_TENSOR,
    stop_gradient: bool = True,
) -> Variable:
    """Declare a variable that is fed; its feeds are not checked against the declaration.

    Args:
        name: what it is fed under.
        shape: sizes, None or -1 for any.
        append_batch_size: put a -1 before the sizes; not where one of them is unknown already.
        dtype: in any way to write a dtype.
        lod_level: how many levels of detail the feeds carry.
        type: kept for code that passes it.
        stop_gradient: whether no gradient is taken of it.

    Source:
        ``paddle.fluid.layers.data``, PaddlePaddle 1.8; `fluid.data` checks feeds.
    """
    sizes = [-1 if size is None else size for size in shape]
    if append_batch_size and all(size >= 0 for size in sizes):
        sizes = [-1, *sizes]
    return (
        framework.default_main_program()
        .global_block()
        .create_var(
            name,
            shape=sizes,
            dtype=dtype,
            stop_gradient=stop_gradient,
            lod_level=lod_level,
            is_data=True,
        )
    )


class Reader:
    """What `py_reader` returns: a source of batches, read by `read_file` in each run.

    Args:
        name: its name.
        epochs: the batches.
        fields: what `read_file` declares.
        fed: what samples make.

    Attributes:
        name: its name.
    """

    def __init__(
        self, name: str, epochs: Epochs, fields: list[Variable], fed: list[Variable]
    ) -> None:
        self.name = name
        self._epochs = epochs
        self._fields = fields
        self._fed = fed

    def start(self) -> None:
        """Begin an epoch: runs of the program read its batches from here on."""
        self._epochs.begin()

    def reset(self) -> None:
        """End the epoch, behind its last batch or before."""
        self._epochs.end()

    def decorate_tensor_provider(self, func: Source) -> None:
        """Read batches, each with an array or a `fluid.LoDTensor` for each field."""
        self._epochs.source = func

    decorate_batch_generator = decorate_tensor_provider

    def decorate_paddle_reader(
        self, paddle_reader: Callable[[], Iterable[Iterable[Sequence[Any]]]]
    ) -> None:
        """Read lists of samples, as `fluid.DataFeeder` takes them."""
        feeder = DataFeeder(self._fed, CPUPlace())
        feeds = feeder.decorate_reader(paddle_reader, multi_devices=False)
        names = feeder.feed_names
        self._epochs.source = lambda: ([feed[name] for name in names] for feed in feeds())

    decorate_sample_list_generator = decorate_paddle_reader


def py_reader(
    capacity: int,
    shapes: Sequence[Sequence[int]],
    dtypes: Sequence[Any],
    lod_levels: Sequence[int] | None = None,
    name: str | None = None,
    use_double_buffer: bool = True,
) -> Reader:
    """Return a reader whose batches `read_file` gives to a program.

    Args:
        capacity: how many batches wait at most, while one more is being made.
        shapes: each field's; -1 is any size.
        dtypes: each field's.
        lod_levels: each field's number of levels of detail; None is none.
        name: names the reader.
        use_double_buffer: names the reader; a thread makes batches ahead of their use.

    Raises:
        ValueError: there are not as many shapes as dtypes and lod_levels.

    Source:
        ``paddle.fluid.layers.py_reader``, PaddlePaddle 1.8, which advises
        `fluid.io.DataLoader.from_generator` instead.
    """
    _advise("py_reader")
    levels = [0] * len(shapes) if lod_levels is None else lod_levels
    if not len(shapes) == len(dtypes) == len(levels):
        raise ValueError(
            f"py_reader: there are {len(shapes)} shapes, {len(dtypes)} dtypes and {len(levels)} "
            "lod_levels; give one of each for each field"
        )

    def declared(append_batch_size: bool) -> list[Variable]:
        with framework.program_guard(Program(), Program()):
            return [
                data(str(number), shape, append_batch_size, dtype, level)
                for number, (shape, dtype, level) in enumerate(
                    zip(shapes, dtypes, levels, strict=True)
                )
            ]

    return _reader(capacity, declared(False), declared(True), name, use_double_buffer)


def create_py_reader_by_data(
    capacity: int,
    feed_list: list[Variable],
    name: str | None = None,
    use_double_buffer: bool = True,
) -> Reader:
    """Return a reader of fields that are declared as some variables are; see `py_reader`.

    Raises:
        TypeError: feed_list is no list.

    Source:
        ``paddle.fluid.layers.create_py_reader_by_data``, PaddlePaddle 1.8.
    """
    _advise("create_py_reader_by_data")
    if not isinstance(feed_list, list):
        raise TypeError(
            "create_py_reader_by_data: feed_list must be a list of variables, but it is "
            f"{type(feed_list).__name__}"
        )
    return _reader(capacity, feed_list, feed_list, name, use_double_buffer)


def _advise(name: str) -> None:
    logging.warning(
        "fluid.layers.%s is the old form of fluid.io.DataLoader.from_generator(iterable=False)",
        name,
    )


def _reader(
    capacity: int,
    fields: list[Variable],
    fed: list[Variable],
    name: str | None,
    use_double_buffer: bool,
) -> Reader:
    names = [
        unique_name.generate(kind) if name is None else f"{name}_{kind.removeprefix('create_py_')}"
        for kind in ("create_py_reader", "double_buffer")
    ]
    own = names[use_double_buffer]
    return Reader(own, Epochs(f"the py_reader {own!r}", capacity), fields, fed)


def double_buffer(reader: Reader, place: Any = None, name: str | None = None) -> Reader:
    """Return a reader of the same batches; a thread makes them ahead of their use anyway.

    Args:
        reader: from `py_reader`.
        place: not used; batches go where the Executor is.
        name: names the result.

    Source:
        ``paddle.fluid.layers.double_buffer``, PaddlePaddle 1.8.
    """
    own = unique_name.generate("create_double_buffer_reader") if name is None else name
    return Reader(own, reader._epochs, reader._fields, reader._fed)


def read_file(reader: Reader) -> Variable | list[Variable]:
    """Return variables that hold a reader's next batch in each run; one alone if it is one.

    Source:
        ``paddle.fluid.layers.read_file``, PaddlePaddle 1.8.
    """
    helper = LayerHelper("read_file")
    block = helper.main_program.global_block()
    outputs = [
        block.create_var(
            helper.temporary(),
            shape=field.shape,
            dtype=field.dtype,
            stop_gradient=True,
            lod_level=field.lod_level,
            is_data=True,
            need_check_feed=field.need_check_feed,
        )
        for field in reader._fields
    ]
    helper.main_program.readers.append(Read(reader._epochs, outputs))
    return outputs[0] if len(outputs) == 1 else outputs


__getattr__ = _publish.publish(__name__, globals(), __all__)
