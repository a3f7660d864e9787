"""Measure whole programs: a detector's training step, the executor's own cost, and building.

    python benchmarks/programs.py [--short] [--threads N] [--oracle-python PATH]

Ours, real Paddle 1.8.5 and plain torch each live in a process of their own, with the same number
of threads, and are timed turn by turn. Ours and real Paddle run the same file,
`programs_fluid.py`; `programs_torch.py` is the same network written by hand, started from the
same parameters. The exit status is 1 only where one does not run, or its first losses are not the
others'; a missed target is no error.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

if importlib.util.find_spec("paddle_compat") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from contenders import (
    OURS,
    REAL,
    ContenderError,
    Worker,
    find_real,
    print_settings,
    print_times,
    ratio,
    timed,
)
from options import parse
from report import Report, Target

TORCH = "plain torch"
# Float32 steps of three implementations that differ in the order of their sums alone.
LOSS_TOLERANCE = 1e-4


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


def check_losses(workers: Sequence[Worker]) -> None:
    """Raise ContenderError where one contender's first losses are not the others'."""
    first, *others = workers
    for other in others:
        for step, (expected, found) in enumerate(zip(first.results, other.results, strict=True)):
            for a, b in zip(expected[:4], found[:4], strict=True):
                if not math.isclose(a, b, rel_tol=LOSS_TOLERANCE):
                    raise ContenderError(
                        f"the losses of step {step} are {found[:4]} with {other.name}, "
                        f"but {expected[:4]} with {first.name}"
                    )


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


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    options = parse(__doc__, arguments, "fewer rounds")
    start = time.perf_counter()
    sizes = _TINY if options.tiny else _SHORT if options.short else _FULL
    report = Report()
    # The short run takes what is there; the full one makes what is missing.
    real = find_real(
        report, options.oracle_python, create=not options.short, wanted=not options.tiny
    )
    print("# Programs: time of a training step, of a run and of building")
    print_settings(options.threads)
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
    report.finish(time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
