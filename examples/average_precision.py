"""How good detections are: mean average precision. Numpy only.

A detection is right where it overlaps a box of its class enough that no better scored detection
took. Precision counts the right ones among the best scored; recall counts them among the boxes.
"""

from __future__ import annotations

from typing import Any

import numpy as np


def overlaps(boxes: Any, others: Any) -> Any:
    """Return intersection over union of boxes [M, 4] with others [K, 4], as x1 y1 x2 y2."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared = np.prod(np.maximum(high - low, 0), axis=-1)
    areas, other_areas = (np.prod(b[:, 2:] - b[:, :2], axis=-1) for b in (boxes, others))
    union = areas[:, None] + other_areas[None, :] - shared
    return shared / np.where(union > 0, union, 1)


def right(boxes: Any, truth: Any, least: float) -> Any:
    """Tell which boxes [M, 4], the best scored first, are right for the true boxes [K, 4]."""
    found = np.zeros(len(boxes), bool)
    free = np.ones(len(truth), bool)
    overlap = overlaps(boxes, truth)
    for index in range(len(boxes)):
        candidates = np.where(free, overlap[index], -1.0)
        if len(truth) and candidates.max() >= least:
            found[index] = True
            free[candidates.argmax()] = False
    return found


def average_precision(scores: Any, found: Any, count: int) -> float:
    """Return the area under precision over recall, where precision never rises with recall.

    Args:
        scores: [M], of the detections of one class in all images.
        found: [M], which of them are right.
        count: how many boxes there are to find; more than none.
    """
    hits = found[np.argsort(-scores, kind="stable")]
    precision = np.cumsum(hits) / np.arange(1.0, len(hits) + 1)
    best_from_here = np.maximum.accumulate(precision[::-1])[::-1]
    return float(best_from_here[hits].sum() / count)


def mean_average_precision(detections: list[Any], truths: list[Any], least: float = 0.5) -> float:
    """Return the mean over the classes that occur of the average precision.

    Args:
        detections: for each image rows of class, score, x1, y1, x2, y2: [M, 6].
        truths: for each image rows of class, x1, y1, x2, y2: [K, 5].
        least: the overlap, intersection over union, that makes a detection right.
    """
    precisions = []
    for kind in sorted({row[0] for truth in truths for row in truth}):
        scores, found, count = [], [], 0
        for rows, truth in zip(detections, truths):  # noqa: B905
            mine = rows[rows[:, 0] == kind]
            mine = mine[np.argsort(-mine[:, 1], kind="stable")]
            true_boxes = truth[truth[:, 0] == kind][:, 1:]
            scores.append(mine[:, 1])
            found.append(right(mine[:, 2:], true_boxes, least))
            count += len(true_boxes)
        precisions.append(average_precision(np.concatenate(scores), np.concatenate(found), count))
    return float(np.mean(precisions)) if precisions else float("nan")
