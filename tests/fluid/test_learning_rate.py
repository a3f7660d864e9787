"""Learning-rate schedules: their values step by step, the counter they share, their users."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from paddle_compat import fluid
from paddle_compat.errors import UnsupportedAPIError

L: Any = fluid.layers
optimizers: Any = fluid.optimizer
COUNTER = "@LR_DECAY_COUNTER@"


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give each test its own programs, names and scope."""
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        yield


def run(rate: Any, steps: int) -> list[float]:
    """Return the rate of each of the first steps."""
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    return [exe.run(fetch_list=[rate])[0].item() for _ in range(steps)]


SCHEDULES: dict[str, tuple[Callable[[], Any], Callable[[int], float]]] = {
    "noam": (
        lambda: L.noam_decay(64, 3, 2.0),
        lambda t: 2 * 64**-0.5 * min((t + 1) ** -0.5, (t + 1) * 3**-1.5),
    ),
    "exponential": (
        lambda: L.exponential_decay(0.1, 2, 0.5),
        lambda t: 0.1 * 0.5 ** (t / 2),
    ),
    "exponential, staircase": (
        lambda: L.exponential_decay(0.1, 2, 0.5, staircase=True),
        lambda t: 0.1 * 0.5 ** (t // 2),
    ),
    "natural exponential": (
        lambda: L.natural_exp_decay(0.1, 2, 0.5),
        lambda t: 0.1 * math.exp(-0.5 * t / 2),
    ),
    "natural exponential, staircase": (
        lambda: L.natural_exp_decay(0.1, 2, 0.5, staircase=True),
        lambda t: 0.1 * math.exp(-0.5 * (t // 2)),
    ),
    "inverse time": (
        lambda: L.inverse_time_decay(0.1, 2, 0.5),
        lambda t: 0.1 / (1 + 0.5 * t / 2),
    ),
    "inverse time, staircase": (
        lambda: L.inverse_time_decay(0.1, 2, 0.5, staircase=True),
        lambda t: 0.1 / (1 + 0.5 * (t // 2)),
    ),
    "polynomial": (
        lambda: L.polynomial_decay(0.1, 4, 0.01, 2.0),
        lambda t: 0.09 * (1 - min(t, 4) / 4) ** 2 + 0.01,
    ),
    "polynomial, in cycles": (
        lambda: L.polynomial_decay(0.1, 2, 0.01, 1.0, cycle=True),
        lambda t: 0.09 * (1 - t / (2 * max(math.ceil(t / 2), 1))) + 0.01,
    ),
    "piecewise": (
        lambda: L.piecewise_decay([2, 5], [0.1, 0.05, 0.01]),
        lambda t: 0.1 if t < 2 else 0.05 if t < 5 else 0.01,
    ),
    "piecewise, one value": (lambda: L.piecewise_decay([], [0.1]), lambda t: 0.1),
    "cosine": (
        lambda: L.cosine_decay(0.1, 2, 3),
        lambda t: 0.05 * (math.cos(t // 2 * math.pi / 3) + 1),
    ),
    "warm-up": (
        lambda: L.linear_lr_warmup(0.1, 3, 0.01, 0.2),
        lambda t: 0.01 + 0.19 * t / 3 if t < 3 else 0.1,
    ),
    "warm-up before pieces": (
        lambda: L.linear_lr_warmup(L.piecewise_decay([2, 5], [0.1, 0.05, 0.01]), 3, 0.0, 0.3),
        lambda t: 0.1 * t if t < 3 else 0.05 if t < 5 else 0.01,
    ),
    "warm-up before a cosine": (
        lambda: L.linear_lr_warmup(L.cosine_decay(0.1, 2, 3), 1, 0.0, 0.3),
        lambda t: 0.0 if t < 1 else 0.05 * (math.cos(t // 2 * math.pi / 3) + 1),
    ),
}


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_is_its_formula(name: str) -> None:
    build, formula = SCHEDULES[name]
    rate = build()
    assert rate.shape == (1,)
    assert run(rate, 8) == pytest.approx([formula(t) for t in range(8)], rel=2e-6, abs=1e-8)


def test_all_schedules_of_a_program_share_one_counter() -> None:
    rates = [L.exponential_decay(1.0, 1, 0.5), L.cosine_decay(0.1, 2, 3), L.noam_decay(64, 3)]
    rates.append(L.linear_lr_warmup(L.piecewise_decay([2], [0.1, 0.01]), 2, 0.0, 0.1))
    ops = fluid.default_main_program().global_block().ops
    assert [op.type for op in ops].count("increment") == 1
    assert run(rates[0], 3) == [1.0, 0.5, 0.25]
    (counter,) = fluid.Executor().run(fetch_list=[COUNTER])
    assert (counter.tolist(), counter.dtype) == ([3], np.int64)


def test_the_rates_are_persistable_under_the_names_of_1_8() -> None:
    rate = L.linear_lr_warmup(L.piecewise_decay([2], [0.1, 0.01]), 2, 0.0, 0.1)
    kept = [v.name for v in fluid.default_main_program().list_vars() if v.persistable]
    assert kept == [COUNTER, "learning_rate", "learning_rate_warmup"]
    assert rate.name == "learning_rate_warmup"
    assert rate.stop_gradient


def test_an_optimizer_takes_a_schedule_and_makes_no_rate_of_its_own() -> None:
    x = fluid.data("x", [2, 2])
    loss = L.mean(L.fc(x, 1, param_attr="w", bias_attr=False))
    rate = L.piecewise_decay([1], [0.5, 0.25])
    optimizers.SGD(rate).minimize(loss)
    exe, feed = fluid.Executor(), {"x": np.ones((2, 2), "float32")}
    exe.run(fluid.default_startup_program())
    names = fluid.global_scope().local_var_names()
    assert not [name for name in names if name.startswith("learning_rate_")]
    first, second, third = (exe.run(feed=feed, fetch_list=["w"])[0] for _ in range(3))
    assert (first - second).ravel().tolist() == pytest.approx([0.25, 0.25], rel=1e-5)
    assert (second - third).ravel().tolist() == pytest.approx([0.25, 0.25], rel=1e-5)


def test_a_clone_for_testing_does_not_move_the_counter() -> None:
    x = fluid.data("x", [2, 2])
    loss = L.mean(L.fc(x, 1))
    rate = L.exponential_decay(1.0, 1, 0.5)
    optimizers.SGD(rate).minimize(loss)
    test = fluid.default_main_program().clone(for_test=True)
    exe, feed = fluid.Executor(), {"x": np.ones((2, 2), "float32")}
    exe.run(fluid.default_startup_program())
    for _ in range(3):
        exe.run(test, feed=feed, fetch_list=[loss.name])
    assert exe.run(feed=feed, fetch_list=[rate])[0].tolist() == [1.0]


def test_a_parameters_factor_multiplies_a_schedule() -> None:
    x = fluid.data("x", [2, 2])
    attr = fluid.ParamAttr(name="w", learning_rate=2.0)
    loss = L.mean(L.fc(x, 1, param_attr=attr, bias_attr=False))
    optimizers.SGD(L.piecewise_decay([1], [0.5, 0.25])).minimize(loss)
    exe, feed = fluid.Executor(), {"x": np.ones((2, 2), "float32")}
    exe.run(fluid.default_startup_program())
    first, second = (exe.run(feed=feed, fetch_list=["w"])[0] for _ in range(2))
    assert (first - second).ravel().tolist() == pytest.approx([0.5, 0.5], rel=1e-5)


def test_pieces_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="there are 2 values and 2 boundaries"):
        L.piecewise_decay([2, 4], [0.1, 0.05])


def test_a_rate_that_is_no_number_is_refused() -> None:
    with pytest.raises(TypeError, match="learning_rate must be a float or a variable"):
        L.cosine_decay(1, 2, 3)
    with pytest.raises(ValueError, match="could not convert"):
        L.linear_lr_warmup("a", 3, 0.0, 0.1)


def test_eager_mode_says_what_to_use() -> None:
    with fluid.dygraph.guard(), pytest.raises(UnsupportedAPIError, match=r"torch.optim.lr_schedul"):
        L.piecewise_decay([2], [0.1, 0.01])
