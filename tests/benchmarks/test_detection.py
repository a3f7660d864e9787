"""The benchmark of detection layers runs, refuses other results, and prints what it found."""

from __future__ import annotations

import copy
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import detection
import pytest
from contenders import OURS, REAL, ContenderError

from benchmarks.test_benchmark_runs import tables

BENCHMARK = Path(detection.__file__)


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


def test_every_problem_has_a_table_and_a_target(printed: str) -> None:
    found = tables(printed)
    assert list(found) == [*map(str, detection.PROBLEMS), "targets"]
    for heading, (header, rule, *body) in found.items():
        assert all(len(line) == len(header) for line in (rule, *body)), heading
        if heading != "targets":
            [line] = body
            assert line[0] == OURS
            assert all(float(cell) > 0 for cell in line[1:])
    _, _, *targets = found["targets"]
    assert [line[0] for line in targets] == [*map(str, detection.PROBLEMS)]
    assert all(line[2:] == ["-", "not measured: a tiny run"] for line in targets)
    assert "- Paddle 1.8.5: a tiny run" in printed


def worker(name: str, results: dict[str, list[float]]) -> Any:
    return SimpleNamespace(name=name, results=results)


RESULTS = {problem.name: [7.0, 123.25, 0.5] for problem in detection.PROBLEMS}


def test_contenders_whose_results_agree_are_timed() -> None:
    other = copy.deepcopy(RESULTS)
    other["yolov3_loss"][1] += 0.01
    detection.check_results([worker(OURS, RESULTS), worker(REAL, other)])


@pytest.mark.parametrize("wrong", [[8.0, 123.25, 0.5], [7.0, float("nan"), 0.5], [7.0, 123.25]])
def test_a_contender_with_other_results_is_refused(wrong: list[float]) -> None:
    other = {**RESULTS, "yolov3_loss": wrong}
    with pytest.raises(ContenderError, match=r"^yolov3_loss gives .* with Paddle 1\.8\.5, but"):
        detection.check_results([worker(OURS, RESULTS), worker(REAL, other)])
