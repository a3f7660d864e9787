"""Programs on several places give what real Paddle 1.8.5's do, live and recorded."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluid.answers import ask, live, recorded, same
from fluid.data_parallel import QUESTIONS, ROWS, Net
from paddle_compat import fluid

SCRIPT, TOLERANCE = "data_parallel", 2e-6
RECORDED: Any = recorded(SCRIPT)
# Where real 1.8.5 raises its native EnforceNotMet.
REFUSED = {
    "1_rows_on_2_places",
    "1_rows_on_3_places",
    "2_rows_on_3_places",
    "4_rows_on_3_places",
    "a_list_of_one_dict_on_2_places",
    "no_loss_gradient",
    "no_rows_on_2_places",
    "one_loss_gradient_for_two_places",
}
BOTH = [fluid.CPUPlace()] * 2


def ours(name: str) -> Any:
    return json.loads(json.dumps(ask(fluid, QUESTIONS[name])))


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_ours_answers_as_recorded_of_real_paddle(name: str) -> None:
    real = RECORDED[name]
    if name in REFUSED:
        assert real == "raises EnforceNotMet"
        assert ours(name) == "raises ValueError"
        return
    if name == "build_strategy":
        refused = real["memory_optimize"]
        real["memory_optimize"] = {
            value: "raises TypeError" if told == "raises EnforceNotMet" else told
            for value, told in refused.items()
        }
    assert same(ours(name), real, TOLERANCE)


@pytest.mark.live
def test_real_paddle_still_answers_as_recorded(fluid_python: Path) -> None:
    assert same(live(fluid_python, SCRIPT), recorded(SCRIPT), TOLERANCE)


@pytest.fixture
def net() -> Any:
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        yield Net(fluid)


def refused(net: Net, feed: Any, places: Any = BOTH) -> str:
    with pytest.raises((ValueError, IndexError, TypeError)) as raised:
        net.run(net.compiled(places=places), feed)
    return str(raised.value)


def test_feeds_that_cannot_be_split_are_told(net: Net) -> None:
    assert refused(net, {"x": ROWS[:1]}) == (
        "the rows of 'x' can be split into 1 of equal size, but there are 2 places; feed more "
        "rows, or drop a last batch that is too small (CPU_NUM, or places= of with_data_parallel, "
        "tells how many places there are)"
    )
    assert "has no rows to split between 2 places" in refused(net, {"x": ROWS[:0]})
    assert "a list of 1 dicts, but there are 2 places" in refused(net, [{"x": ROWS}])
    assert "a list of 2 dicts, but there is 1 place;" in refused(net, [{}, {}], BOTH[:1])
    assert "but one is int" in refused(net, [1, 2])
    assert "'q' is fed, but the program has no variable" in refused(net, {"q": ROWS})


def test_feeds_of_different_lengths_are_told(net: Net) -> None:
    fluid.data("other", [None, 1])
    test = fluid.CompiledProgram(net.test).with_data_parallel(places=BOTH)
    with fluid.program_guard(net.test):
        fluid.data("other", [None, 1])
    with pytest.raises(ValueError, match=r"different numbers of parts, {'x': 2, 'other': 1}"):
        net.run(test, {"x": ROWS, "other": ROWS[:1, :1]}, [net.out.name])


@pytest.mark.parametrize(
    ("build", "told"),
    [
        (lambda n: n.compiled(loss_name=n.loss), r"loss_name must be a string.*use loss\.name"),
        (lambda n: n.compiled(loss_name=None), r"use loss_name=loss\.name"),
        (lambda n: n.compiled(build_strategy=3), r"must be a fluid\.BuildStrategy, but it is int"),
        (lambda n: n.compiled(exec_strategy=3), r"must be a fluid\.ExecutionStrategy, but it is"),
        (lambda n: n.compiled(share_vars_from=3), r"must be a fluid\.CompiledProgram, but it is"),
        (lambda n: n.run(n.compiled(places=[1])), r"must all be CPUPlace.*but one is 1"),
        (lambda n: n.run(n.compiled(places=())), "places is an empty list"),
        (lambda n: n.run(n.compiled(share_vars_from=n.compiled())), "has not run yet"),
        (lambda n: fluid.CompiledProgram(n), r"must be a fluid\.Program, but it is Net"),
    ],
)
def test_what_cannot_be_compiled_is_told(net: Net, build: Any, told: str) -> None:
    with pytest.raises((TypeError, AssertionError, ValueError), match=told):
        build(net)


def test_a_program_stays_where_it_ran_first(net: Net) -> None:
    program = net.compiled()
    net.run(program)
    with pytest.raises(ValueError, match="has run in another scope"):
        net.run(program, scope=fluid.Scope())
    shared = net.compiled(share_vars_from=program, places=BOTH)
    with pytest.raises(
        ValueError, match="there is 1 place where share_vars_from runs, and there are 2 places here"
    ):
        net.run(shared)


def test_processes_that_are_not_there_are_told(net: Net) -> None:
    strategy = fluid.BuildStrategy()
    strategy.num_trainers = 3
    with pytest.raises(ValueError, match=r"there is 1 process; .* torchrun --nproc_per_node=3"):
        net.run(net.compiled(build_strategy=strategy))


def test_a_strategy_says_what_it_takes() -> None:
    strategy = fluid.BuildStrategy()
    with pytest.raises(TypeError, match=r"BuildStrategy\.num_trainers must be a whole number"):
        strategy.num_trainers = 1.5
    kinds = r"gradient_scale_strategy must be one of fluid\.BuildStrategy\.GradientScaleStrategy"
    with pytest.raises(TypeError, match=kinds):
        strategy.gradient_scale_strategy = 1


def test_a_place_that_fails_leaves_the_others_as_they_were(net: Net) -> None:
    program = net.compiled(places=BOTH)
    net.run(program)
    before = net.trained()
    running = threading.active_count()
    with pytest.raises(ValueError, match="must be float32, but it is float64"):
        net.run(program, [{"x": ROWS}, {"x": ROWS.astype("float64")}])
    assert threading.active_count() == running
    for name, value in net.trained().items():
        np.testing.assert_array_equal(value, before[name])
    losses = net.run(program, fetch=["w0"])
    np.testing.assert_array_equal(losses[0][:3], losses[0][3:])


def test_a_layer_that_fails_on_one_place_is_explained(net: Net) -> None:
    x: Any = fluid.data("rows", [None, 2])
    picked = fluid.layers.reshape(x, [2, 2])
    program = fluid.CompiledProgram(net.main).with_data_parallel(net.loss.name, places=BOTH)
    parts = [{"x": ROWS[:2], "rows": ROWS[:2, :2]}, {"x": ROWS[:2], "rows": ROWS[:3, :2]}]
    with pytest.raises(fluid.core.EnforceNotMet, match=r"reshape.*\n.*float32\[3, 2\]"):
        net.run(program, parts, [picked, net.loss])


def test_values_that_were_set_reach_every_place(net: Net) -> None:
    """In 1.8.5 the other places keep the values of the first run, and drift apart."""
    program = net.compiled(places=BOTH)
    net.run(program)
    held = fluid.global_scope().find_var("w1")
    assert held is not None
    held.get_tensor().set(np.zeros([4, 2], "float32"), fluid.CPUPlace())
    bias = net.value("b1")
    (out,) = net.run(program, fetch=[net.out.name])
    np.testing.assert_array_equal(out, np.tile(bias, [8, 1]))
    (weights,) = net.run(program, fetch=["w1"])
    np.testing.assert_array_equal(weights[:4], weights[4:])


def test_what_is_appended_later_runs_too(net: Net) -> None:
    """1.8.5 runs what the program was when it was compiled."""
    compiled = fluid.CompiledProgram(net.main)
    doubled = net.loss * 2.0
    loss, twice = net.run(compiled, fetch=[net.loss, doubled])
    np.testing.assert_array_equal(twice, loss * 2)


@pytest.mark.parametrize("layout", ["NCHW", "NHWC"])
@pytest.mark.parametrize("count", [2, 4])
def test_synchronized_statistics_are_those_of_one_big_batch(count: int, layout: str) -> None:
    """Real 1.8.5 can do this on GPUs only; on a CPU it ends the process."""
    images = np.random.RandomState(1).randn(8, 3, 2, 2).astype("float32")
    strategy = fluid.BuildStrategy()
    strategy.sync_batch_norm = True
    found = []
    for places in (1, count):
        with (
            fluid.program_guard(fluid.Program(), fluid.Program()),
            fluid.unique_name.guard(),
            fluid.scope_guard(fluid.Scope()),
        ):
            fluid.default_startup_program().random_seed = 3
            x: Any = fluid.data("x", [None, 3, 2, 2])
            for _ in range(2):
                x = fluid.layers.conv2d(x, 3, 1)
                x = fluid.layers.batch_norm(x, act="tanh", data_layout=layout)
            loss: Any = fluid.layers.mean(x * x * x)
            fluid.optimizer.Momentum(0.05, 0.9).minimize(loss)
            main, exe = fluid.default_main_program(), fluid.Executor()
            exe.run(fluid.default_startup_program())
            program = fluid.CompiledProgram(main).with_data_parallel(
                loss.name, strategy, places=[fluid.CPUPlace()] * places
            )
            feeds = [{"x": images * (1 + step)} for step in range(4)]
            losses = [exe.run(program, feed=f, fetch_list=[loss])[0].mean() for f in feeds]
            values = [fluid.global_scope().value(p.name) for p in main.all_parameters()]
            found.append([np.array(losses), *(v.detach().numpy() for v in values if v is not None)])
    for one, several in zip(*found, strict=True):
        np.testing.assert_allclose(several, one, 1e-4, 1e-6)


def test_feed_dict_is_a_feed(net: Net) -> None:
    """1.8.5 says so, and passes it over."""
    executor = fluid.ParallelExecutor(False, net.loss.name, net.main)
    (out,) = executor.run([net.out.name], feed_dict={"x": ROWS})
    assert out.shape == (8, 2)


def test_a_loader_gives_each_place_a_batch(net: Net) -> None:
    x = net.main.global_block().var("x")
    loader = fluid.io.DataLoader.from_generator([x], capacity=4, iterable=False)
    loader.set_batch_generator(lambda: ((ROWS[i : i + 2],) for i in (0, 2, 4, 6, 0)))
    program = net.compiled(places=BOTH)
    loader.start()
    for first in (0, 4):
        assert (
            net.exe.run(program, fetch_list=["x"])[0].tolist() == ROWS[first : first + 4].tolist()
        )
    with pytest.raises(fluid.core.EOFException):
        net.exe.run(program, fetch_list=["x"])
    loader.reset()
