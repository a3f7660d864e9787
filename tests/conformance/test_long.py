"""Inputs of several hundred thousand elements: other code runs for them than for short ones."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from paddle_compat.conformance import cases, exact, ours
from paddle_compat.conformance.call import FUNCTIONAL, Array, Call
from paddle_compat.conformance.compare import compare, compare_with_truth
from paddle_compat.conformance.oracles import Oracle
from paddle_compat.conformance.repeated import repeat, truth_of_repeat

TIMES = 1024
"""Rows of the grid that make 4e5 elements and more: several blocks, and an unfinished last one."""


def _reduced(dtype: str) -> Iterator[Call]:
    """Yield sums and means of tame rows: no element may hide another."""
    rng = np.random.default_rng(5)
    logit = (3 * rng.standard_normal((47, 8))).astype(dtype)
    label = rng.choice([0.0, 1.0, 0.3, 0.75], logit.shape).astype(dtype)
    label[3, 2] = -100
    hyper = ((2.0, 0.25), (1.5, 0.5), (0.0, 0.25), (0.5, 0.75), (3.0, 0.25))
    normalizers: tuple[Array | None, ...] = (
        None,
        np.asarray(12.5, dtype),
        np.linspace(1, 3, 8).astype(dtype),
    )
    for index, (gamma, alpha) in enumerate(hyper):
        for reduction in ("sum", "mean"):
            inputs = {"logit": logit, "label": label if gamma.is_integer() else abs(label) % 1}
            normalizer = normalizers[index % 3]
            wrt: tuple[str, ...] = ("logit",) if index % 2 else ("logit", "label")
            if normalizer is not None:
                inputs["normalizer"] = normalizer
                wrt += ("normalizer",)
            attrs = {"gamma": gamma, "alpha": alpha, "reduction": reduction}
            yield Call(f"long {dtype} {attrs}", FUNCTIONAL, inputs, attrs, wrt)


def _fluid(dtype: str) -> list[Call]:
    return list(cases.fluid_grid(alphas=(0.25, 1.0), dtypes=(dtype,), random=4))


def _functional(dtype: str) -> list[Call]:
    grid = cases.functional_grid(alphas=(0.25, 1.0), dtypes=(dtype,), random=4)
    return [*grid, *_reduced(dtype)]


def check(paddle: Oracle, calls: list[Call]) -> None:
    for call in calls:
        long = repeat(call, TIMES)
        [mine], [theirs] = ours.evaluate([long]), paddle.evaluate([long])
        findings = compare(long, mine, theirs, paddle.version, truth_of_repeat(call, TIMES))
        assert not findings, "\n".join(map(str, findings))


@pytest.mark.live
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_long_fluid_inputs_agree_with_paddle(paddle_1: Oracle, dtype: str) -> None:
    check(paddle_1, _fluid(dtype))


@pytest.mark.live
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_long_functional_inputs_agree_with_paddle(paddle_3: Oracle, dtype: str) -> None:
    check(paddle_3, _functional(dtype))


@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_long_inputs_give_the_exact_value(dtype: str) -> None:
    for call in [*_fluid(dtype)[::3], *_functional(dtype)[::3]]:
        truth = truth_of_repeat(call, TIMES)
        [mine] = ours.evaluate([repeat(call, TIMES)])
        assert mine.value is not None, mine
        findings = compare_with_truth(call, "value", mine.value, truth.value)
        for name, quantity in truth.gradients.items():
            findings += compare_with_truth(call, name, mine.gradients[name], quantity)
        assert not findings, "\n".join(map(str, findings))


@pytest.mark.parametrize("index", range(10))
def test_truth_of_a_repeated_call_is_its_exact_value(index: int) -> None:
    call = list(_reduced("float64"))[index]
    want, got = exact.evaluate(repeat(call, 4)), truth_of_repeat(call, 4)
    parts = [(want.value, got.value)]
    parts += [(quantity, got.gradients[name]) for name, quantity in want.gradients.items()]
    assert len(parts) == 1 + len(call.wrt)
    for one, other in parts:
        assert one.high.shape == other.high.shape
        for field in ("high", "magnitude", "weight"):
            assert getattr(one, field) == pytest.approx(getattr(other, field), rel=1e-14)


def test_repeating_a_number_of_times_that_is_no_power_of_two_is_refused() -> None:
    with pytest.raises(ValueError, match="power of two, but it is 3"):
        repeat(next(_reduced("float32")), 3)
