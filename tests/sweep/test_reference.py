"""The sweep's reference in double, and the extended one, against 50 digits of mpmath."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from paddle_compat.conformance import exact
from paddle_compat.conformance.sweep import LANDMARKS
from paddle_compat.conformance.sweep_screen import CEILING, reference

GAMMAS = (0.0, 0.1, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)


def _magnitudes() -> np.ndarray[tuple[int], np.dtype[np.float32]]:
    """Random float32 bit patterns, random numbers of interest, and what lies around landmarks."""
    rng = np.random.default_rng(20)
    patterns = rng.integers(0, 0x7F800000, 700, dtype=np.uint32).view(np.float32)
    usual = (rng.exponential(10, 600)).astype(np.float32)
    marks = np.asarray(LANDMARKS[1:-1], np.float32)
    near = [marks, np.nextafter(marks, np.float32(0)), np.nextafter(marks, np.float32(np.inf))]
    ends = np.asarray([0.0, 1e-45, 3.4028235e38], np.float32)
    return np.concatenate([patterns, usual, *near, ends])


@pytest.mark.parametrize("gamma", GAMMAS)
def test_reference_is_the_exact_value(gamma: float) -> None:
    focusing = float(np.float32(gamma))
    values = _magnitudes()
    sides = reference(torch.from_numpy(values).double(), focusing)
    for sign, side in zip((1.0, -1.0), sides, strict=True):
        truths = [exact.terms(sign * float(value), 0.0, focusing) for value in values]
        for got, name in ((side.loss, "loss"), (side.slope, "by_x")):
            true = np.asarray([float(getattr(truth, name)) for truth in truths])
            error = np.abs(got.numpy() - true)
            # What float32 cannot tell from 0 need not be accurate, only small.
            assert (error <= np.maximum(2e-15 * np.abs(true), 1e-60)).all()


def test_reference_of_positives_is_that_of_negatives_mirrored() -> None:
    values = _magnitudes()[:200]
    sides = reference(torch.from_numpy(values).double(), 2.0)
    for sign, side in zip((-1.0, 1.0), sides, strict=True):
        truths = [exact.terms(sign * float(value), 1.0, 2.0) for value in values]
        loss = np.asarray([float(truth.loss) for truth in truths])
        slope = np.asarray([float(truth.by_x) for truth in truths])
        np.testing.assert_allclose(side.loss.numpy(), loss, rtol=2e-15, atol=1e-60)
        np.testing.assert_allclose(-side.slope.numpy(), slope, rtol=2e-15, atol=1e-60)


@pytest.mark.parametrize("gamma", GAMMAS)
def test_reference_has_the_limits(gamma: float) -> None:
    wrong, right = reference(torch.tensor([torch.inf], dtype=torch.float64), gamma)
    assert (wrong.loss.item(), wrong.slope.item()) == (np.inf, 1.0)
    assert (right.loss.item(), right.slope.item()) == (0.0, 0.0)
    for side in reference(torch.tensor([torch.nan], dtype=torch.float64), gamma):
        assert side.loss.isnan().all()
        assert side.slope.isnan().all()


def test_ceiling_is_minus_the_logarithm_of_the_smallest_normal_float32() -> None:
    assert -np.log(np.float64(np.finfo(np.float32).tiny)) == CEILING
