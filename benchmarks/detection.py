"""Measure the detection layers at the sizes that detectors use, and RetinaNet's training step.

    python benchmarks/detection.py [--short] [--threads N] [--oracle-python PATH]

Ours and real Paddle 1.8.5 run the same file, `detection_fluid.py`, each in a process of its own
with the same number of threads, and are timed turn by turn. The exit status is 1 only where one
does not run, or its results are not the other's; a missed target is no error.
"""

from __future__ import annotations

import contextlib
import importlib.util
import math
import sys
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

__all__ = ["PROBLEMS", "Problem", "check_results", "main"]

# Float32 sums in another order; a box that only one side has shows in its count.
TOLERANCE = 1e-3
# A slow problem gets one round of so many.
SLOW = 4


@dataclass(frozen=True)
class Problem:
    """What is timed, under the name that the workers know.

    Attributes:
        name: what `detection_fluid.py` calls it.
        size: how large it is.
        bound: the target: our time as a multiple of real Paddle's.
        slow: it takes seconds, and gets fewer rounds.
    """

    name: str
    size: str
    bound: float = 1.0
    slow: bool = False

    def __str__(self) -> str:
        return f"{self.name}: {self.size}"


PROBLEMS = (
    Problem("retinanet_target_assign", "2 images, 192k anchors, 50 boxes, 80 classes"),
    Problem("multiclass_nms, few scores", "80 classes, 10k boxes, 7 % count, 100 kept", 1 / 3),
    Problem("multiclass_nms, all kept", "80 classes, 10k boxes, 7 % count, 10212 kept", 1 / 3),
    Problem("multiclass_nms, best scores", "95 % count, 1000 of a class, 100 kept", 1 / 3),
    Problem("multiclass_nms, every score", "95 % count, all of them, 100 kept", 1 / 3, slow=True),
    Problem("generate_proposals", "2 images, 250k anchors, 6000 before and 1000 after"),
    Problem("yolov3_loss", "4 images of 608 x 608, 50 boxes, 80 classes, with its gradient"),
    Problem("roi_align", "1000 boxes, 256 channels of 50 x 76"),
    Problem("roi_align and its gradient", "1000 boxes, 256 channels of 50 x 76"),
    Problem("RetinaNet", "training step, batch 2, 256 x 256", 0.4),
)


def check_results(workers: Sequence[Worker]) -> None:
    """Raise ContenderError where one contender's results are not the others'."""
    first, *others = workers
    for other in others:
        for problem in PROBLEMS:
            expected, found = first.results[problem.name], other.results[problem.name]
            same = len(expected) == len(found) and all(
                math.isclose(a, b, rel_tol=TOLERANCE) for a, b in zip(expected, found, strict=True)
            )
            if not same:
                raise ContenderError(
                    f"{problem.name} gives {found} with {other.name}, "
                    f"but {expected} with {first.name}"
                )


def measure(report: Report, workers: Sequence[Worker], rounds: int) -> None:
    """Time and print every problem, and add its target."""
    missing = report.skipped.get(REAL, "")
    for problem in PROBLEMS:
        count = -(-rounds // SLOW) if problem.slow else rounds
        times = timed(workers, problem.name, 1, count)
        print_times(str(problem), times)
        report.targets.append(
            Target(str(problem), False, problem.bound, ratio(times, REAL), missing)
        )


def commands(size: str, threads: int, real: Path | None) -> dict[str, list[str]]:
    """Return how to start each contender."""
    program = [str(Path(__file__).parent / "detection_fluid.py"), size]
    ours = [sys.executable, "-m", "paddle_compat", "run", "--threads", str(threads), *program]
    return {OURS: ours} if real is None else {OURS: ours, REAL: [str(real), *program]}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    options = parse(__doc__, arguments, "fewer rounds")
    start = time.perf_counter()
    report = Report()
    # The short run takes what is there; the full one makes what is missing.
    real = find_real(
        report, options.oracle_python, create=not options.short, wanted=not options.tiny
    )
    print("# Detection: time of a layer's program, and of a training step")
    print_settings(options.threads)
    with contextlib.ExitStack() as stack:
        size = "tiny" if options.tiny else "full"
        try:
            workers = [
                stack.enter_context(Worker(name, command, options.threads))
                for name, command in commands(size, options.threads, real).items()
            ]
            check_results(workers)
            measure(report, workers, 1 if options.tiny else 2 if options.short else 10)
        except ContenderError as failure:
            print(f"error: {failure}", file=sys.stderr)
            return 1
    report.finish(time.perf_counter() - start)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
