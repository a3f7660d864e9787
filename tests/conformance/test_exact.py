"""The exact values against a second derivation: the definition, differentiated numerically."""

from __future__ import annotations

from typing import Any

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_compat.conformance import exact
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Call, Json

mp = mpmath.MPContext()
# Four hundred digits, so that 1 - p and a difference quotient may cancel as they please.
mp.dps = 400


def brute(x: Any, y: Any, gamma: float) -> Any:
    """Return the loss of one element as the paper writes it: no care, many digits."""
    p = 1 / (1 + mp.exp(-x))
    p_t = p * y + (1 - p) * (1 - y)
    ce = -y * mp.log(p) - (1 - y) * mp.log(1 - p)
    return (1 - p_t) ** mp.mpf(gamma) * ce


def slope(function: Any, at: float) -> Any:
    """Return the derivative by a central difference of step 1e-150."""
    h = mp.mpf(10) ** -150
    return (function(mp.mpf(at) + h) - function(mp.mpf(at) - h)) / (2 * h)


def near(got: Any, want: Any) -> bool:
    """Tell whether 40 digits agree."""
    return bool(abs(got - want) <= mp.mpf(10) ** -40 * (abs(want) + mp.mpf(10) ** -60))


LOGITS = (-87.5, -37.5, -20.0, -1.5, -1e-45, 0.0, 1e-38, 0.7, 17.0, 36.9, 104.0)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("y", [0.0, 1.0, 0.3, 0.999, 1e-3])
def test_terms_are_the_definition_and_its_numeric_derivatives(y: float, gamma: float) -> None:
    for x in LOGITS:
        got = exact.terms(x, y, gamma)
        assert near(mp.mpf(got.loss), brute(mp.mpf(x), mp.mpf(y), gamma)), x
        assert near(mp.mpf(got.by_x), slope(lambda v: brute(v, mp.mpf(y), gamma), x)), x
        assert near(mp.mpf(got.by_y), slope(lambda v: brute(mp.mpf(x), v, gamma), y)), x


@settings(max_examples=60, deadline=None, derandomize=True)
@given(x=st.floats(-90, 90), y=st.floats(0, 1), gamma=st.floats(0, 5, width=32))
def test_terms_hold_anywhere(x: float, y: float, gamma: float) -> None:
    got = exact.terms(x, y, gamma)
    assert near(mp.mpf(got.loss), brute(mp.mpf(x), mp.mpf(y), gamma))
    assert near(mp.mpf(got.by_x), slope(lambda v: brute(v, mp.mpf(y), gamma), x))


@pytest.mark.parametrize("y", [0.0, 1.0, 0.25])
@pytest.mark.parametrize("sign", [1.0, -1.0])
@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0])
def test_infinite_logits_get_the_limit(gamma: float, sign: float, y: float) -> None:
    limit, far = exact.terms(sign * np.inf, y, gamma), exact.terms(sign * 1e6, y, gamma)
    assert abs(limit.by_x - far.by_x) < 1e-12
    if limit.loss == 0:
        assert far.loss < 1e-12
    else:
        assert limit.loss == mp.inf
        assert far.loss > 1e4


def test_nan_stays_nan() -> None:
    assert np.isnan(float(exact.terms(np.nan, 1.0, 2.0).loss))
    assert np.isnan(float(exact.terms(1.0, np.nan, 2.0).by_x))


def _fluid(x: Any, label: Any, dtype: str = "float64", **attrs: Json) -> Call:
    inputs = {
        "x": np.array(x, dtype),
        "label": np.array(label, np.int32),
        "fg_num": np.array([2], np.int32),
    }
    return Call("exact", FLUID, inputs, attrs, ("x",))


def test_fluid_positive_saturates_in_value_and_not_in_gradient() -> None:
    truth = exact.evaluate(_fluid([[-87.0, -88.0, -500.0]], [[1]]))
    assert truth.value.high[0, 0] == pytest.approx(0.25 / 2 * 87.0)
    truth = exact.evaluate(_fluid([[-88.0], [-500.0], [-np.inf]], [[1], [1], [1]]))
    assert truth.value.high.ravel() == pytest.approx([0.25 / 2 * 87.33654475055310898657] * 3)
    assert truth.gradients["x"].high.ravel() == pytest.approx([-0.125] * 3, rel=1e-15)


def test_fluid_ignores_minus_one_and_nothing_else() -> None:
    labels = [[-1], [0], [-2], [-100], [3]]
    truth = exact.evaluate(_fluid([[1.0, np.nan]] + [[1.0, 2.0]] * 4, labels))
    assert truth.value.high[0].tolist() == [0.0, 0.0]
    assert truth.gradients["x"].high[0].tolist() == [0.0, 0.0]
    background = truth.value.high[1].tolist()
    assert all(row == background for row in truth.value.high[2:].tolist())
    assert min(background) > 0


def test_fluid_divides_by_at_least_one() -> None:
    call = _fluid([[1.0]], [[1]])
    values = {}
    for count in (-5, 0, 1, 2):
        call.inputs["fg_num"][0] = count
        values[count] = exact.evaluate(call).value.high.item()
    assert values[-5] == values[0] == values[1] == 2 * values[2]


def test_hyper_parameters_are_rounded_as_paddle_rounds_them() -> None:
    fluid = exact.evaluate(_fluid([[1.0]], [[1]], alpha=0.1, gamma=0.1)).value
    share = float(exact.terms(1.0, 1.0, float(np.float32(0.1))).loss)
    assert fluid.high.item() == pytest.approx(float(np.float32(0.1)) * share / 2, rel=1e-15)
    one = np.ones((1, 1))
    dense = Call("exact", FUNCTIONAL, {"logit": one, "label": one}, {"alpha": 0.1, "gamma": 0.1})
    value = float(exact.evaluate(dense).value.high)
    assert value == pytest.approx(0.1 * share, rel=1e-15)


def test_a_quantity_keeps_what_a_double_cannot() -> None:
    truth = exact.evaluate(_fluid([[0.3]], [[1]]))
    third = truth.value
    rounded = np.float64(third.high)
    assert third.low.any()
    assert third.error(np.asarray(rounded)) == abs(third.low)
    assert third.error(np.full((1, 1), np.nan)) == np.inf


@pytest.mark.parametrize("reduction", ["sum", "mean", "none"])
def test_reductions_normalizers_and_incoming_gradients_chain(reduction: str) -> None:
    rng = np.random.default_rng(1)
    logit, label = rng.standard_normal((2, 3)), rng.random((2, 3))
    label[0, 1] = -100
    normalizer = np.array([0.5, 2.0, 4.0])
    shape = (2, 3) if reduction == "none" else ()
    incoming = np.asarray(rng.standard_normal(shape))
    inputs = {"logit": logit, "label": label, "normalizer": normalizer}

    def total(**moved: Any) -> Any:
        now = {name: np.asarray(moved.get(name, array)) for name, array in inputs.items()}
        call = Call("chain", FUNCTIONAL, now, {"reduction": reduction}, cotangent=incoming)
        value = exact.evaluate(call).value
        return ((value.high + value.low) * incoming).sum()

    wrt = tuple(inputs)
    call = Call("chain", FUNCTIONAL, inputs, {"reduction": reduction}, wrt, incoming)
    gradients = exact.evaluate(call).gradients
    h = 1e-6
    for name, array in inputs.items():
        for index in np.ndindex(array.shape):
            if name == "label" and label[index] == -100:
                assert gradients[name].high[index] == 0
                continue
            up, down = array.copy(), array.copy()
            up[index] += h
            down[index] -= h
            numeric = (total(**{name: up}) - total(**{name: down})) / (2 * h)
            assert gradients[name].high[index] == pytest.approx(numeric, rel=1e-7, abs=1e-9)


def test_empty_sum_is_zero_and_empty_mean_is_nan() -> None:
    empty = np.zeros((0, 3), np.float32)
    for reduction, want in (("sum", 0.0), ("mean", np.nan)):
        call = Call("empty", FUNCTIONAL, {"logit": empty, "label": empty}, {"reduction": reduction})
        assert np.array_equal(exact.evaluate(call).value.high, np.asarray(want), equal_nan=True)


@pytest.mark.parametrize("gamma", [0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("positive", [False, True])
def test_fast_values_are_the_exact_ones(positive: bool, gamma: float) -> None:
    x = np.concatenate([np.linspace(-130, 130, 401), [0.0, 1e-45, -1e-38, 1e30, -1e30, 1e4]])
    loss, by_x = exact.fast(x, positive, gamma)
    bound = 4 * float(np.finfo(np.longdouble).eps) * (1 + gamma * 130)
    for index, value in enumerate(x):
        want = exact.terms(float(value), float(positive), gamma)
        for got, true in ((loss[index], want.loss), (by_x[index], want.by_x)):
            assert float(abs(_mp(got) - true)) <= bound * float(abs(true)) + 1e-300, value


def _mp(value: np.longdouble) -> Any:
    high = float(value)
    return mp.mpf(high) + mp.mpf(float(value - np.longdouble(high)))


def test_fast_saturates_where_fluid_does() -> None:
    loss, _ = exact.fast(np.array([-200.0, -np.inf]), True, 2.0, clamp=True)
    assert loss.astype(float) == pytest.approx([87.33654475055310898657] * 2)


def test_fast_gives_the_limits_at_infinity() -> None:
    loss, by_x = exact.fast(np.array([np.inf, -np.inf]), False, 2.0)
    assert loss.astype(float).tolist() == [np.inf, 0.0]
    assert by_x.astype(float).tolist() == [1.0, 0.0]
