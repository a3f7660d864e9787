"""`paddle.fluid.dataloader.dataloader_iter`: an epoch of a data set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import torch.utils.data

from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._reads import as_batches, for_places
from paddle_compat.fluid._scope import LoDTensor
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.dataloader.dataset import Dataset
from paddle_compat.reader._prefetch import Prefetched

__all__ = ["default_collate_fn"]


def default_collate_fn(batch: Sequence[Any]) -> list[Any]:
    """Return samples' fields, each stacked to one array.

    Args:
        batch: samples, each a list of fields, or an array, which is the only field.

    Example:
        >>> import numpy as np
        >>> from paddle_compat import fluid
        >>> images, labels = fluid.io.default_collate_fn([(np.zeros(3), 1), (np.ones(3), 0)])
        >>> images.shape, labels.tolist()
        ((2, 3), [1, 0])

    Source:
        ``paddle.fluid.io.default_collate_fn``, PaddlePaddle 1.8.
    """
    if isinstance(batch[0], np.ndarray):
        return [np.stack(batch)]
    return [np.stack(field) for field in zip(*batch, strict=True)]


def batches_of(
    dataset: Dataset,
    sampler: Iterable[Sequence[Any]],
    collate: Callable[[Any], Any],
    *,
    workers: int,
    timeout: float,
    worker_init: Callable[[int], None] | None,
) -> Iterator[list[LoDTensor]]:
    """Go through a data set's batches; a thread makes them ahead, or torch's worker processes."""
    what = f"the data set {type(dataset).__name__}"
    if not workers:
        return Prefetched(
            lambda: as_batches(lambda: (collate([dataset[i] for i in b]) for b in sampler), what),
            2,
        )
    loader: Any = torch.utils.data.DataLoader(
        dataset,  # type: ignore[arg-type]
        batch_sampler=sampler,  # type: ignore[arg-type]
        collate_fn=collate,
        num_workers=workers,
        timeout=timeout,
        worker_init_fn=worker_init,
        # Closures are no less welcome than in 1.8.
        multiprocessing_context="fork",
    )
    return as_batches(lambda: loader, what)


class DatasetIterator:
    """An epoch: an iterator over batches, for each place one.

    Args:
        batches: the batches.
        length: how many batches there are.
        places: how many places.
        variables: names for dicts; None gives lists.
        device: gives the torch tensors of the one place there, for eager mode.
    """

    def __init__(
        self,
        batches: Iterator[list[LoDTensor]],
        length: int,
        places: int,
        variables: Sequence[Variable] | None,
        device: torch.device | None,
    ) -> None:
        self._batches = batches
        self._length = length
        self._places = places
        self._variables = variables
        self._device = device

    def __iter__(self) -> DatasetIterator:
        return self

    def __len__(self) -> int:
        return self._length

    def __next__(self) -> Any:
        if self._device is None:
            return for_places(self._batches, self._places, True, self._variables)
        return [field._tensor().to(self._device) for field in next(self._batches)]

    next = __next__


__getattr__ = publish(__name__, globals(), __all__)
