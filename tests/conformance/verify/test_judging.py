"""The verdicts of `paddle-compat verify`: whose fault a disagreement is, and what is waived."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch

from paddle_compat.conformance import ours
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, MODULE, Call, Outcome
from paddle_compat.conformance.snippets import Answer, Differs, Snippet, answer_ours
from paddle_compat.conformance.verify.answers import Given, ask_ours, recorded
from paddle_compat.conformance.verify.judging_calls import measured
from paddle_compat.conformance.verify.judging_snippets import judge as judge_snippet
from paddle_compat.conformance.verify.running import Source, recorded_source, verify
from paddle_compat.conformance.verify.selection import Case, choose
from paddle_compat.kernels import dense, pointwise

LOGIT = np.array([[-3.0, 0.5, 6.0], [0.0, -1.0, 2.0]], np.float32)
LABEL = np.array([[0.0, 1.0, 1.0], [1.0, 0.0, 0.0]], np.float32)
PLAIN = Call(
    "plain", FUNCTIONAL, {"logit": LOGIT, "label": LABEL}, {"reduction": "none"}, ("logit",)
)


def fake(version: str, answer: Callable[[Case], Given]) -> Source:
    """A Paddle that answers what the test says."""
    return Source(version, answer, lambda case: "", spelled=version)


def case(call: Call = PLAIN) -> Case:
    return Case(f"{call.face}::{call.name}", call.face, call)


def changed(outcome: Outcome, part: str, index: tuple[int, ...], number: float) -> Outcome:
    arrays = {"value": outcome.value, **outcome.gradients}
    array = np.array(arrays[part])
    array[index] = number
    if part == "value":
        return dataclasses.replace(outcome, value=array)
    return dataclasses.replace(outcome, gradients={**outcome.gradients, part: array})


def mine(call: Call = PLAIN) -> Outcome:
    return ours.evaluate([call])[0]


def test_an_agreeing_case_passes() -> None:
    paddle = changed(mine(), "logit", (1, 0), -0.0937)  # 3.x's own bug at a logit of 0
    report = verify([case()], [fake("2.6.2", lambda asked: mine())])
    assert [result.status for result in report.results] == ["pass"]
    report = verify([case()], [fake("3.3.1", lambda asked: paddle)])
    [result] = report.results
    assert (result.status, result.waivers) == ("waived", ("functional-gradient-at-zero",))
    [mismatch] = result.mismatches
    assert (mismatch.blame, mismatch.index, mismatch.reference) == ("paddle", (1, 0), "exact")
    assert mismatch.ulp_ours is not None
    assert mismatch.ulp_ours < 4
    assert mismatch.ulp_paddle is not None
    assert mismatch.ulp_paddle > 1e6


def test_a_waiver_is_for_its_versions_alone() -> None:
    paddle = changed(mine(), "logit", (1, 0), -0.0937)
    [result] = verify([case()], [fake("2.6.2", lambda asked: paddle)]).results
    assert result.status == "fail"
    assert [mismatch.blame for mismatch in result.mismatches] == ["paddle"]


def test_a_wrong_number_of_paddle_is_paddles_fault() -> None:
    paddle = changed(mine(), "value", (0, 1), 0.5)
    [result] = verify([case()], [fake("3.3.1", lambda asked: paddle)]).results
    [mismatch] = result.mismatches
    assert (result.status, mismatch.part, mismatch.blame) == ("fail", "value", "paddle")
    assert (mismatch.index, mismatch.paddle) == ((0, 1), 0.5)
    assert mismatch.exact == pytest.approx(mismatch.ours)
    assert mismatch.error_paddle == pytest.approx(abs(0.5 - (mismatch.exact or 0)))


def test_a_wrong_number_of_ours_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    right = mine()
    monkeypatch.setattr(ours, "evaluate", lambda calls: [changed(right, "logit", (0, 2), 7.0)])
    [result] = verify([case()], [fake("3.3.1", lambda asked: right)]).results
    [mismatch] = result.mismatches
    assert (mismatch.part, mismatch.blame, mismatch.index) == ("logit", "ours", (0, 2))


def test_two_wrong_numbers_are_both_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    right = mine()
    wrong = changed(right, "value", (0, 0), 7.0)
    monkeypatch.setattr(ours, "evaluate", lambda calls: [changed(right, "value", (0, 0), 8.0)])
    [result] = verify([case()], [fake("3.3.1", lambda asked: wrong)]).results
    assert [mismatch.blame for mismatch in result.mismatches] == ["both"]


def test_a_paddle_that_raises_or_dies_on_an_ordinary_call_is_at_fault() -> None:
    for died in (Outcome("error", error="ValueError"), Outcome("crash", error="SIGSEGV")):
        [result] = verify([case()], [fake("3.3.1", partial(_given, died))]).results
        assert [(m.part, m.blame) for m in result.mismatches] == [("outcome", "paddle")]


def _given(outcome: Outcome, asked: Case) -> Outcome:
    return outcome


def test_what_we_refuse_and_paddle_answers_is_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    right = mine()
    refused = Outcome("error", error="ValueError", message="no")
    monkeypatch.setattr(ours, "evaluate", lambda calls: [refused])
    [result] = verify([case()], [fake("3.3.1", lambda asked: right)]).results
    assert [(m.part, m.blame) for m in result.mismatches] == [("outcome", "ours")]


def test_a_version_in_which_a_bug_is_fixed_turns_its_waiver_red() -> None:
    known = recorded()
    [quirk] = choose(known.cases, ["quirk functional-gradient-at-zero"])
    [fails] = verify([quirk], [fake("3.9.0", ask_ours)]).results
    assert fails.status == "fail"
    assert [(m.rule, m.blame) for m in fails.mismatches] == [
        ("a waiver that no longer occurs", "paddle")
    ]
    still = known.answers["3.3.1"][quirk.id]
    [waived] = verify([quirk], [fake("3.9.0", lambda asked: still)]).results
    assert (waived.status, waived.waivers) == ("waived", ("functional-gradient-at-zero",))
    [other] = verify([quirk], [fake("2.6.2", lambda asked: still)]).results
    assert [m.rule for m in other.mismatches] == ["a quirk of other versions occurs"]


def test_unmeasured_versions_are_held_to_the_newest_measured_one_before_them() -> None:
    assert measured("1.8.5") == measured("1.8.3") == measured("1.7.0") == "1.8.5"
    assert measured("3.3.1") == measured("3.4.0") == measured("4.0") == "3.3.1"
    assert measured("3.0.1") == "3.0.0"
    assert measured("2.6.1") == measured("2.5.0") == "2.6.2"


def _wrong_power(base: torch.Tensor, exponent: float, out: torch.Tensor) -> torch.Tensor:
    return torch.pow(base, exponent * 1.001, out=out)


def _faults() -> dict[str, tuple[object, str, object]]:
    sweep, one_sided = dense.sweep, pointwise.one_sided

    def steeper(*args: object, **kwargs: object) -> object:
        result = sweep(*args, **kwargs)  # type: ignore[arg-type]
        if result.slope is not None:
            result.slope.mul_(1.0001)
        return result

    def higher(logit: torch.Tensor, gamma: float, weight: object, *rest: object) -> None:
        one_sided(logit, gamma, 1.00002 * weight, *rest)  # type: ignore[arg-type,operator]

    return {
        "an exponent that is a little off": (pointwise, "_power", _wrong_power),
        "a slope that is a little off": (dense, "sweep", steeper),
        "a weight that is a little off": (pointwise, "one_sided", higher),
    }


@pytest.mark.parametrize("fault", list(_faults()))
def test_a_fault_in_the_kernel_turns_the_run_red_and_is_ours(
    fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = choose(recorded().cases, ["*::grid (float*gamma=3.0*"])
    sources = [recorded_source("1.8.5"), recorded_source("3.3.1")]
    assert not verify(asked, sources).failed
    place, name, replacement = _faults()[fault]
    monkeypatch.setattr(place, name, replacement)
    report = verify(asked, sources)
    failed = [result for result in report.results if result.status == "fail"]
    assert failed
    blames = {m.blame for result in failed for m in result.mismatches}
    assert blames == {"ours"}


RELU = Snippet("relu(x)", "out = layers.relu(x)", {"x": LOGIT}, ("x",))


def _off(answer: Answer, by: float) -> Answer:
    arrays = {name: np.array(array) for name, array in answer.arrays.items()}
    arrays["value/out"][0, 1] += by
    return Answer(answer.report, arrays)


def test_a_layer_that_is_not_paddles_is_ours() -> None:
    right = answer_ours(RELU)
    assert judge_snippet(RELU, right, right, None).status == "pass"
    verdict = judge_snippet(RELU, _off(right, 1), right, right)
    [mismatch] = verdict.mismatches
    assert (verdict.status, mismatch.blame, mismatch.reference) == ("fail", "ours", "paddle")
    assert (mismatch.ours, mismatch.paddle, mismatch.index) == (1.5, 0.5, (0, 1))
    assert mismatch.ulp_ours == pytest.approx(1 / np.spacing(np.float32(0.5)))


def test_a_paddle_that_is_not_what_was_recorded_is_at_fault() -> None:
    right = answer_ours(RELU)
    [mismatch] = judge_snippet(RELU, right, _off(right, 1), right).mismatches
    assert (mismatch.blame, mismatch.reference) == ("paddle", "recorded")
    [mismatch] = judge_snippet(RELU, _off(right, 1), _off(right, 2), right).mismatches
    assert (mismatch.blame, mismatch.reference) == ("both", "recorded")


def test_a_declared_difference_is_waived_while_it_occurs_and_ours_is_right() -> None:
    right = answer_ours(RELU)
    differs = Differs(
        "why", truth=lambda x: {"value/out": np.maximum(x, 0)}, id="layer-relu-000000"
    )
    snippet = dataclasses.replace(RELU, differs=differs)
    verdict = judge_snippet(snippet, right, _off(right, 1), None)
    assert (verdict.status, verdict.waivers) == ("waived", ("layer-relu-000000",))
    assert [(m.blame, m.reference) for m in verdict.mismatches] == [("paddle", "declared")]
    verdict = judge_snippet(snippet, right, right, None)
    assert [m.rule for m in verdict.mismatches] == ["a waiver that no longer occurs"]
    assert [m.blame for m in verdict.mismatches] == ["paddle"]
    verdict = judge_snippet(snippet, _off(right, 1), _off(right, 2), None)
    assert verdict.status == "fail"
    assert {m.blame for m in verdict.mismatches} == {"both"}


def test_every_known_difference_has_an_id_of_its_own() -> None:
    reasons: dict[str, str] = {}
    for one in recorded().cases:
        differs = None if isinstance(one.asked, Call) else one.asked.differs
        if differs is not None:
            assert differs.id.startswith("layer-")
            assert reasons.setdefault(differs.id, differs.reason) == differs.reason
    assert len(reasons) > 30


def test_ids_are_unique() -> None:
    ids = [one.id for one in recorded().cases]
    assert len(set(ids)) == len(ids)


def test_both_functions_the_module_and_programs_are_recorded() -> None:
    apis = {one.api for one in recorded().cases}
    assert {FLUID, FUNCTIONAL, MODULE, "programs.training", "programs.detectors"} <= apis
