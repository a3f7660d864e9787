"""Optimizers: the updates by hand, in place and not, and what they leave in the program."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from paddle_compat import fluid

L: Any = fluid.layers
optimizers: Any = fluid.optimizer
RATE, ROWS = 0.25, 4


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give each test its own programs, names and scope."""
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        fluid.default_startup_program().random_seed = 3
        yield


def value(name: str) -> Any:
    return np.array(fluid.global_scope().find_var(name).get_tensor())  # type: ignore[union-attr]


def linear(dtype: str = "float32", **attributes: Any) -> tuple[Any, Any]:
    """Build a loss whose gradient in the weight is the mean of the rows of x."""
    x = fluid.data("x", [ROWS, 2], dtype)
    attr = fluid.ParamAttr(name="w", **attributes)
    loss = L.reduce_sum(L.fc(x, 1, param_attr=attr, bias_attr=False)) / float(ROWS)
    return loss, fluid.default_main_program().global_block().var("w")


def batches(steps: int, dtype: str = "float32") -> list[Any]:
    return list(np.random.RandomState(0).uniform(-1, 1, (steps, ROWS, 2)).astype(dtype))


def sgd(w: Any, g: Any, state: dict[str, Any]) -> Any:
    return w - RATE * g


def momentum(w: Any, g: Any, state: dict[str, Any]) -> Any:
    state["v"] = state.get("v", 0) * float(np.float32(0.9)) + g
    return w - RATE * state["v"]


def nesterov(w: Any, g: Any, state: dict[str, Any]) -> Any:
    mu = float(np.float32(0.9))
    state["v"] = state.get("v", 0) * mu + g
    return w - RATE * (g + mu * state["v"])


def still(w: Any, g: Any, state: dict[str, Any]) -> Any:
    return w - RATE * g


def adam(w: Any, g: Any, state: dict[str, Any]) -> Any:
    b1, b2, epsilon = (float(np.float32(v)) for v in (0.9, 0.999, 1e-8))
    state["t"] = state.get("t", 0) + 1
    state["m"] = state.get("m", 0) * b1 + (1 - b1) * g
    state["v"] = state.get("v", 0) * b2 + (1 - b2) * g * g
    rate = RATE * np.sqrt(1 - b2 ** state["t"]) / (1 - b1 ** state["t"])
    return w - rate * state["m"] / (np.sqrt(state["v"]) + epsilon)


def adagrad(w: Any, g: Any, state: dict[str, Any]) -> Any:
    state["m"] = state.get("m", 0) + g * g
    return w - RATE * g / (np.sqrt(state["m"]) + float(np.float32(1e-6)))


def rmsprop(w: Any, g: Any, state: dict[str, Any]) -> Any:
    rho, epsilon = float(np.float32(0.95)), float(np.float32(1e-6))
    state["s"] = state.get("s", 0) * rho + (1 - rho) * g * g
    state["v"] = state.get("v", 0) * 0.5 + RATE * g / np.sqrt(state["s"] + epsilon)
    return w - state["v"]


def centered(w: Any, g: Any, state: dict[str, Any]) -> Any:
    rho, epsilon = float(np.float32(0.95)), float(np.float32(1e-6))
    state["s"] = state.get("s", 0) * rho + (1 - rho) * g * g
    state["g"] = state.get("g", 0) * rho + (1 - rho) * g
    return w - RATE * g / np.sqrt(state["s"] - state["g"] ** 2 + epsilon)


def adamax(w: Any, g: Any, state: dict[str, Any]) -> Any:
    b1, b2, epsilon = (float(np.float32(v)) for v in (0.9, 0.999, 1e-8))
    state["t"] = state.get("t", 0) + 1
    state["m"] = state.get("m", 0) * b1 + (1 - b1) * g
    state["n"] = np.maximum(abs(g), state.get("n", 0) * b2 + epsilon)
    return w - RATE / (1 - b1 ** state["t"]) * state["m"] / state["n"]


def lars(w: Any, g: Any, state: dict[str, Any]) -> Any:
    mu, coeff, decay = (float(np.float32(v)) for v in (0.9, 0.001, 0.0005))
    weight, slope = np.linalg.norm(w), np.linalg.norm(g)
    rate = RATE * coeff * weight / (slope + decay * weight)
    state["v"] = state.get("v", 0) * mu + rate * (g + decay * w)
    return w - state["v"]


OPTIMIZERS: dict[str, tuple[Callable[..., Any], Callable[..., Any]]] = {
    "sgd": (lambda **kw: optimizers.SGD(RATE, **kw), sgd),
    "momentum": (lambda **kw: optimizers.Momentum(RATE, 0.9, **kw), momentum),
    "nesterov": (
        lambda **kw: optimizers.Momentum(RATE, 0.9, use_nesterov=True, **kw),
        nesterov,
    ),
    "momentum of 0": (lambda **kw: optimizers.Momentum(RATE, 0.0, **kw), still),
    "adam": (lambda **kw: optimizers.Adam(RATE, **kw), adam),
    "adagrad": (lambda **kw: optimizers.Adagrad(RATE, **kw), adagrad),
    "rmsprop": (lambda **kw: optimizers.RMSPropOptimizer(RATE, momentum=0.5, **kw), rmsprop),
    "centered": (lambda **kw: optimizers.RMSPropOptimizer(RATE, centered=True, **kw), centered),
    "adamax": (lambda **kw: optimizers.Adamax(RATE, **kw), adamax),
    "lars": (lambda **kw: optimizers.LarsMomentum(RATE, 0.9, **kw), lars),
}
PENALTIES: dict[str, tuple[Any, Callable[[Any], Any]]] = {
    "none": (None, lambda w: 0),
    "L2": (fluid.regularizer.L2Decay(0.5), lambda w: 0.5 * w),
    "L1": (fluid.regularizer.L1Decay(0.5), lambda w: 0.5 * np.sign(w)),
}


@pytest.mark.parametrize("read_later", [False, True], ids=["in place", "read by a later layer"])
@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_update_is_the_formula(name: str, penalty: str, read_later: bool) -> None:
    build, formula = OPTIMIZERS[name]
    regularizer, slope = PENALTIES[penalty]
    loss, w = linear("float64")
    build(regularization=regularizer).minimize(loss)
    fetches = [w]
    if read_later:
        fetches = [L.reshape(w * 1.0, [2, 1])]
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    wanted = value("w")
    state: dict[str, Any] = {}
    for x in batches(4, "float64"):
        (got,) = exe.run(feed={"x": x}, fetch_list=fetches)
        gradient = x.mean(0)[:, None] + slope(wanted)
        wanted = formula(wanted, gradient, state)
        np.testing.assert_allclose(got, wanted, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(value("w"), wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_what_was_computed_before_the_update_is_fetched_as_it_was(name: str) -> None:
    loss, w = linear()
    views = [L.reshape(w, [-1]), L.transpose(w, [1, 0])]
    OPTIMIZERS[name][0]().minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    before = value("w").ravel()
    *views, after = exe.run(feed={"x": batches(1)[0]}, fetch_list=[*views, w])
    for view in views:
        assert view.ravel().tolist() == before.tolist()
    assert (after.ravel() != before).all()


def test_the_gradient_that_is_fetched_has_the_penalty_and_the_update_is_the_same() -> None:
    final = {}
    for fetched in ([], ["w@GRAD"]):
        with (
            fluid.program_guard(fluid.Program(), fluid.Program()),
            fluid.unique_name.guard(),
            fluid.scope_guard(fluid.Scope()),
        ):
            fluid.default_startup_program().random_seed = 3
            loss, _ = linear("float64")
            decay = fluid.regularizer.L2Decay(0.5)
            optimizers.Momentum(RATE, 0.9, regularization=decay).minimize(loss)
            exe = fluid.Executor()
            exe.run(fluid.default_startup_program())
            start, (x,) = value("w"), batches(1, "float64")
            for gradient in exe.run(feed={"x": x}, fetch_list=fetched):
                np.testing.assert_allclose(gradient, x.mean(0)[:, None] + 0.5 * start, rtol=1e-12)
            final[len(fetched)] = value("w")
    np.testing.assert_allclose(final[0], final[1], rtol=1e-15)


@pytest.mark.parametrize("name", ["sgd", "momentum", "nesterov", "momentum of 0"])
@pytest.mark.parametrize("turned", ["gradient", "parameter", "state", "nothing"])
def test_the_layout_in_memory_does_not_matter(name: str, turned: str) -> None:
    w = L.create_parameter([3, 4], "float64", name="w")
    x = fluid.data("x", [3, 4] if turned != "gradient" else [4, 3], "float64")
    weighted = (L.transpose(w, [1, 0]) if turned == "gradient" else w) * x
    OPTIMIZERS[name][0](regularization=fluid.regularizer.L2Decay(0.5)).minimize(
        L.reduce_sum(weighted)
    )
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    for kept in ["w"] if turned == "parameter" else ["w_velocity_0"] if turned == "state" else []:
        held: Any = fluid.global_scope().find_var(kept)
        if held is not None:
            by_columns = np.asfortranarray(np.array(held.get_tensor()))
            held.get_tensor().set(by_columns, fluid.CPUPlace())
    wanted = value("w")
    state: dict[str, Any] = {}
    for row in np.random.RandomState(1).uniform(-1, 1, (3, 3, 4)):
        feed = np.ascontiguousarray(row.T) if turned == "gradient" else row
        exe.run(feed={"x": feed})
        wanted = OPTIMIZERS[name][1](wanted, row + 0.5 * wanted, state)
        np.testing.assert_allclose(value("w"), wanted, rtol=1e-12)


def test_a_parameters_own_rate_and_penalty_go_before_the_optimizers() -> None:
    own = fluid.regularizer.L2Decay(0.0)
    loss, _ = linear("float64", learning_rate=2.0, regularizer=own)
    decay = fluid.regularizer.L2Decay(10.0)
    optimizers.SGD(RATE, regularization=decay).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    start, (x,) = value("w"), batches(1, "float64")
    exe.run(feed={"x": x})
    np.testing.assert_allclose(value("w"), start - 2 * RATE * x.mean(0)[:, None], rtol=1e-12)


def test_adadelta_steps_by_the_mean_that_the_step_itself_has_changed() -> None:
    loss, _ = linear("float64")
    optimizers.Adadelta(0.1, epsilon=0.5, rho=0.25).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    before = value("w")
    exe.run(feed={"x": np.tile(np.array([[1.0, 3.0]]), (ROWS, 1))})
    squares = 0.75 * np.array([1.0, 9.0])
    plain = np.sqrt(0.5 / (squares + 0.5)) * np.array([1.0, 3.0])
    mean = 0.75 * plain**2
    step = np.sqrt((mean + 0.5) / (squares + 0.5)) * np.array([1.0, 3.0])
    np.testing.assert_allclose(before - value("w"), step[:, None], rtol=1e-12)


def test_momentum_of_0_keeps_the_gradient_as_velocity() -> None:
    loss, _ = linear("float64")
    optimizers.Momentum(RATE, 0.0).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    for x in batches(2, "float64"):
        exe.run(feed={"x": x})
        np.testing.assert_allclose(value("w_velocity_0"), x.mean(0)[:, None], rtol=1e-12)


def test_two_optimizers_share_a_program() -> None:
    x = fluid.data("x", [ROWS, 2])
    one, two = (L.mean(L.fc(x, 1, param_attr=name, bias_attr=False)) for name in ("one", "two"))
    optimizers.SGD(0.5).minimize(one)
    optimizers.Momentum(0.25, 0.9).minimize(two, parameter_list=["two"])
    names = [v.name for v in fluid.default_main_program().list_vars() if v.persistable]
    assert names == ["one", "two", "learning_rate_0", "two_velocity_0", "learning_rate_1"]
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    before, (batch,) = {n: value(n) for n in ("one", "two")}, batches(1)
    exe.run(feed={"x": batch})
    gradient = batch.mean(0)[:, None]
    np.testing.assert_allclose(value("one"), before["one"] - 0.5 * gradient, rtol=1e-6)
    np.testing.assert_allclose(value("two"), before["two"] - 0.25 * gradient, rtol=1e-6)


def test_the_updates_come_in_the_order_of_the_parameters_names() -> None:
    x = fluid.data("x", [ROWS, 2])
    loss = L.mean(L.fc(L.fc(x, 2, name="late"), 1, name="early"))
    operators, pairs = optimizers.Momentum(0.1, 0.9).minimize(loss)
    names = [op.output_arg_names[0] for op in operators]
    assert names == ["early.b_0", "early.w_0", "late.b_0", "late.w_0"]
    assert {op.type for op in operators} == {"momentum"}
    found = [param.name for param, _ in pairs]
    assert sorted(found) == names
    assert [grad.name for _, grad in pairs] == [f"{name}@GRAD" for name in found]


def test_the_names_of_what_is_kept_are_told() -> None:
    loss, _ = linear()
    optimizer = optimizers.Adam(0.1, name="opt")
    optimizer.minimize(loss)
    kinds = ("moment1", "moment2", "beta1_pow_acc", "beta2_pow_acc")
    assert optimizer.get_opti_var_name_list() == [f"w_opt_{kind}_0" for kind in kinds]


def test_minimize_twice_with_one_optimizer_is_refused() -> None:
    loss, _ = linear()
    optimizer = optimizers.Momentum(0.1, 0.9)
    optimizer.minimize(loss)
    with pytest.raises(Exception, match=r"keeps a velocity for 'w' already; minimize once"):
        optimizer.minimize(loss)


def test_a_frozen_parameter_is_not_updated() -> None:
    loss, _ = linear(trainable=False)
    x = fluid.default_main_program().global_block().var("x")
    loss = loss + L.mean(L.fc(x, 1, param_attr="free", bias_attr=False))
    _, pairs = optimizers.SGD(0.1).minimize(loss)
    assert [param.name for param, _ in pairs] == ["free"]


def test_no_grad_set_leaves_parameters_out() -> None:
    loss, _ = linear()
    x = fluid.default_main_program().global_block().var("x")
    loss = loss + L.mean(L.fc(x, 1, param_attr="free", bias_attr=False))
    _, pairs = optimizers.SGD(0.1).minimize(loss, no_grad_set={"w"})
    assert [param.name for param, _ in pairs] == ["free"]


@pytest.mark.parametrize(
    ("build", "error", "message"),
    [
        (
            lambda: optimizers.SGD(1),
            TypeError,
            r"must be a float or a variable, but it is int",
        ),
        (lambda: optimizers.SGD("a"), TypeError, "but it is str"),
        (lambda: optimizers.SGD(None), AssertionError, "but it is None"),
        (lambda: optimizers.Momentum(0.1, None), AssertionError, "momentum must be a number"),
        (lambda: optimizers.Adam(beta1=None), AssertionError, "beta1 must be a number"),
        (
            lambda: optimizers.SGD(0.1, grad_clip=3.0),
            TypeError,
            "GradientClipByGlobalNorm, but it is float",
        ),
        (
            lambda: optimizers.SGD(0.1).minimize(3.0),
            AssertionError,
            "loss must be a variable, but it is float; eager tensors are trained with torch.optim",
        ),
    ],
)
def test_a_wrong_argument_is_named(build: Any, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        build()


def test_a_loss_of_several_elements_is_refused() -> None:
    x = fluid.data("x", [ROWS, 2])
    with pytest.raises(AssertionError, match=r"shape \[1\], but 'fc_0.tmp_1' has \[4, 4\]"):
        optimizers.SGD(0.1).minimize(L.fc(x, 4))


def test_a_rate_of_another_program_is_refused() -> None:
    optimizer = optimizers.SGD(L.piecewise_decay([2], [0.1, 0.01]))
    with fluid.program_guard(fluid.Program(), fluid.Program()):
        loss, _ = linear()
        with pytest.raises(TypeError, match="make an optimizer for each program"):
            optimizer.minimize(loss)
