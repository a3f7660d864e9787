"""The recorded lists of names are those of the package, and of real Paddle."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from paddle_compat.port import names

TOOL = Path(__file__).parents[2] / "tools" / "port_names.py"
DATA = TOOL.parents[1] / "paddle_compat" / "port" / "data"


def test_supported_names_are_current() -> None:
    done = subprocess.run([sys.executable, TOOL], capture_output=True, text=True, check=True)
    assert (DATA / "supported.json").read_text(encoding="utf-8") == done.stdout, (
        "run tools/port_names.py --write"
    )


@pytest.mark.live
def test_real_paddles_names_are_known(fluid_python: Path, real_paddle: Any) -> None:
    del real_paddle
    for python in (fluid_python, sys.executable):
        done = subprocess.run([python, TOOL, "--here"], capture_output=True, text=True, check=True)
        told = json.loads("{" + done.stdout.rpartition("\n{")[2])
        for module, listed in told.items():
            assert set(listed.split()) <= names.exported(module), module


def test_a_name_is_supported_with_what_follows_it_but_not_a_missing_one_of_a_module() -> None:
    assert names.supported_prefix("paddle.float32.name") == "paddle.float32"
    assert names.supported_prefix("paddle.fluid.layers.fc") == "paddle.fluid.layers.fc"
    assert names.supported_prefix("paddle.fluid.layers.no_such_layer") is None
    assert names.supported_prefix("paddle.vision.ops.nms") is None


def test_usual_names_are_those_of_the_packages_that_hand_them_on() -> None:
    assert names.usual("paddle.fluid.layers.nn.relu") == "paddle.fluid.layers.relu"
    assert names.usual("paddle.tensor.manipulation.concat") == "paddle.concat"
    assert names.usual("paddle.nn.layer.common.Linear") == "paddle.nn.Linear"
    assert names.usual("paddle.fluid.layers.data") == "paddle.fluid.layers.data"
