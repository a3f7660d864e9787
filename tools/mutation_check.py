"""Plant small faults in a copy of the package, one at a time; the tests have to notice each one.

``python tools/mutation_check.py`` prints a table and exits with 1 if a fault survives, or if one
can no longer be planted (its text is gone, or there twice); with 2 if the tests fail without
any fault. The working tree is never touched. The faults are in `mutations.py`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import NoReturn

import pytest
from mutations import MUTATIONS, Mutation

ROOT = Path(__file__).resolve().parents[1]
COPIED = (
    *("paddle_compat", "tests", "tools", "examples", "pyproject.toml"),
    *("README.md", "migration_guide.md", "action.yml", ".pre-commit-hooks.yaml"),
)
TIMEOUT = 900.0
PRELOADED = ("torch", "torch.distributed", "torch.func", "numpy", "mpmath", "hypothesis", "pytest")
# Neither real Paddle nor the documents, nor what starts processes that import no kernel and is
# sensitive to the machine's load: what a fault in the code changes shows without them.
SKIPPED = (
    "tests/docs",
    "tests/tensor",
    "tests/mutation",
    "tests/benchmarks",
    "tests/conformance/test_oracles.py",
)
OPTIONS = ("-x", "-q", "-rfE", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist")
SELECTED = ("-m", "not live and not sweep")


@dataclass(frozen=True)
class Verdict:
    """What became of a fault."""

    mutation: Mutation
    caught: bool
    by: str
    seconds: float


def plant(text: str, mutation: Mutation) -> str:
    """Return the source with the fault in it.

    Raises:
        ValueError: the text to replace does not occur exactly once.
    """
    count = text.count(mutation.before)
    if count != 1:
        raise ValueError(f"its text occurs {count} times in paddle_compat/{mutation.file}")
    return text.replace(mutation.before, mutation.after)


def test_files(first: Sequence[str], root: Path) -> tuple[list[str], list[str]]:
    """Return the test files under `first`, and all others."""
    files = sorted((root / "tests").rglob("test_*.py"))
    names = [path.relative_to(root).as_posix() for path in files]
    names = [name for name in names if not name.startswith(SKIPPED)]
    chosen: dict[str, None] = {}
    for prefix in first:
        for name in names:
            if name == f"tests/{prefix}" or name.startswith(f"tests/{prefix}/"):
                chosen[name] = None
    return list(chosen), [name for name in names if name not in chosen]


def run_tests(folder: Path, files: Sequence[str], more: Sequence[str]) -> str:
    """Run tests of a copy; return the first failure, or nothing.

    Args:
        folder: the copy.
        files: the test files.
        more: further arguments for pytest.

    Raises:
        RuntimeError: the tests did not run.
    """
    with tempfile.TemporaryFile("w+", encoding="utf-8", errors="replace") as output:
        # A fork has torch imported already, which takes longer than most tests.
        child = os.fork()
        if child == 0:
            _run_here(folder, [*more, *files], output.fileno())
        code = _wait(child)
        output.seek(0)
        text = output.read()
    if code is None:
        # No fault here makes a loop endless: the machine is too busy, and nothing is known.
        raise RuntimeError(f"no end after {TIMEOUT:.0f} s")
    # 5: all tests of these files are live ones.
    if code in (0, 5):
        return ""
    failure = re.search(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", text, re.MULTILINE)
    if failure is None:
        lines = text.strip().splitlines()
        raise RuntimeError(lines[-1] if lines else f"the tests ended with {code}")
    return failure[1].removeprefix("tests/")


def _run_here(folder: Path, arguments: Sequence[str], output: int) -> NoReturn:
    """Turn this process, a fresh fork, into a test run."""
    code = 1
    try:
        # A group of its own, which can be killed with what the tests start.
        os.setsid()
        os.dup2(output, 1)
        os.dup2(output, 2)
        sys.stdout = sys.stderr = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115
        os.chdir(folder)
        os.environ.pop("CI", None)
        os.environ["PYTHONPATH"] = str(folder)
        sys.path.insert(0, str(folder))
        sys.dont_write_bytecode = True
        for name in [name for name in sys.modules if name.split(".")[0] == "paddle_compat"]:
            del sys.modules[name]
        package = importlib.import_module("paddle_compat")
        # Whatever is installed must not be tested in the copy's place.
        if package.__file__ != str(folder / "paddle_compat" / "__init__.py"):
            print(f"not the copy: {package.__file__}")
        else:
            code = int(pytest.main([*OPTIONS, *SELECTED, *arguments]))
        sys.stdout.flush()
    except BaseException as error:
        print(f"{type(error).__name__}: {error}", flush=True)
    finally:
        os._exit(code)


def _wait(child: int) -> int | None:
    """Return the exit status of a child, None after a timeout."""
    end = time.monotonic() + TIMEOUT
    while time.monotonic() < end:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status)
        time.sleep(0.05)
    os.killpg(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return None


def judge(mutation: Mutation, folder: Path, more: Sequence[str]) -> Verdict:
    """Plant one fault in a copy, run the tests, and take it out again."""
    started = time.monotonic()
    path = folder / "paddle_compat" / mutation.file
    text = path.read_text(encoding="utf-8")
    caught, by = False, "SURVIVED"
    try:
        path.write_text(plant(text, mutation), encoding="utf-8")
        for files in test_files(mutation.first, folder):
            failure = run_tests(folder, files, more) if files else ""
            if failure:
                caught, by = True, failure
                break
    except (ValueError, RuntimeError) as error:
        by = f"NOT CHECKED: {error}"
    finally:
        path.write_text(text, encoding="utf-8")
    return Verdict(mutation, caught, by, time.monotonic() - started)


def _run_clean(folder: Path, more: Sequence[str]) -> str:
    """Run all tests on a copy without a fault."""
    return run_tests(_copy(folder), test_files((), folder)[1], more)


def _check(work: tuple[Mutation, Path, Sequence[str]]) -> Verdict:
    """Judge one fault in this process's own copy."""
    mutation, place, more = work
    folder = place / str(os.getpid())
    return judge(mutation, folder if folder.exists() else _copy(folder), more)


def _copy(folder: Path) -> Path:
    """Copy what the tests need."""
    folder.mkdir()
    ignore = shutil.ignore_patterns("__pycache__", ".*")
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=ignore)
        elif source.exists():
            shutil.copy(source, folder / name)
    return folder


def _chosen(pattern: str) -> list[Mutation]:
    return [
        mutation
        for mutation in MUTATIONS
        if re.search(pattern, f"{mutation.file}: {mutation.name}", re.IGNORECASE)
    ]


def main(argv: Sequence[str] | None = None) -> int:
    """Check the chosen faults; 0 if all are caught, 1 if not, 2 if the check cannot run."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--only", default="", metavar="PATTERN", help="faults by file or name")
    parser.add_argument("--jobs", type=int, default=2, help="faults at the same time (%(default)s)")
    parser.add_argument("--list", action="store_true", help="print the faults and stop")
    parser.add_argument(
        "--pytest", action="append", default=[], metavar="ARG", help="a further argument for pytest"
    )
    args = parser.parse_args(argv)
    chosen = _chosen(args.only)
    if args.list:
        print("\n".join(f"{mutation.file}: {mutation.name}" for mutation in chosen))
        return 0
    if not chosen:
        print(f"error: no fault matches {args.only!r}", file=sys.stderr)
        return 2
    os.environ["OMP_NUM_THREADS"] = "1"
    for module in PRELOADED:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory(prefix="mutation-") as name:
        place = Path(name).resolve()
        verdicts = []
        # Not multiprocessing's own pool: its workers may have no children, as some tests need.
        with ProcessPoolExecutor(args.jobs, get_context("fork")) as pool:
            failure = pool.submit(_run_clean, place / "clean", args.pytest).result()
            if failure:
                print(f"error: without any fault, this fails: {failure}", file=sys.stderr)
                return 2
            work = [(mutation, place, args.pytest) for mutation in chosen]
            for verdict in pool.map(_check, work):
                verdicts.append(verdict)
                mutation = verdict.mutation
                print(
                    f"{mutation.file:27}{mutation.name:74}{verdict.seconds:5.0f} s  {verdict.by}",
                    flush=True,
                )
    caught = sum(verdict.caught for verdict in verdicts)
    print(f"\n{caught} of {len(verdicts)} faults are caught")
    return 0 if caught == len(verdicts) else 1


if __name__ == "__main__":
    raise SystemExit(main())
