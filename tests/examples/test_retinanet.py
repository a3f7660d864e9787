"""RetinaNet detects as under real Paddle, box by box, and learns to."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from examples import comparison
from examples.comparison import Arrays, numbers
from examples.runs import DETECTIONS, RETINANET, Run
from examples.scripts import by_ours, by_real
from examples.test_picture import read_png

SCORES, COORDINATES = 1e-5, 1e-3
SCRIPT = RETINANET.script


def assert_same_detections(ours: Arrays, real: Arrays) -> None:
    """Assert that each image has the same boxes, in the same order."""
    np.testing.assert_array_equal(ours["counts"], real["counts"])
    found, wanted = ours["detections"], real["detections"]
    assert found.shape == wanted.shape
    assert len(wanted) > 0, "nothing was found, so nothing was compared"
    np.testing.assert_array_equal(found[:, 0], wanted[:, 0], "labels")
    np.testing.assert_allclose(found[:, 1], wanted[:, 1], 0, SCORES, err_msg="scores")
    np.testing.assert_allclose(found[:, 2:], wanted[:, 2:], 0, COORDINATES, err_msg="coordinates")
    np.testing.assert_allclose(ours["mAP"], real["mAP"], 1e-6)


def recorded(run: Run) -> Arrays:
    found = comparison.load(run.recording)["runs"][str(run)]
    arrays = {name: np.array(numbers(text)) for name, text in found.items()}
    return {**arrays, "detections": arrays["detections"].reshape(-1, 6)}


@pytest.mark.parametrize("run", DETECTIONS, ids=str)
def test_detections_are_those_recorded_from_real_paddle(run: Run) -> None:
    assert_same_detections(by_ours(SCRIPT, *run.arguments), recorded(run))


@pytest.mark.live
@pytest.mark.parametrize("run", DETECTIONS, ids=str)
def test_detections_are_still_real_paddles(run: Run) -> None:
    assert_same_detections(by_real(SCRIPT, *run.arguments), recorded(run))


@pytest.mark.live
def test_a_trained_network_detects_as_under_real_paddle(tmp_path: Path) -> None:
    weights = str(tmp_path / "trained.npz")
    size = ("--size", "64", "--images", "8")
    by_ours(SCRIPT, "train", "--steps", "25", *size, "--save", weights)
    test = ("test", *size, "--load", weights, "--threshold", "0.02")
    real = by_real(SCRIPT, *test)
    assert len(np.unique(real["detections"][:, 0])) == 3
    assert_same_detections(by_ours(SCRIPT, *test), real)


def test_it_learns_to_find_the_shapes_and_draws_them(tmp_path: Path) -> None:
    """Real Paddle reaches 0.36; both exceed 0.9 after 300 steps of twice the batch."""
    weights, drawing = str(tmp_path / "trained.npz"), tmp_path / "found.png"
    by_ours(SCRIPT, "train", "--steps", "80", "--batch", "2", "--images", "1", "--save", weights)
    found = by_ours(SCRIPT, "test", "--images", "16", "--load", weights, "--picture", str(drawing))
    assert found["mAP"] > 0.25
    pixels = read_png(drawing)
    assert pixels.shape == (3 * 258 - 2, 4 * 258 - 2, 3)
    for colour in ([255, 150, 150], [150, 255, 150], [150, 190, 255], [255, 255, 255]):
        assert (pixels == colour).all(-1).any(), "no box of a class, or no true box, is drawn"


def detected() -> Arrays:
    rows = [[0, 0.9, 1, 2, 3, 4], [1, 0.8, 5, 6, 7, 8], [1, 0.7, 9, 9, 20, 20]]
    return {
        "mAP": np.array([0.5]),
        "counts": np.array([2, 1]),
        "detections": np.array(rows, "float32"),
    }


def test_the_comparison_accepts_what_is_equal() -> None:
    assert_same_detections(detected(), detected())


@pytest.mark.parametrize(
    ("row", "column", "by"), [(0, 0, 1), (1, 1, 1e-4), (2, 2, 1e-2), (1, 5, -1e-2)]
)
def test_the_comparison_refuses_another_box(row: int, column: int, by: float) -> None:
    other = detected()
    other["detections"][row, column] += by
    with pytest.raises(AssertionError):
        assert_same_detections(other, detected())


def test_the_comparison_refuses_another_order_and_another_image() -> None:
    swapped = detected()
    swapped["detections"] = swapped["detections"][[1, 0, 2]]
    with pytest.raises(AssertionError):
        assert_same_detections(swapped, detected())
    moved = {**detected(), "counts": np.array([1, 2])}
    with pytest.raises(AssertionError):
        assert_same_detections(moved, detected())


def test_the_comparison_refuses_to_compare_nothing() -> None:
    nothing = {**detected(), "detections": np.zeros((0, 6), "float32")}
    with pytest.raises(AssertionError, match="nothing was compared"):
        assert_same_detections(nothing, nothing)
