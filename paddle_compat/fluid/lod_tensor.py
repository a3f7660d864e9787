"""`paddle.fluid.lod_tensor`: tensors whose rows fall into sequences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._scope import LoDTensor

__all__ = ["create_lod_tensor", "create_random_int_lodtensor"]


def create_lod_tensor(
    data: Any, recursive_seq_lens: Sequence[Sequence[int]], place: Any
) -> LoDTensor:
    """Return a tensor with levels of detail, to be fed.

    Args:
        data: an array; or a `LoDTensor`, whose values are taken; or a list of sequences, each a
            list, which gives [rows, ..., 1].
        recursive_seq_lens: each level's lengths, outermost first: ``[[2, 3]]`` are two sequences
            of two and three rows. A list of sequences takes one level, which must be theirs.
        place: where the values go.

    Raises:
        AssertionError: a list's sequences do not have these lengths.
        TypeError: the data is none of these, or the lengths are no lists of counts.
        ValueError: the lengths do not add up to the number of rows.

    Example:
        >>> import numpy as np
        >>> from paddle_compat import fluid
        >>> boxes = np.zeros([5, 4], "float32")
        >>> tensor = fluid.create_lod_tensor(boxes, [[2, 3]], fluid.CPUPlace())
        >>> tensor.shape(), tensor.lod()
        ([5, 4], [[0, 2, 5]])

    Source:
        ``paddle.fluid.create_lod_tensor``, PaddlePaddle 1.8.
    """
    if isinstance(data, LoDTensor):
        data = np.array(data)
    elif isinstance(data, list):
        data = _rows(data, recursive_seq_lens)
    elif not isinstance(data, np.ndarray):
        raise TypeError(
            "data must be a numpy array, a LoDTensor or a list of lists, but it is "
            f"{type(data).__name__}; use numpy.asarray(data)"
        )
    tensor = LoDTensor()
    tensor.set(data, place)
    tensor.set_recursive_sequence_lengths(recursive_seq_lens)
    return tensor


def _rows(data: list[Any], lengths: Sequence[Sequence[int]]) -> np.ndarray[Any, Any]:
    """Return the rows of all sequences as one array."""
    found = []
    for sequence in data:
        if not hasattr(sequence, "__len__"):
            raise TypeError(
                "data is a list, so that each of its items must be a sequence of rows, but one is "
                f"{sequence!r}; use [[...], [...]], or a numpy array"
            )
        found.append(len(sequence))
    if [found] != lengths:
        raise AssertionError(
            f"the sequences in data have the lengths {[found]}, but recursive_seq_lens is {lengths}"
        )
    array = np.array([row for sequence in data for row in sequence])
    return array.reshape(*array.shape, 1)


def create_random_int_lodtensor(
    recursive_seq_lens: Sequence[Sequence[int]],
    base_shape: list[int],
    place: Any,
    low: int,
    high: int,
) -> LoDTensor:
    """Return a tensor of random int64 with levels of detail.

    Args:
        recursive_seq_lens: each level's lengths; the last one's sum is the number of rows.
        base_shape: the shape of a row.
        place: where the values go.
        low: the smallest value.
        high: the largest, included.

    Raises:
        AssertionError: base_shape is no list.

    Source:
        ``paddle.fluid.create_random_int_lodtensor``, PaddlePaddle 1.8; drawn by ``numpy.random``.
    """
    if not isinstance(base_shape, list):
        raise AssertionError(
            f"base_shape must be a list, but it is {type(base_shape).__name__}; use [{base_shape}]"
        )
    rows = sum(recursive_seq_lens[-1])
    data = np.random.randint(low, high + 1, [rows, *base_shape], dtype="int64")
    return create_lod_tensor(data, recursive_seq_lens, place)


__getattr__ = publish(__name__, globals(), __all__)
