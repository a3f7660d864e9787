"""The order of `std::partial_sort`."""

from __future__ import annotations

from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_compat.kernels.detection.std_heap import first_by_falling_key


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 80), st.integers(0, 80), st.integers(1, 90), st.integers(0, 10**6))
def test_the_largest_come_first_and_each_once(
    count: int, most: int, values: int, seed: int
) -> None:
    random = Random(seed)
    keys = [float(random.randrange(values)) for _ in range(count)]
    most = min(most, count)
    order = first_by_falling_key(torch.tensor(keys), most).tolist()
    assert len(set(order)) == most
    assert [keys[k] for k in order] == sorted(keys, reverse=True)[:most]


# What libstdc++ 12 answered.
_SOME = (
    "30562330632224130464335512362106336463416464666420545220451403520155434023260023"
    "163515015014005"
)
_MANY = (
    "41210410210144503155012350051554312544404521132111212354405425001411050154014503"
    "4555420341145123515312522"
)
_ORDER = (
    "96 58 69 92 54 102 98 14 24 72 18 27 61 81 82 77 41 19 83 35 29 30 91 31 73 36 38 40 "
    "84 37 55 65 76 5 12 56 80 13 88 0 59 32 95 16 23 79 45 99 87 53 46 34 8 104 103 42 22 "
    "94 85 50 101 52 2 60 64 66 67 33 71 3 17 75 9 43 89 44 90 1 93 47 48 97 11 49 100 51 "
    "21 28 6 15 63 7 68 70 74 78 39 20 86 4 "
)
_RECORDED = [
    ("00", 1, [0]),
    ("00", 2, [0, 1]),
    ("000", 3, [0, 1, 2]),
    ("0000", 2, [0, 1]),
    ("0000", 4, [1, 3, 0, 2]),
    ("00000", 5, [3, 4, 1, 0, 2]),
    ("000000", 6, [3, 4, 1, 0, 2, 5]),
    (_SOME, 7, [3, 8, 18, 36, 31, 34, 27]),
    (_MANY, 100, [int(index) for index in _ORDER.split()]),
]


@pytest.mark.parametrize(("keys", "most", "order"), _RECORDED)
def test_equal_keys_are_left_as_a_heap_leaves_them(keys: str, most: int, order: list[int]) -> None:
    found = first_by_falling_key(torch.tensor([float(key) for key in keys]), most)
    assert found.tolist() == order


def test_what_is_not_equal_has_the_order_of_a_sort() -> None:
    keys = torch.randperm(500, generator=torch.Generator().manual_seed(0)).float()
    wanted = keys.argsort(descending=True)
    assert torch.equal(first_by_falling_key(keys, 70), wanted[:70])


def test_numbers_that_are_none_do_not_lose_any() -> None:
    keys = torch.tensor([float("nan"), 1.0, 3.0] * 20)
    assert sorted(first_by_falling_key(keys, 60).tolist()) == list(range(60))
