"""``paddle-compat export``: what it writes, which program it takes, and what it refuses."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from run.conftest import Done, Runner

from paddle_compat import cli
from paddle_compat.export import formatting

TRAINING = """
import sys
import numpy as np
import paddle.fluid as fluid

main, startup, other = fluid.Program(), fluid.Program(), fluid.Program()
main.random_seed = startup.random_seed = 3
with fluid.program_guard(main, startup):
    x = fluid.data("x", [None, 3])
    hidden = fluid.layers.dropout(fluid.layers.fc(x, 4, name="first"), 0.5)
    y = fluid.layers.fc(hidden, 2, name="head")
    loss = fluid.layers.mean(y * y)
    test = main.clone(for_test=True)
    fluid.optimizer.SGD(0.1).minimize(loss)
with fluid.program_guard(other):
    z = fluid.data("z", [2])
exe = fluid.Executor(fluid.CPUPlace())
exe.run(startup)
feed = {"x": np.arange(6).reshape(2, 3).astype("float32")}
for step in range(4):
    print("step", step, *sys.argv[1:])
    exe.run(main, feed=feed, fetch_list=[loss])
np.savez("answers.npz", y=exe.run(test, feed=feed, fetch_list=[y])[0])
"""

OTHER = """
with fluid.program_guard(other):
    mine = fluid.layers.softmax(other.global_block().var("z"), name="mine")
exe.run(other, feed={"z": np.ones(2, "float32")}, fetch_list=[mine])
"""

LOADER = """
import sys
import numpy as np
import paddle.fluid as fluid

def batches():
    try:
        while True:
            yield [np.ones([2, 3], "float32")]
    finally:
        print("closed", file=sys.stderr)

x = fluid.data("x", [None, 3])
loader = fluid.io.DataLoader.from_generator([x], capacity=4, iterable=False)
loader.set_batch_generator(batches)
y = fluid.layers.fc(x, 2)
exe = fluid.Executor(fluid.CPUPlace())
exe.run(fluid.default_startup_program())
loader.start()
while True:
    exe.run(fluid.default_main_program(), fetch_list=[y])
"""

# Imports a written module where this package and Paddle cannot be, and calls it.
USE = """
import sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("paddle_compat", "paddle", "safetensors"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refused())
sys.path.insert(0, ".")
import importlib, numpy, torch
name, x = sys.argv[1], torch.arange(6.0).reshape(2, 3)
result = importlib.import_module(name).load().eval()(x)
numpy.savez("used.npz", *[r.detach() for r in (result if isinstance(result, tuple) else [result])])
"""


def used(folder: Path, name: str) -> list[Any]:
    """Return what a written module gives."""
    spec = importlib.util.spec_from_file_location(name, folder / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    with torch.no_grad():
        result = module.load().eval()(torch.arange(6.0).reshape(2, 3))
    return [r.numpy() for r in (result if isinstance(result, tuple) else [result])]


def used_alone(folder: Path, name: str) -> list[Any]:
    """Return what a written module gives where there is torch alone."""
    done = subprocess.run(
        [sys.executable, "-I", "-c", USE, name], cwd=folder, capture_output=True, text=True
    )
    assert done.stderr == ""
    with np.load(folder / "used.npz") as arrays:
        return list(arrays.values())


@pytest.fixture
def export(runner: Runner) -> Callable[..., Done]:
    def run(*options: str, text: str = TRAINING, arguments: tuple[str, ...] = ()) -> Done:
        script = runner.write(text, "train.py")
        return runner.command("export", *options, str(script), *arguments)

    return run


def test_what_the_script_fetched_last_is_written(
    runner: Runner, export: Callable[..., Done]
) -> None:
    done = export(arguments=("--fetch", "mine"))
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines() == [
        *(f"step {step} --fetch mine" for step in range(4)),
        "wrote train_module.py: class Model",
        "  takes x",
        "  returns head.tmp_1",
        "wrote train_module.safetensors: 4 tensors, 26 numbers",
        "use it, where torch is installed:",
        "  from train_module import load",
        "  model = load()",
    ]
    with np.load(runner.folder / "answers.npz") as answers:
        [ours] = used_alone(runner.folder, "train_module")
        assert np.array_equal(ours, answers["y"])
    assert not [file for file in runner.folder.iterdir() if file.suffix == ".tmp"]


def test_options_choose_program_fetches_names_and_place(
    runner: Runner, export: Callable[..., Done]
) -> None:
    (runner.folder / "out").mkdir()
    options = ("--program", "test", "--fetch", "mean_0.tmp_0", "--fetch", "head.tmp_1")
    done = export(*options, "--to-source", "--output", "out/net.py", "--class", "Net")
    assert (done.code, done.err) == (0, "")
    assert "wrote out/net.py: class Net\n" in done.out
    assert "  returns mean_0.tmp_0, head.tmp_1\n" in done.out
    loss, y = used(runner.folder / "out", "net")
    with np.load(runner.folder / "answers.npz") as answers:
        assert np.array_equal(y, answers["y"])
    assert np.allclose(loss, (y * y).mean())
    assert "class Net(nn.Module):" in (runner.folder / "out" / "net.py").read_text()


def test_a_program_that_trains_is_written_without_its_training(
    runner: Runner, export: Callable[..., Done]
) -> None:
    assert export("--program", "main", "--output", "whole.py").code == 0
    assert export("--program", "main", "--test", "--output", "tested.py").code == 0
    whole, tested = ((runner.folder / f"{name}.py").read_text() for name in ("whole", "tested"))
    assert "sgd" not in whole
    assert "self.training" in whole
    assert "self.training" not in tested
    [one], [other] = used(runner.folder, "whole"), used(runner.folder, "tested")
    assert np.array_equal(one, other)


def test_the_script_stops_after_as_many_runs_as_are_wanted(
    runner: Runner, export: Callable[..., Done]
) -> None:
    done = export("--after-runs", "2")
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("step 0 \nstep 1 \nwrote".replace(" \n", "\n"))
    assert "  returns mean_0.tmp_0\n" in done.out
    done = export("--after-runs", "9", "--force")
    assert done.code == 1
    assert "ended after 5 runs with fetches, so that there is no run 9" in done.err


def test_finally_blocks_run_and_bare_excepts_do_not_go_on(export: Callable[..., Done]) -> None:
    text = TRAINING.replace(
        "    exe.run(main, feed=feed, fetch_list=[loss])",
        "    try:\n        exe.run(main, feed=feed, fetch_list=[loss])\n"
        "    except Exception:\n        print('caught')\n    finally:\n        print('finally')",
    )
    done = export("--after-runs", "1", text=text)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("step 0\nfinally\nwrote")


def test_what_no_module_computes_is_left_out_with_a_word(export: Callable[..., Done]) -> None:
    text = TRAINING.replace("fetch_list=[loss]", "fetch_list=[loss, 'learning_rate_0', x]")
    done = export("--after-runs", "1", text=text)
    assert done.code == 0
    assert "  returns mean_0.tmp_0, learning_rate_0, x\n" in done.out
    text = text.replace("'learning_rate_0'", "'head.w_0@GRAD'")
    done = export("--after-runs", "1", "--force", text=text)
    assert done.code == 0
    assert "  returns mean_0.tmp_0, x\n" in done.out
    assert done.err.startswith("paddle-compat export: left out: 'head.w_0@GRAD' is a gradient")


def test_a_fetched_name_finds_the_program_that_has_it(export: Callable[..., Done]) -> None:
    done = export("--fetch", "mean_0.tmp_0", text=f"{TRAINING}\n{OTHER}")
    assert done.code == 0
    assert "  takes x\n  returns mean_0.tmp_0\n" in done.out
    done = export("--fetch", "mine.tmp_0", "--force", text=f"{TRAINING}\n{OTHER}")
    assert done.code == 0
    assert "  takes z\n  returns mine.tmp_0\n" in done.out


def test_the_program_that_was_run_last_is_taken(export: Callable[..., Done]) -> None:
    first = "exe.run(test, feed=feed, fetch_list=[y])\nfor step"
    done = export(text=TRAINING.replace("for step", first))
    assert done.code == 0
    assert "  returns head.tmp_1\n" in done.out


def test_a_module_is_run_by_its_name(runner: Runner) -> None:
    runner.write(TRAINING, "package/train.py")
    runner.write("", "package/__init__.py")
    done = runner.command("export", "-m", "package.train", "argument")
    assert (done.code, done.err) == (0, "")
    assert "step 3 argument\nwrote train_module.py: class Model\n" in done.out


def test_values_come_from_the_scope_of_the_run(runner: Runner, export: Callable[..., Done]) -> None:
    text = TRAINING.replace("exe.run(startup)", "exe.run(startup)\nscope = fluid.Scope()").replace(
        "for step in range(4):",
        "with fluid.scope_guard(scope):\n    exe.run(startup)\nfor step in range(4):",
    )
    text = text.replace("feed=feed, fetch_list=[y]", "feed=feed, fetch_list=[y], scope=scope")
    assert export(text=text).code == 0
    with np.load(runner.folder / "answers.npz") as answers:
        assert np.array_equal(used(runner.folder, "train_module")[0], answers["y"])


def test_a_compiled_program_is_its_program(runner: Runner, export: Callable[..., Done]) -> None:
    text = TRAINING.replace(
        "exe.run(test, ", "exe.run(fluid.CompiledProgram(test).with_data_parallel(), "
    )
    assert export(text=text).code == 0
    with np.load(runner.folder / "answers.npz") as answers:
        assert np.array_equal(used(runner.folder, "train_module")[0], answers["y"])


def test_a_script_with_a_running_loader_stops(export: Callable[..., Done]) -> None:
    done = export("--after-runs", "2", text=LOADER)
    assert (done.code, done.err) == (0, "closed\n")
    assert "  takes x\n" in done.out


def test_files_that_are_there_stay_unless_forced(
    runner: Runner, export: Callable[..., Done]
) -> None:
    for name in ("train_module.py", "train_module.safetensors"):
        (runner.folder / name).write_text("mine")
        done = export()
        assert done.code == 2
        assert "step" not in done.out  # the script does not run first
        assert f"'{name}' is there already; choose another name, or replace it: --force" in (
            done.err
        )
        assert (runner.folder / name).read_text() == "mine"
        (runner.folder / name).unlink()
    (runner.folder / "train_module.py").write_text("mine")
    assert export("--force").code == 0
    assert "class Model" in (runner.folder / "train_module.py").read_text()


@pytest.mark.parametrize(
    ("options", "text", "told"),
    [
        ([], "", "the script ran no program with a fetch_list; name a program"),
        ([], "import sys\nsys.exit(3)", "the script ended with 3; nothing is written"),
        ([], "import sys\nsys.exit('bye')", "bye\npaddle-compat export: the script ended with 'b"),
        (["--program", "tset"], TRAINING, "variable 'tset' does not exist, and no program; there"),
        (["--program", "tset"], TRAINING, "there are test"),
        (["--program", "feed"], TRAINING, "variable 'feed' is dict, and no program"),
        (["--program", "a"], "a = 1", "is int, and no program; no variable there holds one"),
        (["--program", "other"], TRAINING, "fetched nothing from 'other'; name what to fetch"),
        (["--fetch", "head.tmp_2"], TRAINING, "no variable 'head.tmp_2'; near are 'head.tmp_1'"),
        (["--program", "main", "--fetch", "head.w_0@GRAD"], TRAINING, "is a gradient, which a mod"),
        (
            ["--program", "main", "--fetch", "head.tmp_1"],
            TRAINING.split("exe =")[0],
            "'first.w_0' has no value in the scope; run the startup program first",
        ),
        (
            [],
            TRAINING.replace("[y])", "['head.w_0'])")
            .replace("run(test", "run(main")
            .replace("'head.w_0'", "'head.w_0@GRAD'"),
            "is a gradient, which a module does not compute; fetch the loss, and call loss.backward"
            "() on the module's result; choose what to fetch with --fetch",
        ),
    ],
)
def test_nothing_to_export_is_told_and_exits_with_1(
    export: Callable[..., Done], runner: Runner, options: list[str], text: str, told: str
) -> None:
    done = export(*options, text=text)
    assert done.code == 1
    assert told in done.err
    assert "Traceback" not in done.err
    assert not list(runner.folder.glob("*module*"))


def test_a_script_that_fails_shows_its_own_traceback(export: Callable[..., Done]) -> None:
    done = export(text="def f():\n    raise ValueError('no')\nf()\n")
    assert done.code == 1
    assert done.err.startswith("Traceback (most recent call last):\n  File ")
    assert done.err.endswith("ValueError: no\n")
    assert "paddle_compat" not in done.err
    assert done.err.count("File ") == 2


def test_a_script_that_ends_well_early_is_exported(export: Callable[..., Done]) -> None:
    assert export(text=f"{TRAINING}\nsys.exit(0)\n").code == 0


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "which script? Write: paddle-compat export SCRIPT"),
        (["--after-runs", "0", "s.py"], "'0' is not a whole number of at least 1"),
        (["--class", "class", "s.py"], "argument --class: 'class' is no name of Python's"),
        (["--class", "Tensor", "s.py"], "'Tensor' has a meaning in the source; use another name"),
        (["--class", "a b", "s.py"], "argument --class: 'a b' is no name of Python's"),
        (["--output", "no/where.py", "s.py"], "there is no folder 'no'; make it first"),
        (["--output", "where", "s.py"], "must be letters, digits and _, and end with .py"),
        (["--output", "a-b.py", "s.py"], "must be letters, digits and _, and end with .py"),
        (["--device", "tpu", "s.py"], "argument --device: invalid choice: 'tpu'"),
        (["nowhere.py"], "there is no script 'nowhere.py'"),
        (["-m", "nowhere"], "there is no module 'nowhere' to run"),
    ],
)
def test_usage_errors_exit_with_2(runner: Runner, arguments: list[str], told: str) -> None:
    done = runner.command("export", *arguments)
    assert done.code == 2
    assert told in done.err
    assert done.out == ""


def test_help_says_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        cli.main(["export", "--help"])
    assert end.value.code == 0
    told = capsys.readouterr().out
    for words in ("--fetch NAME", "--program VAR", "--after-runs N", "--device {cpu,cuda}", "-m"):
        assert words in told


def test_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(formatting, "find_spec", lambda name: None)
    with pytest.raises(SystemExit) as end:
        cli.main(["export", "train.py"])
    assert end.value.code == 2
    assert (
        "needs ruff, which is not installed; install it by pip install 'paddle-compat[export]'"
        in (capsys.readouterr().err)
    )
