"""`paddle.fluid.dataloader.batch_sampler`: which samples make a batch."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from paddle_compat.fluid._publish import publish
from paddle_compat.fluid.dataloader.dataset import Dataset

__all__ = ["BatchSampler"]


class BatchSampler:
    """Goes through lists of indices, one for each batch.

    Args:
        dataset: all its indices are gone through; or else
        indices: these.
        shuffle: in a random order, by ``numpy.random``, new in each epoch.
        batch_size: how many make a batch.
        drop_last: leave out a last batch that is smaller.

    Raises:
        AssertionError: an argument has the wrong type; neither of dataset and indices is given, or
            both are.

    Example:
        >>> from paddle_compat import fluid
        >>> list(fluid.io.BatchSampler(indices=[5, 6, 7], batch_size=2))
        [[5, 6], [7]]

    Source:
        ``paddle.fluid.io.BatchSampler``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        dataset: Dataset | None = None,
        indices: Sequence[Any] | None = None,
        shuffle: bool = False,
        batch_size: int = 1,
        drop_last: bool = False,
    ) -> None:
        _check((dataset is None) != (indices is None), "give either dataset or indices")
        if dataset is None:
            _check(isinstance(indices, (list, tuple)), "indices must be a list or tuple", indices)
        else:
            _check(isinstance(dataset, Dataset), "dataset must be a fluid.io.Dataset", dataset)
            indices = list(range(len(dataset)))
        _check(
            isinstance(batch_size, int) and batch_size > 0,
            "batch_size must be a positive int",
            batch_size,
        )
        _check(isinstance(shuffle, bool), "shuffle must be a bool", shuffle)
        _check(isinstance(drop_last, bool), "drop_last must be a bool", drop_last)
        self.indices: Any = indices
        self.batch_size = batch_size
        self.shuffle = shuffle
        self.drop_last = drop_last

    def __iter__(self) -> Iterator[list[Any]]:
        if self.shuffle:
            np.random.shuffle(self.indices)
        for start in range(0, len(self.indices), self.batch_size):
            found = list(self.indices[start : start + self.batch_size])
            if len(found) == self.batch_size or not self.drop_last:
                yield found

    def __len__(self) -> int:
        whole, rest = divmod(len(self.indices), self.batch_size)
        return whole + (rest > 0 and not self.drop_last)


def _check(right: bool, needed: str, *got: Any) -> None:
    if not right:
        told = "".join(f", but it is {value!r}" for value in got)
        raise AssertionError(f"BatchSampler: {needed}{told}")


__getattr__ = publish(__name__, globals(), __all__)
