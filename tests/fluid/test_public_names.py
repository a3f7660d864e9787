"""Every public name is one of real Paddle 1.8.5's, with its signature, where Paddle keeps it."""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from fluid.public_names import describe

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))

from supported_names import modules, names  # noqa: E402

PACKAGE = "paddle_compat.fluid"
WANTED = {m.__name__.removeprefix(PACKAGE).lstrip("."): names(m) for m in modules()}
OURS: dict[str, Any] = json.loads(json.dumps(describe(PACKAGE, WANTED)))

# Made by programs, never by their authors; or native in Paddle, without a signature.
INTERNAL = {
    "Variable",
    "framework.Block",
    "framework.Operator",
    "framework.Parameter",
    "framework.Variable",
}
# torch's own, a context and a decorator as Paddle's is.
TORCH = {"dygraph.no_grad", "dygraph.base.no_grad"}


@pytest.fixture(scope="module")
def real(fluid_python: Path) -> dict[str, Any]:
    done = subprocess.run(
        [str(fluid_python), str(HERE / "public_names.py")],
        input=json.dumps(WANTED).encode(),
        capture_output=True,
        check=True,
        timeout=120,
    )
    answers: dict[str, Any] = json.loads(done.stdout)
    return answers


@pytest.mark.live
def test_every_name_is_real_paddles(real: dict[str, Any]) -> None:
    assert [name for name in OURS if not real[name]] == []


@pytest.mark.live
def test_every_signature_is_real_paddles(real: dict[str, Any]) -> None:
    compared = {
        name: (ours[1], real[name][1])
        for name, ours in OURS.items()
        if real[name] and real[name][1] is not None and name not in INTERNAL | TORCH
    }
    assert len(compared) > 100
    differ = {name: pair for name, pair in compared.items() if pair[0] != pair[1]}
    assert differ == {}


@pytest.mark.live
def test_every_name_reports_the_module_that_real_paddle_reports(real: dict[str, Any]) -> None:
    homes = {
        name: (
            ours[2].replace("paddle_compat", "paddle", 1),
            real[name][2].replace("core_avx", "core"),
        )
        for name, ours in OURS.items()
        if real[name] and name not in TORCH
    }
    assert {name: pair for name, pair in homes.items() if pair[0] != pair[1]} == {}


def test_every_function_is_found_again_by_its_module_and_name() -> None:
    for path, listed in WANTED.items():
        module = importlib.import_module(f"{PACKAGE}.{path}" if path else PACKAGE)
        for name in listed:
            item = getattr(module, name)
            if type(item).__name__ == "function":
                assert getattr(importlib.import_module(item.__module__), item.__name__) is item
