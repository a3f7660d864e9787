"""The training loop, stopped and resumed in another process, trains as real Paddle does."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from examples import comparison
from examples.comparison import INITIAL, TRAINED, Arrays
from examples.runs import LOOP
from examples.scripts import by_ours, by_real

Runner = Callable[..., Arrays]
STEPS, HALF = 20, 10


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("checkpoints")


def first_half(folder: Path, run: Runner) -> tuple[Arrays, Path]:
    """Train until the checkpoint; return the dump and the checkpoints' folder."""
    checkpoints = folder / run.__name__
    arguments = ("--until", str(HALF), "--every", "2", "--keep", "2", "--images", "0")
    dump = run(LOOP.script, *LOOP.arguments, *arguments, "--checkpoints", str(checkpoints))
    return dump, checkpoints


def halves(folder: Path, before: Runner, after: Runner) -> tuple[Arrays, Arrays]:
    """Train until the checkpoint, and go on from it in another process, perhaps another runtime."""
    first, checkpoints = first_half(folder, before)
    copy = folder / f"{before.__name__}_{after.__name__}"
    if not copy.exists():
        shutil.copytree(checkpoints, copy)
        # A later one that was not finished, which must not be taken.
        (copy / f"step_{HALF + 1:06d}.partial").mkdir()
    return first, after(LOOP.script, *LOOP.arguments, "--checkpoints", str(copy), "--resume")


def joined(first: Arrays, second: Arrays) -> Arrays:
    """Return the dump that one process would have made."""
    histories = {name for name in first if not name.startswith((INITIAL, TRAINED))}
    return {
        name: np.concatenate([first[name], second[name]])
        if name in histories
        else (first if name.startswith(INITIAL) else second)[name]
        for name in second
    }


def assert_as_real_paddle(arrays: Arrays, tolerance: float) -> None:
    assert len(arrays["loss"]) == STEPS
    recorded = comparison.load(LOOP.recording)["runs"][str(LOOP)]
    comparison.assert_as_recorded(arrays, recorded, tolerance, LOOP.is_normal)


def test_a_resumed_training_is_the_one_recorded_from_real_paddle(folder: Path) -> None:
    first, second = halves(folder, by_ours, by_ours)
    assert len(first["loss"]) == len(second["loss"]) == HALF
    assert_as_real_paddle(joined(first, second), LOOP.tolerance)


def test_a_checkpoint_holds_what_the_training_goes_on_with(folder: Path) -> None:
    first, second = halves(folder, by_ours, by_ours)
    for name in (name for name in second if name.startswith(INITIAL)):
        before = first[TRAINED + name.removeprefix(INITIAL)]
        np.testing.assert_array_equal(second[name], before, name, strict=True)


@pytest.mark.live
def test_real_paddle_resumes_its_own_training_as_recorded(folder: Path) -> None:
    assert_as_real_paddle(joined(*halves(folder, by_real, by_real)), LOOP.tolerance / 10)


@pytest.mark.live
def test_we_go_on_from_a_checkpoint_of_real_paddle(folder: Path) -> None:
    assert_as_real_paddle(joined(*halves(folder, by_real, by_ours)), LOOP.tolerance)


@pytest.mark.live
def test_real_paddle_goes_on_from_a_checkpoint_of_ours(folder: Path) -> None:
    assert_as_real_paddle(joined(*halves(folder, by_ours, by_real)), LOOP.tolerance)


def test_the_newest_checkpoints_are_kept(folder: Path) -> None:
    _, checkpoints = first_half(folder, by_ours)
    assert sorted(path.name for path in checkpoints.iterdir()) == ["step_000008", "step_000010"]
