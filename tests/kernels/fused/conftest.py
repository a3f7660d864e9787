"""Every check here takes the fused path."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest

from kernels.fused.device import DEVICE, round_as_gpus_do
from paddle_compat.kernels.launch import Launch
from paddle_compat.kernels.paths import focal_path

if DEVICE == "cpu":
    round_as_gpus_do()


@pytest.fixture(autouse=True)
def fused() -> Iterator[None]:
    """Choose the path."""
    with focal_path("triton"):
        yield


@pytest.fixture
def launches(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Count what is launched, by name."""
    counts: Counter[str] = Counter()
    for name in ("loss", "total", "gradient"):
        monkeypatch.setattr(Launch, name, _counted(getattr(Launch, name), counts, name))
    return counts


def _counted(method: Any, counts: Counter[str], name: str) -> Any:
    def counted(*arguments: Any) -> Any:
        counts[name] += 1
        return method(*arguments)

    return counted
