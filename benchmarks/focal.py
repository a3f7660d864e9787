"""Measure every target of the focal-loss kernel, as ratios in one run.

    python benchmarks/focal.py [--short] [--threads N] [--oracle-python PATH]

Prints the settings that matter, a table for each problem (times, ratio to each peer, nanoseconds
an element, bytes saved for backward, peak memory), and last every target with its verdict. A
missed target is no error: the exit status is 1 only where an implementation, ours or a peer,
does not compute the loss that it is timed for.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import shutil
import sys
import time
from collections.abc import Sequence
from pathlib import Path

if importlib.util.find_spec("paddle_compat") is None:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

# The profiler announces every start and stop on stderr.
os.environ.setdefault("KINETO_LOG_LEVEL", "99")

import torch
from options import parse
from peers import COMPILED, PADDLE_1, PADDLE_3, CheckFailedError, import_paddle
from report import Report
from scenarios import Available, Sizes, run_large
from small import run_scaling, run_small, run_threads

from paddle_compat.conformance.provision import OracleUnavailable, provision

# Both are large enough for every buffer to be fresh memory: the C library reuses buffers below
# 32 MiB, where the composed formula takes a third of the time an element.
_FULL = Sizes(200_000, 80, 9, 3, 200, 15, (10**5, 10**6, 10**7, 10**8), True)
_SHORT = Sizes(112_000, 80, 3, 1, 100, 5, (10**5, 10**6, 10**7), False)
_TINY = Sizes(600, 80, 1, 1, 1, 1, (10**4, 10**5), False)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return the exit status."""
    options = parse(__doc__, arguments, "smaller problems")
    start = time.perf_counter()
    torch.set_num_threads(options.threads)
    sizes = _TINY if options.tiny else _SHORT if options.short else _FULL
    report = Report()
    quick = options.short or options.tiny
    have = _available(report, options.oracle_python, quick=quick, tiny=options.tiny)
    _print_settings(sizes)
    try:
        run_large(report, sizes, have)
        run_small(report, sizes)
        run_scaling(report, sizes)
        run_threads(report, sizes)
    except CheckFailedError as failure:
        print(f"error: {failure}", file=sys.stderr)
        return 1
    report.finish(time.perf_counter() - start)
    return 0


def _available(report: Report, python: str | None, *, quick: bool, tiny: bool) -> Available:
    """Find the peers; why one is missing goes into the report."""
    if tiny:
        report.skipped.update(dict.fromkeys((COMPILED, PADDLE_3, PADDLE_1), "a tiny run"))
        return Available(None, Path(python) if python else None, False)
    paddle = None
    try:
        paddle = import_paddle()
    except ImportError as error:
        report.skipped[PADDLE_3] = str(error)
    compilers = [os.environ.get("CXX", "g++"), "g++", "clang++"]
    compiler = any(shutil.which(name) for name in compilers)
    if not compiler:
        report.skipped[COMPILED] = "no C++ compiler was found"
    oracle = Path(python) if python else None
    if oracle is None:
        try:
            # The short run takes what is there; the full one makes what is missing.
            oracle = provision("1.8.5", create=not quick).python
        except OracleUnavailable as error:
            report.skipped[PADDLE_1] = str(error)
    return Available(paddle, oracle, compiler)


def _read(path: str) -> str:
    try:
        return Path(path).read_text().strip()
    except OSError:
        return "unknown"


def _print_settings(sizes: Sizes) -> None:
    processor = platform.processor() or platform.machine()
    for line in _read("/proc/cpuinfo").splitlines():
        if line.startswith("model name"):
            processor = line.split(":", 1)[1].strip()
            break
    pages = _read("/sys/kernel/mm/transparent_hugepage/enabled")
    print("# Sigmoid focal loss: time and memory")
    print(f"- torch {torch.__version__}, {torch.backends.cpu.get_cpu_capability()} kernels")
    print(f"- {torch.get_num_threads()} threads on {os.cpu_count()} cores of {processor}")
    print(f"- transparent huge pages of the system: {pages}")
    print(f"- THP_MEM_ALLOC_ENABLE (torch's own huge pages): {_setting('THP_MEM_ALLOC_ENABLE')}")
    print(f"- N={sizes.rows}, C={sizes.classes}, float32, gamma 2, alpha 0.25")
    print("- all of a table ran turn by turn; ratios and ns/element are of the fastest runs")
    print("- memory: the balance of every allocation and release, by torch.profiler")
    print("- Paddle 1.8.5: its operator alone, a program without it subtracted")


def _setting(name: str) -> str:
    return os.environ.get(name, "not set")


if __name__ == "__main__":
    raise SystemExit(main())
