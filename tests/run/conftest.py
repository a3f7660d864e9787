"""Runs scripts under ``paddle-compat run``, and under plain Python for comparison."""

from __future__ import annotations

import itertools
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]


class Done(NamedTuple):
    """How a process ended: its exit code (negative: the signal), stdout and stderr."""

    code: int
    out: str
    err: str


def environment() -> dict[str, str]:
    return os.environ | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}


def interruptible() -> None:
    """Let SIGINT interrupt a child, also where the tests themselves run in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class Runner:
    """Runs scripts in a folder of its own: under our command, and under plain Python."""

    def __init__(self, folder: Path, start: Callable[[list[str], Path, list[str]], int]) -> None:
        self.folder = folder
        self._start = start
        self._count = itertools.count()

    def write(self, text: str, name: str = "script.py") -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(textwrap.dedent(text), encoding="utf-8")
        return path

    def command(self, *arguments: str, stdin: str = "") -> Done:
        """Run ``paddle-compat ARGUMENTS``."""
        at = self.folder / f".streams{next(self._count)}"
        at.mkdir()
        streams = [at / name for name in ("in", "out", "err")]
        streams[0].write_text(stdin)
        code = self._start(list(arguments), self.folder, [str(s) for s in streams])
        return Done(code, streams[1].read_text(), streams[2].read_text())

    def run(self, text: str, *arguments: str, stdin: str = "") -> Done:
        """Run a script given as text under ``paddle-compat run``."""
        return self.command("run", str(self.write(text)), *arguments, stdin=stdin)

    def plain(self, *arguments: str, stdin: str = "") -> Done:
        """Run ``python ARGUMENTS``."""
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.folder,
            env=environment(),
            input=stdin,
            preexec_fn=interruptible,
            capture_output=True,
            text=True,
        )
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def launcher() -> Iterator[Callable[[list[str], Path, list[str]], int]]:
    ours_in, theirs_out = os.pipe()
    theirs_in, ours_out = os.pipe()
    with (
        subprocess.Popen(
            [
                sys.executable,
                str(Path(__file__).with_name("launcher.py")),
                str(theirs_in),
                str(theirs_out),
            ],
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(theirs_in, theirs_out),
            preexec_fn=interruptible,
        ) as process,
        os.fdopen(ours_in) as replies,
        os.fdopen(ours_out, "w") as requests,
    ):
        os.close(theirs_in)
        os.close(theirs_out)

        def start(arguments: list[str], cwd: Path, streams: list[str]) -> int:
            request = {"arguments": arguments, "cwd": str(cwd), "streams": streams}
            requests.write(json.dumps(request) + "\n")
            requests.flush()
            reply = replies.readline()
            assert reply, f"the launcher ended: {process.poll()}"
            return int(reply)

        yield start
        requests.close()


@pytest.fixture
def runner(tmp_path: Path, launcher: Callable[[list[str], Path, list[str]], int]) -> Runner:
    return Runner(tmp_path, launcher)
