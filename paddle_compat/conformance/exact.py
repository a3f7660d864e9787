"""The true value and derivatives of both losses, by mpmath, from the definition.

With ``p = 1/(1 + e^-x)``, label ``y`` and focusing parameter ``g`` the loss of one element is

    alpha_t * (1 - p_t)^g * CE      CE  = -(y log p + (1-y) log(1-p))
                                    p_t = p y + (1-p)(1-y),  alpha_t = alpha y + (1-alpha)(1-y)

and the derivatives are its product rule, term by term, at 50 digits. That the terms stay apart
matters: a gradient of a soft label crosses zero, and no finite precision has a small relative
error there, so every quantity also carries the sum of its terms' absolute values.

What Paddle's definition adds: hyper-parameters are rounded as Paddle rounds them, ignored
elements are exactly zero, infinite logits get the limit, and the fluid loss clamps ``log p`` at
the smallest normal float32 in the value (not in the gradient).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import FLUID, FUNCTIONAL, MODULE, Array, Call
from paddle_compat.conformance.exact_terms import (
    CLAMP,
    INF,
    NAN,
    NOTHING,
    ONE,
    ZERO,
    Terms,
    context,
    fast,
    terms,
)

__all__ = ["Quantity", "Truth", "evaluate", "fast", "terms"]

Float64: TypeAlias = npt.NDArray[np.float64]
Objects: TypeAlias = npt.NDArray[np.object_]


@dataclass(frozen=True, eq=False)
class Quantity:
    """An exact array, as a sum of two float64 arrays, and how large its ingredients are.

    Attributes:
        high: the float64 nearest to the exact value.
        low: what is left, itself rounded: together about 32 digits.
        magnitude: the sum of the absolute values of the terms that the definition adds.
        weight: the sum of the absolute weights (alpha_t / normalizer x incoming gradient).
    """

    high: Float64
    low: Float64
    magnitude: Float64
    weight: Float64

    def error(self, got: Array) -> Float64:
        """Return how far `got` is from the exact value; 0 where both are the same inf or nan."""
        wide = got.astype(np.float64)
        with np.errstate(invalid="ignore", over="ignore"):
            error = np.abs((wide - self.high) - self.low)
        same = (wide == self.high) | (np.isnan(wide) & np.isnan(self.high))
        special = ~np.isfinite(self.high) | ~np.isfinite(wide)
        return np.where(special, np.where(same, 0.0, np.inf), error)


@dataclass(frozen=True, eq=False)
class Truth:
    """The exact answer to a call."""

    value: Quantity
    gradients: Mapping[str, Quantity] = field(default_factory=dict)


def _round(value: float, dtype: np.dtype[Any]) -> float:
    """Round a hyper-parameter to the precision that Paddle keeps it in."""
    return float(dtype.type(value))


_FLOAT32 = np.dtype(np.float32)


def _split(*exact: Any) -> Quantity:
    """Turn exact values, magnitudes and weights into a `Quantity`."""
    # NumPy turns a 0-D object array into its element at every operation.
    values, magnitude, weight = (np.asarray(array, dtype=object) for array in exact)
    high = np.array([float(v) for v in values.flat]).reshape(values.shape)
    low = np.array(
        [
            float(v - context.mpf(h)) if np.isfinite(h) else 0.0
            for v, h in zip(values.flat, high.flat, strict=True)
        ]
    )
    return Quantity(
        high,
        low.reshape(values.shape),
        magnitude.astype(np.float64).reshape(values.shape),
        weight.astype(np.float64).reshape(values.shape),
    )


def _objects(array: Array) -> Objects:
    """Return the same numbers as exact mpmath numbers."""
    flat = np.empty(array.size, dtype=object)
    flat[:] = [context.mpf(float(v)) for v in array.flat]
    return flat.reshape(array.shape)


def _map(function: Any, *arrays: Array) -> Objects:
    """Apply a function to the elements of arrays of one shape."""
    first, *_ = boxed = [np.asarray(array, dtype=object) for array in arrays]
    flat = np.empty(first.size, dtype=object)
    for index, items in enumerate(zip(*(array.flat for array in boxed), strict=True)):
        flat[index] = function(*items)
    return flat.reshape(first.shape)


def _ones(shape: tuple[int, ...]) -> Objects:
    return np.full(shape, ONE, dtype=object)


def _product(one: Objects, other: Objects) -> Objects:
    """Multiply; by one, which most weights are, without a multiplication."""
    return _map(lambda a, b: b if a is ONE else a if b is ONE else a * b, one, other)


def _sizes(array: Objects) -> Objects:
    """Return the absolute values, as floats."""
    return _map(lambda value: abs(float(value)), array)


def _times(weight: Any, term: Any) -> Any:
    """Multiply; a zero weight wins over an infinite term, as the limit of a zero function."""
    if weight is ONE:
        return term
    return ZERO if not weight and not context.isnan(term) else weight * term


def _float_times(weight: float, term: float) -> float:
    """Multiply magnitudes likewise."""
    return 0.0 if weight == 0 and not math.isnan(term) else weight * term


def _fluid(call: Call) -> Truth:
    """Return the exact answer of the fluid loss: class-index labels, one result an element."""
    x, label = call.inputs["x"], call.inputs["label"]
    gamma = _round(float(call.attrs.get("gamma", 2.0)), _FLOAT32)  # type: ignore[arg-type]
    alpha = context.mpf(_round(float(call.attrs.get("alpha", 0.25)), _FLOAT32))  # type: ignore[arg-type]
    count = context.mpf(max(int(call.inputs["fg_num"].flat[0]), 1))
    hot = label == np.arange(1, x.shape[1] + 1)
    ignored = np.broadcast_to(label == -1, x.shape)

    def element(value: float, positive: bool, drop: bool) -> Terms:
        if drop:
            return NOTHING
        return terms(float(value), float(positive), gamma, by_label=False)

    parts = _map(element, x.astype(np.float64), hot, ignored)
    weight = _map(lambda h: (alpha if h else 1 - alpha) / count, hot)

    def loss(term: Terms, positive: bool, w: Any) -> Any:
        return _times(w, min(term.loss, CLAMP) if positive else term.loss)

    value = _map(loss, parts, hot, weight)
    keep = _map(lambda drop, w: 0.0 if drop else w, ignored, _sizes(weight))
    truth = _split(value, _sizes(value), keep)
    if not call.wrt:
        return Truth(truth)
    incoming = _ones(x.shape) if call.cotangent is None else _objects(call.cotangent)
    scale = _product(weight, incoming)
    by_x = _map(lambda t, s: _times(s, t.by_x), parts, scale)
    size = _map(lambda t, s: _float_times(s, t.by_x_magnitude), parts, _sizes(scale))
    return Truth(truth, {"x": _split(by_x, size, keep * _sizes(incoming))})


def _fold(array: Objects, shape: tuple[int, ...]) -> Objects:
    """Sum over what broadcasting repeated: the inverse of ``np.broadcast_to``."""
    array = np.asarray(array, dtype=object)
    while array.ndim > len(shape):
        array = _total(array, 0)
    for axis, size in enumerate(shape):
        if size == 1 and array.shape[axis] != 1:
            array = np.expand_dims(_total(array, axis), axis)
    return array


def _total(array: Objects, axis: int | None = None) -> Objects:
    """Sum exact numbers, or floats; an empty sum is an exact zero."""
    if array.size and isinstance(array.flat[0], float):
        # In pairs: in turn, magnitudes of ten thousand elements would lose two digits.
        return np.asarray(array.astype(np.float64).sum(axis=axis), dtype=object)
    return np.asarray(array.sum(axis=axis, initial=0), dtype=object)


def _functional(call: Call) -> Truth:
    """Return the exact answer of the 2.x loss: dense labels, normalizer, reduction."""
    gamma = float(call.attrs.get("gamma", 2.0))  # type: ignore[arg-type]
    return _dense(call, _round(gamma, _FLOAT32))


def _module(call: Call) -> Truth:
    """Return the exact answer of our Module: no normalizer, 'mean' by default, gamma as it is."""
    attrs = {"alpha": 0.25, "gamma": 2.0, "reduction": "mean", **call.attrs}
    gamma = float(attrs["gamma"])  # type: ignore[arg-type]
    if attrs["alpha"] != -1:
        return _dense(replace(call, attrs=attrs), gamma)
    # No balance: a weight of one for either label, twice a half.
    half = _dense(replace(call, attrs={**attrs, "alpha": 0.5}), gamma)
    twice = {name: _doubled(gradient) for name, gradient in half.gradients.items()}
    return Truth(_doubled(half.value), twice)


def _doubled(quantity: Quantity) -> Quantity:
    return Quantity(
        2 * quantity.high, 2 * quantity.low, 2 * quantity.magnitude, 2 * quantity.weight
    )


def _dense(call: Call, gamma: float) -> Truth:
    """Return the exact loss of dense labels; gamma is rounded already."""
    logit, label = call.inputs["logit"], call.inputs["label"]
    attrs = call.attrs
    alpha = context.mpf(_round(float(attrs.get("alpha", 0.25)), logit.dtype))  # type: ignore[arg-type]
    ignored = np.trunc(label) == -100
    by_label = "label" in call.wrt

    def element(x: float, y: float, drop: bool) -> Terms:
        return NOTHING if drop else terms(float(x), float(y), gamma, by_label=by_label)

    def alpha_of(y: float, drop: bool) -> Any:
        if drop:
            return ZERO
        return alpha * context.mpf(float(y)) + (1 - alpha) * (1 - context.mpf(float(y)))

    parts = _map(element, logit.astype(np.float64), label.astype(np.float64), ignored)
    alpha_t = _map(alpha_of, label, ignored)
    normalizer = call.inputs.get("normalizer")
    divisor = _ones(()) if normalizer is None else _objects(normalizer)
    share = _map(lambda n: ONE if n is ONE else 1 / n if n else INF, divisor)
    rate = _sizes(share)

    raw = _map(lambda t, a: _times(a, t.loss), parts, alpha_t)
    plain = _sizes(alpha_t)
    raw_size = _map(lambda t, a: _float_times(a, t.loss_magnitude), parts, plain)
    shape = np.broadcast_shapes(logit.shape, divisor.shape)

    def spread(array: Objects) -> Objects:
        return np.broadcast_to(array, shape)

    reduction = attrs.get("reduction", "sum")

    def reduced(array: Objects) -> Objects:
        array = np.asarray(array, dtype=object)
        if reduction == "none":
            return array
        total = _total(array)
        if reduction == "sum":
            return total
        return np.asarray(total / array.size if array.size else NAN, dtype=object)

    value = _split(
        reduced(_product(spread(raw), spread(share))),
        reduced(spread(raw_size) * spread(rate)),
        reduced(spread(plain) * spread(rate)),
    )
    if not call.wrt:
        return Truth(value)
    out_shape = shape if reduction == "none" else ()
    incoming = _ones(out_shape) if call.cotangent is None else _objects(call.cotangent)
    incoming = incoming.reshape(out_shape)
    if reduction == "mean":
        incoming = np.asarray(incoming / max(int(np.prod(shape)), 1), dtype=object)
    incoming = spread(incoming)
    size = _sizes(incoming)

    def gradient(term: Objects, magnitude: Objects, weight: Objects) -> Quantity:
        """Chain a derivative of the unreduced loss with the incoming gradient."""
        flow, flow_size = _product(incoming, spread(share)), size * spread(rate)
        return _split(
            _fold(_map(_times, flow, spread(term)), logit.shape),
            _fold(_map(_float_times, flow_size, spread(magnitude)), logit.shape),
            _fold(flow_size * spread(weight), logit.shape),
        )

    gradients: dict[str, Quantity] = {}
    if "logit" in call.wrt:
        gradients["logit"] = gradient(
            _map(lambda t, a: _times(a, t.by_x), parts, alpha_t),
            _map(lambda t, a: _float_times(a, t.by_x_magnitude), parts, plain),
            plain,
        )
    if "label" in call.wrt:
        twist = _map(lambda drop: ZERO if drop else 2 * alpha - 1, ignored)
        gradients["label"] = gradient(
            _map(lambda t, a, b: _times(a, t.by_y) + _times(b, t.loss), parts, alpha_t, twist),
            _map(
                lambda t, a, b: (
                    _float_times(a, t.by_y_magnitude) + _float_times(b, t.loss_magnitude)
                ),
                parts,
                plain,
                _sizes(twist),
            ),
            plain + _sizes(twist),
        )
    if "normalizer" in call.wrt:
        by_n = -incoming * spread(raw) * spread(share) ** 2
        by_n_size = size * spread(raw_size) * spread(rate) ** 2
        gradients["normalizer"] = _split(
            _fold(by_n, divisor.shape),
            _fold(by_n_size, divisor.shape),
            _fold(size * spread(plain) * spread(rate) ** 2, divisor.shape),
        )
    return Truth(value, gradients)


_FACES = {FLUID: _fluid, FUNCTIONAL: _functional, MODULE: _module}


def evaluate(call: Call) -> Truth:
    """Return the exact answer to a call that the losses accept.

    Example:
        >>> import numpy as np
        >>> from paddle_compat.conformance.call import FUNCTIONAL, Call
        >>> one = np.ones(1, np.float32)
        >>> truth = evaluate(Call("one", FUNCTIONAL, {"logit": one, "label": one}))
        >>> round(float(truth.value.high), 10)
        0.0056645144
    """
    return _FACES[call.face](call)
