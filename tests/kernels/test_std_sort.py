"""The order of `std::sort`, beside the algorithm written out step by step."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_compat.kernels.detection.std_sort import falling_order, falling_selection


def step_by_step(keys: Sequence[float]) -> list[int]:
    """Sort by `a > b` as libstdc++ does, one comparison after the other."""
    items = [(key, index) for index, key in enumerate(keys)]

    def before(i: int, j: int) -> bool:
        return items[i][0] > items[j][0]

    def exchange(i: int, j: int) -> None:
        items[i], items[j] = items[j], items[i]

    def loop(first: int, last: int) -> None:
        while last - first > 16:
            a, b, c = first + 1, (first + last) // 2, last - 1
            exchange(first, median(a, b, c))
            low, high = first + 1, last
            while True:
                while before(low, first):
                    low += 1
                high -= 1
                while before(first, high):
                    high -= 1
                if low >= high:
                    break
                exchange(low, high)
                low += 1
            loop(low, last)
            last = low

    def median(a: int, b: int, c: int) -> int:
        if before(a, b):
            return b if before(b, c) else c if before(a, c) else a
        return a if before(a, c) else c if before(b, c) else b

    loop(0, len(items))
    return [index for _, index in sorted(items, key=lambda item: -item[0])]


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 400), st.integers(1, 60), st.randoms(use_true_random=False))
def test_equal_keys_are_left_where_the_steps_leave_them(
    count: int, values: int, random: Random
) -> None:
    keys = [float(random.randrange(values)) for _ in range(count)]
    assert falling_order(torch.tensor(keys)).tolist() == step_by_step(keys)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 400), st.integers(1, 20), st.randoms(use_true_random=False))
def test_the_order_can_end_early(count: int, values: int, random: Random) -> None:
    keys = [float(random.randrange(values)) for _ in range(count)]
    least = float(random.randrange(values + 1))
    wanted = [index for index in step_by_step(keys) if keys[index] >= least]
    assert falling_order(torch.tensor(keys), least).tolist() == wanted


@pytest.mark.parametrize("count", [0, 1, 16, 17, 130, 1000])
def test_all_equal_all_rising_and_all_falling(count: int) -> None:
    for keys in (
        [1.0] * count,
        list(map(float, range(count))),
        list(map(float, range(count, 0, -1))),
    ):
        assert falling_order(torch.tensor(keys)).tolist() == step_by_step(keys)


def selected_step_by_step(keys: Sequence[float], count: int) -> list[int]:
    """Bring the first `count` by `a > b` to the front as libstdc++'s `std::nth_element` does."""
    items = [(key, index) for index, key in enumerate(keys)]
    first, last = 0, len(items)
    while last - first > 3:
        second, middle, end = first + 1, (first + last) // 2, last - 1
        a, b, c = (items[place][0] for place in (second, middle, end))
        # Of equal ones the steps of comparing tell which is taken.
        if a > b:
            median = middle if b > c else end if a > c else second
        else:
            median = second if a > c else end if b > c else middle
        items[first], items[median] = items[median], items[first]
        pivot, low, high = items[first][0], first + 1, last
        while True:
            while items[low][0] > pivot:
                low += 1
            high -= 1
            while pivot > items[high][0]:
                high -= 1
            if low >= high:
                break
            items[low], items[high] = items[high], items[low]
            low += 1
        first, last = (low, last) if low <= count else (first, low)
    items[first:last] = sorted(items[first:last], key=lambda item: -item[0])
    return [index for _, index in items[:count]]


@settings(max_examples=100, deadline=None)
@given(
    st.integers(2, 400), st.integers(1, 60), st.integers(1, 399), st.randoms(use_true_random=False)
)
def test_a_selection_is_left_where_the_steps_leave_it(
    size: int, values: int, count: int, random: Random
) -> None:
    keys = [float(random.randrange(values)) for _ in range(size)]
    count = 1 + count % (size - 1) if size > 2 else 1
    found = falling_selection(torch.tensor(keys), count).tolist()
    assert found == selected_step_by_step(keys, count)


def test_the_order_is_not_that_of_a_stable_sort() -> None:
    order = falling_order(torch.ones(17)).tolist()
    assert sorted(order) == list(range(17))
    assert order != list(range(17))


def test_numbers_that_are_none_do_not_hang_it() -> None:
    keys = torch.tensor([float("nan"), 1.0] * 50)
    assert sorted(falling_order(keys).tolist()) == list(range(100))


@pytest.mark.filterwarnings("error")
def test_keys_of_a_network_are_ordered_as_they_are() -> None:
    keys = torch.arange(400.0).remainder(37)
    trained = keys.clone().requires_grad_()
    assert torch.equal(falling_selection(trained, 50), falling_selection(keys, 50))
    assert torch.equal(falling_order(trained), falling_order(keys))
