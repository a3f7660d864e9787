"""Pooling over regions of interest: derivatives, chunks, what is read, and mistakes in calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from paddle_compat import fluid
from paddle_compat.kernels.detection import taps

L: Any = fluid.layers
PLACES = torch.tensor([0, 3, 3, 5])


def picture(dtype: torch.dtype = torch.float32, channels: int = 2) -> Tensor:
    generator = torch.Generator().manual_seed(5)
    return torch.randn(3, channels, 7, 8, generator=generator, dtype=dtype)


def regions(dtype: torch.dtype = torch.float32) -> Tensor:
    rows = [[0.3, 0.2, 5.1, 6.2], [-2, -3, 4.4, 3], [6, 5, 12, 11], [2, 2, 2, 2], [1, 0, 7, 6.5]]
    return torch.tensor(rows, dtype=dtype)


def corners() -> Tensor:
    rows = [[1, 1, 5, 2, 6, 5, 1, 6], [-2, 0, 4, -1, 3, 5, 0, 4], [3, 2, 9, 2, 9, 6, 3, 6]]
    return torch.tensor(rows, dtype=torch.float32)


@pytest.mark.parametrize("ratio", [-1, 1, 2])
def test_the_gradient_of_align_is_the_derivative(ratio: int) -> None:
    def pooled(x: Tensor) -> Any:
        return L.roi_align(x, regions(torch.float64), 2, 3, 0.9, ratio, rois_lod=PLACES)

    assert torch.autograd.gradcheck(
        pooled, (picture(torch.float64).requires_grad_(),), fast_mode=True
    )


def test_the_gradient_of_pool_is_the_derivative() -> None:
    def pooled(x: Tensor) -> Any:
        return L.roi_pool(x, regions(torch.float64), 2, 3, 0.9, PLACES)

    assert torch.autograd.gradcheck(
        pooled, (picture(torch.float64).requires_grad_(),), fast_mode=True
    )


def test_the_gradient_of_channels_for_each_bin_is_the_derivative() -> None:
    counted = fluid.create_lod_tensor(regions(torch.float64).numpy(), [[3, 0, 2]], fluid.CPUPlace())

    def pooled(x: Tensor) -> Any:
        return L.psroi_pool(x, counted, 2, 0.9, 2, 3)

    x = picture(torch.float64, 12).requires_grad_()
    assert torch.autograd.gradcheck(pooled, (x,), fast_mode=True)


def test_integrals_learn_from_the_map_and_from_the_regions() -> None:
    def pooled(x: Tensor, rois: Tensor) -> Any:
        return L.prroi_pool(x, rois, 0.9, 2, 3, batch_roi_nums=torch.tensor([3, 0, 2]))

    # Edges between the cells, where there is a derivative.
    rois = (regions(torch.float64) + torch.tensor([0.05, 0.15, 0.31, 0.23])).requires_grad_()
    x = picture(torch.float64).requires_grad_()
    assert torch.autograd.gradcheck(pooled, (x, rois), fast_mode=True)
    (alone,) = torch.autograd.grad(pooled(x.detach(), rois).sum(), rois)
    torch.testing.assert_close(torch.autograd.grad(pooled(x, rois).sum(), rois)[0], alone)


def test_the_gradient_of_straightened_regions_is_the_derivative() -> None:
    rois = fluid.create_lod_tensor(corners().numpy(), [[2, 0, 1]], fluid.CPUPlace())
    x = picture().requires_grad_()
    out, mask, matrix = L.roi_perspective_transform(x, rois, 4, 5)
    weight = torch.randn(out.shape, generator=torch.Generator().manual_seed(1))
    (gradient,) = torch.autograd.grad((out * weight).sum(), x)
    # The layer is linear in x: the gradient's product with any other x is the result's.
    other = torch.randn(x.shape, generator=torch.Generator().manual_seed(2))
    moved = L.roi_perspective_transform(other, rois, 4, 5)[0]
    torch.testing.assert_close((gradient * other).sum(), (moved * weight).sum())
    assert not mask.requires_grad
    assert not matrix.requires_grad


def test_the_first_of_equals_gets_the_gradient() -> None:
    x = torch.ones(1, 1, 4, 4, requires_grad=True)
    out = L.roi_pool(x, torch.tensor([[1.0, 1.0, 3.0, 3.0]]), rois_lod=torch.tensor([0, 1]))
    out.sum().backward()
    assert x.grad is not None
    assert x.grad.nonzero().tolist() == [[0, 0, 1, 1]]


@pytest.mark.parametrize("call", ["align", "adaptive", "pool", "bins", "integrals"])
@pytest.mark.parametrize("chunk", [1, 300])
def test_chunks_give_what_one_chunk_does(
    call: str, chunk: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    def run() -> tuple[Tensor, ...]:
        x = picture(channels=12).requires_grad_()
        rois = regions().requires_grad_(call == "integrals")
        arguments = (x, rois, 3, 2, 0.9)
        if call == "pool":
            out = L.roi_pool(*arguments, PLACES)
        elif call == "bins":
            held = fluid.create_lod_tensor(regions().numpy(), [[3, 0, 2]], fluid.CPUPlace())
            out = L.psroi_pool(x, held, 2, 0.9, 3, 2)
        elif call == "integrals":
            out = L.prroi_pool(x, rois, 0.9, 3, 2, torch.tensor([3, 0, 2]))
        else:
            out = L.roi_align(*arguments, 2 if call == "align" else -1, rois_lod=PLACES)
        wanted = [x, rois] if rois.requires_grad else [x]
        return out, *torch.autograd.grad((out * out).sum(), wanted)

    whole, *slopes = run()
    monkeypatch.setattr(taps, "_CHUNK", chunk)
    assert len(taps.split(torch.full((5,), chunk))) == 5
    found, *others = run()
    assert torch.equal(found, whole)
    for slope, other in zip(slopes, others, strict=True):
        torch.testing.assert_close(other, slope)


@pytest.mark.parametrize("ratio", [-1, 2])
def test_cells_that_no_sample_touches_are_not_read(ratio: int) -> None:
    x = torch.full((1, 1, 9, 9), float("inf"))
    x[:, :, 2:7, 2:7] = 1
    rois = torch.tensor([[2.1, 2.1, 5.9, 5.9], [2.5, 2.5, 3.5, 3.5]])
    out = L.roi_align(x, rois, 3, 3, 1.0, ratio, rois_lod=torch.tensor([0, 2]))
    torch.testing.assert_close(out, torch.ones(2, 1, 3, 3))


@pytest.mark.parametrize("images", [0, 2])
def test_no_regions_are_fine(images: int) -> None:
    x = torch.ones(images, 3, 4, 4, requires_grad=True)
    none, places = torch.zeros(0, 4), torch.zeros(images + 1, dtype=torch.int64)
    for call in (L.roi_align, L.roi_pool):
        out = call(x, none, 2, 2, rois_lod=places)
        (gradient,) = torch.autograd.grad(out.sum(), x)
        assert out.shape == (0, 3, 2, 2)
        assert not gradient.any()


def test_a_region_that_is_no_number_is_none_in_its_features() -> None:
    rois = torch.tensor([[float("nan"), 0.0, 2.0, 2.0], [0.0, 0.0, 2.0, 2.0]])
    out = L.roi_align(picture(), rois, 2, 2, 1.0, 2, rois_lod=torch.tensor([0, 2, 2, 2]))
    assert out[0].isnan().all()
    assert out[1].isfinite().all()
    with pytest.raises(ValueError, match="nan cells wide"):
        L.roi_align(picture(), rois, 2, 2, rois_lod=torch.tensor([0, 2, 2, 2]))


def test_maps_with_channels_last_give_the_same_bits() -> None:
    x = picture(channels=5)
    beside = x.contiguous(memory_format=torch.channels_last)
    for call in (L.roi_align, L.roi_pool):
        expected = call(x, regions(), 2, 2, rois_lod=PLACES)
        assert torch.equal(call(beside, regions(), 2, 2, rois_lod=PLACES), expected)
        assert expected.is_contiguous()


@pytest.mark.parametrize("call", [L.roi_align, L.roi_pool], ids=["align", "pool"])
def test_a_second_derivative_is_refused(call: Any) -> None:
    x = picture().requires_grad_()
    out = call(x, regions(), 2, 2, rois_lod=PLACES)
    (gradient,) = torch.autograd.grad((out * out).sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="differentiate twice"):
        torch.autograd.backward(gradient.sum())


X, ROIS = picture(), regions()
MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (
        lambda: L.roi_align(X, ROIS, 2, 2),
        ValueError,
        r"roi_align: rois must have a level of detail.*create_lod_tensor.*or give rois_lod",
    ),
    (
        lambda: L.roi_pool(X, ROIS, 2, 2, rois_lod=torch.tensor([0, 2, 5])),
        ValueError,
        r"there are 3 images and 5 regions, but rois_lod tells \[0, 2, 5\]",
    ),
    (
        lambda: L.roi_pool(X, ROIS, 2, 2, rois_lod=torch.tensor([0, 4, 2, 5])),
        ValueError,
        r"no image can have fewer than 0 regions, but the list is \[0, 4, 2, 5\]",
    ),
    (
        lambda: L.roi_align(X, ROIS[:, :3], 2, 2, rois_lod=PLACES),
        ValueError,
        r"rois must be \[R, 4\], x1, y1, x2, y2, but its shape is \[5, 3\]",
    ),
    (
        lambda: L.roi_align(X[0], ROIS, 2, 2, rois_lod=PLACES),
        ValueError,
        r"input must have 4 dimensions, but its shape is \[2, 7, 8\]",
    ),
    (
        lambda: L.roi_align(X.double(), ROIS, 2, 2, rois_lod=PLACES),
        TypeError,
        r"rois must have the dtype of input, torch.float64, but it is torch.float32",
    ),
    (
        lambda: L.roi_align(X, ROIS, 2, 2, rois_lod=PLACES.int()),
        TypeError,
        r"rois_lod must be int64, but it is int32; use fluid.layers.cast\(rois_lod, 'int64'\)",
    ),
    (
        lambda: L.roi_align(X, ROIS, 0, 2, rois_lod=PLACES),
        ValueError,
        r"pooled_height must be at least 1, but it is 0",
    ),
    (
        lambda: L.roi_pool(X, ROIS, 2, 2, 0.0, PLACES),
        ValueError,
        r"spatial_scale must be above 0, but it is 0.0",
    ),
    (
        lambda: L.roi_align(X, ROIS * 1e6, 2, 2, rois_lod=PLACES),
        ValueError,
        r"cells wide.*clip the regions to the image, or tell a sampling_ratio above 0",
    ),
    (
        lambda: L.psroi_pool(X, ROIS, 2, 1.0, 2, 2),
        ValueError,
        r"input must have 8 channels, 2 for each of 2 x 2 bins, but it has 2",
    ),
    (
        lambda: L.psroi_pool(X, ROIS, 2, 1, 2, 2),
        TypeError,
        r"psroi_pool: spatial_scale must be a float, but it is int",
    ),
    (
        lambda: L.prroi_pool(X, ROIS, batch_roi_nums=torch.tensor([2, 3])),
        ValueError,
        r"batch_roi_nums must have a number for each of 3 images, but its shape is \[2\]",
    ),
    (
        lambda: L.roi_perspective_transform(X, torch.zeros(5, 4), 2, 2),
        ValueError,
        r"roi_perspective_transform: rois must be \[R, 8\], but its shape is \[5, 4\]",
    ),
    (
        lambda: L.roi_perspective_transform(X, torch.zeros(5, 8), 2, 2, 1),
        TypeError,
        r"spatial_scale must be a float, but it is int",
    ),
]


@pytest.mark.parametrize(("wrong", "kind", "told"), MISTAKES)
def test_a_mistake_is_told_with_what_is_due(
    wrong: Callable[[], Any], kind: type[Exception], told: str
) -> None:
    with pytest.raises(kind, match=told):
        wrong()


def test_a_level_of_detail_must_fit_the_images() -> None:
    rois = fluid.create_lod_tensor(np.zeros((5, 4), "float32"), [[2, 3]], fluid.CPUPlace())
    with pytest.raises(ValueError, match=r"3 images and 5 regions, but the level.*\[2, 3\]"):
        L.roi_align(X, rois, 2, 2)
