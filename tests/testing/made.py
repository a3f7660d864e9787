"""Recordings that need no Paddle: a torch function answers in its place."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.testing import Report, recorder, replay
from paddle_compat.testing.port import call, tensors
from paddle_compat.testing.recorder import Case, Leaf

EXAMPLE = Path(__file__).parents[2] / "examples" / "test_port_head.paddle.npz"


def case_of(
    reference: Callable[..., Any],
    inputs: Any,
    name: str = "case",
    *,
    paddle: str = "3.3.1",
    parameters: dict[str, Any] | None = None,
) -> Case:
    """Return a case that a torch function answers."""
    case = recorder.request("old.py:function", inputs, name)
    case.paddle, case.mode = paddle, "dygraph"
    case.names = [f"input{index}" for index in range(len(case.args))]
    wanted = recorder._wanted(case)
    case.gradients = dict.fromkeys(wanted)
    made = {key: recorder.leaf_of(value) for key, value in (parameters or {}).items()}
    case.parameters, case.parameter_gradients = made, dict.fromkeys(made)
    first = call(reference, case)
    assert first.error is None, first.error
    case.outputs = recorder.freeze(first.outputs)
    for path, tensor in tensors(first.outputs).items():
        if tensor.requires_grad and tensor.numel():
            weights = recorder.cotangent(path, tuple(tensor.shape))
            case.cotangents[path] = Leaf("float64", weights)
    second = call(reference, case)
    case.gradients = {path: _leaf(g) for path, g in second.gradients.items()}
    case.parameter_gradients = {k: _leaf(g) for k, g in second.parameter_gradients.items()}
    return case


def _leaf(gradient: Tensor | None) -> Leaf | None:
    return None if gradient is None else recorder.leaf_of(gradient)


def replayed(
    folder: Path, reference: Callable[..., Any], port: Callable[..., Any], inputs: Any, **how: Any
) -> Report:
    """Record a torch function, and replay another; several inputs are as many cases."""
    several = inputs if isinstance(inputs, list) else [inputs]
    paddle, parameters = how.pop("paddle", "3.3.1"), how.pop("parameters", None)
    cases = [
        case_of(reference, one, f"case {index}", paddle=paddle, parameters=parameters)
        for index, one in enumerate(several)
    ]
    path = folder / "made.npz"
    recorder.write(path, cases)
    return replay(path, port, **how)


def floats(*shape: int, seed: int = 0, dtype: str = "float32") -> Any:
    """Return normally distributed numbers."""
    return np.random.RandomState(seed + 1).randn(*shape).astype(dtype)


def labels(rows: int, classes: int, seed: int = 0) -> Any:
    """Return labels [rows, 1] from -1 to the number of classes, each of them there."""
    random = np.random.RandomState(seed + 2)
    drawn = random.randint(-1, classes + 1, (rows, 1)).astype("int32")
    drawn[: classes + 2, 0] = np.arange(-1, classes + 1)
    return drawn


def count(*numbers: int) -> Any:
    """Return an array of one dimension, as a foreground count is one."""
    return np.array(numbers, "int32")


def same(x: Tensor) -> Tensor:
    """Return x, with a gradient."""
    return x if not x.dtype.is_floating_point else x + torch.zeros_like(x)
