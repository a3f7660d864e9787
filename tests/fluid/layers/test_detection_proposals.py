"""Region proposals, and regions on a pyramid: what holds for all of them, and mistakes in calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluid.layers.lods import lengths, levelled
from paddle_compat import fluid
from paddle_compat.kernels.detection.pixels import pixel_overlaps

L: Any = fluid.layers


def heads(seed: int, images: int = 2, kinds: int = 3, side: int = 5) -> dict[str, Any]:
    random = np.random.RandomState(seed)
    corner = random.uniform(-5, 30, (side, side, kinds, 2))
    anchors = np.concatenate([corner, corner + random.uniform(1, 30, corner.shape)], -1)
    scores = np.round(random.rand(images, kinds, side, side), 2)
    deltas = random.randn(images, 4 * kinds, side, side) * 0.3
    return {
        "scores": torch.from_numpy(scores).float(),
        "bbox_deltas": torch.from_numpy(deltas).float(),
        "im_info": torch.tensor([[40.0, 50, 1]] * images),
        "anchors": torch.from_numpy(anchors).float(),
        "variances": torch.ones(side, side, kinds, 4),
    }


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 90), st.integers(1, 30), st.floats(0.05, 0.95))
def test_proposals_are_sorted_lie_apart_and_within_the_image(
    seed: int, before: int, after: int, threshold: float
) -> None:
    boxes, scores = L.generate_proposals(
        **heads(seed), pre_nms_top_n=before, post_nms_top_n=after, nms_thresh=threshold
    )
    counts = lengths(boxes)[0]
    assert lengths(scores) == [counts]
    for some, theirs in zip(torch.split(boxes, counts), torch.split(scores, counts), strict=True):
        assert len(some) <= min(before, after)
        assert (theirs[1:] <= theirs[:-1]).all()
        assert (some >= 0).all()
        assert (some[:, 2] <= 49).all()
        assert (some[:, 3] <= 39).all()
        assert ((some[:, 2:] - some[:, :2]) >= 0).all()
        overlaps = pixel_overlaps(some.double(), some.double()).fill_diagonal_(0)
        assert (overlaps <= threshold + 1e-5).all()


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10**6))
def test_an_image_has_the_same_proposals_alone(seed: int) -> None:
    arguments = heads(seed)
    boxes, _ = L.generate_proposals(**arguments)
    counts = lengths(boxes)[0]
    for image, some in enumerate(torch.split(boxes, counts)):
        for name in ("scores", "bbox_deltas", "im_info"):
            arguments[name] = heads(seed)[name][image : image + 1]
        alone, _, ends = L.generate_proposals(**arguments, return_rois_num=True)
        assert torch.equal(alone, some)
        assert ends.tolist() == [len(some)]


def test_the_numbers_of_proposals_are_added_up() -> None:
    boxes, _, ends = L.generate_proposals(**heads(0, images=3), return_rois_num=True)
    assert ends.dtype == torch.int64
    assert ends.tolist() == np.cumsum(lengths(boxes)[0]).tolist()


MISTAKES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "double scores": (
        {"scores": torch.zeros(2, 3, 5, 5, dtype=torch.float64)},
        TypeError,
        r"scores must be float32, but it is float64; use fluid.layers.cast\(scores, 'float32'\)",
    ),
    "double im_info": (
        {"im_info": torch.zeros(2, 3, dtype=torch.float64)},
        TypeError,
        "im_info must be float32, as scores is, but it is float64",
    ),
    "flat scores": (
        {"scores": torch.zeros(2, 75)},
        ValueError,
        r"scores must be \[N, K, K, K\], but its shape is \[2, 75\]",
    ),
    "few deltas": (
        {"bbox_deltas": torch.zeros(2, 4, 5, 5)},
        ValueError,
        r"bbox_deltas must be \[N, 4 A, H, W\] where scores are \[N, A, H, W\], but they are "
        r"\[2, 4, 5, 5\] and \[2, 3, 5, 5\]",
    ),
    "few anchors": (
        {"anchors": torch.zeros(5, 5, 2, 4)},
        ValueError,
        r"anchors must be \[H, W, A, 4\], \[5, 5, 3, 4\] for these scores, but the shape is "
        r"\[5, 5, 2, 4\]",
    ),
    "one row of im_info": (
        {"im_info": torch.zeros(1, 3)},
        ValueError,
        r"im_info must be \[2, 3\], each image's height, width and scale, but its shape is "
        r"\[1, 3\]",
    ),
    "a fraction of a number": ({"pre_nms_top_n": 7.0}, TypeError, "pre_nms_top_n must be an int"),
    "no threshold": (
        {"nms_thresh": None},
        TypeError,
        "nms_thresh must be a number, but it is None",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_in_proposals_are_named(mistake: str) -> None:
    changes, kind, told = MISTAKES[mistake]
    with pytest.raises(kind, match="generate_proposals: " + told):
        L.generate_proposals(**{**heads(0), **changes})


def labels(**changes: Any) -> Any:
    """Let three proposals of an image learn, beside its one box."""
    arguments = {
        "rpn_rois": levelled([[0, 0, 9, 9], [1, 1, 9, 9], [30, 30, 39, 39]], [3]),
        "gt_classes": levelled([[2]], [1], dtype="int32"),
        "is_crowd": levelled([[0]], [1], dtype="int32"),
        "gt_boxes": levelled([[0, 0, 9, 9]], [1]),
        "im_info": torch.tensor([[64.0, 64, 1]]),
        "batch_size_per_im": 4,
        "fg_fraction": 0.5,
        "class_nums": 3,
        "use_random": False,
    }
    return L.generate_proposal_labels(**{**arguments, **changes})


def test_the_example_of_three_proposals() -> None:
    rois, classes, deltas, inside, outside = labels(batch_size_per_im=6)
    assert rois.tolist() == [[0, 0, 9, 9], [0, 0, 9, 9], [1, 1, 9, 9], [30, 30, 39, 39]]
    assert classes.flatten().tolist() == [2, 2, 2, 0]
    assert lengths(deltas) == [[4]]
    ones = torch.zeros(4, 12)
    ones[:3, 8:] = 1
    assert torch.equal(inside, ones)
    assert torch.equal(outside, ones)
    growth = float(np.log(np.float32(10 / 9)) / 0.2)
    shift = -0.5 / 9 / 0.1
    wanted = [[0.0] * 4, [0.0] * 4, [shift, shift, growth, growth], [0.0] * 4]
    torch.testing.assert_close(deltas[:, 8:], torch.tensor(wanted))


LABEL_MISTAKES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no number of classes": ({"class_nums": None}, TypeError, "class_nums must be an int, the num"),
    "too few classes": (
        {"class_nums": 2},
        ValueError,
        "gt_classes must be below class_nums, 2, but they reach 2",
    ),
    "too much foreground": (
        {"fg_fraction": 1.5, "batch_size_per_im": 2},
        ValueError,
        "3 proposals are to learn a box, of 2 in all; use an fg_fraction up to 1, but it is 1.5",
    ),
    "a cascade's small batch": (
        {"is_cascade_rcnn": True, "batch_size_per_im": 2},
        ValueError,
        "3 proposals are to learn, where batch_size_per_im leaves room for 2",
    ),
    "three weights": (
        {"bbox_reg_weights": [0.1, 0.1, 0.2]},
        ValueError,
        r"bbox_reg_weights must be 4 numbers, but it is \[0.1, 0.1, 0.2\]",
    ),
    "whole weights": (
        {"bbox_reg_weights": [1, 1, 1, 1]},
        TypeError,
        r"bbox_reg_weights must be floats, but it is \[1, 1, 1, 1\]",
    ),
    "other images": (
        {"rpn_rois": levelled(np.zeros((2, 4)), [1, 1]), "im_info": torch.ones(2, 3)},
        ValueError,
        "rpn_rois has rows for 2 images, but gt_boxes for 1",
    ),
}


@pytest.mark.parametrize("mistake", LABEL_MISTAKES)
def test_mistakes_in_what_proposals_learn_are_named(mistake: str) -> None:
    changes, kind, told = LABEL_MISTAKES[mistake]
    with pytest.raises(kind, match="generate_proposal_labels: " + told):
        labels(**changes)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 9), min_size=1, max_size=4))
def test_regions_come_back_from_the_levels(seed: int, counts: list[int]) -> None:
    random = np.random.RandomState(seed)
    corner = random.uniform(0, 100, (sum(counts), 2))
    sides = np.exp(random.uniform(0, 7, corner.shape))
    rois = levelled(np.concatenate([corner, corner + sides], 1), counts)
    levels, place = L.distribute_fpn_proposals(rois, 2, 5, 4, 224)
    assert torch.equal(torch.cat(levels)[place[:, 0].long()], rois)
    found = [lengths(level)[0] for level in levels]
    assert np.sum(found, axis=0).tolist() == counts
    size = torch.stack([(r[:, 2:] - r[:, :2] + 1).prod(1).sqrt().mean() for r in levels])
    some = size[~size.isnan()]
    assert (some[1:] > some[:-1]).all()
    # All of them, collected by a score that falls, are as they were.
    scores = torch.linspace(1, 0, max(len(rois), 1))[: len(rois), None]
    parts = torch.split(scores[place[:, 0].long().argsort()], [len(level) for level in levels])
    ranked = [levelled(part.numpy(), count) for part, count in zip(parts, found, strict=True)]
    again = L.collect_fpn_proposals(levels, ranked, 2, 5, len(rois))
    assert torch.equal(again, rois)
    assert lengths(again) == [counts]


def test_mistakes_in_levels_are_named() -> None:
    rois = levelled(np.zeros((2, 4)), [2])
    scores = levelled(np.zeros((2, 1)), [2])
    with pytest.raises(ValueError, match="min_level must be at least 0 and at most max_level, but"):
        L.distribute_fpn_proposals(rois, 5, 2, 4, 224)
    with pytest.raises(TypeError, match="distribute_fpn_proposals: refer_scale must be an int"):
        L.distribute_fpn_proposals(rois, 2, 5, 4, 224.0)
    with pytest.raises(ValueError, match="fpn_rois must have 1 level of detail"):
        L.distribute_fpn_proposals(torch.zeros(2, 4), 2, 5, 4, 224)
    with pytest.raises(ValueError, match=r"one item for each level .* but they have 2 and 1"):
        L.collect_fpn_proposals([rois, rois], [scores], 2, 3, 5)
    with pytest.raises(ValueError, match="post_nms_top_n must be at least 0, but it is -1"):
        L.collect_fpn_proposals([rois], [scores], 2, 2, -1)
    with pytest.raises(TypeError, match="multi_rois must be a list of variables or tensors, but"):
        L.collect_fpn_proposals(rois, scores, 2, 2, 5)
    other = levelled(np.zeros((2, 1)), [1, 1])
    with pytest.raises(
        ValueError, match=r"multi_rois\[0\] and multi_scores\[0\] must have the same"
    ):
        L.collect_fpn_proposals([rois], [other], 2, 2, 5)
