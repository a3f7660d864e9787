"""The order of scores."""

from __future__ import annotations

import math

import pytest
import torch

from paddle_compat.kernels.detection.ranking import best, ranked


def test_falling_scores_of_both_signs_and_what_is_equal_in_its_order() -> None:
    scores = torch.tensor([0.0, -1.5, 2.0, -0.0, math.inf, 0.5, -1.5, -math.inf, -1e-40, 1e-40])
    assert ranked(scores).tolist() == [4, 2, 5, 9, 0, 3, 8, 1, 6, 7]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_many_scores_are_ranked_as_a_stable_sort_ranks_them(dtype: torch.dtype) -> None:
    generator = torch.Generator().manual_seed(0)
    scores = (torch.randn(5000, generator=generator) * 50).round().to(dtype)
    wanted = scores.sort(descending=True, stable=True).indices
    assert torch.equal(ranked(scores), wanted)
    groups = torch.randint(0, 7, (5000,), generator=generator)
    assert torch.equal(ranked(scores, groups), wanted[groups[wanted].argsort(stable=True)])


def test_scores_that_are_equal_in_float32_are_equal() -> None:
    scores = torch.tensor([0.5, 0.5 + 1e-9, 0.5 + 2e-9], dtype=torch.float64)
    assert ranked(scores).tolist() == [0, 1, 2]


@pytest.mark.parametrize("most", [-1, 0, 1, 3, 5, 9])
def test_the_best_scores_above_a_threshold(most: int) -> None:
    scores = torch.tensor([0.5, 0.9, math.nan, 0.1, 0.9, 0.2, 0.5, 0.5])
    wanted = [1, 4, 0, 6, 7, 5]
    assert best(scores, 0.1, most).tolist() == (wanted if most < 0 else wanted[:most])
