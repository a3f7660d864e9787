"""`paddle.fluid.reader`: loaders, which feed programs from generators and data sets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from paddle_compat.errors import UnsupportedAPIError
from paddle_compat.fluid import framework
from paddle_compat.fluid._loaders import (
    DygraphGeneratorLoader,
    GeneratorLoader,
    SampleLists,
    Samples,
    devices_of,
    variables_of,
)
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._reads import Source
from paddle_compat.fluid.dataloader.batch_sampler import BatchSampler
from paddle_compat.fluid.dataloader.dataloader_iter import (
    DatasetIterator,
    batches_of,
    default_collate_fn,
)
from paddle_compat.fluid.dataloader.dataset import Dataset

__all__ = ["DataLoader", "PyReader", "default_collate_fn"]


class DataLoader:
    """A data set's batches, read by index; `from_generator` makes loaders of generators.

    Args:
        dataset: a `fluid.io.Dataset`.
        feed_list: the variables of the fields, for feeds; not needed with return_list.
        places: where batches go: a place, or several.
        return_list: give lists instead of dicts by the variables' names.
        batch_sampler: gives the indices of each batch, and excludes the next three.
        batch_size, shuffle, drop_last: as in `fluid.io.BatchSampler`.
        collate_fn: makes a batch of a list of samples; None is `default_collate_fn`.
        num_workers: how many of torch's worker processes read; 0 is a thread.
        use_buffer_reader: not used.
        use_shared_memory: not used.
        timeout: how many seconds a worker may take for a batch; 0 is any number.
        worker_init_fn: is called in each worker with its number.

    Raises:
        AssertionError: an argument has the wrong type, is missing, or excludes another.

    Source:
        ``paddle.fluid.io.DataLoader``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        dataset: Dataset,
        feed_list: Any = None,
        places: Any = None,
        return_list: bool = False,
        batch_sampler: BatchSampler | None = None,
        batch_size: int = 1,
        shuffle: bool = False,
        drop_last: bool = False,
        collate_fn: Callable[[Any], Any] | None = None,
        num_workers: int = 0,
        use_buffer_reader: bool = True,
        use_shared_memory: bool = True,
        timeout: float = 0,
        worker_init_fn: Callable[[int], None] | None = None,
    ) -> None:
        _check(isinstance(dataset, Dataset), "dataset must be a fluid.io.Dataset")
        eager = framework.in_dygraph_mode()
        lists = return_list or eager
        _check(lists or feed_list is not None, "feed_list is needed, or return_list=True")
        _check(places is not None, "places is needed: fluid.CPUPlace()")
        devices = devices_of(places)
        _check(not eager or len(devices) == 1, "eager mode has one place")
        _check(num_workers >= 0, "num_workers must be 0 or more")
        _check(timeout >= 0, "timeout must be 0 or more")
        if batch_sampler is not None:
            _check(isinstance(batch_sampler, BatchSampler), "batch_sampler must be a BatchSampler")
            _check(
                batch_size == 1 and not shuffle and not drop_last,
                "batch_sampler decides on batch_size, shuffle and drop_last; leave them out",
            )
        else:
            _check(bool(batch_size) and batch_size > 0, "batch_size must be positive")
        self.dataset = dataset
        self.batch_sampler = batch_sampler or BatchSampler(
            dataset=dataset, batch_size=batch_size, shuffle=shuffle, drop_last=drop_last
        )
        self.num_workers = num_workers
        self.timeout = timeout
        self.collate_fn = collate_fn
        self.worker_init_fn = worker_init_fn
        self.feed_list = feed_list
        self.return_list = return_list
        self._variables = None if lists else variables_of(feed_list)
        self._devices = devices
        self._eager = eager

    def __len__(self) -> int:
        return len(self.batch_sampler)

    def __iter__(self) -> DatasetIterator:
        batches = batches_of(
            self.dataset,
            self.batch_sampler,
            self.collate_fn or default_collate_fn,
            workers=self.num_workers,
            timeout=self.timeout,
            worker_init=self.worker_init_fn,
        )
        device = self._devices[0] if self._eager else None
        return DatasetIterator(batches, len(self), len(self._devices), self._variables, device)

    def __call__(self) -> DatasetIterator:
        """Begin an epoch, as ``iter`` does."""
        return self.__iter__()

    @staticmethod
    def from_generator(
        feed_list: Any = None,
        capacity: Any = None,
        use_double_buffer: bool = True,
        iterable: bool = True,
        return_list: bool = False,
        use_multiprocess: bool = False,
        drop_last: bool = True,
    ) -> Any:
        """Return a loader of a generator's data, to be set with one of its ``set_..._generator``.

        An iterable loader gives feeds: ``for data in loader(): exe.run(feed=data, ...)``. Another
        one feeds runs of the default main program itself, from `start` to `reset`;
        `fluid.core.EOFException` tells that there are no further batches. What the generator
        raises comes as `fluid.core.EnforceNotMet` with its line, behind the batches before it.

        Args:
            feed_list: the variables that batches are for.
            capacity: how many batches wait at most, while one more is being made.
            use_double_buffer: not used; a thread makes batches ahead of their use.
            iterable: which of the two.
            return_list: give lists instead of dicts by the variables' names.
            use_multiprocess: in eager mode, run the generator in a process of its own.
            drop_last: with several places, leave out last batches that are too few for all.

        Raises:
            Exception: there is no feed_list.
            TypeError: feed_list is no list of variables; capacity is no positive int.
            ValueError: there is no capacity.

        Source:
            ``paddle.fluid.io.DataLoader.from_generator``, PaddlePaddle 1.8.
        """
        if framework.in_dygraph_mode():
            return DygraphGeneratorLoader(
                feed_list, capacity, use_double_buffer, iterable, return_list, use_multiprocess
            )
        return GeneratorLoader(
            feed_list, capacity, use_double_buffer, iterable, return_list, drop_last
        )

    @staticmethod
    def from_dataset(dataset: Any, places: Any, drop_last: bool = True) -> Any:
        """Refuse: the data sets of 1.8's native code are not there."""
        raise UnsupportedAPIError(
            "paddle.fluid.io.DataLoader.from_dataset",
            "DataLoader.from_generator with a generator that reads the files",
            "Readers",
        )


class PyReader:
    """The older name of `DataLoader.from_generator`'s loaders, with older names of methods.

    Args: as of `DataLoader.from_generator`.

    Source:
        ``paddle.fluid.io.PyReader``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        feed_list: Any = None,
        capacity: Any = None,
        use_double_buffer: bool = True,
        iterable: bool = True,
        return_list: bool = False,
    ) -> None:
        self._loader = DataLoader.from_generator(
            feed_list, capacity, use_double_buffer, iterable, return_list
        )

    @property
    def iterable(self) -> bool:
        """Whether one iterates over it, rather than start it."""
        return bool(self._loader.iterable)

    def __call__(self) -> PyReader:
        """Return the reader itself, to be iterated over."""
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(self._loader)

    def __next__(self) -> Any:
        return next(self._loader)

    next = __next__

    def start(self) -> None:
        """Begin an epoch, of a reader that is not iterable."""
        self._loader.start()

    def reset(self) -> None:
        """End the epoch, of a reader that is not iterable."""
        self._loader.reset()

    def decorate_sample_generator(
        self, sample_generator: Samples, batch_size: Any, drop_last: bool = True, places: Any = None
    ) -> None:
        """Read samples; as ``set_sample_generator`` of loaders."""
        self._loader.set_sample_generator(sample_generator, batch_size, drop_last, places)

    def decorate_sample_list_generator(self, reader: SampleLists, places: Any = None) -> None:
        """Read lists of samples; as ``set_sample_list_generator`` of loaders."""
        self._loader.set_sample_list_generator(reader, places)

    def decorate_batch_generator(self, reader: Source, places: Any = None) -> None:
        """Read batches; as ``set_batch_generator`` of loaders."""
        self._loader.set_batch_generator(reader, places)


def _check(right: bool, needed: str) -> None:
    if not right:
        raise AssertionError(f"DataLoader: {needed}")


__getattr__ = publish(__name__, globals(), __all__)
