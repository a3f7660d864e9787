"""The benchmark of programs runs, refuses contenders that differ, and prints what it found."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import programs
import pytest
from contenders import OURS, REAL, ContenderError, Worker, ratio
from measure import Times
from programs import TORCH

from benchmarks.test_benchmark_runs import tables

BENCHMARK = Path(programs.__file__)


@pytest.fixture(scope="module")
def printed() -> str:
    ran = subprocess.run(
        [sys.executable, str(BENCHMARK), "--tiny", "--threads", "1"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_a_step_in_plain_torch_computes_the_programs_losses(printed: str) -> None:
    """The benchmark compares the first losses itself, and fails where they differ."""
    step = next(lines for title, lines in tables(printed).items() if "FCOS" in title)
    assert [line[0] for line in step[2:]] == [OURS, TORCH]


def test_every_table_of_programs_parses(printed: str) -> None:
    found = tables(printed)
    assert len(found) == 5
    for heading, (header, rule, *body) in found.items():
        assert body, heading
        assert all(len(line) == len(header) for line in (rule, *body)), heading
        if heading != "targets":
            assert all(float(cell) > 0 for line in body for cell in line[1:])


def test_every_target_of_programs_has_a_verdict(printed: str) -> None:
    *_, (heading, (_, _, *body)) = tables(printed).items()
    assert heading == "targets"
    assert len(body) == 4
    for _, wanted, measured, verdict in body:
        assert wanted.startswith("<= ")
        assert verdict in ("met", "missed", "not measured: a tiny run")
        assert (measured == "-") == verdict.startswith("not measured")
    assert "- Paddle 1.8.5: a tiny run" in printed


def worker(name: str, *losses: list[float]) -> Any:
    return SimpleNamespace(name=name, results=list(losses))


def test_contenders_whose_losses_agree_are_timed() -> None:
    first = worker(OURS, [1.0, 0.5, 0.25, 0.25], [0.9, 0.4, 0.25, 0.25])
    other = worker(TORCH, [1.00002, 0.5, 0.25, 0.25], [0.9, 0.40001, 0.25, 0.25])
    programs.check_losses([first, other])


@pytest.mark.parametrize("value", [0.4002, float("nan")])
def test_a_contender_with_other_losses_is_refused(value: float) -> None:
    first = worker(OURS, [1.0, 0.5, 0.25, 0.25], [0.9, 0.4, 0.25, 0.25])
    other = worker(TORCH, [1.0, 0.5, 0.25, 0.25], [0.9, value, 0.25, 0.25])
    with pytest.raises(ContenderError, match=r"losses of step 1 .* plain torch"):
        programs.check_losses([first, other])


def test_a_contender_that_does_not_start_tells_why() -> None:
    command = [sys.executable, "-c", "raise SystemExit('no such thing')"]
    with pytest.raises(ContenderError, match=r"ours: the process ended with 1\nno such thing"):
        Worker(OURS, command, 1)


def test_our_time_is_a_multiple_of_a_peers_fastest_run() -> None:
    times = {OURS: Times([3.0, 1.0]), TORCH: Times([2.0, 8.0])}
    assert ratio(times, TORCH) == 0.5
    assert ratio(times, REAL) is None
