"""Anchors and prior boxes: what holds for all of them, and mistakes in calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch

from paddle_compat import fluid

L: Any = fluid.layers
X, IMAGE = torch.zeros(1, 2, 3, 4), torch.zeros(1, 3, 33, 44)


def test_anchors_of_neighbouring_cells_lie_a_stride_apart() -> None:
    boxes, _ = L.anchor_generator(X, [32.0, 64.0], [0.5, 2.0], stride=[8.0, 16.0])
    assert boxes.shape == (3, 4, 4, 4)
    right, down = boxes[:, 1:] - boxes[:, :-1], boxes[1:] - boxes[:-1]
    assert torch.equal(right, torch.tensor([8.0, 0.0, 8.0, 0.0]).expand_as(right))
    assert torch.equal(down, torch.tensor([0.0, 16.0, 0.0, 16.0]).expand_as(down))


def test_sizes_follow_each_other_within_a_ratio() -> None:
    boxes, _ = L.anchor_generator(X, [32.0, 64.0], [1.0, 4.0], stride=[16.0, 16.0])
    sides = boxes[0, 0, :, 2:] - boxes[0, 0, :, :2] + 1
    assert sides.tolist() == [[32.0, 32.0], [64.0, 64.0], [16.0, 64.0], [32.0, 128.0]]


def test_variances_go_with_each_box() -> None:
    for boxes, beside in (
        L.anchor_generator(X, [32.0], [1.0], [0.5, 0.25, 1.0, 2.0], [8.0, 8.0]),
        L.prior_box(X, IMAGE, [8.0], variance=[0.5, 0.25, 1.0, 2.0]),
        L.density_prior_box(X, IMAGE, [2], [8.0], [1.0], [0.5, 0.25, 1.0, 2.0]),
    ):
        assert beside.shape == boxes.shape
        assert beside.unique(dim=2).flatten().tolist() == [0.5, 0.25, 1.0, 2.0] * 12


def test_a_ratio_counts_once_and_its_inverse_where_it_is_flipped() -> None:
    def count(ratios: list[float], flip: bool) -> int:
        return int(L.prior_box(X, IMAGE, [8.0], None, ratios, flip=flip)[0].shape[2])

    assert count([], True) == 1
    assert count([1.0, 2.0, 2.0], False) == 2
    assert count([1.0, 2.0, 2.0], True) == 3
    assert count([2.0, 0.5], True) == 3


def test_the_second_square_comes_last_or_second() -> None:
    arguments = (X, IMAGE, [8.0], [18.0], [4.0])
    last, _ = L.prior_box(*arguments)
    second, _ = L.prior_box(*arguments, min_max_aspect_ratios_order=True)
    widths = [(boxes[0, 0, :, 2] - boxes[0, 0, :, 0]) * 44 for boxes in (last, second)]
    torch.testing.assert_close(widths[0], torch.tensor([8.0, 16.0, 12.0]))
    torch.testing.assert_close(widths[1], torch.tensor([8.0, 12.0, 16.0]))


def test_only_the_side_that_leaves_the_image_is_held_unless_all_are_clipped() -> None:
    arguments = (X, IMAGE, [1], [4.0], [1.0])
    held, _ = L.density_prior_box(*arguments, offset=-1.0)
    assert float(held[..., :2].min()) == 0.0
    assert float(held[..., 2:].min()) < 0.0
    clipped, _ = L.density_prior_box(*arguments, offset=-1.0, clip=True)
    assert float(clipped.min()) == 0.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_boxes_have_the_dtype_of_the_map(dtype: torch.dtype) -> None:
    x = X.to(dtype)
    for results in (
        L.anchor_generator(x, [32.0], [1.0], stride=[8.0, 8.0]),
        L.prior_box(x, IMAGE, [8.0]),
        L.density_prior_box(x, IMAGE, [2], [8.0], [1.0]),
    ):
        assert [value.dtype for value in results] == [dtype] * 2


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: L.anchor_generator(X, [32.0], [1.0]),
        ValueError,
        r"anchor_generator: stride must be \[width, height\], but it is None",
    ),
    (
        lambda: L.anchor_generator(X, None, [1.0], stride=[8.0, 8.0]),
        TypeError,
        r"anchor_generator: anchor_sizes must be a number, but it is None",
    ),
    (
        lambda: L.anchor_generator(X, [32.0], [0.0], stride=[8.0, 8.0]),
        ValueError,
        r"aspect_ratios must be positive numbers, but it is \[0.0\]",
    ),
    (
        lambda: L.anchor_generator(X[0], [32.0], [1.0], stride=[8.0, 8.0]),
        ValueError,
        r"input must be \[N, C, H, W\], but its shape is \[2, 3, 4\]",
    ),
    (
        lambda: L.anchor_generator(X.int(), [32.0], [1.0], stride=[8.0, 8.0]),
        TypeError,
        r"input must be float32 or float64, but it is int32",
    ),
    (
        lambda: L.anchor_generator(X, [32.0], [1.0], [1, 1, 1, 1], [8.0, 8.0]),
        TypeError,
        r"variance must be floats, but it is \[1, 1, 1, 1\]; use \[1.0, 1.0, 1.0, 1.0\]",
    ),
    (
        lambda: L.prior_box(X, IMAGE, [8.0], [4.0]),
        ValueError,
        r"max_sizes must have a larger number for each of min_sizes.*\[4.0\] and \[8.0\]",
    ),
    (
        lambda: L.prior_box(X, IMAGE, [8.0], steps=[2.0]),
        ValueError,
        r"prior_box: steps must be \[width, height\], but it is \[2.0\]",
    ),
    (
        lambda: L.prior_box(X, IMAGE, [8.0], clip="no"),
        TypeError,
        r"prior_box: clip must be True or False, but it is str",
    ),
    (
        lambda: L.density_prior_box(X, IMAGE, [2, 3], [8.0], [1.0]),
        ValueError,
        r"densities must have one number for each of fixed_sizes.*\[2, 3\] and \[8.0\]",
    ),
    (
        lambda: L.density_prior_box(IMAGE, X, [2], [8.0], [1.0]),
        ValueError,
        r"input must be smaller than image, but its height is 33 and the image's 3",
    ),
]


@pytest.mark.parametrize(("call", "kind", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_to_do(
    call: Callable[[], Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        call()
