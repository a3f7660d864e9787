"""The same calls, answered by the faces of `paddle_compat`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from importlib import import_module
from typing import Any

import torch

from paddle_compat.conformance.call import MODULE, Call, Outcome
from paddle_compat.conformance.workers import wire

__all__ = ["evaluate"]


def evaluate(calls: Iterable[Call], device: str = "cpu") -> list[Outcome]:
    """Answer each call with our face of the same name, eagerly whatever the call's mode.

    Args:
        calls: what is asked.
        device: where the tensors lie.
    """
    answer = functools.partial(_evaluate, device=device)
    return [Outcome.from_wire(*wire.answer(answer, *call.to_wire())) for call in calls]


def _function(face: str) -> Callable[..., Any]:
    module, name = face.rsplit(".", 1)
    function: Callable[..., Any] = getattr(import_module(f"paddle_compat.{module}"), name)
    return function


def _evaluate(spec: wire.Header, arrays: wire.Arrays, device: str) -> wire.Arrays:
    inputs: dict[str, Any] = {}
    for name in spec["inputs"]:
        array = arrays[f"input/{name}"]
        # A copy: torch takes no read-only memory, and a leaf must be ours.
        inputs[name] = array if name in spec["raw"] else torch.tensor(array, device=device)
        if name in spec["wrt"]:
            inputs[name].requires_grad_()
    function = _function(spec["face"])
    if spec["face"] == MODULE:
        out = function(**spec["attrs"])(**inputs)
    else:
        out = function(**inputs, **spec["attrs"])
    answers = {"value": out.detach().cpu().numpy()}
    if not spec["wrt"]:
        return answers
    incoming = torch.ones_like(out)
    if "cotangent" in arrays:
        incoming = torch.tensor(arrays["cotangent"], device=device)
    if spec["order"] == 2:
        [wanted] = [inputs[name] for name in spec["wrt"]]
        out = torch.autograd.grad(out, wanted, incoming, create_graph=True)[0].sum()
        incoming = torch.ones_like(out)
    torch.autograd.backward(out, incoming)
    for name in spec["wrt"]:
        if inputs[name].grad is not None:
            answers[f"grad/{name}"] = inputs[name].grad.cpu().numpy()
    return answers
