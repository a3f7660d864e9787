"""A source file and its weights: both are written, or neither."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from paddle_compat.export import files
from paddle_compat.export.files import check_free, weights_of, write
from paddle_compat.export.formatting import formatted
from paddle_compat.export.reading import read_tensors

STATE = {"a.w_0": torch.arange(6.0).reshape(2, 3).T, "b": torch.tensor(3), "none": torch.empty(0)}


def test_both_files_are_written(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    assert write(path, "x = 'ä'\n", {**STATE, "twin": STATE["a.w_0"]}) == weights_of(path)
    assert path.read_text(encoding="utf-8") == "x = 'ä'\n"
    assert sorted(file.name for file in tmp_path.iterdir()) == ["net.py", "net.safetensors"]
    found = read_tensors(tmp_path / "net.safetensors")
    assert all(torch.equal(found[name], value) for name, value in STATE.items())
    assert torch.equal(found["twin"], STATE["a.w_0"])


@pytest.mark.parametrize(
    ("name", "error", "told"),
    [
        ("net.txt", ValueError, "must be letters, digits and _, and end with .py"),
        ("a b.py", ValueError, "must be letters, digits and _, and end with .py"),
        ("no/net.py", FileNotFoundError, "no'; make it first"),
        ("source.py", FileExistsError, "source.py' is there already; choose another name, or"),
        ("weights.py", FileExistsError, "weights.safetensors' is there already"),
        ("folder.py", FileExistsError, "folder.py' is a folder"),
    ],
)
def test_places_that_do_not_do_are_refused(
    tmp_path: Path, name: str, error: type[Exception], told: str
) -> None:
    (tmp_path / "source.py").write_text("mine")
    (tmp_path / "weights.safetensors").write_text("mine")
    (tmp_path / "folder.py").mkdir()
    with pytest.raises(error, match=told):
        check_free(tmp_path / name)
    with pytest.raises(error, match=told):
        write(tmp_path / name, "", STATE)
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("failing", ["replace", "write_atomically"])
@pytest.mark.parametrize("number", [1, 2, 3, 4])
def test_a_disk_that_refuses_leaves_both_as_they_were(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, failing: str, number: int
) -> None:
    path = tmp_path / "net.py"
    write(path, "old\n", {"x": torch.zeros(2)})
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    owner = Path if failing == "replace" else files
    own = getattr(owner, failing)
    calls = 0

    def refusing(*args: object) -> object:
        nonlocal calls
        # Only what `write` itself moves: those of write_atomically come first.
        mine = failing != "replace" or sys._getframe(1).f_code is write.__code__
        calls += mine
        if mine and calls == number:
            raise OSError("no space left")
        return own(*args)

    monkeypatch.setattr(owner, failing, refusing)
    try:
        write(path, "new\n", {"x": torch.ones(2)}, force=True)
    except OSError:
        left = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
        assert left == before
    else:
        assert failing == "write_atomically"
        assert number > 2  # there are two


@pytest.mark.parametrize("there", [False, True])
def test_source_never_stands_beside_other_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, there: bool
) -> None:
    path = tmp_path / "net.py"
    if there:
        write(path, "1\n", {"number": torch.tensor(1)})
    own = Path.replace
    moves = 0

    def watched(self: Path, target: Path) -> Path:
        nonlocal moves
        moved = own(self, target)
        moves += 1
        if path.exists():  # a process that is killed here leaves this
            number = int(read_tensors(weights_of(path))["number"])
            assert number == int(path.read_text())
        return moved

    monkeypatch.setattr(Path, "replace", watched)
    write(path, "2\n", {"number": torch.tensor(2)}, force=True)
    assert moves >= 4
    assert path.read_text() == "2\n"


KILLED = """
import sys, torch
from pathlib import Path
from paddle_compat.export.files import write
path = Path(sys.argv[1])
number = 0
print("ready", flush=True)
while True:
    number += 1
    write(path, f"{number}\\n", {"number": torch.full((1000,), number)}, force=True)
"""


def test_a_killed_process_leaves_no_source_beside_other_weights(tmp_path: Path) -> None:
    path = tmp_path / "net.py"
    pairs = 0
    with subprocess.Popen(
        [sys.executable, "-c", KILLED, str(path)],
        stdout=subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(Path(files.__file__).parents[2])},
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        for _ in range(60):
            # Stopped, a process is where a kill would have left it.
            time.sleep(0.004)
            process.send_signal(signal.SIGSTOP)
            time.sleep(0.001)
            if path.exists():
                pairs += 1
                number = int(path.read_text())
                assert read_tensors(weights_of(path))["number"].tolist() == [number] * 1000
            process.send_signal(signal.SIGCONT)
        process.kill()
    assert pairs > 5


def test_source_is_formatted_alike_whatever_the_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "ruff.toml").write_text("line-length = 20\n[format]\nquote-style = 'single'\n")
    monkeypatch.chdir(tmp_path)
    text = "import torch\nimport math\nfrom a import c\nfrom a import b\ndef f():return 'ä',math\n"
    assert formatted(text) == (
        'import math\n\nimport torch\nfrom a import b, c\n\n\ndef f():\n    return "ä", math\n'
    )
    with pytest.raises(ValueError, match=r"ruff cannot format the source: error: Failed to parse"):
        formatted("x = (")
