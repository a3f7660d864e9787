"""YOLOv3's loss: what its gradient is, how it is computed, and mistakes in calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from paddle_compat import fluid
from paddle_compat.kernels.detection import yolo as kernel

L: Any = fluid.layers
ANCHORS = [10, 13, 16, 30, 33, 23]
CHOSEN = [0, 1, 2]


def head_of(size: int = 4, images: int = 2, dtype: torch.dtype = torch.float32) -> Tensor:
    generator = torch.Generator().manual_seed(3)
    return torch.randn(images, 27, size, size, generator=generator, dtype=dtype)


def boxes_of(*rows: list[float], dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.tensor([rows, rows], dtype=dtype)


def labels_of(count: int) -> Tensor:
    return torch.arange(2 * count, dtype=torch.int32).reshape(2, count) % 4


def loss_of(x: Tensor, boxes: Tensor, scores: Tensor | None = None, thresh: float = 0.5) -> Tensor:
    labels = labels_of(boxes.shape[1])
    result: Tensor = L.yolov3_loss(
        x, boxes, labels, ANCHORS, CHOSEN, 4, thresh, 32, gt_score=scores
    )
    return result


ONE, OTHER = [0.3, 0.4, 0.1, 0.2], [0.8, 0.7, 0.3, 0.2]


@pytest.mark.parametrize("scored", [False, True])
def test_the_gradient_is_the_derivative_where_each_prediction_has_one_box(scored: bool) -> None:
    x = head_of(2, dtype=torch.float64).requires_grad_()
    boxes = boxes_of(ONE, OTHER, dtype=torch.float64)
    scores = torch.tensor([[0.7, 1.0], [0.2, 0.9]], dtype=torch.float64) if scored else None
    assert torch.autograd.gradcheck(lambda x: loss_of(x, boxes, scores), (x,), fast_mode=True)


def test_boxes_at_one_prediction_add_to_the_loss_and_the_last_one_teaches() -> None:
    x = head_of().requires_grad_()
    both, last = boxes_of(ONE, ONE), boxes_of([0, 0, 0, 0], ONE)
    labels = labels_of(2)
    losses = [
        L.yolov3_loss(x, boxes, labels, ANCHORS, CHOSEN, 4, 0.5, 32) for boxes in (both, last)
    ]
    assert bool((losses[0] > losses[1]).all())
    gradients = [torch.autograd.grad(loss.sum(), x)[0] for loss in losses]
    assert torch.equal(*gradients)


def test_of_boxes_at_one_prediction_one_is_the_last() -> None:
    head = kernel.Head(ANCHORS, CHOSEN, 4, 32)
    boxes, valid = boxes_of(ONE, OTHER, ONE), torch.ones(2, 3, dtype=torch.bool)
    found = kernel._assign(boxes, labels_of(3), None, valid, head, (4, 4), False)
    # Not left to the order in which a device happens to write.
    assert found.last.tolist() == [False, True, True] * 2


def test_padding_changes_nothing() -> None:
    x = head_of()
    padded = boxes_of([0, 0, 0, 0], ONE, [0.5, 0.5, 0, 0.3], OTHER)
    labels = torch.tensor([[9, 1, 9, 2]] * 2, dtype=torch.int32)
    for thresh in (0.0, 0.3, 0.7):
        arguments = (ANCHORS, CHOSEN, 4, thresh, 32)
        bare = L.yolov3_loss(x, boxes_of(ONE, OTHER), labels[:, [1, 3]], *arguments)
        assert torch.equal(bare, L.yolov3_loss(x, padded, labels, *arguments))


@pytest.mark.parametrize("block", [1, 7, 64])
def test_blocks_give_the_bits_of_one_block(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    x, boxes = head_of(9), boxes_of(ONE, OTHER, [0.5, 0.5, 0.4, 0.9])
    whole = loss_of(x, boxes, thresh=0.1)
    monkeypatch.setattr(kernel, "_BLOCK_CPU", block)
    assert torch.equal(loss_of(x, boxes, thresh=0.1), whole)


def test_what_overlaps_a_box_is_not_told_to_be_background() -> None:
    # Every prediction is 16 x 30 at the middle of its cell, and one box is just there.
    x = torch.zeros(2, 27, 4, 4, requires_grad=True)
    boxes = boxes_of([0.375, 0.375, 16 / 128, 30 / 128])
    slopes = {}
    for thresh in (0.2, 0.99):
        (gradient,) = torch.autograd.grad(loss_of(x, boxes, thresh=thresh).sum(), x)
        slopes[thresh] = gradient.reshape(2, 3, 9, 4, 4)[:, :, 4]
    # Its own anchor is told that there is a box; the other two overlap it by more than 0.2.
    assert slopes[0.2][0, :, 1, 1].tolist() == [0.0, -0.5, 0.0]
    assert slopes[0.99][0, :, 1, 1].tolist() == [0.5, -0.5, 0.5]


@pytest.mark.parametrize(("images", "count"), [(0, 3), (2, 0), (0, 0)])
def test_no_images_and_no_boxes_are_fine(images: int, count: int) -> None:
    x = head_of(images=images).requires_grad_()
    boxes, labels = torch.zeros(images, count, 4), torch.zeros(images, count, dtype=torch.int32)
    loss = L.yolov3_loss(x, boxes, labels, ANCHORS, CHOSEN, 4, 0.5, 32)
    (gradient,) = torch.autograd.grad(loss.sum(), x)
    assert gradient.reshape(images, 3, 9, 4, 4)[:, :, [0, 1, 2, 3, 5, 6, 7, 8]].abs().sum() == 0
    sizes = torch.ones(images, 2, dtype=torch.int32)
    assert L.yolo_box(x, sizes, ANCHORS, 4, 0.1, 32)[1].shape == (images, 48, 4)


def test_a_second_derivative_is_refused() -> None:
    x = head_of().requires_grad_()
    loss = loss_of(x, boxes_of(ONE)).square().sum()
    (gradient,) = torch.autograd.grad(loss, x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        torch.autograd.backward(gradient.sum())


def call(**changes: Any) -> Any:
    given = {
        "x": head_of(),
        "gt_box": boxes_of(ONE),
        "gt_label": labels_of(1),
        "anchors": ANCHORS,
        "anchor_mask": CHOSEN,
        "class_num": 4,
        "ignore_thresh": 0.5,
        "downsample_ratio": 32,
    }
    return L.yolov3_loss(**{**given, **changes})


def box(**changes: Any) -> Any:
    given = {
        "x": head_of(),
        "img_size": torch.ones(2, 2, dtype=torch.int32),
        "anchors": ANCHORS,
        "class_num": 4,
        "conf_thresh": 0.1,
        "downsample_ratio": 32,
    }
    return L.yolo_box(**{**given, **changes})


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: call(class_num=5),
        ValueError,
        r"x must have 30 channels, 5 \+ 5 classes for each of 3 anchors, but it has 27",
    ),
    (
        lambda: call(x=torch.zeros(2, 27, 4, 5)),
        ValueError,
        r"x must be as high as wide, but its shape is \[2, 27, 4, 5\]; pad the images",
    ),
    (
        lambda: call(anchors=[10, 13, 16]),
        ValueError,
        r"anchors must be width, height.*, all above 0, but it is \[10, 13, 16\]",
    ),
    (
        lambda: call(anchor_mask=[0, 3]),
        ValueError,
        r"anchor_mask must tell some of 3 anchors.*from 0 to 2, but it is \[0, 3\]",
    ),
    (lambda: call(ignore_thresh=1), TypeError, r"ignore_thresh must be a float, but it is int"),
    (lambda: call(use_label_smooth=1), TypeError, r"use_label_smooth must be True or False"),
    (
        lambda: call(gt_box=boxes_of(ONE).double()),
        TypeError,
        r"gt_box must have the dtype of x, torch.float32",
    ),
    (
        lambda: call(gt_label=labels_of(1).long()),
        TypeError,
        r"gt_label must be int32, but it is int64; use fluid.layers.cast\(gt_label, 'int32'\)",
    ),
    (
        lambda: call(gt_label=labels_of(2)),
        ValueError,
        r"gt_label must be \[2, 1\], but its shape is \[2, 2\]",
    ),
    (
        lambda: call(gt_box=100 * boxes_of(ONE)),
        ValueError,
        r"centre of a gt_box is outside the image.*divided by the image's width and height",
    ),
    (lambda: call(downsample_ratio=0), ValueError, r"downsample_ratio must be at least 1"),
    (lambda: box(conf_thresh=1), TypeError, r"yolo_box: conf_thresh must be a float"),
    (lambda: box(class_num=4.0), TypeError, r"yolo_box: class_num must be an int"),
    (
        lambda: box(img_size=torch.ones(3, 2, dtype=torch.int32)),
        ValueError,
        r"img_size must be \[2, 2\], but its shape is \[3, 2\]",
    ),
]


@pytest.mark.parametrize(("wrong", "kind", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_is_due(
    wrong: Callable[[], Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        wrong()
