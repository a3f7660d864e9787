"""Greedy suppression in blocks, beside the algorithm written out box by box."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_compat.kernels.detection import nms
from paddle_compat.kernels.detection.nms import greedy_nms

Boxes = npt.NDArray[np.floating]


def box_by_box(boxes: Boxes, threshold: float, eta: float, offset: float) -> list[int]:
    """Keep what overlaps nothing kept by more than the threshold, as 1.8.5's loop does."""
    number = boxes.dtype.type
    limit, factor, more = number(threshold), number(eta), number(offset)

    def area(x: Boxes) -> Any:
        if x[2] < x[0] or x[3] < x[1]:
            return number(0)
        return (x[2] - x[0] + more) * (x[3] - x[1] + more)

    def overlap(a: Boxes, b: Boxes) -> Any:
        if b[0] > a[2] or b[2] < a[0] or b[1] > a[3] or b[3] < a[1]:
            return number(0)
        width = min(a[2], b[2]) - max(a[0], b[0]) + more
        height = min(a[3], b[3]) - max(a[1], b[1]) + more
        shared = width * height
        return shared / (area(a) + area(b) - shared)

    kept: list[int] = []
    with np.errstate(all="ignore"):
        for index, box in enumerate(boxes):
            if all(overlap(box, boxes[other]) <= limit for other in kept):
                kept.append(index)
                if factor < 1 and limit > 0.5:
                    limit = number(limit * factor)
    return kept


def drawn(kind: str, count: int, seed: int, dtype: npt.DTypeLike) -> Boxes:
    random = np.random.RandomState(seed)
    if kind == "any corners":
        return random.randint(0, 5, (count, 4)).astype(dtype)
    low, least = (
        (random.randint(0, 6, (count, 2)), 0)
        if kind == "grid"
        else (
            random.uniform(0, 3, (count, 2)),
            2,
        )
    )
    return np.concatenate([low, low + random.randint(least, 4, (count, 2))], 1).astype(dtype)


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(["any corners", "grid", "clusters"]),
    st.lists(st.integers(0, 40), min_size=1, max_size=4),
    st.sampled_from([0.3, 0.5, 0.7, 0.9, 1 / 3, 0.0, -0.1]),
    st.sampled_from([1.0, 0.95, 0.5, 0.0, -1.0]),
    st.sampled_from([0.0, 1.0]),
    st.sampled_from(["float32", "float64"]),
    st.integers(1, 70),
    st.integers(0, 10**6),
)
def test_blocks_keep_what_one_box_after_the_other_keeps(
    kind: str,
    lengths: list[int],
    threshold: float,
    eta: float,
    offset: float,
    dtype: str,
    block: int,
    seed: int,
) -> None:
    boxes = drawn(kind, sum(lengths), seed, dtype)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nms, "_BLOCK", block)
        patch.setattr(nms, "_PAIRS", 50)
        kept = greedy_nms(
            torch.from_numpy(boxes), threshold, eta=eta, offset=offset, lengths=lengths
        )
    wanted: list[int] = []
    for start, length in zip(np.cumsum([0, *lengths]), lengths, strict=False):
        group = boxes[start : start + length]
        wanted += [int(start) + k for k in box_by_box(group, threshold, eta, offset)]
    assert kept.tolist() == wanted


def test_a_long_chain_of_suppressions_is_followed_to_its_end() -> None:
    # Each box overlaps the one before it by 3 of 5: every other one is kept.
    start = torch.arange(200.0)
    boxes = torch.stack((start, 0 * start, start + 4, 0 * start + 1), 1)
    assert greedy_nms(boxes, 0.55).tolist() == list(range(0, 200, 2))


@pytest.mark.parametrize("block", [1, 64])
@pytest.mark.parametrize("most", [0, 1, 5, 1000])
def test_as_many_as_are_wanted_are_the_first_ones(
    most: int, block: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nms, "_BLOCK", block)
    boxes = torch.from_numpy(drawn("clusters", 200, 3, "float32"))
    every = greedy_nms(boxes, 0.9).tolist()
    found = greedy_nms(boxes, 0.9, most=most).tolist()
    assert len(every) > 5
    assert found[:most] == every[:most]
    assert found == every[: len(found)]


def test_many_groups_of_all_lengths_do_not_meet() -> None:
    lengths: Sequence[int] = [0, 700, 1, 3, 0, 90, 91, 2, 300, 0]
    boxes = torch.from_numpy(drawn("clusters", sum(lengths), 4, "float32"))
    found = greedy_nms(boxes, 0.8, lengths=lengths)
    parts = boxes.split(list(lengths))
    starts = np.cumsum([0, *lengths])
    one_by_one = [greedy_nms(part, 0.8) + int(start) for part, start in zip(parts, starts)]  # noqa: B905
    assert torch.equal(found, torch.cat(one_by_one))


def test_boxes_a_fraction_of_a_pixel_apart_do_not_overlap() -> None:
    boxes = torch.tensor([[0.0, 0.0, 9.0, 9.0], [9.25, 0.0, 18.0, 9.0], [9.0, 0.0, 18.0, 9.0]])
    assert greedy_nms(boxes, 0.0, offset=1.0).tolist() == [0, 1]
