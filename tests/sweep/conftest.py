"""Run the complete sweep only when it is asked for, with ``-m sweep``."""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip the tests that take hours, unless the marker expression names them."""
    if "sweep" in str(config.getoption("markexpr")):
        return
    skip = pytest.mark.skip(reason="the complete sweep takes most of an hour: -m sweep")
    for item in items:
        if item.get_closest_marker("sweep"):
            item.add_marker(skip)
