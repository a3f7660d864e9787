"""Loaders of generators: batches for an Executor, or for eager mode."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import torch

from paddle_compat.batch import batch
from paddle_compat.fluid import framework
from paddle_compat.fluid._places import CPUPlace, device_of
from paddle_compat.fluid._reads import Epochs, Read, Source, for_places, listed
from paddle_compat.fluid._scope import LoDTensor
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.data_feeder import DataFeeder
from paddle_compat.fluid.dygraph import base as dygraph
from paddle_compat.reader._processes import in_processes

__all__ = [
    "DygraphGeneratorLoader",
    "GeneratorLoader",
    "SampleLists",
    "Samples",
    "devices_of",
    "variables_of",
]

Samples = Callable[[], Iterable[Any]]
SampleLists = Callable[[], Iterable[Iterable[Sequence[Any]]]]


class _Loader:
    """What the loaders of generators share."""

    def __init__(self, owner: str, capacity: Any, iterable: bool) -> None:
        if not capacity:
            raise ValueError("from_generator: give capacity, how many batches wait at most")
        self._epochs = Epochs(owner, capacity)
        self._iterable = iterable

    @property
    def iterable(self) -> bool:
        """Whether one iterates over the loader, rather than start it."""
        return self._iterable

    def __call__(self) -> Any:
        """Return the loader itself, to be iterated over."""
        return self

    def __iter__(self) -> Iterator[Any]:
        """Begin an epoch; one that is not at its end is given up.

        Raises:
            AssertionError: the loader is not iterable, or has no data.
        """
        if not self._iterable:
            raise AssertionError(
                "this loader is not iterable: it was made with iterable=False; use start(), "
                "Executor.run without feed, and reset()"
            )
        if self._epochs.source is None:
            raise AssertionError(
                "the loader has no data; call set_sample_generator, set_sample_list_generator or "
                "set_batch_generator"
            )
        self._epochs.end()
        self._epochs.begin()
        self._epochs.prefetch()
        return self

    def __next__(self) -> Any:
        if not self._iterable or not self._epochs.begun:
            raise AttributeError("the loader is not iterated over; use iter(loader) first")
        return self._item(self._epochs.prefetch())

    def next(self) -> Any:
        """Return what the next iteration gives."""
        return self.__next__()

    def _item(self, batches: Iterator[list[LoDTensor]]) -> Any:
        """Return what an iteration gives, made of the next batches."""
        raise NotImplementedError


class GeneratorLoader(_Loader):
    """A loader for programs; see `DataLoader.from_generator`."""

    def __init__(
        self,
        feed_list: Any = None,
        capacity: Any = None,
        use_double_buffer: bool = True,
        iterable: bool = True,
        return_list: bool = False,
        drop_last: bool = True,
    ) -> None:
        self._feed_list = variables_of(feed_list) if capacity else []
        super().__init__(f"the loader of {listed(self._feed_list)}", capacity, iterable)
        self._return_list = return_list
        self._drop_last = drop_last
        self._places = 0
        if not iterable:
            read = Read(self._epochs, self._feed_list)
            framework.default_main_program().readers.append(read)

    def start(self) -> None:
        """Begin an epoch: runs of the program read its batches from here on.

        Raises:
            AssertionError: the loader is iterable.
        """
        self._check_started("start")
        self._epochs.begin()

    def reset(self) -> None:
        """End the epoch, behind its last batch or before.

        Raises:
            AssertionError: the loader is iterable.
        """
        self._check_started("reset")
        self._epochs.end()

    def _check_started(self, method: str) -> None:
        if self._iterable:
            raise AssertionError(
                f"{method}() is for loaders that were made with iterable=False; iterate over this "
                "one: for data in loader(): exe.run(feed=data, ...)"
            )

    def _item(self, batches: Iterator[list[LoDTensor]]) -> Any:
        names = None if self._return_list else self._feed_list
        return for_places(batches, self._places, self._drop_last, names)

    def set_sample_generator(
        self, reader: Samples, batch_size: Any, drop_last: bool = True, places: Any = None
    ) -> GeneratorLoader:
        """Read samples, each a tuple of the variables' fields, as `DataFeeder` takes them.

        Args:
            reader: a function that returns samples to iterate over; further fields are left out.
            batch_size: how many samples make a batch.
            drop_last: leave out a last batch that is smaller.
            places: where an iterable loader's batches go: a place, or several.

        Raises:
            AssertionError: the size is not positive, or an iterable loader has no places.
        """
        _check_batch_size(batch_size)
        fields = len(self._feed_list)
        samples = batch(
            lambda: (tuple(itertools.islice(sample, fields)) for sample in reader()),
            batch_size,
            drop_last,
        )
        return self.set_sample_list_generator(samples, places)

    def set_sample_list_generator(self, reader: SampleLists, places: Any = None) -> GeneratorLoader:
        """Read lists of samples, as `DataFeeder` takes them.

        Raises:
            AssertionError: an iterable loader has no places.
        """
        feeder = DataFeeder(self._feed_list, CPUPlace())
        feeds = feeder.decorate_reader(reader, multi_devices=False)
        names = feeder.feed_names
        return self.set_batch_generator(
            lambda: ([feed[name] for name in names] for feed in feeds()), places
        )

    def set_batch_generator(self, reader: Source, places: Any = None) -> GeneratorLoader:
        """Read batches, each with an array or a `fluid.LoDTensor` for each variable.

        Raises:
            AssertionError: an iterable loader has no places.
            TypeError: the places are none.
            ValueError: the list of places is empty.
        """
        if self._iterable:
            if places is None:
                raise AssertionError(
                    "an iterable loader needs places: fluid.cpu_places(), fluid.cuda_places() or "
                    "fluid.CPUPlace()"
                )
            self._places = len(devices_of(places))
        self._epochs.source = reader
        return self


class DygraphGeneratorLoader(_Loader):
    """A loader for eager mode, which gives lists of tensors; see `DataLoader.from_generator`."""

    def __init__(
        self,
        feed_list: Any = None,
        capacity: Any = None,
        use_double_buffer: bool = True,
        iterable: bool = True,
        return_list: bool = True,
        use_multiprocess: bool = False,
    ) -> None:
        super().__init__("the loader", capacity, True)
        for name, asked in (("iterable", iterable), ("return_list", return_list)):
            if not asked:
                logging.warning("from_generator: in eager mode %s is always True", name)
        self._capacity = capacity
        self._use_multiprocess = use_multiprocess
        self._device = torch.device("cpu")

    def _item(self, batches: Iterator[list[LoDTensor]]) -> Any:
        return [field._tensor().to(self._device) for field in next(batches)]

    def set_sample_generator(
        self, reader: Samples, batch_size: Any, drop_last: bool = True, places: Any = None
    ) -> DygraphGeneratorLoader:
        """Read samples, each a tuple of fields.

        Raises:
            AssertionError: the size is not positive, or there are several places.
        """
        _check_batch_size(batch_size)
        return self.set_sample_list_generator(batch(reader, batch_size, drop_last), places)

    def set_sample_list_generator(
        self, reader: SampleLists, places: Any = None
    ) -> DygraphGeneratorLoader:
        """Read lists of samples; each field becomes an array.

        Raises:
            AssertionError: there are several places.
        """
        return self.set_batch_generator(
            lambda: ([list(field) for field in zip(*samples, strict=True)] for samples in reader()),
            places,
        )

    def set_batch_generator(self, reader: Source, places: Any = None) -> DygraphGeneratorLoader:
        """Read batches, each with an array for each field.

        Args:
            reader: a function that returns batches to iterate over.
            places: the place; None is that of `fluid.dygraph.guard`.

        Raises:
            AssertionError: there are several places.
        """
        devices = [dygraph._device] if places is None else devices_of(places)
        if len(devices) != 1:
            raise AssertionError(f"eager mode has one place, but places has {len(devices)}")
        self._device = devices[0]
        self._epochs.source = (
            (lambda: in_processes([reader], in_turn=False, capacity=self._capacity))
            if self._use_multiprocess
            else reader
        )
        return self


def variables_of(feed_list: Any) -> list[Variable]:
    if (isinstance(feed_list, (list, tuple)) and not feed_list) or feed_list is None:
        raise Exception("from_generator: feed_list is needed: the variables that batches are for")
    if not isinstance(feed_list, (list, tuple)):
        raise TypeError(
            f"feed_list must be a list of variables, but it is {type(feed_list).__name__}"
        )
    for variable in feed_list:
        if not isinstance(variable, Variable):
            raise TypeError(
                f"feed_list must hold variables, but one is {variable!r}; use what fluid.data gave"
            )
    return list(feed_list)


def devices_of(places: Any) -> list[torch.device]:
    if not isinstance(places, (list, tuple)):
        places = [places]
    if not places:
        raise ValueError("places must not be empty; use fluid.CPUPlace()")
    return [device_of(place) for place in places]


def _check_batch_size(batch_size: Any) -> None:
    if not batch_size > 0:
        raise AssertionError(f"batch_size must be positive, but it is {batch_size}")
