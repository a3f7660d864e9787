"""Layers that behave otherwise in testing: batch_norm and what it remembers, dropout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from paddle_compat import fluid

L: Any = fluid.layers
BATCHES = np.random.RandomState(0).uniform(-2, 4, (3, 5, 2, 3, 3)).astype("float32")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give each test its own programs, names and scope."""
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        yield


def value(name: str) -> Any:
    return np.array(fluid.global_scope().find_var(name).get_tensor())  # type: ignore[union-attr]


def test_batch_norm_remembers_and_a_clone_for_testing_uses_it() -> None:
    x = fluid.data("x", [None, 2, 3, 3])
    y = L.batch_norm(x, momentum=0.75, moving_mean_name="m", moving_variance_name="v")
    test = fluid.default_main_program().clone(for_test=True)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    mean, variance = np.zeros(2), np.ones(2)
    for batch in BATCHES:
        (normed,) = exe.run(feed={"x": batch}, fetch_list=[y])
        assert abs(normed.mean((0, 2, 3))).max() < 1e-5
        mean = 0.75 * mean + 0.25 * batch.mean((0, 2, 3))
        variance = 0.75 * variance + 0.25 * batch.var((0, 2, 3))
        np.testing.assert_allclose(value("m"), mean, rtol=1e-5)
        np.testing.assert_allclose(value("v"), variance, rtol=1e-5)
    before = value("m").tobytes(), value("v").tobytes()
    (tested,) = exe.run(test, feed={"x": BATCHES[0]}, fetch_list=[y.name])
    centred = BATCHES[0] - mean[:, None, None]
    wanted = centred / np.sqrt(variance[:, None, None] + 1e-5)
    np.testing.assert_allclose(tested, wanted, rtol=1e-4, atol=1e-5)
    assert (value("m").tobytes(), value("v").tobytes()) == before


def test_a_failed_step_leaves_what_batch_norm_remembers() -> None:
    x = fluid.data("x", [None, 2, 3, 3])
    other = fluid.data("other", [None, 2])
    y = L.batch_norm(x, moving_mean_name="m")
    L.elementwise_add(L.reshape(y, [-1, 2]), other)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    with pytest.raises(fluid.core.EnforceNotMet, match="elementwise_add"):
        exe.run(feed={"x": BATCHES[0], "other": np.zeros((7, 2), "float32")})
    assert value("m").tolist() == [0, 0]


def test_what_batch_norm_remembers_is_no_part_of_training() -> None:
    y = L.batch_norm(fluid.data("x", [None, 2, 3, 3]), param_attr="s", bias_attr="o")
    optimizer: Any = fluid.optimizer.SGD(0.1)
    _, pairs = optimizer.minimize(L.mean(y))
    assert [param.name for param, _ in pairs] == ["s", "o"]


def test_a_gradient_passes_a_tested_batch_norm() -> None:
    x = fluid.data("x", [None, 2, 3, 3])
    x.stop_gradient = False
    y = L.batch_norm(x, is_test=True, moving_variance_name="v")
    (slope,) = fluid.gradients([L.reduce_sum(y)], [x])
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    (found,) = exe.run(feed={"x": BATCHES[0]}, fetch_list=[slope])
    np.testing.assert_allclose(found, 1 / np.sqrt(1 + 1e-5), rtol=1e-6)


def test_batch_norm_of_one_element_leaves_it_and_remembers_nothing() -> None:
    x = fluid.data("x", [1, 2])
    y = L.batch_norm(x, moving_mean_name="m")
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    (found,) = exe.run(feed={"x": np.array([[3, 4]], "float32")}, fetch_list=[y])
    assert found.tolist() == [[3, 4]]
    assert value("m").tolist() == [0, 0]


@pytest.mark.parametrize(
    ("way", "kept", "tested"), [("downgrade_in_infer", 1.0, 0.75), ("upscale_in_train", 4 / 3, 1.0)]
)
def test_dropout_keeps_the_mean_in_training_or_meets_it_in_testing(
    way: str, kept: float, tested: float
) -> None:
    x = fluid.data("x", [None, 8])
    y = L.dropout(x, 0.25, dropout_implementation=way)
    test = fluid.default_main_program().clone(for_test=True)
    exe, feed = fluid.Executor(), {"x": np.ones((1000, 8), "float32")}
    first, second = (exe.run(feed=feed, fetch_list=[y])[0] for _ in range(2))
    assert set(np.unique(first)) == {np.float32(0), np.float32(kept)}
    assert abs((first == 0).mean() - 0.25) < 0.03
    assert (first != second).any()
    (found,) = exe.run(test, feed=feed, fetch_list=[y.name])
    assert np.unique(found).tolist() == [tested]


def test_dropout_with_a_seed_chooses_the_same_in_every_run() -> None:
    fluid.default_main_program().random_seed = 5
    y = L.dropout(fluid.data("x", [None, 8]), 0.5)
    exe, feed = fluid.Executor(), {"x": np.ones((10, 8), "float32")}
    first, second = (exe.run(feed=feed, fetch_list=[y])[0] for _ in range(2))
    assert first.tobytes() == second.tobytes()


def test_a_gradient_passes_where_dropout_kept() -> None:
    x = fluid.data("x", [None, 8])
    x.stop_gradient = False
    y = L.dropout(x, 0.5, seed=3)
    (slope,) = fluid.gradients([L.reduce_sum(y)], [x])
    feed = {"x": np.ones((10, 8), "float32")}
    kept, found = fluid.Executor().run(feed=feed, fetch_list=[y, slope])
    assert found.tobytes() == kept.tobytes()
