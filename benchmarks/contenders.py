"""Contenders in processes of their own, timed turn by turn."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import torch
from measure import Peer, Times, interleave
from report import Report, print_table

from paddle_compat.conformance.provision import OracleUnavailable, provision

__all__ = [
    "OURS",
    "REAL",
    "ContenderError",
    "Worker",
    "find_real",
    "print_settings",
    "print_times",
    "ratio",
    "timed",
]

ROOT = Path(__file__).resolve().parents[1]
OURS, REAL = "ours", "Paddle 1.8.5"
# Threads of a finished step spin on for a fifth of a second, at the next contender's expense.
PAUSE = 0.25


class ContenderError(RuntimeError):
    """A contender that ended, or does not compute what the others compute."""


class Worker:
    """A contender's process: it reports its first results, then times what it is asked to."""

    def __init__(self, name: str, command: Sequence[str], threads: int) -> None:
        environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        # Real Paddle's interpreter has nothing to look for among this one's packages.
        paths = [] if name == REAL else [str(ROOT), environment.get("PYTHONPATH", "")]
        environment["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
        self.name = name
        self._said = tempfile.TemporaryFile("w+")  # noqa: SIM115 - closed by __exit__
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._said,
            text=True,
            env=environment,
        )
        self.results: Any = json.loads(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            status = self._process.wait()
            self._said.seek(0)
            said = self._said.read().strip()
            raise ContenderError(f"{self.name}: the process ended with {status}\n{said}")
        return line

    def seconds(self, what: str, calls: int) -> float:
        """Return the seconds of one of so many calls."""
        assert self._process.stdin is not None
        time.sleep(PAUSE)
        self._process.stdin.write(f"{what} {calls}\n")
        self._process.stdin.flush()
        return float(self._read())

    def __enter__(self) -> Worker:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()
        self._said.close()


def timed(workers: Sequence[Worker], what: str, calls: int, rounds: int) -> dict[str, Times]:
    """Time one thing with every contender, turn by turn, after one turn that warms up."""
    peers = [Peer(w.name, functools.partial(w.seconds, what, calls)) for w in workers]
    interleave(peers, 1, 1)
    return interleave(peers, rounds, rounds)


def ratio(times: dict[str, Times], peer: str) -> float | None:
    """Return our time as a multiple of a peer's, of the fastest runs."""
    return times[OURS].least / times[peer].least if peer in times else None


def print_times(title: str, times: dict[str, Times]) -> None:
    """Print one table: a line for each contender."""
    header = ["", "min ms", "median ms", "ours, as a multiple", "of medians"]
    lines = []
    for name, found in times.items():
        medians = times[OURS].median / found.median
        figures = (found.least * 1e3, found.median * 1e3, ratio(times, name), medians)
        lines.append([name, *(f"{figure:.3g}" for figure in figures)])
    print_table(title, header, lines)


def print_settings(threads: int) -> None:
    """Print what figures depend on."""
    print(f"- torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()} kernels")
    print(f"- {threads} threads on {os.cpu_count()} cores, a process for each contender")
    print("- all of a table ran turn by turn; targets are ratios of the fastest runs")
    # Threads wait for each other: beside other work, two of them take many times as long.
    print(f"- load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)


def find_real(report: Report, python: str | None, *, create: bool, wanted: bool) -> Path | None:
    """Find an interpreter with real Paddle; why there is none goes into the report."""
    if python is not None:
        return Path(python)
    if not wanted:
        report.skipped[REAL] = "a tiny run"
        return None
    try:
        return provision("1.8.5", create=create).python
    except OracleUnavailable as error:
        report.skipped[REAL] = str(error)
        return None
