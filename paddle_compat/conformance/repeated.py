"""Long inputs whose exact answer costs no more than a short one's: the same rows, over and over.

An implementation that works in blocks, or in several threads, takes other paths for a long input.
The number of repetitions is a power of two, so that the exact answer is scaled without rounding.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from paddle_compat.conformance import exact
from paddle_compat.conformance.call import FLUID, Array, Call, Outcome
from paddle_compat.conformance.exact import Quantity, Truth

__all__ = ["is_elementwise", "repeat", "repeat_outcome", "truth_of_repeat"]


def _tile(array: Array, times: int) -> Array:
    return np.tile(array, (times,) + (1,) * (array.ndim - 1))


def is_elementwise(call: Call) -> bool:
    """Tell whether a call gives one result for each element."""
    return call.face == FLUID or call.attrs.get("reduction") == "none"


def repeat(call: Call, times: int) -> Call:
    """Return the call with all its rows repeated; `fg_num` and a normalizer stay."""
    if times < 1 or times & (times - 1):
        raise ValueError(f"times must be a power of two, but it is {times}")
    inputs = {
        name: array if name in ("fg_num", "normalizer") else _tile(array, times)
        for name, array in call.inputs.items()
    }
    cotangent = call.cotangent
    if cotangent is not None and is_elementwise(call):
        cotangent = _tile(cotangent, times)
    return replace(call, name=f"{call.name} x {times}", inputs=inputs, cotangent=cotangent)


def repeat_outcome(call: Call, outcome: Outcome, times: int) -> Outcome:
    """Return the outcome of ``repeat(call, times)``, of an elementwise call whose outcome is known.

    Each element of real Paddle's is computed alone, whatever stands beside it.
    """
    if not is_elementwise(call):
        raise ValueError("only the outcome of an elementwise call repeats with its rows")
    if outcome.value is None:
        return outcome
    gradients = {name: _tile(gradient, times) for name, gradient in outcome.gradients.items()}
    return replace(outcome, value=_tile(outcome.value, times), gradients=gradients)


def truth_of_repeat(call: Call, times: int) -> Truth:
    """Return the exact answer to ``repeat(call, times)``."""
    truth = exact.evaluate(call)
    mean = call.attrs.get("reduction") == "mean"

    def scaled(quantity: Quantity, factor: float) -> Quantity:
        arrays = (quantity.high, quantity.low, quantity.magnitude, quantity.weight)
        return Quantity(*(factor * array for array in arrays))

    def tiled(quantity: Quantity) -> Quantity:
        arrays = (quantity.high, quantity.low, quantity.magnitude, quantity.weight)
        return Quantity(*(_tile(array, times) for array in arrays))

    gradients = {}
    for name, gradient in truth.gradients.items():
        if name == "normalizer":
            gradients[name] = scaled(gradient, 1 if mean else times)
        else:
            gradients[name] = scaled(tiled(gradient), 1 / times if mean else 1)
    if is_elementwise(call):
        return Truth(tiled(truth.value), gradients)
    return Truth(scaled(truth.value, 1 if mean else times), gradients)
