"""Non-maximum suppression: what holds whatever the numbers are, and mistakes in calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from paddle_compat import fluid
from paddle_compat.conformance.detection_cases_nms import boxes_of, polygons_of, scores_of
from paddle_compat.kernels.detection import locality, matrix_nms, multiclass, polygons

L: Any = fluid.layers
BOXES = torch.from_numpy(boxes_of(60)).float()
SCORES = torch.from_numpy(scores_of(3, 60)).float()


def lengths_of(result: Tensor) -> list[list[int]]:
    levels: list[list[int]] = fluid.LoDTensor(result).recursive_sequence_lengths()
    return levels


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 40),
    st.integers(-1, 40),
    st.sampled_from([0.0, 0.3, 0.9]),
    st.sampled_from([1.0, 0.9]),
    st.integers(-1, 2),
    st.booleans(),
    st.integers(0, 10**6),
)
def test_looking_at_the_best_scores_only_changes_nothing(
    keep: int,
    top: int,
    threshold: float,
    eta: float,
    background: int,
    ties: bool,
    seed: int,
) -> None:
    boxes = torch.from_numpy(boxes_of(300, seed, 1))
    scores = torch.from_numpy(scores_of(3, 300, seed, 1))
    if ties:
        scores = (scores * 20).round() / 20
    rule = multiclass.Rule(0.05, top, keep, threshold, eta, True, background)
    every = multiclass.Rule(0.05, top, -1, threshold, eta, True, background)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiclass, "_SAMPLE", 64)
        found, index, _ = multiclass.multiclass_nms(boxes, scores, rule)
    rows, numbers, _ = multiclass.multiclass_nms(boxes, scores, every)
    # By label and score; the best of all, the first of equal ones, in that order.
    best = np.sort(np.argsort(-rows[:, 1].float().numpy(), kind="stable")[:keep])
    assert torch.equal(found, rows[best])
    assert torch.equal(index, numbers[best])


def test_more_scores_are_looked_at_where_the_best_ones_are_those_of_one_box(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(multiclass, "_SAMPLE", 500)
    boxes = torch.tensor([[0.0, 0.0, 4.0, 4.0]]).repeat(3000, 1)
    boxes[-9:] += torch.arange(1.0, 10.0)[:, None] * 10
    scores = torch.linspace(1, 0.2, 3000)[None, None]
    rule = multiclass.Rule(0.1, -1, 7, 0.5)
    _, index, lengths = multiclass.multiclass_nms(boxes[None], scores, rule)
    assert index.tolist() == [0, *range(2991, 2997)]
    assert lengths == [7]


def test_a_detection_is_found_by_its_index() -> None:
    rule = multiclass.Rule(0.1, -1, 20, 0.5)
    rows, index, lengths = multiclass.multiclass_nms(BOXES, SCORES, rule)
    assert lengths == [20, 20]
    assert torch.equal(BOXES.reshape(-1, 4)[index], rows[:, 2:])
    label = rows[:, 0].long()
    assert torch.equal(SCORES[index // 60, label, index % 60], rows[:, 1])


def test_a_box_of_a_region_is_found_by_its_index() -> None:
    boxes, scores = BOXES[0].reshape(20, 3, 4), SCORES[0, :, :20].t().contiguous()
    rule = multiclass.Rule(0.1, -1, -1, 0.5)
    rows, index, lengths = multiclass.multiclass_nms_of_rois(boxes, scores, [12, 8], rule)
    assert sum(lengths) == len(rows) > 10
    assert torch.equal(boxes.reshape(-1, 4)[index], rows[:, 2:])
    assert torch.equal(scores.reshape(-1)[index], rows[:, 1])
    assert torch.equal(index % 3, rows[:, 0].long())


def test_an_image_without_regions_changes_nothing_for_the_others() -> None:
    boxes, scores = BOXES[0].reshape(20, 3, 4), SCORES[0, :, :20].t().contiguous()
    rule = multiclass.Rule(0.1, -1, 5, 0.5)
    rows, index, lengths = multiclass.multiclass_nms_of_rois(boxes, scores, [12, 8], rule)
    more = multiclass.multiclass_nms_of_rois(boxes, scores, [0, 12, 0, 8], rule)
    assert torch.equal(more[0], rows)
    assert torch.equal(more[1], index)
    assert more[2] == [0, lengths[0], 0, lengths[1]]


def test_nothing_found_is_one_row_that_says_so() -> None:
    for layer in (L.multiclass_nms, L.locality_aware_nms):
        found = layer(BOXES.double(), SCORES[:, :1].double(), 2.0, -1, -1)
        assert found.tolist() == [[-1.0]]
        assert found.dtype == torch.float64
        assert lengths_of(found) == [[1]]
    rows, index = L.matrix_nms(BOXES, SCORES, 2.0, 0.1, -1, -1, return_index=True)
    assert (rows.shape, index.shape, index.dtype) == ((0, 6), (0, 1), torch.int32)
    assert lengths_of(rows) == lengths_of(index) == [[0, 0]]


def one_box_after_the_other(
    boxes: Tensor, scores: Tensor, threshold: float
) -> list[tuple[list[float], float]]:
    """Merge neighbours as 1.8.5's loop does."""
    runs: list[tuple[Tensor, Tensor]] = []
    for box, score in zip(boxes, scores, strict=True):
        if runs:
            merged, total = runs[-1]
            rows, overlap = multiclass.overlap_rows(torch.stack((box, merged)), True)
            if overlap(rows[:, 0], rows[:, 1]) > threshold:
                runs[-1] = ((box * score + merged * total) / (score + total), score + total)
                continue
        runs.append((box, score))
    return [(box.tolist(), score.item()) for box, score in runs]


@settings(max_examples=25, deadline=None)
@given(
    st.integers(0, 40), st.integers(1, 3), st.sampled_from([0.0, 0.2, 0.6]), st.integers(0, 9999)
)
def test_runs_side_by_side_merge_what_one_box_after_the_other_does(
    count: int, corners: int, threshold: float, seed: int
) -> None:
    random = np.random.RandomState(seed)
    if corners == 3:
        array = polygons_of(count, 4, "convex", seed, 1)[0]
    else:
        array = boxes_of(count, seed, 1, clusters=corners)[0]
    boxes, scores = torch.from_numpy(array), torch.from_numpy(random.uniform(0.1, 1, count))
    assert runs_of(boxes, scores, threshold) == one_box_after_the_other(boxes, scores, threshold)


def runs_of(boxes: Tensor, scores: Tensor, threshold: float) -> list[tuple[list[float], float]]:
    merged, totals = locality._merge(boxes, scores, multiclass.Rule(-1.0, -1, -1, threshold))
    return [
        (box.tolist(), total.item())
        for box, total in zip(merged, totals, strict=True)
        if not total.isnan()
    ]


@pytest.mark.parametrize("ahead", [1, 7, 64])
def test_runs_that_end_between_neighbours_that_overlap_are_seen(
    ahead: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(locality, "_AHEAD", ahead)
    # Each box overlaps the one before it; what they are merged into stays behind.
    left = torch.arange(300.0, dtype=torch.float64)
    boxes = torch.stack((left, 0 * left, left + 5, 0 * left + 1), 1)
    scores = torch.linspace(0.5, 1, 300, dtype=torch.float64)
    found = runs_of(boxes, scores, 0.4)
    assert found == one_box_after_the_other(boxes, scores, 0.4)
    assert 20 < len(found) < 150


@pytest.mark.parametrize("sigma", [None, 2.0])
def test_scores_decay_alike_in_blocks_of_any_size(sigma: float | None) -> None:
    rule = matrix_nms.MatrixRule(0.0, 0.0, -1, -1, sigma, True, -1)
    whole = matrix_nms.matrix_nms(BOXES, SCORES, rule)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(matrix_nms, "_PAIRS", 1)
        patch.setattr(matrix_nms, "_ELEMENTS", 1)
        blocks = matrix_nms.matrix_nms(BOXES, SCORES, rule)
    assert torch.equal(whole[0], blocks[0])
    assert torch.equal(whole[1], blocks[1])


def test_a_linear_decay_is_rounded_once() -> None:
    # As it is in 1.8.5: of 2451 scores, all have its bits; of 157 float32 division has others.
    overlap, largest = torch.rand(2, 1000, generator=torch.Generator().manual_seed(0)) * 0.9
    found = matrix_nms._decay(overlap, largest, None)
    exact = (1 - overlap.double().numpy()) / (1 - largest.double().numpy())
    assert found.numpy().tobytes() == exact.astype(np.float32).tobytes()


def test_strips_and_pairs_of_edges_find_the_same_area() -> None:
    for corners in (4, 8, 16):
        for kind in ("convex", "concave"):
            corner = torch.from_numpy(polygons_of(12, corners, kind))
            pairs = polygons._shared_untangled(*corner)
            strips = polygons._shared_tangled(*corner)
            assert pairs.max() > 10
            torch.testing.assert_close(pairs, strips, rtol=0, atol=1e-10)


def overlap_of(a: list[float], b: list[float], dtype: torch.dtype) -> float:
    rows = polygons.polygon_rows(torch.tensor([a, b], dtype=dtype))
    return float(polygons.polygon_overlaps(rows[:, 0], rows[:, 1]))


def test_polygons_apart_share_nothing_at_all() -> None:
    generator = torch.Generator().manual_seed(0)
    rhombus = torch.tensor([2.0, 0, 0, 2, -2, 0, 0, -2], dtype=torch.float64)
    places = torch.rand(300, 2, generator=generator, dtype=torch.float64) * 1000
    one = rhombus * (1 + 1e-3 * torch.rand(300, 8, generator=generator)) + places.repeat(1, 4)
    # Their bounding boxes overlap.
    rows, others = polygons.polygon_rows(one), polygons.polygon_rows(one + 2.5)
    assert not polygons.polygon_overlaps(rows, others).any()


SQUARE = [0.0, 0, 4, 0, 4, 4, 0, 4]
POLYGONS: list[tuple[str, list[float], float]] = [
    ("itself", SQUARE, 1),
    ("its half", [2, 0, 6, 0, 6, 4, 2, 4], 1 / 3),
    ("the other way round", [0, 4, 4, 4, 4, 0, 0, 0], 1),
    ("a rhombus", [2, -1, 5, 2, 2, 5, -1, 2], 14 / 20),
    ("a dart", [0, 0, 4, 0, 1, 1, 0, 4], 1 / 4),
    ("a neighbour", [4, 0, 8, 0, 8, 4, 4, 4], 0),
    ("one beside it", [4.5, -1, 7.3, 0.1, 4.1, 4.7, 4.2, 0], 0),
    ("a line", [0, 0, 4, 0, 8, 0, 2, 0], 0),
    # Its halves, of 16 / 3 and 4 / 3, turn against each other: its own area is 4.
    ("one that crosses itself", [0, 0, 4, 4, 4, 0, 0, 2], 1 / 2),
    ("an endless one", [0, 0, float("inf"), 0, 4, 4, 0, 4], 0),
    ("one without a number", [0, 0, float("nan"), 0, 4, 4, 0, 4], 0),
]


@pytest.mark.parametrize(("kind", "polygon", "overlap"), POLYGONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_square_overlaps_a_polygon(
    kind: str, polygon: list[float], overlap: float, dtype: torch.dtype
) -> None:
    tolerance = 1e-6 if dtype == torch.float32 else 1e-14
    assert overlap_of(SQUARE, polygon, dtype) == pytest.approx(overlap, abs=tolerance), kind
    assert overlap_of(polygon, SQUARE, dtype) == pytest.approx(overlap, abs=tolerance), kind


def test_small_polygons_far_away_are_still_seen_to_cross_themselves() -> None:
    far = 10000.0
    bow = torch.tensor([[0.0, 0, 4, 4, 4, 0, 0, 4]]) + far
    rows = polygons.polygon_rows(torch.cat((bow, torch.tensor([SQUARE]) + far)))
    assert rows[-1].tolist() == [1, 0]


def _heads() -> tuple[list[Tensor], list[Tensor], list[Tensor], Tensor]:
    generator = torch.Generator().manual_seed(0)
    corner = torch.rand(50, 2, generator=generator) * 80
    anchors = torch.cat((corner, corner + 30), 1)
    deltas = torch.randn(2, 50, 4, generator=generator) * 0.1
    scores = torch.rand(2, 50, 3, generator=generator)
    image = torch.tensor([[100.0, 120.0, 1.0], [100.0, 120.0, 1.0]])
    return [deltas], [scores], [anchors], image


def test_retinanet_keeps_all_where_no_number_is_given() -> None:
    every = L.retinanet_detection_output(*_heads(), keep_top_k=-1)
    assert len(every) > 50
    assert torch.equal(every, L.retinanet_detection_output(*_heads(), keep_top_k=10**6))
    assert sum(lengths_of(every)[0]) == len(every)


def test_no_gradient_passes() -> None:
    boxes, scores = BOXES.clone().requires_grad_(), SCORES.clone().requires_grad_()
    deltas, levels, anchors, image = _heads()
    for found in (
        L.multiclass_nms(boxes, scores, 0.1, -1, -1),
        L.locality_aware_nms(boxes, scores[:, :1], 0.1, -1, -1),
        L.matrix_nms(boxes, scores, 0.1, 0.1, -1, -1),
        L.retinanet_detection_output([deltas[0].requires_grad_()], levels, anchors, image),
    ):
        assert len(found) > 5
        assert not found.requires_grad


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: L.multiclass_nms(BOXES, SCORES, 1, -1, -1),
        TypeError,
        r"multiclass_nms: score_threshold must be a float, but it is int",
    ),
    (
        lambda: L.multiclass_nms(BOXES, SCORES, 0.1, 2**31, -1),
        ValueError,
        r"multiclass_nms: nms_top_k must fit 32 bits, but it is 2147483648",
    ),
    (
        lambda: L.multiclass_nms(BOXES.int(), SCORES, 0.1, -1, -1),
        TypeError,
        r"multiclass_nms: bboxes must be float32 or float64, but it is int32",
    ),
    (
        lambda: L.multiclass_nms(BOXES.double(), SCORES, 0.1, -1, -1),
        ValueError,
        r"bboxes and scores must have one dtype, but they are torch.float64 and torch.float32",
    ),
    (
        lambda: L.multiclass_nms(BOXES[:, :, :3], SCORES, 0.1, -1, -1),
        ValueError,
        r"bboxes must be \[N, M, 4 or 8 or 16 or 24 or 32\] with scores \[N, C, M\], but their "
        r"shapes are \[2, 60, 3\] and \[2, 3, 60\]",
    ),
    (
        lambda: L.multiclass_nms(BOXES, SCORES[0, 0], 0.1, -1, -1),
        ValueError,
        r"scores must be \[N, C, M\], or \[M, C\] for regions, but its shape is \[60\]",
    ),
    (
        lambda: L.multiclass_nms(BOXES[0].reshape(20, 3, 4), SCORES[0, :, :20].t(), 0.1, -1, -1),
        ValueError,
        r"bboxes of regions.*must have a level of detail.*feed fluid.create_lod_tensor",
    ),
    (
        lambda: L.locality_aware_nms(BOXES, SCORES, 0.1, -1, -1),
        AssertionError,
        r"scores must be those of one class, \[N, 1, M\], but their shape is \[2, 3, 60\]",
    ),
    (
        lambda: L.matrix_nms(BOXES, SCORES[0], 0.1, 0.1, -1, -1),
        ValueError,
        r"matrix_nms: scores must be \[N, C, M\], but their shape is \[3, 60\]",
    ),
    (
        lambda: L.matrix_nms(BOXES, SCORES, 0.1, 0.1, -1, -1, use_gaussian=1),
        TypeError,
        r"matrix_nms: use_gaussian must be a bool, but it is int",
    ),
    (
        lambda: L.retinanet_detection_output(BOXES, [SCORES], [BOXES], BOXES),
        TypeError,
        r"bboxes must be a list, with a tensor for each level, but it is Tensor",
    ),
    (
        lambda: L.retinanet_detection_output([BOXES], [], [BOXES], BOXES),
        ValueError,
        r"must have a tensor for each level, but they have 1, 0 and 1",
    ),
    (
        lambda: L.retinanet_detection_output([BOXES], [SCORES], [BOXES.double()], BOXES),
        ValueError,
        r"all tensors must have one dtype.*torch.float32 and torch.float64; use fluid.layers.cast",
    ),
    (
        lambda: L.retinanet_detection_output(
            [BOXES], [SCORES.transpose(1, 2)], [BOXES[0, :9]], torch.ones(2, 3)
        ),
        ValueError,
        r"anchors\[0\] must be \[M, 4\] with the M of scores\[0\], \[60, 4\] here, but its shape "
        r"is \[9, 4\]",
    ),
    (
        lambda: L.retinanet_detection_output(
            [BOXES], [SCORES.transpose(1, 2)], [BOXES[0]], torch.ones(2, 3), nms_top_k=1.0
        ),
        TypeError,
        r"retinanet_detection_output: nms_top_k must be an int, but it is float",
    ),
]


@pytest.mark.parametrize(("call", "kind", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_to_do(
    call: Callable[[], Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        call()
