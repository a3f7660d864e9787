"""Runs the legacy scripts of `examples/`, by real Paddle 1.8.5 and by `paddle-compat run`."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from live_paddle import FLUID_VERSION

from paddle_compat.conformance.oracles import required
from paddle_compat.conformance.provision import OracleUnavailable, provision

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "examples"
Arrays = dict[str, npt.NDArray[Any]]
TIMEOUT = 300


def _run(command: list[str], arguments: tuple[str, ...], environment: dict[str, str]) -> Arrays:
    """Run a script that takes ``--dump FILE``, and return what it dumped."""
    with tempfile.TemporaryDirectory() as folder:
        dump = Path(folder) / "dump.npz"
        ran = subprocess.run(
            [*command, *arguments, "--dump", str(dump)],
            capture_output=True,
            text=True,
            check=False,
            cwd=ROOT,
            env={**environment, "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            timeout=TIMEOUT,
        )
        assert ran.returncode == 0, f"{command} {arguments}:\n{ran.stdout}\n{ran.stderr}"
        with np.load(dump) as arrays:
            return {name: arrays[name] for name in arrays.files}


@functools.cache
def by_ours(script: str, *arguments: str) -> Arrays:
    """Return what a script dumps under ``paddle-compat run``."""
    command = [sys.executable, "-m", "paddle_compat", "run", "--threads", "1"]
    return _run([*command, str(EXAMPLES / script)], arguments, dict(os.environ))


def real_python() -> str:
    """Return an interpreter with real Paddle 1.8.5; it is made where CI needs it."""
    return str(provision(FLUID_VERSION, create=required()).python)


@functools.cache
def by_real(script: str, *arguments: str) -> Arrays:
    """Return what a script dumps under real Paddle; without one the test skips, or fails on CI."""
    try:
        python = real_python()
    except OracleUnavailable as reason:
        if required():
            pytest.fail(f"real Paddle {FLUID_VERSION}: {reason}", pytrace=False)
        pytest.skip(f"real Paddle {FLUID_VERSION}: {reason}")
    hidden = {"PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "VIRTUAL_ENV"}
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    return _run([python, str(EXAMPLES / script)], arguments, environment)
