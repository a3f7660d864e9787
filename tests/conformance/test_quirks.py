"""Every entry of the ledger: real Paddle still does it, and we do not."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_compat.conformance import exact, ours, quirks
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, MODULE, Array, Call, Outcome
from paddle_compat.conformance.compare import compare_with_truth
from paddle_compat.conformance.oracles import Oracle
from paddle_compat.conformance.quirk import Quirk, within
from paddle_compat.conformance.quirks import LEDGER
from paddle_compat.conformance.vectors_file import Vectors, load

ENTRIES = pytest.mark.parametrize("quirk", LEDGER, ids=lambda quirk: quirk.id)


def _of(face: str) -> list[Quirk]:
    return [quirk for quirk in LEDGER if quirk.face == face]


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return load()


def test_ids_are_unique_and_tell_the_face() -> None:
    ids = [quirk.id for quirk in LEDGER]
    assert len(set(ids)) == len(ids)
    begins = {FLUID: "fluid-", FUNCTIONAL: "functional-", MODULE: "module-"}
    for quirk in LEDGER:
        assert quirk.id.startswith(begins[quirk.face])


@ENTRIES
def test_we_give_what_the_ledger_says(quirk: Quirk) -> None:
    [mine] = ours.evaluate([quirk.call])
    assert quirk.shown_by(mine, quirk.ours), mine
    assert not quirk.shown_by(mine, quirk.paddle), "we have the quirk too"


NUMBERS = [quirk for quirk in LEDGER if not isinstance(quirk.ours, str)]


@pytest.mark.parametrize("quirk", NUMBERS, ids=lambda quirk: quirk.id)
def test_our_number_is_the_true_one(quirk: Quirk) -> None:
    assert not isinstance(quirk.ours, str)
    truth = exact.evaluate(quirk.call)
    quantity = truth.value if quirk.part == "value" else truth.gradients[quirk.part]
    true = float(quantity.high[quirk.index])
    assert true == pytest.approx(quirk.ours, rel=1e-5, abs=0 if quirk.ours else 1e-300)
    [mine] = ours.evaluate([quirk.call])
    assert mine.value is not None
    got = mine.value if quirk.part == "value" else mine.gradients[quirk.part]
    assert not compare_with_truth(quirk.call, quirk.part, got, quantity)


@ENTRIES
def test_recorded_versions_have_it_and_the_others_do_not(quirk: Quirk, vectors: Vectors) -> None:
    [index] = [i for i, call in enumerate(vectors.calls) if call.name == f"quirk {quirk.id}"]
    seen = 0
    for version, outcomes in vectors.outcomes.items():
        if index in outcomes:
            has = within(version, quirk.since, quirk.until)
            assert quirk.shown_by(outcomes[index], quirk.paddle) == has, version
            seen += has
    assert seen, "no recorded version shows it"


@pytest.mark.live
@pytest.mark.parametrize("quirk", _of(FLUID), ids=lambda quirk: quirk.id)
def test_paddle_1_still_has_it(paddle_1: Oracle, quirk: Quirk) -> None:
    _still(paddle_1, quirk)


@pytest.mark.live
@pytest.mark.parametrize("quirk", _of(FUNCTIONAL) + _of(MODULE), ids=lambda quirk: quirk.id)
def test_paddle_3_still_has_it(paddle_3: Oracle, quirk: Quirk) -> None:
    _still(paddle_3, quirk)


def _still(paddle: Oracle, quirk: Quirk) -> None:
    [theirs] = paddle.evaluate([quirk.call])
    shows = quirk.shown_by(theirs, quirk.paddle)
    if within(paddle.version, quirk.since, quirk.until):
        assert shows, f"Paddle {paddle.version} has changed: {theirs}"
    else:
        assert not shows, f"Paddle {paddle.version} has it too: {theirs}"


def _logit_call(logit: Array, label: Array, **attrs: float | str) -> Call:
    return Call(
        "excuse", FUNCTIONAL, {"logit": logit, "label": label}, {"reduction": "none", **attrs}
    )


def test_an_excuse_covers_its_elements_only() -> None:
    call = _logit_call(np.array([[0.0, 1.0]], np.float32), np.zeros((1, 2), np.float32))
    paddle = np.array([[9.0, 9.0]], np.float32)
    assert quirks.excused(call, "logit", paddle, "3.3.1").tolist() == [[True, False]]
    assert not quirks.excused(call, "value", paddle, "3.3.1").any()


def test_an_excuse_covers_its_versions_only() -> None:
    call = _logit_call(np.zeros((1, 2), np.float32), np.zeros((1, 2), np.float32))
    assert not quirks.excused(call, "logit", np.ones((1, 2)), "2.6.2").any()


def test_an_excuse_for_nan_lets_no_finite_number_pass() -> None:
    logit = np.array([[-20.0, -20.0, 3.0]], np.float32)
    call = _logit_call(logit, np.zeros((1, 3), np.float32), gamma=0.5)
    paddle = np.array([[np.nan, 1.0, np.nan]], np.float32)
    assert quirks.excused(call, "logit", paddle, "3.3.1").tolist() == [[True, False, False]]


def test_an_excused_element_excuses_the_sum_that_contains_it() -> None:
    logit = np.array([[np.inf, 1.0]], np.float32)
    call = _logit_call(logit, np.ones((1, 2), np.float32), reduction="sum")
    assert quirks.excused(call, "value", np.array(np.nan, np.float32), "3.3.1")


def test_no_entry_excuses_an_ordinary_call() -> None:
    logit = np.array([[-3.0, 0.5, 6.0]], np.float32)
    call = _logit_call(logit, np.array([[0.0, 1.0, 0.5]], np.float32))
    for part in ("value", "logit", "normalizer"):
        assert not quirks.excused(call, part, np.full((1, 3), np.nan), "3.3.1").any()
    assert not quirks.excuses_outcome(call, "3.3.1")
    rows = {"x": logit, "label": np.array([[2]], np.int32), "fg_num": np.array([1], np.int32)}
    fluid = Call("ordinary", FLUID, rows)
    for part in ("value", "x"):
        assert not quirks.excused(fluid, part, np.full((1, 3), np.nan), "1.8.5").any()
    assert not quirks.excuses_outcome(fluid, "1.8.5")


def test_shown_by_tells_paddles_number_from_ours() -> None:
    [quirk] = [quirk for quirk in LEDGER if quirk.id == "functional-gradient-at-zero"]

    def outcome(number: float) -> Outcome:
        return Outcome("ok", np.zeros(1), {"logit": np.array([[number]])})

    assert quirk.shown_by(outcome(0.0362151), quirk.paddle)
    assert not quirk.shown_by(outcome(0.2237151), quirk.paddle)
    assert not quirk.shown_by(outcome(0.1), quirk.paddle)
    assert not quirk.shown_by(Outcome("error", error="ValueError"), quirk.paddle)
