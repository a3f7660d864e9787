"""Mean average precision, by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from average_precision import average_precision, mean_average_precision, overlaps, right

BOX, FAR = [0.0, 0.0, 10.0, 10.0], [50.0, 50.0, 60.0, 60.0]


def detected(*rows: tuple[float, float, list[float]]) -> Any:
    return np.array([[kind, score, *box] for kind, score, box in rows]).reshape(-1, 6)


def true(*rows: tuple[float, list[float]]) -> Any:
    return np.array([[kind, *box] for kind, box in rows]).reshape(-1, 5)


def test_overlap_is_intersection_over_union() -> None:
    others = np.array([[0, 0, 10, 10], [5, 0, 15, 10], [0, 0, 5, 5], [10, 0, 20, 10], [3, 3, 3, 9]])
    np.testing.assert_allclose(overlaps(np.array([BOX]), others), [[1, 1 / 3, 0.25, 0, 0]])


def test_boxes_without_area_overlap_nothing() -> None:
    point = np.array([[3.0, 3.0, 3.0, 3.0]])
    assert overlaps(point, point) == 0


def test_everything_found_is_one() -> None:
    detections = [detected((0, 0.9, BOX), (1, 0.8, FAR))]
    assert mean_average_precision(detections, [true((0, BOX), (1, FAR))]) == 1


def test_nothing_found_is_zero() -> None:
    assert mean_average_precision([detected()], [true((0, BOX))]) == 0
    assert mean_average_precision([detected((0, 0.9, FAR))], [true((0, BOX))]) == 0


def test_a_box_of_another_class_is_wrong() -> None:
    assert mean_average_precision([detected((1, 0.9, BOX))], [true((0, BOX))]) == 0


def test_a_box_of_another_image_is_wrong() -> None:
    detections = [detected(), detected((0, 0.9, BOX))]
    assert mean_average_precision(detections, [true((0, BOX)), true()]) == 0


def test_a_wrong_one_scored_higher_halves_the_precision() -> None:
    detections = [detected((0, 0.8, BOX), (0, 0.9, FAR))]
    assert mean_average_precision(detections, [true((0, BOX))]) == 0.5


def test_a_wrong_one_scored_lower_does_no_harm() -> None:
    detections = [detected((0, 0.8, FAR), (0, 0.9, BOX))]
    assert mean_average_precision(detections, [true((0, BOX))]) == 1


def test_a_box_is_found_once() -> None:
    """The second detection is wrong, so one of two boxes is found, at precision 1."""
    detections = [detected((0, 0.9, BOX), (0, 0.8, BOX))]
    assert mean_average_precision(detections, [true((0, BOX), (0, FAR))]) == 0.5


def test_scores_are_ordered_over_all_images() -> None:
    """By score: right, wrong, right; precision 1 at recall 1/2 and 2/3 at recall 1."""
    detections = [detected((0, 0.7, BOX)), detected((0, 0.9, BOX), (0, 0.8, FAR))]
    found = mean_average_precision(detections, [true((0, BOX)), true((0, BOX))])
    assert found == pytest.approx((1 + 2 / 3) / 2)


def test_precision_never_rises_with_recall() -> None:
    """By score: wrong, right, right: the later 2/3 counts for the earlier 1/2 too."""
    found = average_precision(np.array([0.9, 0.8, 0.7]), np.array([False, True, True]), 2)
    assert found == pytest.approx(2 / 3)


def test_classes_count_alike() -> None:
    truth = true((0, BOX), (0, FAR), (1, BOX))
    assert mean_average_precision([detected((1, 0.9, BOX))], [truth]) == 0.5


def test_the_overlap_that_is_asked_for_is_enough() -> None:
    half = [0.0, 0.0, 10.0, 5.0]
    assert mean_average_precision([detected((0, 0.9, half))], [true((0, BOX))], 0.5) == 1
    assert mean_average_precision([detected((0, 0.9, half))], [true((0, BOX))], 0.51) == 0


def test_a_detection_takes_the_best_box_that_is_free() -> None:
    near = [1.0, 0.0, 11.0, 10.0]
    boxes = np.array([BOX, BOX, BOX])
    np.testing.assert_array_equal(right(boxes, np.array([near, BOX]), 0.5), [True, True, False])


def test_without_boxes_there_is_no_precision() -> None:
    assert np.isnan(mean_average_precision([detected((0, 0.9, BOX))], [true()]))
