"""The command line: help, versions, usage errors, and the options of ``run``."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import paddle_compat
from paddle_compat import cli
from paddle_compat.fluid import _device
from run.conftest import Runner


def exit_code(*arguments: str) -> int:
    try:
        return cli.main(arguments)
    except SystemExit as end:
        return int(end.code or 0)


def test_version_and_help_say_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    assert exit_code("--version") == 0
    assert capsys.readouterr().out == f"paddle-compat {paddle_compat.__version__}\n"
    assert exit_code("--help") == 0
    shown = " ".join(capsys.readouterr().out.split())
    assert " run run a legacy Paddle script, unmodified, on torch " in shown
    assert exit_code("run", "--help") == 0
    told = capsys.readouterr().out
    for words in ("SCRIPT [ARGUMENT ...]", "-m MODULE", "--device {cpu,cuda}", "--threads N"):
        assert words in told


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "usage: paddle-compat [--help] [--version] COMMAND"),
        (["walk"], "there is no command 'walk'; choose run, verify,"),
        (["--walk"], "unrecognized arguments: --walk"),
        (["run"], "which script? Write: paddle-compat run SCRIPT"),
        (["run", "--device"], "argument --device: expected one argument"),
        (["run", "--device", "tpu", "s.py"], "argument --device: invalid choice: 'tpu'"),
        (["run", "--threads", "0", "s.py"], "'0' is not a whole number of at least 1"),
        (["run", "--threads=-1", "s.py"], "'-1' is not a whole number of at least 1"),
        (["run", "--threads", "two", "s.py"], "'two' is not a whole number of at least 1"),
        (["run", "--fast", "s.py"], "unrecognized arguments: --fast"),
        (["run", "-m"], "argument -m: expected one argument"),
        (["run", "nowhere.py"], "there is no script 'nowhere.py'"),
        (["run", "nowhere/s.py"], "there is no script 'nowhere/s.py'"),
        (["run", "folder"], "'folder' is a folder; name the script in it"),
        (["run", "latin.py"], "cannot decode the script 'latin.py': "),
        (["run", "unknown.py"], "cannot decode the script 'unknown.py': unknown encoding: nope"),
        (["run", "compiled.pyc"], "'compiled.pyc' is no Python source: it contains null bytes"),
    ],
)
def test_usage_error_is_told_and_exits_with_2(
    arguments: list[str],
    told: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("latin.py").write_bytes(b"x = 1\ny = 2\nname = 'Gr\xfcn'\n")
    Path("unknown.py").write_bytes(b"# coding: nope\n")
    Path("compiled.pyc").write_bytes(b"\xa7\r\n\0\0\0\0")
    assert exit_code(*arguments) == 2
    shown = capsys.readouterr()
    assert told in shown.err
    assert shown.out == ""


REPORT = """
import sys, torch
from paddle_compat.fluid._device import overridden
print(torch.get_num_threads(), overridden(), sys.argv[1:])
"""


def test_options_before_the_script_are_ours_and_after_it_the_scripts(runner: Runner) -> None:
    script = str(runner.write(REPORT))
    own = ["--threads", "9", "--device=cuda", "--help"]
    for ours, expected in (
        (["--threads", "3", "--device", "cpu"], "3 cpu"),
        (["--device=cpu", "--threads=2", "--"], "2 cpu"),
        ([], "1 None"),
    ):
        done = runner.command("run", *ours, script, *own)
        assert (done.code, done.out, done.err) == (0, f"{expected} {own}\n", "")
    module = runner.command("run", "--threads", "2", "-mscript", *own)
    assert (module.code, module.out) == (0, f"2 None {own}\n"), module.err


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a torch without CUDA")
def test_device_that_is_not_there_is_a_usage_error_before_the_script_runs(runner: Runner) -> None:
    script = str(runner.write("print('ran')"))
    done = runner.command("run", "--device", "cuda", script)
    assert (done.code, done.out) == (2, "")
    assert "device: 'cuda' needs CUDA, and torch" in done.err
    with pytest.raises(ValueError, match="needs CUDA"):
        _device.override("cuda")


def test_override_holds_until_it_is_lifted() -> None:
    assert _device.overridden() is None
    _device.override("cpu")
    try:
        assert _device.overridden() == torch.device("cpu")
        with pytest.raises(ValueError, match="device: 'gpu' is none of cpu, cuda"):
            _device.override("gpu")
        assert _device.overridden() == torch.device("cpu")
    finally:
        _device.override(None)
    assert _device.overridden() is None
