"""Test-wide settings, and the fixtures that reach real Paddle."""

from __future__ import annotations

import os

import pytest
import torch
from live_paddle import fluid_python, paddle_1, paddle_3, real_paddle

__all__ = ["fluid_python", "paddle_1", "paddle_3", "real_paddle"]

# Parallel test processes share the cores; one thread each is faster than all of them in each.
if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip complete sweeps, unless the marker expression names them."""
    if "sweep" in str(config.getoption("markexpr")):
        return
    skip = pytest.mark.skip(reason="complete sweeps take minutes to an hour: -m sweep")
    for item in items:
        if item.get_closest_marker("sweep"):
            item.add_marker(skip)
