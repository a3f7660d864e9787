"""The comparison of snippets: what it lets pass, and what it does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.oracles import SubprocessOracle
from paddle_compat.conformance.snippets import (
    CHANCE,
    Answer,
    Differs,
    Snippet,
    accepted_errors,
    answer_paddle,
    check,
    duplicates,
)
from paddle_compat.conformance.workers import wire
from paddle_compat.conformance.workers.fluid_program import cotangent

SNIPPET = Snippet("any", "out = x")
VALUE = np.array([1.0, -2.0], np.float32)
FACTS: dict[str, Any] = {
    "kind": "ok",
    "outs": {"out": {"name": "tmp_0", "shape": [-1], "dtype": "float32"}},
    "parameters": {},
    "ops": ["scale"],
}


def _fine(value: Array = VALUE, **report: Any) -> Answer:
    return Answer({**FACTS, **report}, {"value/out": value})


def _error(error: str, phase: str, *bases: str, message: str = "x is wrong") -> Answer:
    told = {"kind": "error", "error": error, "phase": phase, "bases": list(bases)}
    return Answer({**told, "message": message}, {})


ENFORCE = ("EnforceNotMet", "build", "Exception", "BaseException")


def test_equal_answers_agree() -> None:
    assert check(SNIPPET, _fine(), _fine()) == []
    nan = np.array([np.nan, np.inf], np.float32)
    assert check(SNIPPET, _fine(nan), _fine(nan)) == []


@pytest.mark.parametrize(
    ("ours", "told"),
    [
        (_fine(VALUE + np.float32(1e-4)), "value/out: 2 of 2 differ; at (0,)"),
        (_fine(np.array([1, np.nan], np.float32)), "value/out: 1 of 2 differ; at (1,)"),
        (_fine(np.array([1, np.inf], np.float32)), "value/out: 1 of 2 differ; at (1,)"),
        (_fine(VALUE.astype(np.float64)), "value/out: ours float64[2], Paddle float32[2]"),
        (_fine(VALUE[:, None]), "value/out: ours float32[2, 1], Paddle float32[2]"),
        (_fine(outs={"out": {**FACTS["outs"]["out"], "shape": [2]}}), "outs.out.shape: ours [2]"),
        (_fine(parameters={"w": {"shape": [1]}}), "parameters.w.shape: ours [1], Paddle 'nothing'"),
        (_fine(facts=3), "facts: ours 3, Paddle 'nothing'"),
        (Answer(FACTS, {}), "value/out: ours has none"),
        (_error("ValueError", "build"), "ours ValueError at build: x is wrong; Paddle ok"),
    ],
)
def test_each_disagreement_is_told(ours: Answer, told: str) -> None:
    [finding] = check(SNIPPET, ours, _fine())
    assert finding.startswith(told)


def test_a_value_that_paddle_lacks_is_told() -> None:
    [finding] = check(SNIPPET, _fine(), Answer(FACTS, {}))
    assert finding == "value/out: Paddle has none"


def test_the_tolerance_is_a_multiple_only_where_the_snippet_says_so() -> None:
    off = _fine(VALUE + np.float32(1e-5))
    assert check(SNIPPET, off, _fine())
    assert not check(Snippet("sum", "out = x", terms=10), off, _fine())


def test_integers_are_equal_or_not() -> None:
    count = np.array([3], np.int64)
    long_sum = Snippet("sum", "out = x", terms=1e9)
    assert not check(long_sum, _fine(count), _fine(count))
    assert check(long_sum, _fine(count + 1), _fine(count))


def test_operations_are_compared_when_asked() -> None:
    other = _fine(ops=["elementwise_mul"])
    assert not check(SNIPPET, other, _fine())
    [finding] = check(Snippet("ops", "out = x", operations=True), other, _fine())
    assert finding == "ops: ours ['elementwise_mul'], Paddle ['scale']"


@pytest.mark.parametrize(
    ("paddle", "accepted"),
    [
        (("TypeError", "build"), ("TypeError",)),
        (("ValueError", "run"), ("ValueError",)),
        (("AssertionError", "build"), ("AssertionError", "ValueError")),
        (ENFORCE, ("ValueError", "TypeError")),
        (("EnforceNotMet", "run"), ("ValueError", "TypeError", "RuntimeError")),
        (("UnboundLocalError", "build"), ("UnboundLocalError", "ValueError", "TypeError")),
        (("ZeroDivisionError", "build"), ("ZeroDivisionError", "ValueError", "TypeError")),
    ],
)
def test_which_exceptions_stand_for_paddles(
    paddle: tuple[str, ...], accepted: tuple[str, ...]
) -> None:
    theirs = _error(*paddle)
    assert accepted_errors(theirs.report) == accepted
    for error in accepted:
        assert check(SNIPPET, _error(error, paddle[1]), theirs) == []
        assert check(SNIPPET, _error("OurOwn", paddle[1], error), theirs) == []
    assert check(SNIPPET, _error("KeyError", paddle[1]), theirs)


def test_an_array_in_a_variables_place_may_be_a_type_error() -> None:
    told = "to_variable could only be called in dygraph mode"
    theirs = _error("AssertionError", "build", message=told)
    assert accepted_errors(theirs.report) == ("AssertionError", "ValueError", "TypeError")
    assert not check(SNIPPET, _error("TypeError", "build"), theirs)
    assert check(SNIPPET, _error("TypeError", "build"), _error("AssertionError", "build"))


def test_paddles_none_stands_for_an_array_without_elements() -> None:
    none = Answer({**FACTS, "none": ["value/out"]}, {})
    assert not check(SNIPPET, _fine(np.zeros((0, 3), np.float32)), none)
    assert check(SNIPPET, _fine(), none)


def test_ours_may_refuse_earlier_but_not_later() -> None:
    at_run = _error("ValueError", "run")
    assert not check(SNIPPET, _error("ValueError", "build"), at_run)
    assert check(SNIPPET, at_run, _error("ValueError", "build"))


def test_an_error_without_a_message_is_no_answer() -> None:
    assert check(SNIPPET, _error("ValueError", "build", message=""), _error("ValueError", "build"))


def test_a_result_where_paddle_raises_or_dies_must_be_declared() -> None:
    crash = Answer({"kind": "crash", "error": "SIGSEGV", "message": "", "phase": "process"}, {})
    assert check(SNIPPET, _fine(), _error("ValueError", "build"))
    assert check(SNIPPET, _error("ValueError", "build"), crash)
    known = Differs("it dies", paddle="crash SIGSEGV", ours="ValueError at build")
    declared = Snippet("declared", "out = x", differs=known)
    assert not check(declared, _error("ValueError", "build"), crash)
    assert check(declared, _fine(), crash)
    assert check(declared, _error("ValueError", "build"), _fine())


def _wrong_sum() -> Snippet:
    known = Differs("garbage", truth=lambda x: {"value/out": x * 2})
    return Snippet("wrong sum", "out = x + x", {"x": VALUE}, differs=known)


def test_a_declared_difference_holds_ours_to_the_truth() -> None:
    garbage = _fine(VALUE * 0)
    assert not check(_wrong_sum(), _fine(VALUE * 2), garbage)
    assert check(_wrong_sum(), _fine(VALUE * 3), garbage)


def test_an_answer_of_chance_is_not_looked_at() -> None:
    crash = Answer({"kind": "crash", "error": "SIGSEGV", "message": "", "phase": "process"}, {})
    known = Differs("it reads beyond", CHANCE, truth=lambda x: {"value/out": x * 2})
    beyond = Snippet("beyond", "out = x", {"x": VALUE}, differs=known)
    for theirs in (crash, _fine(), _fine(VALUE * 2)):
        assert not check(beyond, _fine(VALUE * 2), theirs)
        assert check(beyond, _fine(VALUE), theirs)


def test_a_declared_difference_that_is_gone_is_told() -> None:
    [finding] = check(_wrong_sum(), _fine(VALUE * 2), _fine(VALUE * 2))
    assert finding == "the declared difference no longer occurs: garbage"


def test_a_declared_difference_excuses_nothing_else() -> None:
    other = _fine(VALUE * 2, outs={"out": {**FACTS["outs"]["out"], "name": "sum_0"}})
    [finding] = check(_wrong_sum(), other, _fine(VALUE * 0))
    assert finding.startswith("outs.out.name: ours 'sum_0'")


def test_a_declared_difference_must_say_what_ours_gives() -> None:
    vague = Snippet("vague", "out = x", differs=Differs("somehow"))
    [finding] = check(vague, _fine(VALUE * 2), _fine())
    assert finding == "a difference of results that says nothing about ours"


@pytest.mark.parametrize(
    "answer",
    [
        _fine(),
        _error("ValueError", "build"),
        Answer({"kind": "crash", "error": "SIGFPE", "message": "it died", "phase": "process"}, {}),
    ],
)
def test_answers_can_be_kept_in_files(answer: Answer, tmp_path: Path) -> None:
    header, arrays = answer.to_wire()
    with (tmp_path / "answer").open("wb") as file:
        wire.write_frame(file, header, arrays)
    with (tmp_path / "answer").open("rb") as file:
        frame = wire.read_frame(file)
    assert frame is not None
    kept = Answer.from_wire(*frame)
    assert kept.report == answer.report
    assert kept.arrays.keys() == answer.arrays.keys()
    assert all(kept.arrays[name].tobytes() == answer.arrays[name].tobytes() for name in kept.arrays)


def test_repeated_names_are_found() -> None:
    assert duplicates([SNIPPET, SNIPPET, _wrong_sum()]) == ["any"]


def test_incoming_gradients_are_never_small() -> None:
    incoming = cotangent("out", (5, 20), np.float64)
    assert np.abs(incoming).min() >= 0.5
    assert len(np.unique(incoming)) == 100
    assert (incoming > 0).any()
    assert (incoming < 0).any()


@pytest.mark.live
def test_real_paddle_answers_snippets_of_every_kind(paddle_1: SubprocessOracle) -> None:
    x = np.arange(12, dtype=np.float64).reshape(3, 4)
    network = "y = layers.fc(x, 2, name='head')\n"
    program = Snippet("p", network + "out = y", {"x": x}, wrt=("x",), unknown={"x": (0,)})
    training = "loss = layers.reduce_mean(y)\nfluid.optimizer.SGD(0.5).minimize(loss)"
    steps = Snippet("t", network + training, {"x": np.stack([x, x])}, steps=2)
    eager = Snippet("e", "out = x * x", {"x": x}, wrt=("x",), mode="eager")
    script = "v = layers.zeros([2], 'int32')\nanswers['v'] = exe.run(fetch_list=[v])[0]"
    built, trained, tensors, ran = (
        answer_paddle(paddle_1, s)
        for s in (program, steps, eager, Snippet("s", script, mode="script"))
    )
    assert [a.ending for a in (built, trained, tensors, ran)] == ["ok"] * 4
    assert built.report["outs"]["out"]["shape"] == [-1, 2]
    assert built.report["parameters"]["head.w_0"]["shape"] == [4, 2]
    weight, incoming = built.arrays["initial/head.w_0"], cotangent("out", (3, 2), x.dtype)
    np.testing.assert_allclose(built.arrays["value/out"], x @ weight)
    np.testing.assert_allclose(built.arrays["gradient/x"], incoming @ weight.T)
    np.testing.assert_allclose(built.arrays["gradient/head.w_0"], x.T @ incoming)
    assert trained.arrays["value/loss"].shape == (2, 1)
    assert trained.arrays["final/head.b_0"] == pytest.approx([-0.5, -0.5])
    np.testing.assert_allclose(
        tensors.arrays["gradient/x"], 2 * x * cotangent("out", x.shape, x.dtype)
    )
    assert ran.arrays["value/v"].dtype == np.int32


@pytest.mark.live
def test_real_paddle_tells_when_it_fails(paddle_1: SubprocessOracle) -> None:
    x = np.zeros((2, 3), np.float32)
    sources = {
        "TypeError at build": "out = layers.relu(3)",
        "EnforceNotMet at run": "out = x // 2.0",
        "crash exit 255": "out = fluid.CUDAPlace(0)",
    }
    endings = [
        answer_paddle(paddle_1, Snippet("bad", source, {"x": x})).ending
        for source in sources.values()
    ]
    after = answer_paddle(paddle_1, Snippet("good", "out = layers.relu(x)", {"x": x}))
    assert endings == list(sources)
    assert after.ending == "ok"
