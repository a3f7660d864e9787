"""Oracles: a crash is an answer, a missing Paddle is told, and under CI it is a failure."""

from __future__ import annotations

import contextlib
import fcntl
import importlib.metadata
import json
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import live_paddle
import numpy as np
import pytest

from paddle_compat.conformance import oracles, provision
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Array, Call
from paddle_compat.conformance.oracles import Oracle, OracleUnavailable, SubprocessOracle
from paddle_compat.conformance.workers import wire

CALL = Call("any", FUNCTIONAL, {"logit": np.zeros(2, np.float32)})

FAKE = """
import os, signal, sys, time
sys.path.insert(0, {workers!r})
import numpy as np
from wire import serve

def evaluate(spec, arrays):
    print("what Paddle prints belongs elsewhere")
    os.write(1, b"also from C++")
    deed = spec["attrs"]["deed"]
    if deed == "raise":
        raise ValueError("no")
    if deed == "hang":
        time.sleep(60)
    if deed == "exit":
        os._exit(3)
    if deed.startswith("SIG"):
        os.kill(os.getpid(), getattr(signal, deed))
    return {{"value": arrays["input/logit"] + 1, "grad/logit": arrays["input/logit"]}}

serve({version!r}, evaluate)
"""


class FakeOracle(SubprocessOracle):
    """A worker of ours that does on request what Paddle does by accident."""

    def __init__(self, folder: Path, version: str = "9.9.9", *, timeout: float = 20.0) -> None:
        super().__init__(Path(sys.executable), "9.9.9", timeout=timeout)
        script = folder / "worker.py"
        workers = str(Path(wire.__file__).parent)
        script.write_text(textwrap.dedent(FAKE).format(workers=workers, version=version))
        self._command = [sys.executable, str(script)]


def _deed(deed: str) -> Call:
    return Call("deed", FUNCTIONAL, {"logit": np.array([1.0, np.nan])}, {"deed": deed})


@pytest.mark.parametrize("death", ["SIGSEGV", "SIGFPE", "SIGABRT"])
def test_crash_becomes_an_outcome_and_the_next_call_is_answered(tmp_path: Path, death: str) -> None:
    with FakeOracle(tmp_path) as oracle:
        fine, crash, after = oracle.evaluate([_deed("work"), _deed(death), _deed("work")])
    assert fine.kind == after.kind == "ok"
    assert (crash.kind, crash.error) == ("crash", death)
    assert crash.message == f"Paddle's process died: {death}"
    assert after.value is not None
    assert np.array_equal(after.value, [2.0, np.nan], equal_nan=True)
    assert list(after.gradients) == ["logit"]


def test_exit_is_a_crash_too(tmp_path: Path) -> None:
    with FakeOracle(tmp_path) as oracle:
        [outcome] = oracle.evaluate([_deed("exit")])
    assert (outcome.kind, outcome.error) == ("crash", "exit 3")


def test_hang_is_ended_and_told(tmp_path: Path) -> None:
    with FakeOracle(tmp_path, timeout=2.0) as oracle:
        hung, after = oracle.evaluate([_deed("hang"), _deed("work")])
    assert (hung.kind, hung.error) == ("crash", "Timeout")
    assert after.kind == "ok"


def test_exception_keeps_its_type_and_message(tmp_path: Path) -> None:
    with FakeOracle(tmp_path) as oracle:
        [outcome] = oracle.evaluate([_deed("raise")])
    assert (outcome.kind, outcome.error, outcome.message) == ("error", "ValueError", "no")
    assert outcome.bases == ("Exception", "BaseException")


def test_another_version_than_asked_is_refused(tmp_path: Path) -> None:
    with pytest.raises(OracleUnavailable, match=r"has Paddle 1\.0\.0, not 9\.9\.9"):
        FakeOracle(tmp_path, "1.0.0").__enter__()


def test_interpreter_without_paddle_is_told(tmp_path: Path) -> None:
    oracle = FakeOracle(tmp_path)
    oracle._command = [sys.executable, "-c", "raise SystemExit(1)"]
    with pytest.raises(OracleUnavailable, match="does not start"):
        oracle.evaluate([CALL])


def test_missing_interpreter_is_told(tmp_path: Path) -> None:
    oracle = SubprocessOracle(tmp_path / "python", "1.8.5")
    with pytest.raises(OracleUnavailable, match="cannot start"):
        oracle.evaluate([CALL])


def test_calls_and_outcomes_survive_the_wire() -> None:
    call = Call(
        "n",
        FLUID,
        {"x": np.zeros((0, 3), np.float32), "label": np.array([[-1]], np.int32)},
        {"gamma": None, "alpha": 0.5},
        ("x",),
        np.array(np.nan),
        "static",
        ("label",),
    )
    again = Call.from_wire(*call.to_wire())
    assert again.to_wire()[0] == call.to_wire()[0]
    assert again.cotangent is not None
    assert again.inputs["x"].shape == (0, 3)


def test_missing_oracle_skips_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.setattr(live_paddle, "open_oracle", _unavailable)
    with pytest.raises(pytest.skip.Exception, match=r"real Paddle 1\.8\.5: no Python 3\.8"):
        live_paddle.reach("1.8.5", in_process=False)


def test_missing_oracle_fails_under_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    monkeypatch.setattr(live_paddle, "open_oracle", _unavailable)
    with pytest.raises(pytest.fail.Exception, match=r"real Paddle 1\.8\.5: no Python 3\.8"):
        live_paddle.reach("1.8.5", in_process=False)


def _unavailable(version: str, *, in_process: bool) -> Oracle:
    raise OracleUnavailable("no Python 3.8")


def test_in_process_oracle_must_be_the_version_asked_for() -> None:
    try:
        installed = oracles.InProcessOracle().version
    except OracleUnavailable:
        pytest.skip("no paddlepaddle in this environment")
    with pytest.raises(OracleUnavailable, match=rf"paddlepaddle {installed} is installed"):
        oracles.open_oracle("0.0.0", in_process=True)


def test_importing_the_package_imports_no_paddle() -> None:
    modules = "call, cases, compare, exact, oracles, ours, provision, quirks, record"
    code = (
        f"from paddle_compat.conformance import {modules}\n"
        "import sys; raise SystemExit('paddle' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def _fake_python(path: Path, version: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f'#!/bin/sh\necho "{version}"\necho "{path}"\n')
    path.chmod(0o755)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine without any Python: an empty home and an empty PATH."""
    for name in ("PYENV_ROOT", "ASDF_DATA_DIR", "PADDLE_COMPAT_ORACLES", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "bin").mkdir()
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    return tmp_path


def test_python_is_found_where_a_version_manager_hides_it(bare: Path) -> None:
    hidden = bare / ".pyenv/versions/3.8.18/bin/python"
    _fake_python(hidden, "3.8")
    assert provision.find_python("3.8") == hidden
    assert provision.find_python("3.7") is None


def test_a_launcher_that_does_not_run_is_passed_over(bare: Path) -> None:
    launcher = bare / "bin" / "python3.8"
    launcher.write_text("#!/bin/sh\nexit 127\n")
    launcher.chmod(0o755)
    hidden = bare / ".pyenv/versions/3.8.18/bin/python"
    _fake_python(hidden, "3.8")
    assert provision.find_python("3.8") == hidden


def test_a_launcher_of_another_version_is_passed_over(bare: Path) -> None:
    _fake_python(bare / "bin" / "python3.8", "3.12")
    assert provision.find_python("3.8") is None


def test_no_suitable_python_is_told(bare: Path) -> None:
    with pytest.raises(OracleUnavailable, match=r"Paddle 1\.8\.5 needs Python 3\.8 or 3\.7"):
        provision.provision("1.8.5")


def test_uv_is_asked_when_it_is_there(bare: Path) -> None:
    managed = bare / "managed" / "python3.8"
    _fake_python(managed, "3.8")
    uv = bare / "bin" / "uv"
    uv.write_text(f'#!/bin/sh\n[ "$1 $2 $3" = "python find 3.8" ] && echo "{managed}"\n')
    uv.chmod(0o755)
    assert provision.find_python("3.8") == managed


def test_an_unfinished_environment_is_not_used(bare: Path) -> None:
    folder = provision.cache_directory() / "1.8.5"
    _fake_python(folder / "bin" / "python", "3.8")
    with pytest.raises(OracleUnavailable, match="there is no environment"):
        provision.provision("1.8.5", create=False)


def test_a_finished_environment_is_used_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PADDLE_COMPAT_ORACLES", str(tmp_path))
    folder = tmp_path / "1.8.5"
    _fake_python(folder / "bin" / "python", "3.8")
    done = {"version": "1.8.5", "wheel": "w.whl", "sha256": "00"}
    (folder / provision.DONE).write_text(json.dumps(done))
    found = provision.provision("1.8.5")
    assert found == provision.Environment(folder / "bin" / "python", "1.8.5", "w.whl", "00")


def test_a_failed_installation_tells_its_last_line(
    bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(provision, "find_python", lambda version: Path("/bin/sh"))
    with pytest.raises(OracleUnavailable, match="creating an environment with /bin/sh failed"):
        provision.provision("1.8.5")
    assert not (provision.cache_directory() / "1.8.5" / provision.DONE).exists()


BUILDER = """#!/bin/sh
[ "$1" = -c ] && case "$2" in
  *ensurepip*) echo 3.8; echo "$0" ;;
  *paddle*) {starts} ;;
esac
if [ "$2" = venv ]; then
  /bin/mkdir -p "$3/bin" && /bin/cp "$0" "$3/bin/python" && exit 0
fi
while [ $# -gt 0 ]; do
  if [ "$1" = --report ]; then
    {installs}
    echo '{report}' > "$2"
  fi
  shift
done
"""

REPORT = {
    "metadata": {"name": "paddlepaddle"},
    "download_info": {
        "url": "https://index/paddlepaddle-1.8.5-cp38.whl",
        "archive_info": {"hashes": {"sha256": "00"}},
    },
}


def _builder(home: Path, *, installs: str = ":", starts: str = "echo 1.8.5") -> Path:
    """A Python 3.8 that makes environments, and installs as it is told."""
    python = home / ".pyenv/versions/3.8.18/bin/python"
    python.parent.mkdir(parents=True, exist_ok=True)
    report = json.dumps({"install": [REPORT]})
    python.write_text(BUILDER.format(installs=installs, starts=starts, report=report))
    python.chmod(0o755)
    return python


def test_an_environment_is_created_and_told_line_by_line(bare: Path) -> None:
    python, folder = _builder(bare), provision.cache_directory() / "1.8.5"
    lines: list[str] = []
    found = provision.provision("1.8.5", progress=lines.append)
    wheel = "paddlepaddle-1.8.5-cp38.whl"
    assert found == provision.Environment(folder / "bin" / "python", "1.8.5", wheel, "00")
    assert lines == [
        "Paddle 1.8.5: looking for Python 3.8 or 3.7",
        f"Paddle 1.8.5: creating an environment with {python} in {folder}",
        "Paddle 1.8.5: installing paddlepaddle 1.8.5, which takes minutes",
        "Paddle 1.8.5: trying it",
        "Paddle 1.8.5: ready, paddlepaddle-1.8.5-cp38.whl",
    ]
    lines.clear()
    assert provision.provision("1.8.5", progress=lines.append) == found
    assert lines == []


INSTALL = """
import sys
from paddle_compat.conformance.provision import provision
try:
    provision("1.8.5", progress=lambda line: print(line, flush=True))
except KeyboardInterrupt:
    sys.exit(130)
"""


@pytest.mark.parametrize(("end", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -9)])
def test_an_interrupted_installation_is_not_used_later(
    bare: Path, end: signal.Signals, code: int
) -> None:
    folder = provision.cache_directory() / "1.8.5"
    _builder(bare, installs='/bin/touch "$(/usr/bin/dirname "$0")/../half"; exec /bin/sleep 60')
    root = Path(provision.__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(
        [sys.executable, "-c", INSTALL],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
        start_new_session=True,
    ) as process:
        for _ in range(600):
            if (folder / "half").exists():
                break
            time.sleep(0.1)
        process.send_signal(end)
        assert process.wait(30) == code
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    assert folder.exists() == (end == signal.SIGKILL)
    with pytest.raises(OracleUnavailable, match="there is no environment"):
        provision.provision("1.8.5", create=False)
    _builder(bare)
    assert provision.provision("1.8.5").wheel == "paddlepaddle-1.8.5-cp38.whl"
    assert not (folder / "half").exists()


def test_another_process_that_installs_is_waited_for(bare: Path) -> None:
    _builder(bare)
    lock = provision.cache_directory() / "1.8.5.lock"
    lock.parent.mkdir(parents=True)
    lines: list[str] = []

    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        threading.Timer(1.0, fcntl.flock, [held.fileno(), fcntl.LOCK_UN]).start()
        provision.provision("1.8.5", progress=lines.append)
    assert lines[0] == "waiting for another process that creates 1.8.5"
    assert lines[1] == "Paddle 1.8.5: looking for Python 3.8 or 3.7"


def test_an_installed_paddle_that_does_not_start_is_told_and_not_used(bare: Path) -> None:
    fails = 'echo "ImportError: libgomp.so.1: cannot open shared object file" >&2; exit 1'
    _builder(bare, starts=fails)
    told = r"importing paddlepaddle 1\.8\.5, which is installed, failed: ImportError: libgomp"
    with pytest.raises(OracleUnavailable, match=told):
        provision.provision("1.8.5")
    assert not (provision.cache_directory() / "1.8.5").exists()


def test_an_index_that_cannot_be_reached_is_told(bare: Path) -> None:
    no_network = (
        'echo "WARNING: Retrying after connection broken: Name or service not known" >&2; '
        'echo "ERROR: No matching distribution found for paddlepaddle==1.8.5" >&2; exit 1'
    )
    _builder(bare, installs=no_network)
    with pytest.raises(OracleUnavailable, match=r"index cannot be reached: .*service not known"):
        provision.provision("1.8.5")
    _builder(bare, installs='echo "ERROR: No matching distribution found" >&2; exit 1')
    with pytest.raises(OracleUnavailable, match=r"failed: ERROR: No matching distribution"):
        provision.provision("1.8.5")


@pytest.mark.parametrize("version", ["1.8", "newest", "../1.8.5", "1.8.5; rm", ""])
def test_what_is_no_version_is_refused(bare: Path, version: str) -> None:
    with pytest.raises(OracleUnavailable, match="is no version of Paddle; write one as"):
        provision.provision(version)
    assert not provision.cache_directory().exists()


def test_a_missing_installed_paddle_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", _nothing)
    with pytest.raises(OracleUnavailable, match=f"{sys.executable} has no paddlepaddle"):
        oracles.installed_oracle()


def _nothing(name: str) -> str:
    raise importlib.metadata.PackageNotFoundError(name)


@pytest.mark.parametrize("name", ["paddlepaddle", "paddlepaddle-gpu"])
def test_the_installed_version_is_its_numbers(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    versions = {name: "2.6.2.post120"}

    def version(asked: str) -> str:
        return versions[asked] if asked in versions else _nothing(asked)

    monkeypatch.setattr(importlib.metadata, "version", version)
    assert oracles.installed_version() == "2.6.2"


def test_ctrl_c_ends_the_worker(tmp_path: Path) -> None:
    fake = FakeOracle(tmp_path)
    with fake as oracle:
        [fine] = oracle.evaluate([_deed("work")])
        process = fake._process
        assert process is not None
        main = threading.main_thread().ident
        timer = threading.Timer(0.5, signal.pthread_kill, [main, signal.SIGINT])
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            oracle.evaluate([_deed("hang")])
        assert process.poll() is not None
        [after] = oracle.evaluate([_deed("work")])
    assert fine.kind == after.kind == "ok"


@pytest.mark.live
def test_the_installed_paddle_is_asked_in_another_process() -> None:
    try:
        installed = oracles.installed_oracle()
    except OracleUnavailable as reason:
        live_paddle._missing("installed", reason)
    one = np.array([[1.0, -2.0]], np.float32)
    call = Call("any", FUNCTIONAL, {"logit": one, "label": one * 0}, wrt=("logit",))
    code = (
        "import sys\n"
        "from paddle_compat.conformance.oracles import installed_oracle\n"
        "with installed_oracle(): raise SystemExit('paddle' in sys.modules)"
    )
    root = str(Path(provision.__file__).parents[2])
    environment = {**os.environ, "PYTHONPATH": root}
    assert (
        subprocess.run([sys.executable, "-c", code], check=False, env=environment).returncode == 0
    )
    with installed as oracle:
        [outcome] = oracle.evaluate([call])
    assert outcome.kind == "ok"
    assert oracle.version == oracles.installed_version()


@pytest.mark.live
def test_paddle_dies_of_a_one_dimensional_input_and_answers_again(paddle_1: Oracle) -> None:
    good = {
        "x": np.zeros((1, 2), np.float32),
        "label": np.array([[1]], np.int32),
        "fg_num": np.array([1], np.int32),
    }
    bad = {**good, "x": np.zeros(2, np.float32), "label": np.array([1], np.int32)}
    crash, after = paddle_1.evaluate([Call("1-D", FLUID, bad), Call("2-D", FLUID, good)])
    assert (crash.kind, crash.error) == ("crash", "SIGFPE")
    assert after.kind == "ok"


@pytest.mark.live
def test_an_error_in_dygraph_mode_does_not_change_the_next_static_call(paddle_1: Oracle) -> None:
    good: dict[str, Array] = {
        "x": np.zeros((1, 2), np.float32),
        "label": np.array([[1]], np.int32),
        "fg_num": np.array([1], np.int32),
    }
    bad = {**good, "label": np.array([[1]], np.int64)}
    eager = Call("eager", FLUID, bad)
    static = Call("static", FLUID, bad, mode="static")
    first, second = paddle_1.evaluate([eager, static])
    # The two modes refuse a wrong dtype by different exceptions.
    assert (first.error, second.error) == ("EnforceNotMet", "TypeError")


@pytest.mark.live
def test_static_and_eager_fluid_agree_bit_for_bit(paddle_1: Oracle) -> None:
    x = np.linspace(-90, 40, 60, dtype=np.float32).reshape(20, 3)
    inputs: dict[str, Array] = {
        "x": x,
        "label": (np.arange(20, dtype=np.int32) % 5 - 1).reshape(-1, 1),
        "fg_num": np.array([3], np.int32),
    }
    calls = [
        Call("eager", FLUID, inputs, wrt=("x",)),
        Call("static", FLUID, inputs, wrt=("x",), mode="static"),
    ]
    eager, static = paddle_1.evaluate(calls)
    assert eager.value is not None
    assert static.value is not None
    assert eager.value.tobytes() == static.value.tobytes()
    assert eager.gradients["x"].tobytes() == static.gradients["x"].tobytes()


def test_the_environment_of_this_process_stays_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    (tmp_path / "numpy.py").write_text("raise ImportError('shadowed')")
    with FakeOracle(tmp_path / "..") as oracle:
        [outcome] = oracle.evaluate([_deed("work")])
    assert outcome.kind == "ok"
    assert os.environ["PYTHONPATH"] == str(tmp_path)
