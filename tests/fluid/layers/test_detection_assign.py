"""Assignment of ground truth to anchors: what holds for all of it, and mistakes in calls."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from fluid.layers.lods import lengths, levelled
from paddle_compat import fluid
from paddle_compat.kernels.detection import assign as kernel
from paddle_compat.kernels.detection.pixels import pixel_overlaps

L: Any = fluid.layers
RULES = kernel.Rules(0.5, 0.4)


def boxes(seed: int, count: int) -> Tensor:
    """Return boxes on a grid, so that many overlaps are equal."""
    random = np.random.RandomState(seed)
    corner = random.randint(-2, 10, (count, 2)) * 4.0
    return torch.from_numpy(
        np.concatenate([corner, corner + random.randint(1, 6, (count, 2)) * 4], 1)
    )


def same(one: kernel.Assignment, other: kernel.Assignment) -> bool:
    return one.foreground == other.foreground and all(
        torch.equal(getattr(one, name), getattr(other, name))
        for name in ("located", "scored", "matches", "deltas", "weights")
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(0, 60), st.integers(0, 9), st.integers(1, 40))
def test_blocks_of_any_size_give_one_assignment(
    seed: int, count: int, truths: int, block: int
) -> None:
    anchors, truth = boxes(seed, count), boxes(seed + 1, truths)
    whole = kernel.assign(anchors, truth, RULES)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "_ELEMENTS", 1)
        patch.setattr(kernel, "_FEWEST", block)
        assert same(kernel.assign(anchors, truth, RULES), whole)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 60), st.integers(1, 9))
def test_each_anchor_is_told_by_its_overlaps(seed: int, count: int, truths: int) -> None:
    anchors, truth = boxes(seed, count), boxes(seed + 1, truths)
    found = kernel.assign(anchors, truth, RULES)
    overlaps = pixel_overlaps(anchors, truth)
    best = overlaps.amax(1)
    leading = ((overlaps - overlaps.amax(0)).abs() < 1e-5).any(1)
    background = best < RULES.negative
    foreground = (leading | (best >= RULES.positive)) & ~background
    wanted = [*foreground.nonzero().view(-1).tolist(), *background.nonzero().view(-1).tolist()]
    assert found.scored.tolist() == wanted
    fakes = int((leading & background).sum())
    assert found.weights[:, 0].tolist() == [0.0] * fakes + [1.0] * int(foreground.sum())
    assert found.located[fakes:].tolist() == foreground.nonzero().view(-1).tolist()
    matched = overlaps[found.located, found.matches]
    assert torch.equal(matched, best[found.located])


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10**6), st.integers(1, 40), st.integers(1, 5), st.integers(1, 12))
def test_no_more_anchors_learn_than_may(seed: int, count: int, truths: int, batch: int) -> None:
    anchors, truth = boxes(seed, count), boxes(seed + 1, truths)
    rules = kernel.Rules(0.5, 0.4, batch, batch // 2, random=True)
    every = kernel.assign(anchors, truth, RULES)
    found = kernel.assign(anchors, truth, rules)
    assert len(found.scored) <= batch
    assert found.foreground <= batch // 2
    assert len({*found.scored.tolist()}) == len(found.scored)
    assert {*found.scored[: found.foreground].tolist()} <= {
        *every.scored.tolist(),
        *every.located.tolist(),
    }


def retinanet(**changes: Any) -> Any:
    """Assign two images' boxes to three anchors."""
    given = {
        "bbox_pred": torch.arange(24.0).reshape(2, 3, 4).requires_grad_(),
        "cls_logits": torch.arange(12.0).reshape(2, 3, 2).requires_grad_(),
        "anchor_box": torch.tensor([[0.0, 0, 9, 9], [5, 5, 14, 14], [40, 40, 49, 49]]),
        "anchor_var": torch.ones(3, 4),
        "gt_boxes": levelled([[0, 0, 9, 8], [40, 40, 49, 49], [0, 0, 9, 9]], [2, 1]),
        "gt_labels": levelled([[2], [1], [1]], [2, 1], dtype="int32"),
        "is_crowd": levelled([[0], [0], [0]], [2, 1], dtype="int32"),
        "im_info": torch.tensor([[64.0, 64, 1], [64, 64, 1]]),
        "num_classes": 2,
    }
    return L.retinanet_target_assign(**{**given, **changes})


def test_the_example_of_two_images() -> None:
    scores, deltas, labels, targets, weights, counts = retinanet()
    assert scores.tolist() == [[0, 1], [4, 5], [2, 3], [6, 7], [8, 9], [10, 11]]
    assert deltas.tolist() == [[0, 1, 2, 3], [8, 9, 10, 11], [12, 13, 14, 15]]
    assert labels.flatten().tolist() == [2, 1, 0, 1, 0, 0]
    assert counts.tolist() == [[3], [2]]
    assert (lengths(labels), lengths(targets), lengths(weights), lengths(counts)) == (
        [[3, 3]],
        [[2, 1]],
        [[2, 1]],
        [[1, 1]],
    )
    assert weights.flatten().tolist() == [1.0] * 12


def test_gradients_reach_the_predictions_that_learn() -> None:
    given = {
        "bbox_pred": torch.zeros(2, 3, 4, requires_grad=True),
        "cls_logits": torch.zeros(2, 3, 2, requires_grad=True),
    }
    scores, deltas, *_ = retinanet(**given)
    ((scores * 2).sum() + (deltas * 3).sum()).backward()
    learns = torch.tensor([[1.0, 0, 1], [1, 0, 0]])[..., None]
    reached = {name: tensor.grad for name, tensor in given.items()}
    torch.testing.assert_close(reached["bbox_pred"], 3 * learns.expand(2, 3, 4))
    torch.testing.assert_close(reached["cls_logits"], torch.full((2, 3, 2), 2.0))


def test_an_image_of_nothing_but_crowd_is_background() -> None:
    crowd = levelled([[1], [1], [0]], [2, 1], dtype="int32")
    _, _, labels, targets, _, counts = retinanet(is_crowd=crowd)
    assert lengths(labels) == [[3, 3]]
    assert labels.flatten().tolist() == [0, 0, 0, 1, 0, 0]
    assert lengths(targets) == [[0, 1]]
    assert counts.tolist() == [[1], [2]]


MISTAKES: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no level": (
        {"gt_boxes": torch.zeros(3, 4)},
        ValueError,
        "gt_boxes must have 1 level of detail, the number of rows of each image, but it has 0; "
        "feed fluid.create_lod_tensor",
    ),
    "other levels": (
        {"is_crowd": levelled([[0], [0], [0]], [1, 2], dtype="int32")},
        ValueError,
        r"gt_boxes and is_crowd must have the same rows for each image, but they have \[2, 1\] "
        r"and \[1, 2\]",
    ),
    "too few images": (
        {"im_info": torch.ones(1, 3)},
        ValueError,
        "gt_boxes has rows for 2 images, but im_info tells of 1",
    ),
    "an array": (
        {"anchor_box": np.zeros((3, 4), "float32")},
        TypeError,
        "anchor_box must be a variable or a tensor, but it is ndarray",
    ),
    "long labels": (
        {"gt_labels": levelled([[1], [1], [1]], [2, 1], dtype="int64")},
        TypeError,
        r"gt_labels must be int32, but it is int64; use fluid.layers.cast\(gt_labels, 'int32'\)",
    ),
    "another float": (
        {"im_info": torch.ones(2, 3, dtype=torch.float64)},
        TypeError,
        "im_info must be float32, as anchor_box is, but it is float64",
    ),
    "narrow im_info": (
        {"im_info": torch.ones(2, 2)},
        ValueError,
        r"im_info must be \[N, 3\], each image's height, width and scale, but its shape is "
        r"\[2, 2\]",
    ),
    "few predictions": (
        {"cls_logits": torch.zeros(2, 2, 2)},
        ValueError,
        "cls_logits must have a row for each of the 3 anchors of an image, but its shape is "
        r"\[2, 2, 2\]",
    ),
    "wide anchors": (
        {"anchor_box": torch.ones(3, 5)},
        ValueError,
        r"anchor_box must be \[N, 4\], but its shape is \[3, 5\]",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes_are_named_with_what_is_wanted(mistake: str) -> None:
    changes, kind, told = MISTAKES[mistake]
    with pytest.raises(kind, match="retinanet_target_assign: " + told):
        retinanet(**changes)


def test_a_batch_without_places_is_refused() -> None:
    given = (
        torch.zeros(1, 3, 4),
        torch.zeros(1, 3, 1),
        torch.tensor([[0.0, 0, 9, 9]] * 3),
        torch.ones(3, 4),
        levelled([[0, 0, 9, 9]], [1]),
        levelled([[0]], [1], dtype="int32"),
        torch.tensor([[64.0, 64, 1]]),
    )
    with pytest.raises(ValueError, match="rpn_batch_size_per_im must be at least 1, but it is 0"):
        L.rpn_target_assign(*given, rpn_batch_size_per_im=0)
    with pytest.raises(
        ValueError, match=r"3 anchors are to learn, where .* leaves room for 2; use"
    ):
        L.rpn_target_assign(*given, rpn_batch_size_per_im=2, rpn_fg_fraction=0.0)
