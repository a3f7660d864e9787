"""Which evaluation runs, and how to choose another."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
import torch

from paddle_compat import fluid
from paddle_compat.kernels import composed, dense, paths
from paddle_compat.kernels.paths import focal_path
from paddle_compat.nn import functional

X = torch.tensor([[0.5, -1.0, 2.0], [0.1, 0.2, 0.3]])
Y = torch.tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note which evaluation runs."""
    names: list[str] = []

    def note(name: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def noting(*args: Any, **kwargs: Any) -> Any:
            names.append(name)
            return original(*args, **kwargs)

        return noting

    monkeypatch.setattr(composed, "dense", note("straight", composed.dense))
    monkeypatch.setattr(dense, "sweep", note("blocks", dense.sweep))
    return names


@pytest.mark.parametrize(
    ("path", "expected"), [("auto", "blocks"), ("blocks", "blocks"), ("straight", "straight")]
)
def test_path_is_taken_by_both_faces(path: paths.Path, expected: str, ran: list[str]) -> None:
    label, fg_num = torch.tensor([[1], [0]], dtype=torch.int32), torch.ones(1, dtype=torch.int32)
    default = functional.sigmoid_focal_loss(X, Y), fluid.layers.sigmoid_focal_loss(X, label, fg_num)
    ran.clear()
    with focal_path(path):
        torch.testing.assert_close(functional.sigmoid_focal_loss(X, Y), default[0])
        found = fluid.layers.sigmoid_focal_loss(X, label, fg_num)
    torch.testing.assert_close(found, default[1])
    assert ran == [expected] * 2


def test_the_last_choice_holds_and_ends_with_its_block(ran: list[str]) -> None:
    with focal_path("straight"):
        with pytest.raises(ValueError, match="label must have the shape"), focal_path("blocks"):
            functional.sigmoid_focal_loss(X, functional.sigmoid_focal_loss(X, Y))
        functional.sigmoid_focal_loss(X, Y)
    functional.sigmoid_focal_loss(X, Y)
    assert ran == ["blocks", "straight", "blocks"]


def test_what_blocks_cannot_do_takes_the_straight_line(ran: list[str]) -> None:
    with focal_path("blocks"):
        functional.sigmoid_focal_loss(X, Y, gamma=-0.5)
        torch.func.vmap(lambda x: functional.sigmoid_focal_loss(x, Y[0]))(X)
    assert ran == ["straight"] * 2


def test_another_path_is_refused() -> None:
    message = "path must be 'auto', 'straight', 'blocks' or 'triton', got 'cuda'"
    with pytest.raises(ValueError, match=message), focal_path("cuda"):  # type: ignore[arg-type]
        pass


@pytest.mark.parametrize(
    ("value", "last"),
    [
        ("straight", "['straight']"),
        (None, "['auto']"),
        (
            "fast",
            "ValueError: the environment variable PADDLE_COMPAT_FOCAL must be 'auto', 'straight', "
            "'blocks' or 'triton', got 'fast'",
        ),
    ],
)
def test_environment_variable_chooses_for_the_process(value: str | None, last: str) -> None:
    environment = {name: text for name, text in os.environ.items() if name != paths.VARIABLE}
    if value is not None:
        environment[paths.VARIABLE] = value
    script = (
        "import paddle_compat.nn; from paddle_compat.kernels import paths; print(paths._chosen)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, env=environment, check=False
    )
    assert (done.stdout + done.stderr).strip().splitlines()[-1] == last
