"""Layers that a step does in their argument's memory: same values, same gradients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from paddle_compat import fluid

L: Any = fluid.layers
Maker = Callable[[Any], Any]

SOURCES: dict[str, Maker] = {
    "conv2d": lambda x: L.conv2d(x, 4, 3, bias_attr=False),
    "conv2d with a bias": lambda x: L.conv2d(x, 4, 3),
    "conv2d, channels last": lambda x: L.conv2d(x, 4, 3, data_format="NHWC"),
    "group_norm": lambda x: L.group_norm(x, 2),
    "group_norm without parameters": lambda x: L.group_norm(
        x, 2, param_attr=False, bias_attr=False
    ),
    "affine_channel": lambda x: L.affine_channel(
        x,
        L.create_parameter([4], "float32", default_initializer=fluid.initializer.Normal(1.0)),
        L.create_parameter([4], "float32"),
    ),
    "elementwise_add": lambda x: L.elementwise_add(x, x),
    "elementwise_sub": lambda x: L.elementwise_sub(x, L.sigmoid(x)),
    "fc": lambda x: L.fc(x, 5),
    "reshape": lambda x: L.reshape(x, [-1, 4]),
    "sigmoid": lambda x: L.sigmoid(x) - 0.5,
    "exp": L.exp,
}


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        fluid.default_startup_program().random_seed = 3
        yield


def run(make: Maker, in_place: bool, monkeypatch: pytest.MonkeyPatch) -> tuple[list[Any], str]:
    """Return the values and gradients of relu behind a layer, and the step's code."""
    from paddle_compat.fluid import _compile

    x: Any = fluid.data("x", [None, 4, 4, 4])
    x.stop_gradient = False
    out = L.relu(make(x))
    weights = L.cast(L.ones([1], "int32"), "float32")
    loss = L.reduce_sum(L.elementwise_mul(L.square(out), weights))
    pairs = fluid.backward.append_backward(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    if not in_place:
        monkeypatch.setattr(_compile, "_overwrites", lambda *_: False)
    feed = {"x": np.random.RandomState(0).randn(2, 4, 4, 4).astype("float32")}
    names = [loss, out, "x@GRAD", *(g for _, g in pairs)]
    values = exe.run(feed=feed, fetch_list=names)
    [(_, step)] = fluid.default_main_program().compiled.values()
    return values, step.call.__self__.code


@pytest.mark.parametrize("name", SOURCES)
def test_relu_in_place_changes_no_value_and_no_gradient(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = []
    for in_place in (True, False):
        with (
            monkeypatch.context() as patch,
            fluid.program_guard(fluid.Program(), fluid.Program()),
            fluid.unique_name.guard(),
        ):
            fluid.default_startup_program().random_seed = 3
            answers.append(run(SOURCES[name], in_place, patch))
    (values, code), (plain_values, plain_code) = answers
    for value, plain in zip(values, plain_values, strict=True):
        np.testing.assert_array_equal(value, plain)
    safe = not name.startswith(("reshape", "sigmoid", "exp"))
    assert ("relu_(" in code) == safe
    assert "relu_(" not in plain_code


def test_a_fetched_or_shared_value_is_not_overwritten() -> None:
    x: Any = fluid.data("x", [None, 4])
    summed = L.elementwise_add(x, x)
    rectified = L.relu(summed)
    exe = fluid.Executor()
    feed = {"x": np.array([[-1.0, 2.0, -3.0, 4.0]], "float32")}
    first, second = exe.run(feed=feed, fetch_list=[summed, rectified])
    np.testing.assert_array_equal(first, feed["x"] * 2)
    np.testing.assert_array_equal(second, np.maximum(feed["x"] * 2, 0))
    [alone] = exe.run(feed=feed, fetch_list=[rectified])
    np.testing.assert_array_equal(alone, second)
    shared = L.elementwise_sub(x, x * 2.0)
    both = L.relu(shared) + shared
    [value] = exe.run(feed=feed, fetch_list=[both])
    np.testing.assert_array_equal(value, np.maximum(-feed["x"], 0) - feed["x"])
    np.testing.assert_array_equal(feed["x"], [[-1.0, 2.0, -3.0, 4.0]])


def test_a_gradient_that_is_fetched_of_an_overwritten_value_is_right() -> None:
    x: Any = fluid.data("x", [None, 4])
    summed = L.elementwise_add(x, x * 1.0)
    weights = L.fc(L.relu(summed), 1)
    fluid.backward.append_backward(L.mean(weights))
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    feed = {"x": np.array([[-1.0, 2.0, -3.0, 4.0]], "float32")}
    gradient, weight = exe.run(feed=feed, fetch_list=[summed.name + "@GRAD", "fc_0.w_0"])
    np.testing.assert_allclose(gradient, np.where(feed["x"] > 0, weight.T, 0), rtol=1e-6)
