"""Unmodified legacy scripts train step by step as under real Paddle, from the same seed."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from examples import comparison
from examples.comparison import Arrays
from examples.runs import FCOS, FOCAL, RUNS, Run
from examples.scripts import EXAMPLES, by_ours, by_real

# The worked ports are PyTorch; two files beside the first serve it, a test the second.
PORTED = {
    EXAMPLES / f"{name}.py"
    for name in ("train_head", "record_head", "shapes", "port_head", "test_port_head")
}
LEGACY = sorted({*EXAMPLES.glob("*.py")} - PORTED)


@pytest.mark.live
@pytest.mark.parametrize("run", RUNS, ids=str)
def test_script_starts_and_trains_as_under_real_paddle(run: Run) -> None:
    """One test, so that parallel test processes do not train the same twice."""
    real = by_real(run.script, *run.arguments)
    ours = by_ours(run.script, *run.arguments)
    comparison.assert_same_start(ours, real, run.is_normal)
    comparison.assert_same_training(ours, real, run.tolerance)
    # Real Paddle's own sums depend on the processor, by much less than ours may differ.
    recorded = comparison.load(run.recording)["runs"][str(run)]
    comparison.assert_as_recorded(real, recorded, run.tolerance / 10, run.is_normal)


@pytest.mark.parametrize("run", RUNS, ids=str)
def test_script_trains_as_recorded_from_real_paddle(run: Run) -> None:
    recorded = comparison.load(run.recording)["runs"][str(run)]
    ours = by_ours(run.script, *run.arguments)
    comparison.assert_as_recorded(ours, recorded, run.tolerance, run.is_normal)


@pytest.mark.parametrize("run", [FOCAL[0], *FCOS], ids=str)
def test_the_recorded_loss_falls(run: Run) -> None:
    recorded = comparison.load(run.recording)["runs"][str(run)]
    losses = comparison.numbers(recorded["losses" if run in FOCAL else "loss"])
    assert np.mean(losses[-3:]) < 0.95 * np.mean(losses[:3])


@pytest.mark.parametrize("path", LEGACY, ids=lambda path: path.name)
def test_legacy_scripts_name_neither_us_nor_torch(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"compat|torch", text, re.IGNORECASE)
    imported = re.findall(r"^\s*(?:import|from) (\w+)", text, re.MULTILINE)
    own = {other.stem for other in LEGACY}
    standard = {
        *("__future__", "argparse", "collections", "math", "os", "pathlib", "re", "shutil"),
        *("struct", "time", "typing", "zlib"),
    }
    assert set(imported) <= own | standard | {"numpy", "paddle"}


def dumped() -> Arrays:
    return {
        "initial drawn_w": np.linspace(-1, 1, 20, dtype="float32"),
        "initial b": np.zeros(3, "float32"),
        "loss": np.array([3.0, 2.0, 1.0]),
        "trained drawn_w": np.linspace(-2, 2, 20, dtype="float32"),
        "trained b": np.ones(3, "float32"),
    }


def is_drawn(name: str) -> bool:
    return name == "drawn_w"


def changed(name: str, index: int, by: float) -> Arrays:
    arrays = dumped()
    arrays[name][index] += by
    return arrays


def test_comparison_accepts_what_is_equal() -> None:
    comparison.assert_same_start(dumped(), dumped(), is_drawn)
    comparison.assert_same_training(dumped(), dumped(), 0)
    comparison.assert_as_recorded(dumped(), comparison.digest(dumped()), 0, is_drawn)


@pytest.mark.parametrize(
    ("name", "index", "by"), [("initial b", 1, 1e-30), ("initial drawn_w", 3, 1e-6)]
)
def test_comparison_refuses_another_start(name: str, index: int, by: float) -> None:
    with pytest.raises(AssertionError):
        comparison.assert_same_start(changed(name, index, by), dumped(), is_drawn)


@pytest.mark.parametrize(
    ("name", "index", "by"),
    [
        ("loss", 1, 3e-4),
        ("trained drawn_w", 10, 3e-3),
        ("trained b", 2, 3e-4),
        ("loss", 0, float("nan")),
    ],
)
def test_comparison_refuses_other_training(name: str, index: int, by: float) -> None:
    with pytest.raises(AssertionError):
        comparison.assert_same_training(changed(name, index, by), dumped(), 1e-4)
    with pytest.raises(AssertionError):
        comparison.assert_as_recorded(
            changed(name, index, by), comparison.digest(dumped()), 1e-4, is_drawn
        )


def test_comparison_refuses_a_missing_parameter() -> None:
    less: dict[str, Any] = {name: a for name, a in dumped().items() if name != "trained b"}
    with pytest.raises(AssertionError):
        comparison.assert_same_training(less, dumped(), 1)
    with pytest.raises(AssertionError):
        comparison.assert_same_start(less, dumped(), is_drawn)
    with pytest.raises(AssertionError):
        comparison.assert_as_recorded(less, comparison.digest(dumped()), 1, is_drawn)


def test_comparison_refuses_parameters_that_nothing_trained() -> None:
    still = dumped()
    for name in ("drawn_w", "b"):
        still["trained " + name] = still["initial " + name]
    with pytest.raises(AssertionError, match="nothing was trained"):
        comparison.assert_same_training(still, still, 1)
