"""``python -m paddle_compat.testing``, and the recorder as a file of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from paddle_compat.testing import RecordingFailed, read, record, recorder
from paddle_compat.testing.__main__ import main
from testing.made import EXAMPLE, case_of, floats

EXAMPLES = EXAMPLE.parent


def test_a_recording_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["show", str(EXAMPLE)]) == 0
    shown = capsys.readouterr().out
    assert "test_port[head-0]: port_head_fluid.py:head of Paddle 1.8.5, static" in shown
    assert "  features: float32 [2, 4, 3, 3]" in shown
    assert "  parameter fc_0.w_0: float32 [8, 1]" in shown
    assert "  gradients: logits\n" in shown


def test_a_replay_exits_with_its_verdict(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    port = f"{EXAMPLES / 'port_head.py'}:class_loss"
    assert main(["replay", str(EXAMPLE), port, "--case", "test_port[class_loss-1]"]) == 0
    assert capsys.readouterr().out == f"{EXAMPLE}: 1 of 1 cases agree\n"
    recorder.write(tmp_path / "a.npz", [case_of(lambda x: -x, {"x": floats(2)})])
    (tmp_path / "port_of_a.py").write_text("def port(x):\n    return x + 0\n")
    assert main(["replay", str(tmp_path / "a.npz"), f"{tmp_path / 'port_of_a.py'}:port"]) == 1
    assert "likely cause: sign" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["show", "none.npz"], "No such file"),
        (["show", __file__], "not a recording"),
        (["replay", str(EXAMPLE), "port"], "'port' names no function: write FILE.py:FUNCTION"),
        (["replay", str(EXAMPLE), "os:sep"], "os:sep is no function, but str"),
        (["replay", str(EXAMPLE), "os:none"], "has no attribute 'none'"),
        (["replay", str(EXAMPLE), "math:sqrt", "--case", "x"], r"has no case ['x']"),
    ],
)
def test_wrong_usage_is_told(
    arguments: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert told in capsys.readouterr().err


def test_an_interpreter_that_cannot_record_is_told(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    with pytest.raises(RecordingFailed, match="cannot start /none/python"):
        record(path, "a.py:f", {}, python="/none/python")
    with pytest.raises(
        TypeError, match=r"finds a function by its name only: give 'file\.py:function'"
    ):
        record(path, lambda: None, {}, version="1.8.5")
    with pytest.raises(ValueError, match="name a version or an interpreter, not both"):
        record(path, "a.py:f", {}, version="1.8.5", python="python")
    assert not path.exists()


def test_without_a_paddle_here_it_says_what_to_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "paddle", None)
    with pytest.raises(ImportError, match="name the version to record, or an interpreter"):
        record(tmp_path / "a.npz", lambda x: x, [floats(2)])


@pytest.mark.live
def test_the_recorder_works_as_a_copy_beside_legacy_code(
    fluid_python: Path, tmp_path: Path
) -> None:
    source = Path(recorder.__file__).read_text(encoding="utf-8")
    (tmp_path / "paddle_recorder.py").write_text(source, encoding="utf-8")
    (tmp_path / "script.py").write_text(
        "import numpy as np\n"
        "from paddle import fluid\n"
        "from paddle_recorder import record\n"
        "def loss(x):\n"
        "    return fluid.layers.reduce_sum(fluid.layers.square(x))\n"
        "def nothing(x):\n"
        "    return None\n"
        "x = np.arange(6, dtype='float32')\n"
        "record('loss.npz', loss, {'x': x})\n"
        "record('loss.npz', nothing, [x], mode='dygraph', append=True)\n"
        "record('loss.npz', loss, [x], case='zeros', append=True)\n"
    )
    subprocess.run([str(fluid_python), "script.py"], cwd=tmp_path, check=True, capture_output=True)
    cases = {case.name: case for case in read(tmp_path / "loss.npz")}
    assert list(cases) == ["loss", "nothing", "zeros"]
    assert cases["loss"].outputs.data.tolist() == [55.0]
    gradient = cases["zeros"].gradients["x"]
    assert gradient is not None
    assert gradient.data.tolist() == [0, 2, 4, 6, 8, 10]
    assert cases["nothing"].outputs is None
    assert (cases["nothing"].paddle, cases["nothing"].mode) == ("1.8.5", "dygraph")
