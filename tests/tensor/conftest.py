"""Real Paddle for the live tests."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from paddle_compat.conformance.oracles import required


@pytest.fixture(scope="session")
def real_paddle() -> Any:
    """Real Paddle in this process; without it a failure under CI and a skip elsewhere."""
    try:
        paddle: Any = importlib.import_module("paddle")
    except ImportError as error:
        if required():
            pytest.fail(f"CI needs a real Paddle: {error}")
        pytest.skip(f"no real Paddle: {error}")
    paddle.set_device("cpu")
    return paddle
