"""Loaders, feeders and readers answer as real Paddle 1.8.5 does, live and recorded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import paddle_compat
from fluid.reader_behaviour import QUESTIONS
from fluid.readers.asking import ask

HERE = Path(__file__).parent
SCRIPT = HERE / "reader_behaviour.py"
RECORDED = HERE / "reader_behaviour.paddle-1.8.5.json"

# What real 1.8.5 gives is the first of these, what ours gives is the second.
DIFFER = {
    # A layer in front of the loader's reads the variable before it has its batch.
    "a_loader_made_behind_the_layers": (
        ["raises EnforceNotMet", "raises EnforceNotMet"],
        [
            [["float32", [2, 2], [[0.0] * 2] * 2], ["int64", [2, 1], [[0], [0]]]],
            "raises EOFException",
        ],
    ),
}


@pytest.fixture(scope="module")
def recorded() -> dict[str, Any]:
    answers: dict[str, Any] = json.loads(RECORDED.read_text())
    return answers


def answered(*command: str) -> dict[str, Any]:
    path = os.pathsep.join([str(HERE.parent), os.environ.get("PYTHONPATH", "")])
    env = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run(
        [*command, str(SCRIPT)], capture_output=True, check=True, timeout=120, env=env
    )
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("name", sorted(QUESTIONS))
def test_ours_answers_as_recorded_of_real_paddle(name: str, recorded: dict[str, Any]) -> None:
    ours = json.loads(json.dumps(ask(paddle_compat, QUESTIONS[name])))
    if name in DIFFER:
        assert (recorded[name], ours) == DIFFER[name]
    else:
        assert ours == recorded[name]


def test_the_script_runs_unmodified(recorded: dict[str, Any]) -> None:
    ours = answered(sys.executable, "-m", "paddle_compat", "run")
    assert {name for name in recorded if ours[name] != recorded[name]} == set(DIFFER)


@pytest.mark.live
def test_real_paddle_still_answers_as_recorded(
    fluid_python: Path, recorded: dict[str, Any]
) -> None:
    assert answered(str(fluid_python)) == recorded
