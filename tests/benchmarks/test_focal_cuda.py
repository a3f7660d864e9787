"""The CUDA benchmark: without a device it measures nothing; every line runs in rehearsal."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import focal_cuda
import pytest
import torch
from cuda_device import Need
from measure import Times
from report import Report

BENCHMARK = Path(__file__).parents[2] / "benchmarks" / "focal_cuda.py"


def run(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(BENCHMARK), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": "", **more},
    )


@pytest.mark.parametrize("arguments", [(), ("--short",)])
def test_without_a_device_nothing_is_measured_and_nothing_fails(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "no CUDA device was found: nothing was measured\n"


@pytest.mark.skipif(importlib.util.find_spec("triton") is None, reason="Triton is not installed")
def test_a_rehearsal_prints_every_table_and_no_verdict() -> None:
    done = run("--rehearse", TRITON_INTERPRET="1")
    assert done.returncode == 0, done.stderr
    headings = [line for line in done.stdout.splitlines() if line.startswith("## ")]
    assert len(headings) == 2 * 2 * 2 + 1
    assert "no figure means anything" in done.stdout
    assert done.stdout.count("\n| fused ") == 8
    assert not {"met", "missed"} & set(done.stdout.split())


@pytest.mark.parametrize("face", [focal_cuda.FLUID, focal_cuda.FUNCTIONAL])
def test_a_wrong_implementation_is_not_timed(face: str) -> None:
    problem = focal_cuda.make(face, 8000, torch.float32, "cpu")
    losses = dict(problem.losses(compiled=False))
    right = losses[focal_cuda.COMPOSED]
    focal_cuda.check(problem, "right", right)
    with pytest.raises(focal_cuda.WrongError, match="wrong: gradient off by"):
        focal_cuda.check(problem, "wrong", lambda: right() * 1.001)


def test_bytes_are_those_that_cannot_be_spared() -> None:
    problem = focal_cuda.make(focal_cuda.FLUID, 8000, torch.float32, "cpu")
    assert problem.moved(False) == 8000 * 8 + 100 * 4
    assert problem.moved(True) == 8000 * 16 + 200 * 4
    problem = focal_cuda.make(focal_cuda.FUNCTIONAL, 8000, torch.bfloat16, "cpu")
    assert problem.moved(False) == 8000 * 4
    assert problem.moved(True) == 8000 * 10


def test_targets_are_those_of_the_size() -> None:
    of = focal_cuda
    names = (of.COPY, of.FUSED, of.COMPOSED, of.COMPILED)
    times = {
        name: Times([seconds]) for name, seconds in zip(names, (0.9, 1.0, 9.0, 1.2), strict=True)
    }
    needs = {of.FUSED: Need(0, 0)}
    report = Report()
    large = of.Problem(of.FLUID, torch.empty(1_250_000, 80, device="meta"), *[torch.empty(1)] * 2)
    of._targets(report, large, True, times, needs)
    verdicts = {target.name.rsplit(": ")[-1]: target.verdict for target in report.targets}
    assert verdicts == {
        "against copy": "met",
        "against composed": "met",
        "against composed, compiled": "missed",
        "peak extra memory in [N, C] buffers": "met",
    }
    small = of.Problem(of.FLUID, torch.empty(125, 80, device="meta"), *[torch.empty(1)] * 2)
    of._targets(report := Report(), small, False, times, needs)
    assert [target.bound for target in report.targets] == [1]
