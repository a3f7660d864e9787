"""Real Paddle for the tests: opened once, skipped where there is none, required under CI."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest

from paddle_compat.conformance.oracles import Oracle, OracleUnavailable, open_oracle, required
from paddle_compat.conformance.provision import provision

FLUID_VERSION = "1.8.5"
FUNCTIONAL_VERSION = "3.3.1"


def reach(version: str, *, in_process: bool) -> Oracle:
    """Open an oracle; without one the test skips with the reason, and fails under CI."""
    try:
        oracle = open_oracle(version, in_process=in_process)
        return oracle.__enter__()
    except OracleUnavailable as reason:
        _missing(version, reason)


def _missing(version: str, reason: OracleUnavailable) -> NoReturn:
    told = f"real Paddle {version}: {reason}"
    if required():
        pytest.fail(told, pytrace=False)
    pytest.skip(told)


@pytest.fixture(scope="session")
def fluid_python() -> Path:
    """The interpreter that has real Paddle 1.8.5, for scripts that it runs whole."""
    try:
        return provision(FLUID_VERSION).python
    except OracleUnavailable as reason:
        _missing(FLUID_VERSION, reason)


@pytest.fixture(scope="session")
def paddle_1() -> Iterator[Oracle]:
    """Real Paddle 1.8.5, in an interpreter of its own."""
    oracle = reach(FLUID_VERSION, in_process=False)
    with oracle:
        yield oracle


@pytest.fixture(scope="session")
def paddle_3() -> Iterator[Oracle]:
    """Real Paddle 3.3.1, in this process."""
    oracle = reach(FUNCTIONAL_VERSION, in_process=True)
    with oracle:
        yield oracle


@pytest.fixture(scope="session")
def real_paddle() -> Any:
    """Real Paddle's own package in this process; without it as with an oracle."""
    try:
        paddle: Any = importlib.import_module("paddle")
    except ImportError as error:
        if required():
            pytest.fail(f"CI needs a real Paddle: {error}")
        pytest.skip(f"no real Paddle: {error}")
    paddle.set_device("cpu")
    return paddle
