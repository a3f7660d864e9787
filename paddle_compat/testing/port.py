"""Calls a torch function with the inputs of a recorded case."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from torch import Tensor

from paddle_compat.testing.recorder import (
    FLOATS,
    Case,
    Leaf,
    Lod,
    leaves,
    named_inputs,
    rebuild,
    widened,
)

__all__ = ["PARAMETERS", "Answer", "Change", "Changes", "Port", "call", "tensor_of", "tensors"]

PARAMETERS = "parameters"
"""The keyword that a port gets the recorded parameters by."""

Port = Callable[..., Any]
Change = Callable[[dict[str, Any]], dict[str, Any]]


@dataclass(frozen=True)
class Changes:
    """What is done to a port's inputs, by name, and to its results, to try a cause."""

    inputs: Change | None = None
    outputs: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class Answer:
    """What a port gave: its results and their gradients, or an exception."""

    outputs: Any = None
    gradients: Mapping[str, Tensor | None] = field(default_factory=dict)
    parameter_gradients: Mapping[str, Tensor | None] = field(default_factory=dict)
    error: Exception | None = None


def tensor_of(leaf: Leaf) -> Tensor:
    """Return a leaf as a new torch tensor."""
    tensor = torch.from_numpy(np.array(widened(leaf)))
    return tensor.bfloat16() if leaf.dtype == "bfloat16" else tensor


def tensors(tree: Any, path: str = "output") -> dict[str, Tensor]:
    """Return the tensors of a port's results by path; arrays count as tensors."""
    found: dict[str, Tensor] = {}

    def change(path: str, item: Any) -> Any:
        item = item.data if isinstance(item, Lod) else item
        if isinstance(item, np.ndarray):
            item = torch.as_tensor(item)
        if isinstance(item, Tensor):
            found[path] = item
        return item

    rebuild(tree, path, change)
    return found


def call(
    port: Port, case: Case, changes: Changes | None = None, *, backward: bool = True
) -> Answer:
    """Call a port as Paddle's function was called, and differentiate as Paddle was asked to.

    Args:
        port: a function of torch tensors; where the case has parameters it takes them as the
            keyword `parameters`, by their Paddle names.
        case: the recorded call.
        changes: what is done to the inputs and results.
        backward: whether gradients are asked too.
    """
    wanted: dict[str, Tensor] = {}
    parameters: dict[str, Tensor] = {}

    def change(path: str, item: Any) -> Any:
        if not isinstance(item, Leaf):
            return item
        tensor = tensor_of(item)
        if path in case.gradients:
            wanted[path] = tensor.requires_grad_()
            tensor = tensor.clone()  # which the port may change in place, a leaf not
        return Lod(tensor, [list(level) for level in item.lod]) if item.lod else tensor

    named = {name: rebuild(tree, name, change) for name, tree in named_inputs(case).items()}
    for name, leaf in case.parameters.items():
        parameters[name] = tensor_of(leaf)
        if leaf.dtype in FLOATS and name in case.parameter_gradients:
            parameters[name].requires_grad_()
    if parameters:
        named[PARAMETERS] = {name: value.clone() for name, value in parameters.items()}
    changes = changes or Changes()
    try:
        with torch.enable_grad():
            if changes.inputs is not None:
                named = changes.inputs(named)
            args = [named.pop(name) for name in case.names]
            outputs = port(*args, **named)
            if changes.outputs is not None:
                outputs = changes.outputs(outputs)
            leafs = [*wanted.values(), *(parameters[n] for n in case.parameter_gradients)]
            found = _gradients(case, outputs, leafs) if backward else [None] * len(leafs)
            gradients = iter(found)
    except Exception as error:
        return Answer(error=error)
    return Answer(
        outputs,
        {path: next(gradients) for path in wanted},
        {name: next(gradients) for name in case.parameter_gradients},
    )


def _gradients(case: Case, outputs: Any, wanted: list[Tensor]) -> list[Tensor | None]:
    """Propagate the recorded cotangents to the inputs."""
    found = tensors(outputs)
    ends, cotangents = [], []
    for path, leaf in case.cotangents.items():
        end = found.get(path)
        if end is None or not end.requires_grad or end.numel() != leaf.data.size:
            continue
        ends.append(end)
        cotangents.append(tensor_of(leaf).to(end.dtype).reshape(end.shape))
    if not ends or not wanted:
        return [None] * len(wanted)
    return list(torch.autograd.grad(ends, wanted, cotangents, allow_unused=True))


def case_leaves(case: Case) -> dict[str, Leaf]:
    """Return the arrays among a case's inputs by path."""
    return {
        path: leaf for name, tree in named_inputs(case).items() for path, leaf in leaves(tree, name)
    }
