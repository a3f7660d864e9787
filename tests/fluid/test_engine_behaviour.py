"""The engine answers small questions as real Paddle 1.8.5 does, live and recorded."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from fluid.engine_behaviour import QUESTIONS, ask
from paddle_compat import fluid

HERE = Path(__file__).parent
RECORDED = HERE / "engine_behaviour.paddle-1.8.5.json"

# Real 1.8.5 compares a feed of lower rank with the first sizes only; ours raises.
DIFFER = {"feed_lower_rank", "feed_scalar", "feed_zero_dimensions"}


def as_json(answer: Any) -> Any:
    return json.loads(json.dumps(answer))


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(RECORDED.read_text())
    return answers


@pytest.fixture(scope="module")
def live(fluid_python: Path) -> dict[str, Any]:
    script = HERE / "engine_behaviour.py"
    done = subprocess.run(
        [str(fluid_python), str(script)], capture_output=True, check=True, timeout=120
    )
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_ours_answers_as_recorded_of_real_paddle(name: str, recorded: dict[str, Any]) -> None:
    ours = as_json(ask(fluid, QUESTIONS[name]))
    if name in DIFFER:
        assert ours == "raises ValueError"
        assert recorded[name] != ours
    else:
        assert ours == recorded[name]


@pytest.mark.live
def test_real_paddle_still_answers_as_recorded(
    live: dict[str, Any], recorded: dict[str, Any]
) -> None:
    assert live == recorded
