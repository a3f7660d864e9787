"""Runs: what is checked before, what a failure says, and that it changes nothing."""

from __future__ import annotations

import contextlib
import gc
import signal
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch

from paddle_compat import fluid

L: Any = fluid.layers


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


def state() -> dict[str, bytes]:
    """Return the bytes of everything in the scope."""
    scope = fluid.global_scope()
    return {
        name: np.array(scope.find_var(name).get_tensor()).tobytes()  # type: ignore[union-attr]
        for name in scope.local_var_names()
    }


def network() -> tuple[Any, Any]:
    """Build a network whose last layers fail when the rows of `more` do not fit those of `x`."""
    x: Any = fluid.data("x", [None, 4])
    more: Any = fluid.data("more", [None, 2])
    hidden = L.fc(x, 4, act="relu")
    total = L.elementwise_add(hidden, L.reshape(more, [-1, 4]))
    loss = L.mean(total * total)
    return hidden, loss


def feeds(rows: int, more: int) -> dict[str, Any]:
    values = np.random.RandomState(0)
    return {
        "x": values.rand(rows, 4).astype("float32"),
        "more": values.rand(more, 2).astype("float32"),
    }


OPTIMIZERS: dict[str, Any] = {
    "sgd": lambda: fluid.optimizer.SGD(0.1),
    "momentum": lambda: fluid.optimizer.Momentum(0.1, 0.9),
    "adam": lambda: fluid.optimizer.Adam(0.1),
}


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_a_failed_step_changes_neither_parameters_nor_optimizer_state(name: str) -> None:
    _, loss = network()
    L.autoincreased_step_counter()
    OPTIMIZERS[name]().minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    exe.run(feed=feeds(2, 4), fetch_list=[loss])
    before = state()
    with pytest.raises(fluid.core.EnforceNotMet):
        exe.run(feed=feeds(2, 6), fetch_list=[loss])
    assert state() == before
    exe.run(feed=feeds(2, 4), fetch_list=[loss])
    after = state()
    assert all(after[key] != before[key] for key in before if "learning_rate" not in key)
    assert any("COUNTER" in key for key in after)


def test_a_failure_names_the_layer_the_shapes_and_the_line() -> None:
    _, loss = network()
    fluid.optimizer.SGD(0.1).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    with pytest.raises(fluid.core.EnforceNotMet) as caught:
        exe.run(feed=feeds(2, 6), fetch_list=[loss])
    text = str(caught.value)
    assert text.startswith("elementwise_add failed: the shapes of x, [2, 4], and y, [3, 4], do")
    assert "x: float32[2, 4], y: float32[3, 4]" in text
    assert "test_executor.py:" in text
    assert "total = L.elementwise_add(hidden, L.reshape(more, [-1, 4]))" in text
    assert isinstance(caught.value, RuntimeError)
    assert isinstance(caught.value.__cause__, ValueError)


def test_a_failure_of_the_gradient_names_the_line_too(monkeypatch: pytest.MonkeyPatch) -> None:
    _, loss = network()
    fluid.backward.append_backward(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())

    def fail(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("no gradient today")

    monkeypatch.setattr(torch.autograd, "grad", fail)
    with pytest.raises(fluid.core.EnforceNotMet, match=r"gradients failed: no gradient today"):
        exe.run(feed=feeds(2, 4), fetch_list=[loss])


def test_missing_feeds_are_all_named_before_anything_runs() -> None:
    _, loss = network()
    exe = fluid.Executor()
    with pytest.raises(ValueError, match=r"reads 'x', 'more', which are not fed"):
        exe.run(fetch_list=[loss])
    with pytest.raises(ValueError, match=r"reads 'more', which is not fed; add to feed"):
        exe.run(feed={"x": feeds(2, 4)["x"]}, fetch_list=[loss])
    assert fluid.global_scope().local_var_names() == []


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (np.ones([2, 5], "float32"), ValueError, r"declared, \[-1, 4\] .*, but it has \[2, 5\]"),
        (np.ones([4], "float32"), ValueError, r"declared, \[-1, 4\] .*, but it has \[4\]"),
        (np.ones([2, 4]), ValueError, r"'x' must be float32, but it is float64; use .astype"),
        (
            [[1.0, 2.0, 3.0, 4.0]],
            RuntimeError,
            r"must be a numpy array or a fluid.LoDTensor, but it is list",
        ),
        (np.array([["a"]]), RuntimeError, r"which no tensor has; use .astype\('float32'\)"),
    ],
)
def test_a_wrong_feed_is_told(value: Any, error: type[Exception], text: str) -> None:
    hidden, _ = network()
    with pytest.raises(error, match=text):
        fluid.Executor().run(feed={**feeds(2, 4), "x": value}, fetch_list=[hidden])


def test_feeds_may_be_torch_tensors_lod_tensors_and_arrays_of_other_byte_order() -> None:
    x: Any = fluid.data("x", [None, 2])
    y = x * 2.0
    exe = fluid.Executor()
    array = np.array([[1.0, 2.0]], "float32")
    held = fluid.LoDTensor()
    held.set(array, fluid.CPUPlace())
    for value in (array, torch.from_numpy(array), held, array.astype(">f4")):
        [answer] = exe.run(feed={"x": value}, fetch_list=[y])
        np.testing.assert_array_equal(answer, array * 2)


def test_a_run_before_the_startup_program_says_so() -> None:
    hidden, _ = network()
    with pytest.raises(fluid.core.EnforceNotMet, match=r"'fc_0.w_0' has no value .* startup"):
        fluid.Executor().run(feed=feeds(2, 4), fetch_list=[hidden])


def test_a_scope_value_of_another_shape_is_told_before_anything_runs() -> None:
    hidden, _ = network()
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    entry = fluid.global_scope().find_var("fc_0.w_0")
    assert entry is not None
    entry.get_tensor().set(np.ones([3, 4], "float32"), fluid.CPUPlace())
    with pytest.raises(ValueError, match=r"'fc_0.w_0' is declared float32\[4, 4\], but .*\[3, 4\]"):
        exe.run(feed=feeds(2, 4), fetch_list=[hidden])


def test_an_unknown_fetch_is_told() -> None:
    network()
    with pytest.raises(ValueError, match=r"'nope' is fetched, but the program has no variable"):
        fluid.Executor().run(feed=feeds(2, 4), fetch_list=["nope"])


def test_a_gradient_that_nothing_computes_is_told() -> None:
    network()
    with pytest.raises(ValueError, match="no gradient of that name; minimize a loss"):
        fluid.Executor().run(feed=feeds(2, 4), fetch_list=["x@GRAD"])


def test_a_closed_executor_runs_nothing() -> None:
    exe = fluid.Executor()
    exe.close()
    with pytest.raises(RuntimeError, match="the executor is closed"):
        exe.run(fluid.default_startup_program())


def test_a_place_that_is_none_is_told() -> None:
    with pytest.raises(TypeError, match=r"place must be fluid.CPUPlace\(\) .* but got str"):
        fluid.Executor("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without a GPU")
def test_a_cuda_place_without_cuda_is_told() -> None:
    with pytest.raises(ValueError, match=r"CUDAPlace\(0\) is not there: torch sees 0 CUDA devices"):
        fluid.CUDAPlace(0)


def test_the_truth_of_a_variable_and_loops_over_it_are_refused() -> None:
    x = fluid.data("x", [None, 2])
    with pytest.raises(TypeError, match=r"the truth of variable 'x' \(float32\[-1, 2\]\)"):
        bool(x)
    with pytest.raises(TypeError, match=r"in Paddle 1\.x the loop never ends"):
        list(x)
    with pytest.raises(TypeError, match="numpy's reading of variable 'x'"):
        np.array(x)


def test_a_variable_of_another_program_is_refused() -> None:
    x = fluid.data("x", [None, 2])
    with fluid.program_guard(fluid.Program()), pytest.raises(ValueError, match="another program"):
        L.mean(x)


def test_a_torch_tensor_among_variables_is_refused() -> None:
    x = fluid.data("x", [None, 2])
    with pytest.raises(TypeError, match="y is a torch tensor, and other arguments are variables"):
        L.elementwise_add(x, torch.ones(2))


def test_a_layer_that_fails_when_built_leaves_the_program_as_it_was() -> None:
    x = fluid.data("x", [2, 3])
    y = fluid.data("y", [2, 4])
    before = str(fluid.default_main_program())
    with pytest.raises(ValueError, match="do not fit with axis=-1: 3 meets 4"):
        L.elementwise_add(x, y)
    assert str(fluid.default_main_program()) == before


def test_a_program_prints_as_a_function() -> None:
    _, loss = network()
    fluid.optimizer.Momentum(0.1, 0.9, regularization=fluid.regularizer.L2Decay(0.1)).minimize(loss)
    text = str(fluid.default_main_program())
    compile(text, "program", "exec")
    assert "mul(x=x, y=fc_0_w_0, x_num_col_dims=1, y_num_col_dims=1)" in text
    assert "# fc_0.tmp_0: float32[-1, 4]; " in text
    assert "test_executor.py:" in text
    assert "momentum(param=fc_0_w_0, grad=fc_0_w_0_grad_1, velocity=fc_0_w_0_velocity_0" in text
    assert "return {'fc_0.w_0': " in text
    assert str(fluid.Program()) == "def program(\n):\n    pass"


def test_fetched_values_do_not_change_with_later_steps() -> None:
    _, loss = network()
    fluid.optimizer.SGD(0.5).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    [held] = exe.run(feed=feeds(2, 4), fetch_list=["fc_0.w_0"], return_numpy=False)
    [array] = exe.run(feed=feeds(2, 4), fetch_list=["fc_0.w_0"])
    kept, first = array.copy(), np.array(held)
    exe.run(feed=feeds(2, 4))
    np.testing.assert_array_equal(array, kept)
    np.testing.assert_array_equal(np.array(held), first)


def test_a_program_that_grows_is_compiled_anew() -> None:
    x: Any = fluid.data("x", [None, 2])
    y = x + 1.0
    exe = fluid.Executor()
    feed = {"x": np.zeros([1, 2], "float32")}
    exe.run(feed=feed, fetch_list=[y])
    z = y * 3.0
    [value] = exe.run(feed=feed, fetch_list=[z])
    np.testing.assert_array_equal(value, [[3.0, 3.0]])
    count = L.create_global_var([1], 1.0, "float32", persistable=True, name="count")
    exe.run(fluid.default_startup_program())
    exe.run(feed=feed, fetch_list=[z])
    L.increment(count)
    exe.run(feed=feed, fetch_list=[z])
    entry = fluid.global_scope().find_var("count")
    assert entry is not None
    np.testing.assert_array_equal(np.array(entry.get_tensor()), [2.0])


def test_a_scopes_guard_is_left_again_also_by_an_error() -> None:
    before = fluid.global_scope()
    seen = []
    with contextlib.suppress(ZeroDivisionError), fluid.scope_guard(fluid.Scope()):
        seen.append(fluid.global_scope())
        raise ZeroDivisionError
    assert seen != [before]
    assert fluid.global_scope() is before


def test_two_scopes_train_apart() -> None:
    _, loss = network()
    fluid.optimizer.SGD(0.5).minimize(loss)
    exe, scopes = fluid.Executor(), [fluid.Scope(), fluid.Scope()]
    for scope in scopes:
        exe.run(fluid.default_startup_program(), scope=scope)
    for _ in range(2):
        exe.run(feed=feeds(2, 4), scope=scopes[0])
    moved, still = (np.array(s.find_var("fc_0.w_0").get_tensor()) for s in scopes)  # type: ignore[union-attr]
    assert not np.array_equal(moved, still)


def test_memory_of_a_parameter_stays_in_place_while_it_trains() -> None:
    _, loss = network()
    fluid.optimizer.Momentum(0.5, 0.9).minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    entry = fluid.global_scope().find_var("fc_0.w_0")
    assert entry is not None
    address = entry.get_tensor()._tensor().data_ptr()
    first = np.array(entry.get_tensor())
    exe.run(feed=feeds(2, 4))
    assert entry.get_tensor()._tensor().data_ptr() == address
    assert not np.array_equal(np.array(entry.get_tensor()), first)


def test_a_layer_that_reads_an_updated_parameter_sees_the_new_value() -> None:
    _, loss = network()
    fluid.optimizer.Momentum(0.5, 0.9).minimize(loss)
    weight: Any = fluid.default_main_program().global_block().var("fc_0.w_0")
    later = weight * 1.0
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    for _ in range(3):
        seen, fetched = exe.run(feed=feeds(2, 4), fetch_list=[later, weight])
        np.testing.assert_array_equal(seen, fetched)
        entry = fluid.global_scope().find_var("fc_0.w_0")
        assert entry is not None
        np.testing.assert_array_equal(np.array(entry.get_tensor()), fetched)
        assert entry.get_tensor()._tensor().grad_fn is None


def test_a_program_that_nobody_holds_is_freed() -> None:
    exe = fluid.Executor()
    main, startup = fluid.Program(), fluid.Program()
    with fluid.program_guard(main, startup):
        _, loss = network()
        fluid.optimizer.SGD(0.1).minimize(loss)
        exe.run(startup)
        exe.run(main, feed=feeds(2, 4), fetch_list=[loss.name])
    seen = weakref.ref(main)
    del main, startup, loss, _
    gc.collect()
    assert seen() is None


@pytest.mark.parametrize("name", OPTIMIZERS)
def test_an_interrupt_among_the_updates_waits_for_the_last_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, loss = network()
    OPTIMIZERS[name]().minimize(loss)
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    exe.run(feed=feeds(2, 4))
    start = state()
    exe.run(feed=feeds(2, 4))
    wanted = state()
    for key, value in start.items():
        entry = fluid.global_scope().find_var(key)
        assert entry is not None
        held = np.array(entry.get_tensor())
        entry.get_tensor().set(np.frombuffer(value, held.dtype).reshape(held.shape))

    def interrupt(*args: Any, **kwargs: Any) -> Any:
        signal.raise_signal(signal.SIGINT)
        return original(*args, **kwargs)

    place = "_fused_sgd_" if name != "adam" else "_foreach_mul_"
    original = getattr(torch, place)
    monkeypatch.setattr(torch, place, interrupt)
    # A process in the background may have been started with interrupts ignored.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            exe.run(feed=feeds(2, 4))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert state() == wanted


def test_large_results_are_their_callers_own() -> None:
    main = fluid.Program()
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(main, fluid.Program()):
        x = fluid.data("x", [300, 300])
        kept = fluid.layers.create_global_var([300, 300], 1.0, "float32", True, name="kept")
        constant = fluid.layers.assign(np.full([300, 300], 3.0, "float32"))
        flat = fluid.layers.reshape(constant, [-1])
        fresh: Any = x * 2.0
        view = fluid.layers.reshape(fresh, [-1])
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(fluid.default_startup_program())
        feed = {"x": np.ones([300, 300], "float32")}
        fetches = [x, kept, constant, flat, fresh, view, fresh]
        for as_numpy in (True, False):
            results = exe.run(main, feed=feed, fetch_list=fetches, return_numpy=as_numpy)
            arrays = [r if as_numpy else r.value.numpy() for r in results]
            for place, array in enumerate(arrays):
                array[:] = 7.0 + place
            assert [float(array.flat[0]) for array in arrays] == [7, 8, 9, 10, 11, 12, 13]
            assert feed["x"].max() == 1
        [alone, again] = exe.run(main, feed=feed, fetch_list=[fresh, kept])
        assert (alone == 2).all()
        assert (again == 1).all()
        assert (exe.run(main, feed=feed, fetch_list=[flat])[0] == 3).all()
