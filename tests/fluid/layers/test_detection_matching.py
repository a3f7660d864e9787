"""Matching and its targets: beside the plain algorithm, and mistakes in calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_compat import fluid
from paddle_compat.kernels.detection.matching import hardest_negatives

L: Any = fluid.layers
Array = npt.NDArray[Any]


def lod_tensor(array: Array, lengths: list[int]) -> Any:
    return fluid.create_lod_tensor(array, [lengths], fluid.CPUPlace())


def plain_match(distances: Array) -> list[int]:
    """Take the best pair that is left, the first column and then the first row among equals."""
    rows, columns = distances.shape
    found, taken = [-1] * columns, set()
    while True:
        free = [
            (-distances[row, column], column, row)
            for column in range(columns)
            for row in range(rows)
            if found[column] < 0 and row not in taken and distances[row, column] >= 1e-6
        ]
        if not free:
            return found
        _, column, row = min(free)
        found[column] = row
        taken.add(row)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=4),
    st.integers(1, 8),
    st.sampled_from([3, 20]),
    st.integers(0, 1000),
)
def test_images_are_matched_each_for_itself(
    lengths: list[int], columns: int, values: int, seed: int
) -> None:
    random = np.random.RandomState(seed)
    distances = (random.randint(values, size=(sum(lengths), columns)) / values).astype("float32")
    rows, found = L.bipartite_match(lod_tensor(distances, lengths))
    parts = np.split(distances, np.cumsum(lengths)[:-1])
    assert rows.tolist() == [plain_match(part) for part in parts]
    for image, part in enumerate(parts):
        wanted = [part[r, c] if r >= 0 else 0.0 for c, r in enumerate(rows[image].tolist())]
        assert found[image].tolist() == [float(value) for value in wanted]


def test_what_is_left_takes_its_best_row_from_the_threshold_on() -> None:
    distances = torch.tensor([[0.9, 0.8, 0.3, 0.5], [0.1, 0.7, 0.4, 0.5]])
    bipartite, _ = L.bipartite_match(distances)
    assert bipartite.tolist() == [[0, 1, -1, -1]]
    rows, found = L.bipartite_match(distances, "per_prediction", 0.5)
    assert rows.tolist() == [[0, 1, -1, 0]]
    assert found.tolist() == [[pytest.approx(v) for v in (0.9, 0.7, 0.0, 0.5)]]


def test_images_without_ground_truth_match_nothing() -> None:
    distances = np.full((2, 3), 0.5, "float32")
    rows, found = L.bipartite_match(lod_tensor(distances, [0, 2, 0]), "per_prediction")
    assert rows[[0, 2]].tolist() == [[-1] * 3] * 2
    assert found[[0, 2]].tolist() == [[0.0] * 3] * 2
    rows, _ = L.bipartite_match(lod_tensor(np.zeros((0, 3), "float32"), [0, 0]))
    assert rows.tolist() == [[-1] * 3] * 2


def test_targets_come_from_the_matched_row_of_the_same_image() -> None:
    values = lod_tensor(np.arange(5, dtype="float32").reshape(5, 1, 1), [2, 3])
    matches = torch.tensor([[1, -1, 0], [-1, 2, 0]], dtype=torch.int32)
    found, weights = L.target_assign(values, matches, mismatch_value=9)
    assert found[..., 0].tolist() == [[1.0, 9.0, 0.0], [9.0, 4.0, 2.0]]
    assert weights[..., 0].tolist() == [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]


def test_negatives_count_as_mismatches() -> None:
    values = lod_tensor(np.arange(10, dtype="float32").reshape(5, 1, 2), [2, 3])
    matches = torch.tensor([[1, -1, 0], [-1, 2, 0]], dtype=torch.int32)
    negatives = lod_tensor(np.array([[1], [0], [2]], "int32"), [1, 2])
    found, weights = L.target_assign(values, matches, negatives, 9)
    assert found[..., 1].tolist() == [[3.0, 9.0, 1.0], [9.0, 9.0, 9.0]]
    assert weights[..., 0].tolist() == [[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]


def test_the_hardest_negatives_are_the_largest_losses_among_those_far_from_any_box() -> None:
    losses = torch.tensor([[5.0, 4.0, 3.0, 2.0, 1.0, 9.0], [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]])
    matches = torch.tensor([[0, -1, -1, -1, -1, -1], [-1] * 6], dtype=torch.int32)
    distances = torch.tensor([[0.9, 0.0, 0.6, 0.1, 0.2, 0.5], [0.0] * 6])
    indices, counts = hardest_negatives(losses, matches, distances, 2.0, 0.5)
    assert indices.tolist() == [1, 3]
    assert counts == [2, 0]


MATCHES = torch.tensor([[0, 1]], dtype=torch.int32)
VALUES = torch.zeros(2, 1, 4)
MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: L.bipartite_match(torch.zeros(2, 3), "best"),
        ValueError,
        r"match_type must be 'bipartite' or 'per_prediction', but it is 'best'",
    ),
    (
        lambda: L.bipartite_match(torch.zeros(2, 3, 1)),
        ValueError,
        r"dist_matrix must be \[K, M\], but its shape is \[2, 3, 1\]",
    ),
    (
        lambda: L.bipartite_match(
            fluid.create_lod_tensor(np.zeros((2, 3), "float32"), [[1, 1], [1, 1]], fluid.CPUPlace())
        ),
        ValueError,
        r"dist_matrix must have 1 level of detail, one sequence for each image, but it has 2",
    ),
    (
        lambda: L.target_assign(VALUES, MATCHES),
        ValueError,
        r"input must have 1 level of detail.*but it has 0 levels.*use fluid.create_lod_tensor",
    ),
    (
        lambda: L.target_assign(lod_tensor(np.zeros((2, 1, 4), "float32"), [2]), MATCHES + 1),
        ValueError,
        r"matched_indices must be indices of ground truths, which are 2, but they reach 2",
    ),
    (
        lambda: L.target_assign(
            lod_tensor(np.zeros((2, 1, 4), "float32"), [2]),
            MATCHES,
            lod_tensor(np.array([[2]], "int32"), [1]),
        ),
        ValueError,
        r"negative_indices must be indices of predictions, which are 2, but they reach 2",
    ),
    (
        lambda: L.target_assign(VALUES, MATCHES, mismatch_value=0.5),
        TypeError,
        r"mismatch_value must be an int, but it is float",
    ),
    (
        lambda: L.target_assign(VALUES.double(), MATCHES),
        TypeError,
        r"input must be float32 or int32, but it is float64",
    ),
]


@pytest.mark.parametrize(("call", "kind", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_to_do(
    call: Callable[[], Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        call()
