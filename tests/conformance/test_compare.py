"""The comparison sees every kind of fault: each of these is planted, and must be found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from paddle_compat.conformance import cases, exact, ours
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Array, Call, Outcome
from paddle_compat.conformance.compare import TOLERANCES, ULPS, compare, compare_with_truth

LOGIT = np.array([[-3.0, 0.5, 6.0, -12.0], [1.0, -1.0, 0.25, 2.0]])
HARD = np.array([[0.0, 1.0, 0.0, 1.0], [1.0, 0.0, 0.0, 0.0]])


def _call(dtype: str = "float32", **attrs: Any) -> Call:
    inputs: dict[str, Array] = {
        "logit": LOGIT.astype(dtype),
        "label": HARD.astype(dtype),
        "normalizer": np.array(3.0, dtype),
    }
    wrt = ("logit", "normalizer")
    return Call("planted", FUNCTIONAL, inputs, {"reduction": "none", **attrs}, wrt)


def _right(call: Call) -> Outcome:
    """Return the exact answer, rounded: what a perfect implementation gives."""
    truth = exact.evaluate(call)
    dtype = call.inputs["logit"].dtype
    gradients = {name: quantity.high.astype(dtype) for name, quantity in truth.gradients.items()}
    return Outcome("ok", truth.value.high.astype(dtype), gradients)


def _value(change: Callable[[Array], Array]) -> Callable[[Outcome], Outcome]:
    return lambda good: replace(good, value=change(np.array(good.value)))


def _gradient(change: Callable[[Array], Array]) -> Callable[[Outcome], Outcome]:
    def planted(good: Outcome) -> Outcome:
        return replace(
            good, gradients={**good.gradients, "logit": change(good.gradients["logit"].copy())}
        )

    return planted


def _poke(number: float) -> Callable[[Array], Array]:
    def poked(array: Array) -> Array:
        array[1, 2] = number
        return array

    return poked


FAULTS: dict[str, tuple[Callable[[Outcome], Outcome], str]] = {
    "value off by 1e-5": (_value(lambda a: a + 1e-5), "value"),
    "one value nan": (_value(_poke(np.nan)), "value"),
    "one value inf": (_value(_poke(np.inf)), "value"),
    "one value zero": (_value(_poke(0.0)), "value"),
    "value in the other dtype": (_value(lambda a: a.astype(np.float64)), "dtype and shape"),
    "value of another shape": (_value(lambda a: a[:, :2]), "dtype and shape"),
    "value transposed": (_value(lambda a: a.T.copy()), "dtype and shape"),
    "value negated": (_value(lambda a: -a), "value"),
    "gradient negated": (_gradient(lambda a: -a), "logit"),
    "gradient doubled": (_gradient(lambda a: 2 * a), "logit"),
    "gradient off by 1e-5": (_gradient(lambda a: a + 1e-5), "logit"),
    "one gradient nan": (_gradient(_poke(np.nan)), "logit"),
    "no gradient": (lambda good: replace(good, gradients={}), "logit"),
    "an exception": (lambda good: Outcome("error", error="ValueError", message="no"), "outcome"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_planted_fault_is_found(fault: str) -> None:
    call = _call()
    good = _right(call)
    assert not compare(call, good, good, "3.3.1")
    plant, told = FAULTS[fault]
    findings = compare(call, plant(good), good, "3.3.1")
    assert any(told in str(finding) for finding in findings), findings


def test_float64_is_held_to_float64_tolerance() -> None:
    call = _call("float64")
    good = _right(call)
    assert good.value is not None
    assert not compare(call, good, good, "3.3.1")
    off = replace(good, value=good.value + 1e-12)
    assert compare(call, off, good, "3.3.1")


def test_agreeing_with_a_wrong_paddle_is_a_finding() -> None:
    call = _call()
    good = _right(call)
    assert good.value is not None
    wrong = replace(good, value=good.value + np.float32(1e-3))
    findings = compare(call, wrong, wrong, "3.3.1")
    assert "ours is not the exact value" in str(findings[0])


def test_being_further_from_the_truth_than_paddle_is_a_finding() -> None:
    call = _call("float64")
    good = _right(call)
    assert good.value is not None
    # Well inside the tolerance of the table, and twice what the roundings allow at gamma = 2.
    few = ULPS * 3 * np.finfo(np.float64).eps
    steep = good.gradients["logit"] * (1 + 2 * few)
    sloppy = replace(good, gradients={**good.gradients, "logit": steep})
    findings = compare(call, sloppy, good, "3.3.1")
    assert any("further from the exact value" in str(finding) for finding in findings)
    assert not compare(call, sloppy, sloppy, "3.3.1")


def test_an_excused_element_is_still_held_to_the_truth() -> None:
    logit = np.array([[0.0, 0.0]], np.float32)
    inputs = {"logit": logit, "label": np.zeros((1, 2), np.float32)}
    call = Call("at zero", FUNCTIONAL, inputs, {"reduction": "none"}, ("logit",))
    good = _right(call)
    paddle = replace(good, gradients={"logit": np.full((1, 2), 0.036215, np.float32)})
    assert not compare(call, good, paddle, "3.3.1")
    assert compare(call, good, paddle, "2.6.2")
    assert compare(call, paddle, paddle, "3.3.1")


def test_an_ignored_row_that_gives_nan_is_a_finding() -> None:
    inputs = {
        "x": np.array([[np.inf, np.nan]], np.float32),
        "label": np.array([[-1]], np.int32),
        "fg_num": np.array([1], np.int32),
    }
    call = Call("ignored", FLUID, inputs)
    paddle = Outcome("ok", np.full((1, 2), np.nan, np.float32))
    assert not compare(call, Outcome("ok", np.zeros((1, 2), np.float32)), paddle, "1.8.5")
    assert compare(call, paddle, paddle, "1.8.5")


def _error(kind: str, message: str = "what is wrong, and what to do") -> Outcome:
    bases = ("RuntimeError",) if kind == "EnforceNotMet" else ()
    return Outcome("error", error=kind, bases=bases, message=message)


@pytest.mark.parametrize(
    ("mine", "theirs", "agree"),
    [
        (_error("ValueError"), _error("ValueError"), True),
        (_error("TypeError"), _error("ValueError"), False),
        (_error("ValueError"), _error("EnforceNotMet"), True),
        (_error("RuntimeError"), _error("RuntimeError"), True),
        (_error("KeyError"), _error("EnforceNotMet"), False),
        (_error("ValueError", ""), _error("ValueError"), False),
        (_error("ValueError"), Outcome("crash", error="SIGFPE", message="died"), True),
        (_error("IndexError"), Outcome("crash", error="SIGFPE", message="died"), False),
    ],
)
def test_errors_agree_by_type_and_say_something(
    mine: Outcome, theirs: Outcome, agree: bool
) -> None:
    assert (not compare(_call(), mine, theirs, "3.3.1")) == agree


def test_accepting_what_paddle_refuses_is_a_finding() -> None:
    call = _call()
    assert compare(call, _right(call), _error("ValueError"), "3.3.1")


def test_the_table_has_a_row_for_everything_that_is_compared() -> None:
    assert len(TOLERANCES) == 8
    assert all(bound <= 2e-6 for key, bound in TOLERANCES.items() if key[2] == "float32")
    assert all(bound <= 1e-14 for key, bound in TOLERANCES.items() if key[2] == "float64")


@pytest.mark.parametrize("face", [FLUID, FUNCTIONAL])
def test_ours_is_the_exact_value_on_the_whole_grid(face: str) -> None:
    grid = cases.fluid_grid if face == FLUID else cases.functional_grid
    calls = list(grid((0.0, 0.5, 2.0, 3.0), (0.25, 1.0)))
    for call, mine in zip(calls, ours.evaluate(calls), strict=True):
        truth = exact.evaluate(call)
        assert mine.value is not None, mine
        findings = compare_with_truth(call, "value", mine.value, truth.value)
        for name, quantity in truth.gradients.items():
            findings += compare_with_truth(call, name, mine.gradients[name], quantity)
        assert not findings, findings
