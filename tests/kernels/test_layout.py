"""Tensors of one shape are walked through in one order, every element once."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest
import torch
from torch import Tensor

from paddle_compat.kernels import layout


def offsets(found: layout.Layout, which: int) -> list[int]:
    """Return a tensor's offsets in the order of the walk."""
    if found.flat:
        return list(range(found.sizes[0] * found.sizes[1] * found.sizes[2]))
    strides = found.strides[which]
    return [
        sum(i * s for i, s in zip(index, strides, strict=True))
        for index in itertools.product(*map(range, found.sizes))
    ]


def views(tensor: Tensor) -> dict[str, Tensor]:
    """Return tensors of the same shape and values in other orders of memory."""
    return {
        "contiguous": tensor.contiguous(),
        "reversed": tensor.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0),
        "channels-last": tensor.contiguous(memory_format=torch.channels_last),
        "every other": torch.stack([tensor, tensor], -1)[..., 0],
        "every other row": torch.cat([tensor, tensor], 2)[:, :, : tensor.shape[2]],
        "expanded": tensor[:1].expand_as(tensor),
    }


def pairs(found: layout.Layout, tensors: Sequence[Tensor]) -> list[tuple[float, ...]]:
    read = [
        [
            tensor.as_strided((1,), (1,), tensor.storage_offset() + at).item()
            for at in offsets(found, i)
        ]
        for i, tensor in enumerate(tensors)
    ]
    return list(zip(*read, strict=True))


@pytest.mark.parametrize("first", views(torch.zeros(2, 3, 4, 5)))
@pytest.mark.parametrize("second", views(torch.zeros(2, 3, 4, 5)))
def test_elements_of_one_index_meet(first: str, second: str) -> None:
    values = torch.arange(120.0).view(2, 3, 4, 5)
    one, other = views(values)[first], views(values + 1000)[second]
    found = layout.common([one, other], 0)
    expected = list(zip(one.reshape(-1).tolist(), other.reshape(-1).tolist(), strict=True))
    if found is None:
        assert {first, second} & {"reversed", "channels-last"}
        return
    assert sorted(pairs(found, [one, other])) == sorted(expected)
    assert found.flat == (first == second and first in ("contiguous", "reversed", "channels-last"))
    assert not found.wide or found.flat


@pytest.mark.parametrize("first", ["contiguous", "transposed", "wide"])
@pytest.mark.parametrize("second", ["contiguous", "transposed", "wide"])
@pytest.mark.parametrize("apart", [False, True])
def test_rows_meet_their_column(first: str, second: str, apart: bool) -> None:
    kinds = {
        "contiguous": lambda t: t.contiguous(),
        "transposed": lambda t: t.t().contiguous().t(),
        "wide": lambda t: torch.cat([t, t], 1)[:, : t.shape[1]],
    }
    one, other = (
        kinds[first](torch.arange(15.0).view(5, 3)),
        kinds[second](torch.arange(15.0).view(5, 3)),
    )
    column = torch.arange(5.0)[:, None]
    column = torch.cat([column, column], 1)[:, :1] if apart else column
    found = layout.by_rows(one, column, [other], 0)
    assert found.flat == (first == second == "contiguous" and not apart)
    if found.flat:
        return
    met = pairs(found, [one, column, other])
    assert sorted(met) == [(i, i // 3, i) for i in range(15)]
    classes = [i % 3 for i, *_ in met]
    inner = [at % found.sizes[2] for at in range(15)]
    outer = [at // found.sizes[2] for at in range(15)]
    assert classes == (outer if found.outer else inner)


def test_memory_is_followed_in_the_logits_order() -> None:
    one = torch.zeros(4, 6).t()
    found = layout.common([one, torch.zeros(6, 4)], 0)
    assert found is not None
    assert found.sizes == (1, 4, 6)
    assert found.strides == ((0, 6, 1), (0, 1, 4))


def test_sizes_of_one_count_for_nothing() -> None:
    odd = torch.zeros(8).as_strided((4, 1, 2), (2, 77, 1))
    found = layout.common([odd, torch.zeros(4, 1, 2)], 0)
    assert found is not None
    assert found.flat


@pytest.mark.parametrize(
    ("stride", "slack", "wide"), [(2**30, 0, False), (2**30 + 1, 0, True), (5, 2**31, True)]
)
def test_offsets_and_counts_beyond_32_bits_are_known(stride: int, slack: int, wide: bool) -> None:
    far = torch.empty(2, 2, device="meta").as_strided((2, 2), (stride, stride - 1))
    found = layout.common([far, torch.empty(2, 2, device="meta")], slack)
    assert found is not None
    assert found.wide == wide
    rows = layout.by_rows(far, torch.empty(2, 1, device="meta"), [], slack)
    assert rows.wide == wide
