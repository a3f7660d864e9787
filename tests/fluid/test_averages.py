"""Averages of parameters, the counter of steps and limits of gradients are real Paddle 1.8.5's."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluid.answers import ask, live, recorded, same
from fluid.averages import QUESTIONS, ROWS, Net
from paddle_compat import fluid

SCRIPT, TOLERANCE = "averages", 2e-6
RECORDED: Any = recorded(SCRIPT)
# Real 1.8.5 divides the averages that it keeps whenever they are applied; 3.x does not.
QUIRK = "moving_average_applied_twice"


def ours(name: str) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return json.loads(json.dumps(ask(fluid, QUESTIONS[name])))


@pytest.mark.parametrize("name", sorted(set(QUESTIONS) - {QUIRK}))
def test_ours_answers_as_recorded_of_real_paddle(name: str) -> None:
    assert same(ours(name), RECORDED[name], TOLERANCE)


@pytest.mark.live
def test_real_paddle_still_answers_as_recorded(fluid_python: Path) -> None:
    assert same(live(fluid_python, SCRIPT), RECORDED, TOLERANCE)


def test_averages_can_be_applied_again_unlike_in_real_paddle() -> None:
    first, again = ours(QUIRK)
    real_first, real_again = RECORDED[QUIRK]
    assert again == first
    assert same(first, real_first, TOLERANCE)
    assert not same(real_again, real_first, 0.5)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda answer: answer[3][0]["w_ema_0"]["values"][0].__setitem__(0, 9.0), False),
        (lambda answer: answer[3][0]["w_ema_0"]["values"][0].__setitem__(0, float("nan")), False),
        (lambda answer: answer[0].pop(), False),
        (lambda answer: answer[1].__setitem__(0, "another"), False),
        (lambda answer: None, True),
    ],
)
def test_the_comparison_refuses_another_answer(change: Any, told: bool) -> None:
    answer = json.loads(json.dumps(RECORDED["moving_average"]))
    change(answer)
    assert same(answer, RECORDED["moving_average"], TOLERANCE) is told


@pytest.fixture
def net() -> Any:
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        yield Net(fluid)


def test_whole_steps_are_warned_of(net: Net) -> None:
    steps = fluid.layers.autoincreased_step_counter()
    with pytest.warns(UserWarning, match=r"int64\[1\].*no effect; use layers\.cast\(steps"):
        fluid.optimizer.ExponentialMovingAverage(0.9, thres_steps=steps)


@pytest.mark.parametrize(
    "make",
    [
        lambda: fluid.optimizer.ExponentialMovingAverage(),
        lambda: fluid.optimizer.ModelAverage(0.15),
        lambda: fluid.optimizer.LookaheadOptimizer(None),  # type: ignore[arg-type]
    ],
)
def test_eager_parameters_are_averaged_by_torch(make: Any) -> None:
    with (
        fluid.dygraph.guard(),
        pytest.raises(Exception, match=r"use torch\.optim\.swa_utils\.AveragedModel"),
    ):
        make()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((None,), "inner_optimizer must be an optimizer"),
        ((fluid.optimizer.SGD(0.1), -0.5), r"alpha must be in 0\.\.1, but it is -0\.5"),
        ((fluid.optimizer.SGD(0.1), 0.5, 1.5), r"k must be a positive integer, but it is 1\.5"),
    ],
)
def test_what_lookahead_refuses(arguments: Any, told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        fluid.optimizer.LookaheadOptimizer(*arguments)


def test_averages_follow_the_updates_of_several_places(net: Net) -> None:
    """In 1.8.5 only the first place has what `apply` puts into the scope."""
    ema = fluid.optimizer.ExponentialMovingAverage(0.5)
    ema.update()
    net.start()
    places = [fluid.CPUPlace()] * 2
    train = fluid.CompiledProgram(net.main).with_data_parallel(net.loss.name, places=places)
    test = fluid.CompiledProgram(net.test)
    for _ in range(2):
        net.exe.run(train, feed={"x": ROWS}, fetch_list=[net.loss])
        test = fluid.CompiledProgram(net.test).with_data_parallel(
            share_vars_from=train, places=places
        )
        with ema.apply(net.exe):
            (both,) = net.exe.run(test, feed={"x": ROWS}, fetch_list=[net.out.name])
            np.testing.assert_array_equal(both, net.tested())
        (both,) = net.exe.run(test, feed={"x": ROWS}, fetch_list=[net.out.name])
        np.testing.assert_array_equal(both, net.tested())
