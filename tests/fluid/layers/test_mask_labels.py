"""Masks from polygons, beside the COCO mask API's steps; and mistakes in calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluid.layers.lods import lengths, levelled
from paddle_compat import fluid
from paddle_compat.kernels.detection.rasters import rasterize

L: Any = fluid.layers


def step_by_step(corners: list[tuple[float, float]], side: int) -> list[list[bool]]:
    """Fill a polygon as the mask API does: walk, note heights, count runs."""
    whole = [(int(5 * x + 0.5), int(5 * y + 0.5)) for x, y in corners]
    walked: list[tuple[int, int]] = []
    for (xs, ys), (xe, ye) in zip(whole, whole[1:] + whole[:1], strict=True):
        dx, dy = abs(xe - xs), abs(ye - ys)
        turned = (dx >= dy and xs > xe) or (dx < dy and ys > ye)
        if turned:
            xs, ys, xe, ye = xe, ye, xs, ys
        part = []
        for d in range(max(dx, dy) + 1):
            if dx >= dy:
                slope = (ye - ys) / dx if dx else 0.0
                part.append((xs + d, int(ys + slope * d + 0.5)))
            else:
                part.append((int(xs + (xe - xs) / dy * d + 0.5), ys + d))
        walked += part[::-1] if turned else part
    noted = []
    for (u, v), (before, height) in zip(walked[1:], walked, strict=False):
        x = (min(u, before) + 0.5) / 5 - 0.5
        if u == before or x != int(x) or not 0 <= x <= side - 1:
            continue
        y = min(max((min(v, height) + 0.5) / 5 - 0.5, 0), side)
        noted.append(int(x) * side + int(np.ceil(y)))
    mask = np.zeros(side * side, bool)
    for start in noted:
        mask[start:] ^= True
    found: list[list[bool]] = mask.reshape(side, side).T.tolist()
    return found


def one(corners: list[tuple[float, float]], side: int) -> list[list[bool]]:
    points = torch.tensor(corners, dtype=torch.float64)
    following = torch.arange(1, len(points) + 1) % len(points)
    found: list[list[bool]] = rasterize(
        points, following, torch.zeros(len(points), dtype=torch.int64), 1, side
    )[0].tolist()
    return found


CORNER = st.tuples(st.integers(-200, 400), st.integers(-200, 400))


@settings(max_examples=300, deadline=None)
@given(st.lists(CORNER, min_size=1, max_size=9), st.integers(1, 15), st.sampled_from((5, 10, 37)))
def test_a_polygon_is_filled_as_by_the_steps(
    corners: list[tuple[int, int]], side: int, unit: int
) -> None:
    polygon = [(x / unit, y / unit) for x, y in corners]
    assert one(polygon, side) == step_by_step(polygon, side)


def test_a_step_that_is_guessed_one_too_late_is_found() -> None:
    # 7.5 / (15 / 26) is rounded to more than 13.
    polygon = [(8.0, 2.0), (11.0, 7.2), (8.0, 7.2)]
    assert 7.5 / (15 / 26) > 13
    assert one(polygon, 14) == step_by_step(polygon, 14)


def test_polygons_beside_each_other_do_not_meet() -> None:
    random = np.random.RandomState(0)
    polygons = [random.uniform(-3, 17, (count, 2)).tolist() for count in (3, 7, 1, 12)]
    points = torch.tensor([corner for polygon in polygons for corner in polygon])
    following, number, start = [], [], 0
    for index, polygon in enumerate(polygons):
        following += [start + (i + 1) % len(polygon) for i in range(len(polygon))]
        number += [index] * len(polygon)
        start += len(polygon)
    masks = rasterize(points, torch.tensor(following), torch.tensor(number), 4, 14)
    assert masks.tolist() == [
        step_by_step(points[torch.tensor(number) == i].tolist(), 14) for i in range(4)
    ]


def labels(**changes: Any) -> Any:
    square = [[0, 0], [4, 0], [4, 4], [0, 4]]
    arguments = {
        "im_info": torch.tensor([[8.0, 8, 1]]),
        "gt_classes": levelled([[1]], [1], dtype="int32"),
        "is_crowd": levelled([[0]], [1], dtype="int32"),
        "gt_segms": levelled(square, [1], [1], [4]),
        "rois": levelled([[0, 0, 4, 4], [0, 0, 8, 8], [9, 9, 9, 9]], [3]),
        "labels_int32": levelled([[1], [1], [0]], [3], dtype="int32"),
        "num_classes": 2,
        "resolution": 4,
    }
    return L.generate_mask_labels(**{**arguments, **changes})


def test_the_example_of_a_square() -> None:
    rois, places, masks = labels()
    assert rois.tolist() == [[0, 0, 4, 4], [0, 0, 8, 8]]
    assert places.flatten().tolist() == [0, 1]
    assert lengths(masks) == [[2]]
    assert (masks[:, :16] == -1).all()
    assert masks[0, 16:].tolist() == [1] * 16
    assert masks[1, 16:].reshape(4, 4).tolist() == [[1, 1, 0, 0]] * 2 + [[0] * 4] * 2


def test_an_image_without_objects_to_learn_learns_nothing() -> None:
    _, places, masks = labels(is_crowd=levelled([[1]], [1], dtype="int32"))
    assert places.flatten().tolist() == [0, 1]
    assert (masks == -1).all()


MISTAKES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "one level": (
        {"gt_segms": levelled(np.zeros((4, 2)), [4])},
        ValueError,
        r"gt_segms must have 3 levels of detail: .* but they are \[\[4\]\]",
    ),
    "other objects": (
        {"gt_segms": levelled(np.zeros((4, 2)), [2], [1, 1], [2, 2])},
        ValueError,
        r"gt_segms and gt_classes must have the same objects for each image, but they have \[2\] "
        r"and \[1\]",
    ),
    "no corners": (
        {"gt_segms": levelled(np.zeros((4, 2)), [1], [2], [4, 0])},
        ValueError,
        "each polygon of gt_segms must have corners, but polygon 1 has none",
    ),
    "a label too high": (
        {"num_classes": 1},
        ValueError,
        "labels_int32 must be below num_classes, 1, but they reach 1",
    ),
    "no pixels": ({"resolution": 0}, ValueError, "resolution must be at least 1, but it is 0"),
    "double regions": (
        {"rois": levelled(np.zeros((3, 4)), [3], dtype="float64")},
        TypeError,
        "rois must be float32, but it is float64",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_masks_are_named(mistake: str) -> None:
    changes, kind, told = MISTAKES[mistake]
    with pytest.raises(kind, match="generate_mask_labels: " + told):
        labels(**changes)
