"""The fused kernels: checked where there is no GPU, and where there is one."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch

from paddle_compat.conformance.oracles import required

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "fused"
CHECKS = sorted(path.name for path in FOLDER.glob("check_*.py"))
SCRIPT = """
import sys
import torch
from paddle_compat.kernels.paths import focal_path
from paddle_compat.nn import SigmoidFocalLoss
"""


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("TRITON")}
    kept.pop("PADDLE_COMPAT_FOCAL", None)
    path = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH", ""), str(ROOT)]))
    return {**kept, "PYTHONPATH": path, "OMP_NUM_THREADS": "1", **more}


def run(
    arguments: Sequence[str | Path], before: Sequence[str] = (), **more: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*before, sys.executable, *arguments],
        cwd=ROOT,
        env=environment(**more),
        capture_output=True,
        text=True,
        check=False,
    )


def pytest_of(name: str, *more: str) -> list[str | Path]:
    quiet = ("-q", "-p", "no:cacheprovider", "-p", "no:xdist", "-W", "ignore", "--tb=short")
    return ["-m", "pytest", *quiet, *more, FOLDER / name]


@pytest.fixture(scope="module")
def triton() -> None:
    """Need Triton, which is for Linux alone."""
    if importlib.util.find_spec("triton") is None:
        if required() and sys.platform == "linux":
            pytest.fail("Triton is not installed")
        pytest.skip("Triton is not installed")


@pytest.fixture(scope="module")
def gpu() -> None:
    """Need a GPU."""
    if not torch.cuda.is_available():
        pytest.skip("there is no GPU")


# What check_cuda.py checks shows on a GPU alone.
@pytest.mark.parametrize("name", [name for name in CHECKS if name != "check_cuda.py"])
def test_interpreted_on_the_cpu(triton: None, name: str) -> None:
    done = run(pytest_of(name), TRITON_INTERPRET="1", FUSED_DEVICE="cpu")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
    assert "skipped" not in done.stdout


@pytest.mark.parametrize("name", CHECKS)
def test_on_the_gpu(triton: None, gpu: None, name: str) -> None:
    done = run(pytest_of(name), FUSED_DEVICE="cuda")
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout


@pytest.mark.parametrize("tool", ["memcheck", "racecheck", "initcheck"])
def test_compute_sanitizer_finds_nothing(triton: None, gpu: None, tool: str) -> None:
    sanitizer = shutil.which("compute-sanitizer")
    if sanitizer is None:
        pytest.skip("compute-sanitizer is not installed")
    chosen = "seam or layout or orders or ignored or expanded"
    done = run(
        pytest_of("check_values.py", "-k", chosen),
        [sanitizer, "--tool", tool, "--error-exitcode", "99", "--target-processes", "all"],
        FUSED_DEVICE="cuda",
        PYTORCH_NO_CUDA_MEMORY_CACHING="1",
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def compiled(capability: int, folder: Path, *more: str) -> list[dict[str, Any]]:
    # What Triton 3.9 says of its default, which the launches do not depend on, is for nobody here.
    done = run(
        [FOLDER / "compiled.py", str(capability), *more],
        TRITON_CACHE_DIR=str(folder),
        TRITON_DEFAULT_FP_FUSION="1",
    )
    assert done.returncode == 0, done.stderr[-4000:]
    facts: list[dict[str, Any]] = json.loads(done.stdout)
    return facts


# One test, as the kernels are compiled for it once: that takes longer than to look at them.
def test_variants_compiled_for_a_gpu_are_as_they_should_be(triton: None, tmp_path: Path) -> None:
    facts = {(fact["case"], fact["kernel"]): fact for fact in compiled(90, tmp_path)}
    assert len(facts) > 35
    for which, fact in facts.items():
        assert fact["spilled"] == 0, which
        assert fact["registers"] <= 255, which
        assert fact["atomics"] == 0, which
        assert not fact["contracted"], which

    # In single precision a GPU computes the bits that the interpreter computes. Where doubles are
    # divided, the first guess is approximate and the quotient is not.
    doubles = [which for which in facts if "float64" in which[0] or "gamma 1.1" in which[0]]
    assert len(doubles) < len(facts) / 2
    for which, fact in facts.items():
        assert set(fact["approximate"]) <= (
            {"rcp.approx.ftz.f64"} if which in doubles else set()
        ), which

    for case in ("dense none float32", "classes float32", "dense none bfloat16"):
        for kernel in ("loss", "gradient"):
            assert facts[case, kernel]["wide loads"] >= 2, case
            assert facts[case, kernel]["wide stores"] >= 2, case

    assert "cvt.rn.bf16.f32" in facts["classes bfloat16", "loss"]["conversions"]


def test_compiles_for_an_older_gpu(triton: None, tmp_path: Path) -> None:
    facts = compiled(80, tmp_path, "short")
    assert len(facts) > 10
    assert sum(fact["spilled"] for fact in facts) == 0


def test_the_cpu_needs_no_triton() -> None:
    script = SCRIPT + (
        "sys.modules['triton'] = None\n"
        "x = torch.zeros(3, requires_grad=True)\n"
        "SigmoidFocalLoss()(x, torch.ones(3)).backward()\n"
        "del sys.modules['triton']\n"
        "SigmoidFocalLoss()(x, torch.ones(3)).backward()\n"
        "print([name for name in sys.modules if name.split('.')[0] == 'triton'])\n"
    )
    done = run(["-c", script])
    assert (done.returncode, done.stdout) == (0, "[]\n"), done.stderr


def test_without_triton_the_error_says_what_to_do() -> None:
    script = SCRIPT + (
        "sys.modules['triton'] = None\n"
        "with focal_path('triton'):\n"
        "    SigmoidFocalLoss()(torch.zeros(3), torch.ones(3))\n"
    )
    done = run(["-c", script])
    assert done.returncode == 1
    assert (
        "RuntimeError: the fused focal loss needs Triton, which cannot be imported" in done.stderr
    )
    assert "pip install triton, or choose another path: PADDLE_COMPAT_FOCAL=auto" in done.stderr


@pytest.mark.parametrize("backward", [False, True])
def test_tensors_that_no_kernel_reaches_are_refused(triton: None, backward: bool) -> None:
    script = SCRIPT + (
        f"x = torch.zeros(3, requires_grad={backward})\nSigmoidFocalLoss()(x, torch.ones(3))\n"
    )
    done = run(["-c", script], PADDLE_COMPAT_FOCAL="triton")
    assert done.returncode == 1
    assert (
        "RuntimeError: the fused focal loss runs on CUDA tensors, but these are on cpu; move them, "
        "choose another path (PADDLE_COMPAT_FOCAL=auto), or, to test without a GPU, set "
        "TRITON_INTERPRET=1 before the program starts"
    ) in done.stderr
