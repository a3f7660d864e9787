"""`paddle.batch`: samples to lists of samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

__all__ = ["batch"]


def batch(
    reader: Callable[[], Iterable[Any]], batch_size: Any, drop_last: bool = False
) -> Callable[[], Iterator[list[Any]]]:
    """Return a reader of lists of samples.

    Args:
        reader: a function that returns samples to iterate over.
        batch_size: how many make a list.
        drop_last: leave out a last list that is shorter.

    Raises:
        ValueError: the size is not positive.

    Example:
        >>> import paddle_compat as paddle
        >>> list(paddle.batch(lambda: range(5), batch_size=2)())
        [[0, 1], [2, 3], [4]]

    Source:
        ``paddle.batch``, PaddlePaddle 1.8.
    """
    size = int(batch_size)
    if size <= 0:
        raise ValueError(f"batch: batch_size must be positive, but it is {batch_size}")

    def batched() -> Iterator[list[Any]]:
        samples: list[Any] = []
        for sample in reader():
            samples.append(sample)
            if len(samples) == size:
                yield samples
                samples = []
        if samples and not drop_last:
            yield samples

    return batched
