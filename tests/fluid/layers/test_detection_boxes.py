"""Boxes: what holds for all of them, and mistakes in calls."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from fluid.layers.building import fresh_program
from paddle_compat import fluid

L: Any = fluid.layers
OFFSETS = (True, False)


@st.composite
def boxes(draw: Any, most: int = 6) -> torch.Tensor:
    """Draw boxes with an area, as float64."""
    count = draw(st.integers(1, most))
    number = st.floats(-100, 100, width=32)
    side = st.floats(0.5, 50, width=32)
    rows = []
    for _ in range(count):
        x, y, w, h = draw(number), draw(number), draw(side), draw(side)
        rows.append([x, y, x + w, y + h])
    return torch.tensor(rows, dtype=torch.float64)


@settings(max_examples=60, deadline=None)
@given(boxes(), boxes(), st.sampled_from(OFFSETS))
def test_what_is_encoded_is_decoded_again_in_pixels_half_a_one_off(
    priors: torch.Tensor, targets: torch.Tensor, normalized: bool
) -> None:
    variance = [0.25, 0.5, 0.125, 1.0]
    v = torch.tensor(variance, dtype=torch.float64).expand(len(priors), 4)
    codes = L.box_coder(priors, v, targets, "encode_center_size", normalized)
    again = L.box_coder(priors, variance, codes, "decode_center_size", normalized)
    wanted = targets[:, None] - (0.0 if normalized else 0.5)
    torch.testing.assert_close(again, wanted.expand_as(again), rtol=0, atol=1e-9)
    turned = L.box_coder(priors, v, codes.transpose(0, 1), "decode_center_size", normalized, axis=1)
    torch.testing.assert_close(turned, again.transpose(0, 1), rtol=0, atol=1e-9)


@settings(max_examples=60, deadline=None)
@given(boxes(), boxes(), st.sampled_from(OFFSETS))
def test_overlaps_are_parts_that_do_not_ask_who_is_first(
    a: torch.Tensor, b: torch.Tensor, normalized: bool
) -> None:
    overlap = L.iou_similarity(a, b, normalized)
    assert overlap.shape == (len(a), len(b))
    assert float(overlap.min()) >= 0
    assert float(overlap.max()) <= 1
    torch.testing.assert_close(overlap, L.iou_similarity(b, a, normalized).T, rtol=0, atol=0)
    alone = L.iou_similarity(a, a, normalized).diagonal()
    torch.testing.assert_close(alone, torch.ones_like(alone), rtol=0, atol=1e-9)


@settings(max_examples=40, deadline=None)
@given(boxes(), st.floats(0.5, 4), st.integers(1, 200), st.integers(1, 200))
def test_clipped_boxes_are_inside_and_stay(
    drawn: torch.Tensor, scale: float, height: int, width: int
) -> None:
    image = torch.tensor([[height, width, scale]], dtype=torch.float64)
    clipped = L.box_clip(drawn, image)
    assert float(clipped.min()) >= 0
    assert float(clipped[:, ::2].max()) <= max(round(width / scale + 1e-9), 0)
    assert float(clipped[:, 1::2].max()) <= max(round(height / scale + 1e-9), 0)
    assert torch.equal(L.box_clip(clipped, image), clipped)


def test_boxes_are_clipped_to_the_image_that_their_level_of_detail_tells() -> None:
    given_boxes = fluid.create_lod_tensor(
        np.full((5, 4), 50, "float32"), [[2, 0, 3]], fluid.CPUPlace()
    )
    images = torch.tensor([[11.0, 21.0, 1.0], [1.0, 1.0, 1.0], [40.0, 30.0, 2.0]])
    clipped = L.box_clip(given_boxes, images)
    assert clipped[:, 0].tolist() == [20.0] * 2 + [14.0] * 3
    assert clipped[:, 1].tolist() == [10.0] * 2 + [19.0] * 3


def test_the_best_class_is_never_the_background() -> None:
    priors = torch.tensor([[0.0, 0.0, 9.0, 9.0]] * 3)
    codes = torch.zeros(3, 12)
    codes[:, 8] = 1.0  # class 2 lies to the right
    scores = torch.tensor([[9.0, 1.0, 2.0], [9.0, 2.0, 1.0], [9.0, -1.0, -2.0]])
    _, best = L.box_decoder_and_assign(priors, torch.ones(4), codes, scores, 4.0)
    assert best[:, 0].tolist() == [10.0, 0.0, 0.0]


def test_no_gradient_passes() -> None:
    box = torch.tensor([[0.0, 0.0, 4.0, 4.0]], requires_grad=True)
    image = torch.tensor([[9.0, 9.0, 1.0]])
    results = (
        L.iou_similarity(box, box),
        L.box_coder(box, [1.0] * 4, box),
        L.box_clip(box, image),
        L.polygon_box_transform(box.reshape(1, 2, 1, 2)),
        *L.box_decoder_and_assign(box, torch.ones(4), box, box[:, :1], 4.0),
    )
    assert [value.requires_grad for value in results] == [False] * 6


@pytest.fixture
def program() -> Iterator[None]:
    with fresh_program():
        yield


def _box(name: str = "b", *shape: int, dtype: str = "float32") -> Any:
    return fluid.data(name, list(shape) or [-1, 4], dtype)


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: L.iou_similarity(_box(), _box("c", -1, 5)),
        ValueError,
        r"iou_similarity: y must be \[M, 4\], but its shape is \[-1, 5\]",
    ),
    (
        lambda: L.iou_similarity(_box(), _box("c", dtype="float64")),
        TypeError,
        r"y must have the dtype of x, torch.float32, but it is torch.float64; use fluid.*cast",
    ),
    (
        lambda: L.iou_similarity(_box(), _box("c"), "yes"),
        TypeError,
        r"box_normalized must be True or False, but it is str",
    ),
    (
        lambda: L.box_coder(_box(), None, _box("c")),
        TypeError,
        r"prior_box_var must be a variable, a tensor or a list of 4 numbers, but it is NoneType",
    ),
    (
        lambda: L.box_coder(_box(), [1, 1, 2, 2], _box("c")),
        TypeError,
        r"prior_box_var must be floats, but it is \[1, 1, 2, 2\]; use \[1.0, 1.0, 2.0, 2.0\]",
    ),
    (
        lambda: L.box_coder(_box(), [0.1, 0.1], _box("c")),
        ValueError,
        r"prior_box_var must have 4 numbers, but it has 2",
    ),
    (
        lambda: L.box_coder(_box(), [1.0] * 4, _box("c"), "encode"),
        ValueError,
        r"code_type must be 'encode_center_size' or 'decode_center_size', but it is 'encode'",
    ),
    (
        lambda: L.box_coder(_box(), [1.0] * 4, _box("c"), axis=2),
        ValueError,
        r"axis must be 0 or 1, but it is 2",
    ),
    (
        lambda: L.box_coder(_box("b", 3, 4), [1.0] * 4, _box("c", -1, 5, 4), "decode_center_size"),
        ValueError,
        r"with axis=0, dimension 1 of target_box must have one entry for each of 3 prior boxes",
    ),
    (
        lambda: L.polygon_box_transform(_box("b", -1, 3, 4, 4)),
        ValueError,
        r"input must have an even number of channels.*\[-1, 3, 4, 4\]",
    ),
    (
        lambda: L.box_clip(_box(), _box("c")),
        ValueError,
        r"box_clip: im_info must be \[N, 3\], but its shape is \[-1, 4\]",
    ),
    (
        lambda: L.box_decoder_and_assign(
            _box(), _box("v", 5), _box("t", -1, 8), _box("s", -1, 2), 4.0
        ),
        ValueError,
        r"prior_box_var must be \[4\], but its shape is \[5\]",
    ),
    (
        lambda: L.box_decoder_and_assign(
            _box(), _box("v", 4), _box("t", -1, 9), _box("s", -1, 2), 4.0
        ),
        ValueError,
        r"target_box must be \[-1, 8\], but its shape is \[-1, 9\]",
    ),
]


@pytest.mark.usefixtures("program")
@pytest.mark.parametrize(("call", "kind", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_to_do(
    call: Callable[[], Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        call()


def test_boxes_of_several_images_must_tell_which_is_where() -> None:
    box, images = torch.zeros(3, 4), torch.ones(2, 3)
    with pytest.raises(ValueError, match=r"im_info must have a row for each image.*create_lod"):
        L.box_clip(box, images)
