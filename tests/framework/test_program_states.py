"""States of programs, and of 1.8's layers: real Paddle 3 and 1.8.5 on the other side."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import paddle_compat as ours
from paddle_compat import fluid


@pytest.fixture
def static_paddle(real_paddle: Any) -> Iterator[Any]:
    """Real Paddle 3 while it builds programs."""
    real_paddle.enable_static()
    with real_paddle.static.scope_guard(real_paddle.static.Scope()):
        yield real_paddle
    real_paddle.disable_static()


@pytest.fixture
def program() -> Iterator[tuple[Any, Any]]:
    """A program of ours that was started, in a scope of its own."""
    main, startup = fluid.Program(), fluid.Program()
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(main, startup):
        with fluid.unique_name.guard():
            x = fluid.data("x", [None, 3], "float32")
            loss: Any = fluid.layers.mean(fluid.layers.fc(x, 2, param_attr="w", bias_attr="b"))
            fluid.optimizer.Momentum(fluid.layers.exponential_decay(0.1, 2, 0.5), 0.9).minimize(
                loss
            )
        exe = fluid.Executor(fluid.CPUPlace())
        exe.run(startup)
        yield main, exe


def value(name: str) -> Any:
    return np.array(fluid.global_scope().var(name).get_tensor())


@pytest.mark.live
def test_we_load_what_a_program_of_paddle_3_saved(
    static_paddle: Any, program: tuple[Any, Any], tmp_path: Path
) -> None:
    static = static_paddle.static
    main, startup = static.Program(), static.Program()
    with static.program_guard(main, startup):
        static.nn.fc(static.data("x", [None, 3], "float32"), 2, weight_attr="w", bias_attr="b")
    static.Executor().run(startup)
    model = str(tmp_path / "model")
    static.save(main, model)
    wanted = {n: np.array(static.global_scope().find_var(n).get_tensor()) for n in ("w", "b")}
    assert not (value("w") == wanted["w"]).all()
    state = fluid.io.load_program_state(model)
    assert {name: state[name].tolist() for name in wanted} == {
        name: array.tolist() for name, array in wanted.items()
    }
    fluid.io.set_program_state(program[0], state)
    assert (value("w") == wanted["w"]).all()
    fluid.io.set_program_state(program[0], {name: array * 0 for name, array in state.items()})
    with fluid.program_guard(fluid.Program(), fluid.Program()), fluid.unique_name.guard():
        fluid.layers.fc(fluid.data("x", [None, 3]), 2, param_attr="w", bias_attr="b")
        fluid.load(fluid.default_main_program(), model, program[1])
    assert (value("w") == wanted["w"]).all()


@pytest.mark.live
def test_paddle_3_loads_what_a_program_of_ours_saved(
    static_paddle: Any, program: tuple[Any, Any], tmp_path: Path
) -> None:
    model = str(tmp_path / "model")
    fluid.save(program[0], model)
    found = static_paddle.static.load_program_state(model)
    wanted = fluid.io.load_program_state(model)
    assert {"w", "b", "w_velocity_0", "@LR_DECAY_COUNTER@"} <= found.keys() == wanted.keys()
    for name, array in wanted.items():
        assert (found[name].dtype, found[name].tolist()) == (array.dtype, array.tolist())
        assert array.tolist() == value(name).tolist()
    static_paddle.disable_static()
    for ending in (".pdparams", ".pdopt"):
        for name, tensor in static_paddle.load(model + ending).items():
            assert tensor.numpy().tolist() == wanted[name].tolist()


DYGRAPH = """
import sys, numpy as np
import paddle.fluid as fluid
with fluid.dygraph.guard():
    layer = fluid.dygraph.Linear(3, 2)
    adam = fluid.optimizer.Adam(0.1, parameter_list=layer.parameters())
    fluid.layers.mean(layer(fluid.dygraph.to_variable(np.ones([1, 3], "float32")))).backward()
    adam.minimize(fluid.layers.mean(layer(fluid.dygraph.to_variable(np.ones([1, 3], "float32")))))
    fluid.save_dygraph(layer.state_dict(), sys.argv[1])
    fluid.save_dygraph(adam.state_dict(), sys.argv[1])
    print(layer.weight.name, layer.weight.numpy().tolist())
"""


@pytest.mark.live
def test_we_load_what_layers_of_1_8_saved(fluid_python: Path, tmp_path: Path) -> None:
    model = str(tmp_path / "model")
    done = subprocess.run(
        [fluid_python, "-c", DYGRAPH, model], capture_output=True, text=True, check=True
    )
    name, _, weight = done.stdout.splitlines()[-1].partition(" ")
    state = ours.load(f"{model}.pdparams", keep_name_table=True)
    assert str(state["weight"].tolist()) == weight
    assert state["StructuredToParameterName@@"]["weight"] == name
    assert any(key.startswith(f"{name}_moment1") for key in ours.load(f"{model}.pdopt"))
    # A program finds them by their parameters' names.
    with fluid.scope_guard(fluid.Scope()), fluid.program_guard(fluid.Program(), fluid.Program()):
        fluid.layers.fc(
            fluid.data("x", [None, 3]), 2, param_attr=name, bias_attr=name.replace("w_0", "b_0")
        )
        fluid.load(fluid.default_main_program(), model)
        assert str(value(name).tolist()) == weight


INFERENCE = """
import sys, numpy as np
import paddle.fluid as fluid
x = fluid.data("x", [None, 3])
y = fluid.layers.fc(x, 2, param_attr="deep/w", bias_attr="b")
exe = fluid.Executor(fluid.CPUPlace())
exe.run(fluid.default_startup_program())
fluid.io.save_inference_model(sys.argv[1], ["x"], [y], exe)
fluid.io.save_inference_model(sys.argv[1], ["x"], [y], exe, None, "model", "params")
print(np.array(fluid.global_scope().find_var("deep/w").get_tensor()).tolist())
"""
# Layers saved as programs of Paddle 2: the newer form of programs is not asked for.
LAYERS = """
import sys, paddle
paddle.set_flags({"FLAGS_enable_pir_api": 0})
net = paddle.nn.Sequential(paddle.nn.Linear(3, 2), paddle.nn.ReLU(), paddle.nn.Linear(2, 1))
net.eval()
paddle.jit.save(net, sys.argv[1], input_spec=[paddle.static.InputSpec([None, 3], "float32")])
paddle.save(net.state_dict(), sys.argv[1] + ".state")
"""


@pytest.mark.live
def test_we_load_the_parameters_of_an_inference_model_of_1_8(
    fluid_python: Path, tmp_path: Path
) -> None:
    root = tmp_path / "model"
    done = subprocess.run(
        [fluid_python, "-c", INFERENCE, root], capture_output=True, text=True, check=True
    )
    for configs in ({}, {"model_filename": "model", "params_filename": "params"}):
        found = ours.load(root, **configs)
        assert sorted(found) == ["b", "deep/w"]
        assert str(found["deep/w"].tolist()) == done.stdout.splitlines()[-1]


@pytest.mark.live
def test_we_load_the_state_of_a_layer_saved_with_its_program(
    real_paddle: Any, tmp_path: Path
) -> None:
    model = str(tmp_path / "model")
    subprocess.run(
        [sys.executable, "-c", LAYERS, model],
        check=True,
        capture_output=True,
        env={**os.environ, "FLAGS_enable_pir_api": "0"},
    )
    wanted = real_paddle.load(f"{model}.state", return_numpy=True)
    found = ours.load(model)
    assert sorted(found) == sorted(wanted)
    assert all((found[name] == array).all() for name, array in wanted.items())
