"""Programs in several processes, under torchrun: the losses and parameters of one big batch."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch.distributed as dist

from paddle_compat import fluid

from . import programs
from .programs import DATA, NAMES, OPTIMIZERS, STEPS, Net

pytestmark = pytest.mark.skipif(
    not dist.is_available() or not dist.is_gloo_available(), reason="torch has no gloo here"
)
WORLD, TIMEOUT = 2, 120
SCRIPT = str(Path(programs.__file__))
ROOT = Path(__file__).parents[2]
Arrays = dict[str, Any]
LAUNCHERS = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "MASTER_ADDR", "MASTER_PORT")


def environment(**more: str) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if name not in LAUNCHERS}
    return {**inherited, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **more}


@pytest.fixture(scope="module")
def ranks(tmp_path_factory: pytest.TempPathFactory) -> list[Arrays]:
    folder = tmp_path_factory.mktemp("ranks")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*torchrun, f"--nproc_per_node={WORLD}", SCRIPT, str(folder), "all"],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    found = []
    for rank in range(WORLD):
        with np.load(folder / f"rank{rank}.npz") as arrays:
            found.append({name: arrays[name] for name in arrays.files})
    return found


def one_process(optimizer: str, *, places: int = 0, parts: Any = None) -> Arrays:
    """Train on all rows here."""
    with fluid.scope_guard(fluid.Scope()):
        net = Net(optimizer, seed=5)
        if parts is None:
            return net.train(net.main, slice(None))
        program = net.compiled(places=[fluid.CPUPlace()] * places)
        for step in range(STEPS):
            net.exe.run(program, feed=[{"x": DATA[rows] * (1 + step)} for rows in parts])
        return net.train(net.main, slice(None), steps=0)


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_processes_train_as_one_with_all_rows(ranks: list[Arrays], optimizer: str) -> None:
    expected = one_process(optimizer)
    means = np.mean([rank[f"{optimizer} losses"] for rank in ranks], axis=0)
    np.testing.assert_allclose(means, expected["losses"], rtol=1e-5)
    for name in NAMES:
        first = ranks[0][f"{optimizer} {name}"]
        np.testing.assert_allclose(first, expected[name], 1e-5, 1e-6, err_msg=name)


@pytest.mark.parametrize("case", [*OPTIMIZERS, "places", "uneven", "added", "synchronized"])
def test_every_process_has_the_same_parameters(ranks: list[Arrays], case: str) -> None:
    for name in NAMES:
        values = [rank[f"{case} {name}"] for rank in ranks]
        for value in values[1:]:
            np.testing.assert_array_equal(value, values[0])


def test_places_of_several_processes_train_as_one_place(ranks: list[Arrays]) -> None:
    expected = one_process("momentum")
    for name in NAMES:
        np.testing.assert_allclose(ranks[0][f"places {name}"], expected[name], 1e-5, 1e-6)
    # Each process fetches the losses of its own places.
    assert ranks[0]["places losses"].shape == (STEPS, 2)


def test_a_process_with_fewer_rows_counts_as_much(ranks: list[Arrays]) -> None:
    """As a place of real 1.8.5 does; all rows counted the same give something else."""
    expected = one_process("momentum", places=2, parts=[slice(0, 6), slice(6, 8)])
    by_rows = one_process("momentum")
    for name in NAMES:
        found = ranks[0][f"uneven {name}"]
        np.testing.assert_allclose(found, expected[name], 1e-5, 1e-6)
        assert not np.allclose(found, by_rows[name], 1e-3, 1e-3)


def test_gradients_are_added_where_that_is_asked_for(ranks: list[Arrays]) -> None:
    with fluid.scope_guard(fluid.Scope()):
        net = Net("sgd", seed=5)
        strategy = fluid.BuildStrategy()
        strategy.gradient_scale_strategy = strategy.GradientScaleStrategy.One
        program = net.compiled(places=[fluid.CPUPlace()] * 2, build_strategy=strategy)
        expected = net.train(program, slice(None))
    for name in NAMES:
        np.testing.assert_allclose(ranks[0][f"added {name}"], expected[name], 1e-5, 1e-6)


def test_synchronized_statistics_are_those_of_all_rows(ranks: list[Arrays]) -> None:
    with fluid.scope_guard(fluid.Scope()):
        net = Net("sgd", seed=5, norm=True)
        expected = net.train(net.main, slice(None))
    for name in NAMES:
        found = ranks[0][f"synchronized {name}"]
        np.testing.assert_allclose(found, expected[name], 1e-5, 1e-5)


def test_one_process_may_test_alone(ranks: list[Arrays]) -> None:
    assert ranks[0]["tested"].shape == (1,)
    assert "tested" not in ranks[1]


def test_a_program_that_is_not_data_parallel_stays_alone(ranks: list[Arrays]) -> None:
    assert not np.array_equal(ranks[0]["alone w0"], ranks[1]["alone w0"])


LEGACY = """
import os
import numpy as np
import paddle.fluid as fluid

process, processes = int(os.environ["PADDLE_TRAINER_ID"]), int(os.environ["PADDLE_TRAINERS_NUM"])
x = fluid.data("x", [None, 2])
loss = fluid.layers.mean(fluid.layers.fc(x, 1, param_attr="w"))
fluid.optimizer.SGD(0.1).minimize(loss)
exe = fluid.Executor(fluid.CPUPlace())
exe.run(fluid.default_startup_program())
before = np.array(fluid.global_scope().find_var("w").get_tensor())
program = fluid.CompiledProgram(fluid.default_main_program()).with_data_parallel(loss.name)
rows = np.eye(2, dtype="float32")[process::processes]
after, = exe.run(program, feed={"x": rows}, fetch_list=["w"])
told = f"process {process} of {processes} {os.environ['FLAGS_selected_gpus']} {after.tolist()}\\n"
os.write(1, told.encode())  # at once, whatever the other process prints
"""


def test_a_legacy_script_finds_its_part_under_torchrun(tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(LEGACY, encoding="utf-8")
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    done = subprocess.run(
        [*torchrun, f"--nproc_per_node={WORLD}", "-m", "paddle_compat", "run", str(script)],
        capture_output=True,
        text=True,
        check=False,
        env=environment(),
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    told = sorted(line.split(" ", 5) for line in done.stdout.splitlines() if "process" in line)
    assert [words[:5] for words in told] == [
        ["process", "0", "of", "2", "0"],
        ["process", "1", "of", "2", "1"],
    ]
    assert told[0][5] == told[1][5]


def as_paddles_launcher(folder: Path, case: str) -> list[tuple[int, str]]:
    """Start processes with the environment of ``paddle.distributed.launch``; return their ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    endpoints = ",".join(f"127.0.0.1:{port + rank}" for rank in range(WORLD))
    started = [
        subprocess.Popen(
            [sys.executable, SCRIPT, str(folder), case],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=environment(
                PADDLE_TRAINER_ID=str(rank),
                PADDLE_TRAINERS_NUM=str(WORLD),
                PADDLE_TRAINER_ENDPOINTS=endpoints,
            ),
        )
        for rank in range(WORLD)
    ]
    try:
        told = [process.communicate(timeout=TIMEOUT)[0] for process in started]
    finally:
        for process in started:
            process.kill()
    return [(p.returncode, text) for p, text in zip(started, told, strict=True)]


def test_a_process_that_fails_ends_the_others(tmp_path: Path) -> None:
    (code, told), (other, reason) = as_paddles_launcher(tmp_path, "fails")
    assert (code, other) == (1, 1)
    assert "what this process did wrong" in reason
    assert "process 0 of 2 could not add up its gradients with the others: one of them" in told


def test_processes_with_different_programs_are_told(tmp_path: Path) -> None:
    for code, told in as_paddles_launcher(tmp_path, "differs"):
        assert code == 1
        assert "process 1 does not train the same program as process 0" in told
        assert "only one of them has b0: torch.float32[6]" in told
