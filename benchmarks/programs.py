"""Measure whole programs: a detector's training step, the executor's own cost, and building.

    python benchmarks/programs.py [--short] [--threads N] [--oracle-python PATH]

Ours, real Paddle 1.8.5 and plain torch each live in a process of their own, with the same number
of threads, and are timed turn by turn. Ours and real Paddle run the same file,
`programs_fluid.py`; `programs_torch.py` is the same network written by hand, started from the
same parameters. The exit status is 1 only where one does not run, or its first losses are not the
others'; a missed target is no error.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib.util
import json
import math
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

if importlib.util.find_spec("paddle_compat") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import torch
from measure import Peer, Times, interleave
from report import Report, Target, print_table

from paddle_compat.conformance.provision import OracleUnavailable, provision

ROOT = Path(__file__).resolve().parents[1]
OURS, REAL, TORCH = "ours", "Paddle 1.8.5", "plain torch"
# Float32 steps of three implementations that differ in the order of their sums alone.
LOSS_TOLERANCE = 1e-4
# Threads of a finished step spin on for a fifth of a second, at the next contender's expense.
PAUSE = 0.25


class ContenderError(RuntimeError):
    """A contender that ended, or does not compute what the others compute."""


@dataclass(frozen=True)
class Sizes:
    """How much to measure."""

    size: int
    batch: int
    rounds: int
    steps: int
    small_steps: int


_FULL = Sizes(256, 2, 20, 1, 200)
_SHORT = Sizes(256, 2, 5, 1, 100)
_TINY = Sizes(64, 1, 1, 1, 5)


class Worker:
    """A contender's process: it reports its first losses, then times what it is asked to."""

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
        self.losses: list[list[float]] = json.loads(self._read())

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


def check_losses(workers: Sequence[Worker]) -> None:
    """Raise ContenderError where one contender's first losses are not the others'."""
    first, *others = workers
    for other in others:
        for step, (expected, found) in enumerate(zip(first.losses, other.losses, strict=True)):
            for a, b in zip(expected[:4], found[:4], strict=True):
                if not math.isclose(a, b, rel_tol=LOSS_TOLERANCE):
                    raise ContenderError(
                        f"the losses of step {step} are {found[:4]} with {other.name}, "
                        f"but {expected[:4]} with {first.name}"
                    )


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


def measure(report: Report, workers: Sequence[Worker], sizes: Sizes) -> None:
    """Time and print everything, and add the targets."""
    missing = report.skipped.get(REAL, "")
    fluid_workers = [worker for worker in workers if worker.name != TORCH]

    title = f"training step of FCOS, batch {sizes.batch}, {sizes.size} x {sizes.size}"
    times = timed(workers, "fcos", sizes.steps, sizes.rounds)
    print_times(title, times)
    for peer, bound in ((REAL, 0.4), (TORCH, 1.05)):
        measured = ratio(times, peer)
        report.targets.append(Target(f"{title}: against {peer}", False, bound, measured, missing))

    title = "a step of three tiny layers: the executor's own cost"
    times = timed(fluid_workers, "overhead", sizes.small_steps, sizes.rounds)
    print_times(title, times)
    report.targets.append(Target(title, False, 1.0, ratio(times, REAL), missing))

    for what, title in (
        ("build", "building 1000 layers"),
        ("minimize", "appending the training step of 1000 layers"),
    ):
        times = timed(fluid_workers, what, 1, min(sizes.rounds, 3))
        print_times(title, times)
        if what == "build":
            report.targets.append(Target(f"{title}, seconds", False, 2.0, times[OURS].least))


def commands(sizes: Sizes, threads: int, arrays: Path, real: Path | None) -> dict[str, list[str]]:
    """Return how to start each contender; the first writes the parameters that torch loads."""
    here = Path(__file__).parent
    problem = [str(sizes.size), str(sizes.batch), str(arrays)]
    program = [str(here / "programs_fluid.py"), *problem]
    ours = [sys.executable, "-m", "paddle_compat", "run", "--threads", str(threads), *program]
    found = {OURS: ours}
    if real is not None:
        found[REAL] = [str(real), *program]
    found[TORCH] = [sys.executable, str(here / "programs_torch.py"), *problem]
    return found


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true", help="fewer rounds; under a minute")
    parser.add_argument("--threads", type=int, default=2, help="threads of each (default: 2)")
    parser.add_argument(
        "--oracle-python",
        metavar="PATH",
        help="an interpreter with paddlepaddle 1.8.5; by default one is looked for, and made",
    )
    parser.add_argument("--tiny", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    start = time.perf_counter()
    sizes = _TINY if options.tiny else _SHORT if options.short else _FULL
    report = Report()
    # The short run takes what is there; the full one makes what is missing.
    real = find_real(
        report, options.oracle_python, create=not options.short, wanted=not options.tiny
    )
    print("# Programs: time of a training step, of a run and of building")
    print(f"- torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()} kernels")
    print(f"- {options.threads} threads on {os.cpu_count()} cores, a process for each contender")
    print("- all of a table ran turn by turn; targets are ratios of the fastest runs")
    # Threads wait for each other: beside other work, two of them take many times as long.
    print(f"- load of the machine before: {os.getloadavg()[0]:.1f}", flush=True)
    with contextlib.ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        found = commands(sizes, options.threads, Path(folder) / "parameters.npz", real)
        try:
            workers = [
                stack.enter_context(Worker(name, command, options.threads))
                for name, command in found.items()
            ]
            check_losses(workers)
            measure(report, workers, sizes)
        except ContenderError as failure:
            print(f"error: {failure}", file=sys.stderr)
            return 1
    if report.skipped:
        print("\n## left out")
        for peer, reason in report.skipped.items():
            print(f"- {peer}: {reason}")
    report.print_targets()
    print(f"\ntook {time.perf_counter() - start:.0f} s")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
