"""Deformable convolution: derivatives, what it is without moves, and mistakes in calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor

from fluid.layers.building import fresh_program
from paddle_compat import fluid
from paddle_compat.kernels.detection import deformable as kernel
from paddle_compat.kernels.detection.deformable import Window, deformable_conv

L: Any = fluid.layers


def drawn(*shape: int, seed: int = 0, dtype: torch.dtype = torch.float64) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=dtype)


def window(groups: int = 1, moves: int = 1, padding: int = 1) -> Window:
    return Window((3, 2), (1, 2), (padding, padding), (1, 1), groups, moves)


def inputs(groups: int, moves: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Return a map of 5 x 6 that windows of 3 x 2 lie on at 5 x 4 places."""
    given = (
        drawn(2, 4, 5, 6),
        # Away from the cells, where there is no derivative.
        drawn(2, moves * 12, 5, 4, seed=1).round() + 0.3,
        drawn(2, moves * 6, 5, 4, seed=2),
        drawn(4, 4 // groups, 3, 2, seed=3),
    )
    for value in given:
        value.requires_grad_()
    return given


@pytest.mark.parametrize(("groups", "moves"), [(1, 1), (2, 1), (1, 2), (2, 4)])
def test_all_gradients_are_derivatives(groups: int, moves: int) -> None:
    given = inputs(groups, moves)

    def second(x: Tensor, offset: Tensor, mask: Tensor, filters: Tensor) -> Tensor:
        return deformable_conv(x, offset, mask, filters, window(groups, moves))

    def first(x: Tensor, offset: Tensor, filters: Tensor) -> Tensor:
        return deformable_conv(x, offset, None, filters, window(groups, moves))

    # Along random directions: element by element takes minutes.
    assert torch.autograd.gradcheck(second, given, fast_mode=True)
    assert torch.autograd.gradcheck(first, (given[0], given[1], given[3]), fast_mode=True)


@pytest.mark.parametrize(("groups", "moves"), [(1, 1), (2, 2)])
def test_without_moves_it_is_a_convolution(groups: int, moves: int) -> None:
    x, offset, mask, filters = inputs(groups, moves)
    still, full = torch.zeros_like(offset), torch.ones_like(mask)
    expected = torch.nn.functional.conv2d(x, filters, None, (1, 2), 1, 1, groups)
    for part in (full, None):
        found = deformable_conv(x, still, part, filters, window(groups, moves))
        torch.testing.assert_close(found, expected)


def test_image_by_image_gives_what_all_at_once_do(monkeypatch: pytest.MonkeyPatch) -> None:
    given = inputs(2, 2)

    def run() -> list[Tensor]:
        out = deformable_conv(*given, window(2, 2))
        return [out, *torch.autograd.grad((out * out).sum(), given)]

    whole = run()
    monkeypatch.setattr(kernel, "_CHUNK", 1)
    for found, expected in zip(run(), whole, strict=True):
        torch.testing.assert_close(found, expected)


def test_offsets_learn_where_the_mask_does_not() -> None:
    x, offset, mask, filters = inputs(1, 1)
    out = deformable_conv(x, offset, mask.detach(), filters, window())
    alone = torch.autograd.grad(out.sum(), offset)[0]
    out = deformable_conv(x, offset, mask, filters, window())
    assert torch.equal(alone, torch.autograd.grad(out.sum(), [offset, mask])[0])
    assert alone.abs().sum() > 0


def test_cells_that_nothing_touches_are_not_read() -> None:
    x = torch.ones(1, 1, 4, 5)
    x[..., 0, :] = float("inf")
    out = deformable_conv(
        x,
        torch.zeros(1, 2, 2, 5),
        None,
        torch.ones(1, 1, 1, 1),
        Window((1, 1), (1, 1), (-1, 0), (1, 1), 1, 1),
    )
    assert out.tolist() == [[[[1.0] * 5] * 2]]


def test_how_many_images_are_done_at_once_changes_nothing() -> None:
    found = []
    for step in (1, 2, 4, 64):
        with fluid.dygraph.guard():
            fluid.default_main_program().random_seed = 5
            x, offset, mask = drawn(4, 2, 5, 5), drawn(4, 18, 3, 3), drawn(4, 9, 3, 3)
            one = fluid.initializer.Constant(0.5)
            found.append(
                L.deformable_conv(
                    x, offset, mask, 2, 3, im2col_step=step, param_attr=fluid.ParamAttr("w", one)
                )
            )
    assert all(torch.equal(each, found[0]) for each in found)


def _data(name: str, *shape: int, dtype: str = "float32") -> Any:
    return fluid.data(name, list(shape), dtype)


def call(**changes: Any) -> Any:
    given = {
        "input": _data("x", -1, 4, 6, 7),
        "offset": _data("o", -1, 18, 4, 5),
        "mask": _data("m", -1, 9, 4, 5),
        "num_filters": 2,
        "filter_size": 3,
    }
    return L.deformable_conv(**{**given, **changes})


MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: call(mask=None),
        ValueError,
        r"mask must be given; without one, use modulated=False",
    ),
    (
        lambda: call(offset=_data("f", -1, 9, 4, 5)),
        ValueError,
        r"offset must be \[-1, 18, 4, 5\], 2 for each of 9 elements.*its shape is \[-1, 9, 4, 5\]",
    ),
    (
        lambda: call(padding=1),
        ValueError,
        r"offset must be \[-1, 18, 6, 7\], 2 for each of 9 elements of the window at each place",
    ),
    (
        lambda: call(groups=3, num_filters=3),
        ValueError,
        r"the channels of input must divide into groups, but 4 do not into 3",
    ),
    (
        lambda: call(deformable_groups=4),
        ValueError,
        r"the filters must divide into deformable_groups, but 2 do not into 4",
    ),
    (
        lambda: call(input=_data("y", -1, -1, 6, 7)),
        ValueError,
        r"input must be \[N, C, H, W\] with a known C, but its shape is \[-1, -1, 6, 7\]",
    ),
    (
        lambda: call(mask=_data("g", -1, 9, 4, 5, dtype="float64")),
        TypeError,
        r"mask must have the dtype of input, torch.float32, but it is torch.float64",
    ),
    (lambda: call(param_attr=False), AssertionError, r"param_attr must not be False"),
    (lambda: call(im2col_step=0), ValueError, r"im2col_step must be at least 1, but it is 0"),
    (
        lambda: call(
            input=_data("y", 3, 4, 6, 7),
            offset=_data("f", 3, 18, 4, 5),
            mask=_data("g", 3, 9, 4, 5),
            im2col_step=2,
        ),
        ValueError,
        r"images must divide by im2col_step, or be less, but 3 do not by 2",
    ),
]


@pytest.mark.parametrize(("wrong", "kind", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_is_due(
    wrong: Callable[[], Any], kind: type[Exception], told: str
) -> None:
    with fresh_program(), pytest.raises(kind, match=told):
        wrong()
