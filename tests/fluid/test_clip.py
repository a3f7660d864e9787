"""Limits of gradients: the formulas, which gradients they hold for, and what is refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from paddle_compat import fluid

L: Any = fluid.layers
clip: Any = fluid.clip
optimizers: Any = fluid.optimizer
X = np.array([[3.0, -4.0], [1.0, 2.0]], "float32")


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give each test its own programs, names and scope."""
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        yield


def network() -> Any:
    """Build a loss with the gradients [3, -4], of a, and [1, 2], of b."""
    x = fluid.data("x", [2, 2])
    params = [L.create_parameter([2], "float32", name=name) for name in ("a", "b")]
    return L.reduce_sum(L.stack([params[0], params[1]]) * x)


def steps() -> dict[str, Any]:
    """Run the program; return how far each parameter goes at a rate of 1."""
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    scope: Any = fluid.global_scope()
    before = {n: np.array(scope.find_var(n).get_tensor()) for n in ("a", "b")}
    exe.run(feed={"x": X})
    return {n: before[n] - np.array(scope.find_var(n).get_tensor()) for n in before}


NORM = float(np.sqrt(30.0))
LIMITS: dict[str, tuple[Any, Any, Any]] = {
    "value": (lambda: clip.GradientClipByValue(2.5), [2.5, -2.5], [1, 2]),
    "value, both": (lambda: clip.GradientClipByValue(2.5, -1.0), [2.5, -1.0], [1, 2]),
    "norm": (lambda: clip.GradientClipByNorm(2.5), [1.5, -2.0], [1, 2]),
    "global norm": (
        lambda: clip.GradientClipByGlobalNorm(1.0),
        [3 / NORM, -4 / NORM],
        [1 / NORM, 2 / NORM],
    ),
    "a large global norm": (lambda: clip.GradientClipByGlobalNorm(9.0), [3, -4], [1, 2]),
    "a chosen value": (
        lambda: clip.GradientClipByValue(0.5, need_clip=lambda p: p.name == "b"),
        [3, -4],
        [0.5, 0.5],
    ),
    "a chosen norm": (
        lambda: clip.GradientClipByNorm(1.0, need_clip=lambda p: p.name == "b"),
        [3, -4],
        [1 / 5**0.5, 2 / 5**0.5],
    ),
    "a chosen global norm": (
        lambda: clip.GradientClipByGlobalNorm(1.0, need_clip=lambda p: p.name == "a"),
        [0.6, -0.8],
        [1, 2],
    ),
    "none chosen": (
        lambda: clip.GradientClipByGlobalNorm(1.0, need_clip=lambda p: False),
        [3, -4],
        [1, 2],
    ),
}


@pytest.mark.parametrize("name", LIMITS)
def test_a_limit_is_its_formula(name: str) -> None:
    build, a, b = LIMITS[name]
    optimizers.SGD(1.0, grad_clip=build()).minimize(network())
    found = steps()
    np.testing.assert_allclose(found["a"], a, rtol=1e-5)
    np.testing.assert_allclose(found["b"], b, rtol=1e-5)


@pytest.mark.parametrize("name", ["value", "norm", "global norm", "a large global norm"])
def test_set_gradient_clip_limits_the_same(name: str) -> None:
    build, a, b = LIMITS[name]
    loss = network()
    clip.set_gradient_clip(build())
    optimizers.SGD(1.0).minimize(loss)
    found = steps()
    np.testing.assert_allclose(found["a"], a, rtol=1e-5)
    np.testing.assert_allclose(found["b"], b, rtol=1e-5)


def test_nothing_is_limited_while_a_parameter_has_no_limit() -> None:
    loss = network()
    clip.set_gradient_clip(clip.GradientClipByValue(0.5), param_list=["a"])
    optimizers.SGD(1.0).minimize(loss)
    np.testing.assert_allclose(steps()["a"], [3, -4], rtol=1e-5)


def test_the_limit_of_the_last_parameter_holds_for_all() -> None:
    loss = network()
    clip.set_gradient_clip(clip.GradientClipByValue(0.5), param_list=["a"])
    clip.set_gradient_clip(clip.GradientClipByValue(1.5), param_list=["b"])
    optimizers.SGD(1.0).minimize(loss)
    found = steps()
    np.testing.assert_allclose(found["a"], [1.5, -1.5], rtol=1e-5)
    np.testing.assert_allclose(found["b"], [1, 1.5], rtol=1e-5)


def test_a_group_is_limited_by_the_norm_of_its_own_gradients() -> None:
    loss = network()
    for name in ("a", "b"):
        clip.set_gradient_clip(clip.GradientClipByGlobalNorm(1.0, group_name=name), [name])
    optimizers.SGD(1.0).minimize(loss)
    np.testing.assert_allclose(steps()["b"], [1 / 5**0.5, 2 / 5**0.5], rtol=1e-5)


def test_the_optimizers_limit_goes_before_and_a_warning_says_so() -> None:
    loss = network()
    clip.set_gradient_clip(clip.GradientClipByValue(0.5))
    optimizer = optimizers.SGD(1.0, grad_clip=clip.GradientClipByValue(1.5))
    with pytest.warns(UserWarning, match="no effect beside the optimizer's grad_clip"):
        optimizer.minimize(loss)
    np.testing.assert_allclose(steps()["a"], [1.5, -1.5], rtol=1e-5)


def test_a_penalty_is_added_after_the_limit() -> None:
    loss = network()
    decay = fluid.regularizer.L2Decay(2.0)
    limit = clip.GradientClipByValue(0.5)
    optimizers.SGD(1.0, regularization=decay, grad_clip=limit).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    scope: Any = fluid.global_scope()
    before = np.array(scope.find_var("a").get_tensor())
    exe.run(feed={"x": X})
    after = np.array(scope.find_var("a").get_tensor())
    np.testing.assert_allclose(before - after, [0.5, -0.5] + 2 * before, rtol=1e-5)


def test_error_clip_limits_what_passes_a_variable_on_its_way_back() -> None:
    x = fluid.data("x", [2, 2])
    x.stop_gradient = False
    hidden: Any = L.scale(x, 2.0)
    hidden.error_clip = clip.ErrorClipByValue(max=2.5, min=-1.0)
    loss = L.reduce_sum(hidden * L.assign(X))
    exe = fluid.Executor()
    slopes = fluid.gradients([loss], [x, hidden])
    at_x, at_hidden = exe.run(feed={"x": X}, fetch_list=slopes)
    assert at_hidden.tolist() == [[2.5, -1.0], [1.0, 2.0]]
    assert at_x.tolist() == [[5.0, -2.0], [2.0, 4.0]]
    assert str(hidden.error_clip) == "ByValue, min=-1.000000, max=2.500000"


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (lambda: clip.GradientClipByValue(-1.0), AssertionError, "max must be positive"),
        (lambda: clip.GradientClipByValue(1.0, need_clip=3), TypeError, "need_clip must be a func"),
        (lambda: clip.GradientClipByNorm(None), TypeError, "float"),
        (lambda: clip.set_gradient_clip(3.0), TypeError, "GlobalNorm, but it is float"),
        (
            lambda: clip.set_gradient_clip(clip.GradientClipByNorm(1.0), [3]),
            TypeError,
            "param_list must hold parameters or their names, but one is 3",
        ),
    ],
)
def test_a_wrong_argument_is_named(build: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build()


def test_two_norms_for_one_group_are_refused() -> None:
    loss = network()
    clip.set_gradient_clip(clip.GradientClipByGlobalNorm(1.0), ["a"])
    clip.set_gradient_clip(clip.GradientClipByGlobalNorm(2.0), ["b"])
    with pytest.raises(ValueError, match=r"'default_group' must have one clip_norm, but they have"):
        optimizers.SGD(1.0).minimize(loss)


def test_limits_print_as_in_1_8() -> None:
    assert str(clip.GradientClipByValue(1.0)) == (
        "Gradient Clip By Value, min = -1.000000, max=1.000000"
    )
    assert str(clip.GradientClipByNorm(1.0)) == "Gradient Clip By Norm, clip_norm=1.000000"
    assert str(clip.GradientClipByGlobalNorm(1.0)) == (
        "Gradient Clip By GlobalNorm, global_norm=1.000000"
    )
