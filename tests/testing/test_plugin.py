"""The pytest plugin: recording, replaying, and what it says when something is missing."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from paddle_compat.testing import OracleUnavailable, plugin, read, recorder
from testing.made import floats

pytest_plugins = ["pytester"]

PLUGIN = "paddle_compat.pytest_plugin"
ROOT = Path(__file__).parents[2]
LEGACY = """
from paddle import fluid

def double(x):
    return fluid.layers.scale(x, 2.0)

def broken(x):
    raise KeyError("no such head")
"""
TESTS = """
import numpy as np, pytest

@pytest.mark.parametrize("size", [2, 3])
def test_double(paddle_parity, size):
    paddle_parity("old.py:double", lambda x: x * 2, {"x": np.ones(size, "float32")})
    paddle_parity("old.py:double", lambda x: x + x, {"x": np.zeros(size, "float32")}, rtol=0)

def test_broken(paddle_parity):
    paddle_parity("old.py:broken", lambda x: {}[x], {"x": np.ones(2, "float32")})
"""
NAMES = [
    "test_double[2]",
    "test_double[2] #2",
    "test_double[3]",
    "test_double[3] #2",
    "test_broken",
]


@pytest.fixture
def project(pytester: pytest.Pytester) -> pytest.Pytester:
    """A folder with a legacy file and tests of its port."""
    pytester.makepyfile(old=LEGACY, test_port=TESTS)
    return pytester


def run(pytester: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess("-p", PLUGIN, "-p", "no:cacheprovider", *arguments)


def recorded(pytester: pytest.Pytester, *, wrong: bool = False) -> Path:
    """Write what recording would have written, without a Paddle."""
    path = pytester.path / "test_port.paddle.npz"
    cases = []
    for name in NAMES:
        size, zero = (3 if "3" in name else 2), "#" in name
        inputs = {"x": (np.zeros if zero else np.ones)(size, "float32")}
        case = recorder.request("old.py:double", inputs, name)
        if name == "test_broken":
            case = recorder.request("old.py:broken", inputs, name)
            told = {"type": "KeyError", "bases": [], "message": "x", "phase": "run"}
            case.error = {**told, "native": False}
        else:
            case.outputs = recorder.freeze(inputs["x"] * (3 if wrong else 2))
        case.paddle, case.mode = "1.8.5", "static"
        cases.append(case)
    recorder.write(path, cases)
    return path


@pytest.mark.live
def test_recording_then_replaying(project: pytest.Pytester, fluid_python: Path) -> None:
    result = run(project, f"--paddle-record={fluid_python}")
    result.assert_outcomes(passed=3)
    path = project.path / "test_port.paddle.npz"
    assert [case.name for case in read(path)] == NAMES
    result.stdout.fnmatch_lines(
        [
            "paddle_parity: recorded 5 cases in test_port.paddle.npz",
            "paddle_parity: test_broken raises KeyError in Paddle",
        ]
    )
    whole = path.read_bytes()
    # Replaying needs no Paddle, and no legacy file.
    (project.path / "old.py").unlink()
    run(project).assert_outcomes(passed=3)
    run(project, f"--paddle-record={fluid_python}", "--paddle-replay").assert_outcomes(passed=3)
    assert path.read_bytes() == whole
    (project.path / "old.py").write_text(LEGACY)
    result = run(project, f"--paddle-record={fluid_python}", "-k", "broken")
    result.stdout.fnmatch_lines(["paddle_parity: recorded 1 cases in *, 4 others kept"])
    assert path.read_bytes() == whole


def test_a_recording_is_replayed(project: pytest.Pytester) -> None:
    recorded(project)
    run(project).assert_outcomes(passed=3)


def test_a_port_that_differs_fails_with_the_report(project: pytest.Pytester) -> None:
    recorded(project, wrong=True)
    result = run(project)
    result.assert_outcomes(passed=1, failed=2)
    result.stdout.fnmatch_lines(
        ["*ParityError: *test_port.paddle.npz: 0 of 1 cases agree", "*differs from Paddle 1.8.5"]
    )


def test_a_missing_recording_fails_and_says_how_to_record(project: pytest.Pytester) -> None:
    result = run(project, "-k", "broken")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(
        [
            "the recording test_port.paddle.npz does not exist. Record it from real Paddle, and *",
            "  pytest --paddle-record=1.8.5 'test_port.py::test_broken'",
        ]
    )


def test_a_missing_case_fails(project: pytest.Pytester) -> None:
    path = recorded(project)
    recorder.write(path, read(path)[1:])
    result = run(project)
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["the recording * has no case 'test_double[[]2[]]'. Record it *"])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('np.ones(2, "float32")}', 'np.full(2, 1.5, "float32")}'),
        ('np.ones(2, "float32")}', 'np.ones(2, "float64")}'),
        ('np.ones(2, "float32")}', 'np.ones(2, "float32"), "y": 3}'),
        ("old.py:broken", "old.py:double"),
        ("lambda x: {}[x], {", "mode='dygraph', port=lambda x: {}[x], inputs={"),
        ("lambda x: {}[x], {", "seed=2, port=lambda x: {}[x], inputs={"),
        ("lambda x: {}[x], {", "wrt='x', port=lambda x: {}[x], inputs={"),
    ],
)
def test_a_call_that_changed_since_fails(project: pytest.Pytester, old: str, new: str) -> None:
    recorded(project)
    assert TESTS.count(old) == 1
    project.makepyfile(test_port=TESTS.replace(old, new))
    result = run(project, "-k", "broken")
    result.assert_outcomes(failed=1, deselected=2)
    result.stdout.fnmatch_lines(
        ["the call of 'test_broken' is another than was recorded in test_port.paddle.npz: *"]
    )


@pytest.mark.parametrize(("required", "outcome"), [(False, "skipped"), (True, "failed")])
def test_recording_without_that_paddle(
    project: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, required: bool, outcome: str
) -> None:
    def none(version: str) -> None:
        raise OracleUnavailable("no Python 3.8 here")

    monkeypatch.setattr(plugin, "provision", none)
    monkeypatch.setenv("CI", "true" if required else "")
    project.makeini("[pytest]\npaddle_version = 1.8.4")
    result = run(project, "--paddle-record", "-rs", "-k", "broken")
    result.assert_outcomes(**{outcome: 1, "deselected": 2})
    result.stdout.fnmatch_lines(["*no real Paddle 1.8.4 to record from: no Python 3.8 here*"])


def test_several_processes_cannot_record(project: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    result = run(project, "--paddle-record", "-p", "xdist", "-n", "1")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines(["*--paddle-record runs in one process: add -n 0*"])


def test_a_run_without_the_fixture_imports_nothing_big(tmp_path: Path) -> None:
    (tmp_path / "test_one.py").write_text(
        "import sys\n"
        "def test_modules():\n"
        "    assert 'paddle_compat.pytest_plugin' in sys.modules\n"
        "    assert not {'torch', 'numpy', 'paddle', 'paddle_compat.testing'} & set(sys.modules)\n"
    )
    script = (
        "import sys, pytest\n"
        "sys.exit(pytest.main(['-q', '-p', 'no:cacheprovider', 'test_one.py'],"
        " plugins=[]))\n"
    )
    environment = {"PYTHONPATH": str(ROOT), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    environment |= {"PYTEST_ADDOPTS": f"-p {PLUGIN}", "PATH": "/usr/bin:/bin"}
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_pytest_finds_the_plugin_by_itself() -> None:
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    entry = re.search(r'^\[project\.entry-points\.pytest11\]\n"(.*)" = "(.*)"$', text, re.MULTILINE)
    assert entry is not None
    # One name for both, so that -p NAME does not load it a second time.
    assert entry.groups() == (PLUGIN, PLUGIN)


def test_inputs_of_torch_are_taken(project: pytest.Pytester) -> None:
    import torch

    x = floats(2)
    one, other = recorder.freeze([torch.from_numpy(x)]), recorder.freeze([x])
    assert one[0].data.tobytes() == other[0].data.tobytes()
    half = recorder.freeze(torch.tensor([1.5, float("nan")], dtype=torch.bfloat16))
    assert (half.dtype, half.data.tolist()[0]) == ("bfloat16", 0x3FC0)
