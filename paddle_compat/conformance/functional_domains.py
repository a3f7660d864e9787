"""Where the quirks of the 2.x loss apply: a mask of the logits' shape, or the whole call."""

from __future__ import annotations

import numpy as np

from paddle_compat.conformance.call import Call
from paddle_compat.conformance.quirk import Mask


def gamma(call: Call) -> float:
    """Return gamma as a number, nan where it is none."""
    value = call.attrs.get("gamma", 2.0)
    return float(value) if isinstance(value, int | float) else np.nan


def ignored(call: Call) -> Mask:
    """Give the labels that truncate to -100."""
    return np.asarray(np.trunc(call.inputs["label"]) == -100)


def at_zero(call: Call) -> Mask:
    """Give the logits of exactly zero."""
    return np.asarray((call.inputs["logit"] == 0) & ~ignored(call))


def base_is_zero(call: Call) -> Mask:
    """Where ``1 - p_t`` comes out as zero, in Paddle's order of operations (or nearly so)."""
    x, y = call.inputs["logit"], call.inputs["label"]
    with np.errstate(over="ignore", invalid="ignore"):
        p = 1 / (1 + np.exp(-x))
        return np.asarray(1 - (p * y + (1 - p) * (1 - y)) <= 4 * np.finfo(x.dtype).eps)


def fractional_slope(call: Call) -> Mask | bool:
    """Give the easy elements under a gamma between 0 and 1."""
    return base_is_zero(call) if 0 < gamma(call) < 1 else False


def zero_slope(call: Call) -> Mask | bool:
    """Give the easy elements under gamma = 0."""
    return base_is_zero(call) if gamma(call) == 0 else False


def negative_gamma(call: Call) -> Mask | bool:
    """Give the easy elements under a negative gamma."""
    return base_is_zero(call) if gamma(call) < 0 else False


def infinite(call: Call) -> Mask:
    """Give the infinite logits."""
    return np.asarray(np.isinf(call.inputs["logit"]))


def overflowing(call: Call) -> Mask:
    """Give the finite logits whose product with gamma may leave the range."""
    logit = call.inputs["logit"]
    limit = np.finfo(logit.dtype).max / max(4.0, 4.0 * gamma(call))
    return np.asarray((np.abs(logit) > limit) & np.isfinite(logit))


def ignored_fractional(call: Call) -> Mask | bool:
    """Give the ignored elements under a gamma that is no integer."""
    return False if gamma(call).is_integer() else ignored(call)


def ignored_not_finite(call: Call) -> Mask:
    """Give the ignored elements with an infinite or nan logit."""
    return np.asarray(ignored(call) & ~np.isfinite(call.inputs["logit"]))


def far_soft(call: Call) -> Mask:
    """Give the soft labels with a large logit."""
    x, y = call.inputs["logit"], call.inputs["label"]
    return np.asarray((y > 0) & (y < 1) & (np.abs(x) > 12))


def long(call: Call) -> bool:
    """Tell of a thousand elements and more."""
    return call.inputs["logit"].size >= 1000


def long_reduction(call: Call) -> bool:
    """Tell of a sum or mean of a thousand elements and more."""
    return long(call) and call.attrs.get("reduction", "sum") != "none"


def static_alpha(call: Call) -> bool:
    """Tell of a float64 program with an alpha that is no float32."""
    alpha = call.attrs.get("alpha", 0.25)
    exact = isinstance(alpha, int | float) and float(np.float32(alpha)) == alpha
    return call.mode == "static" and call.inputs["logit"].dtype == np.float64 and not exact


def rounded_gamma(call: Call) -> bool:
    """Tell of float64 logits and a gamma that is no float32."""
    exact = float(np.float32(gamma(call))) == gamma(call)
    return call.inputs["logit"].dtype == np.float64 and not exact


def one_axis(call: Call) -> bool:
    """Tell of a 1-D logit, eagerly."""
    return call.inputs["logit"].ndim == 1 and call.mode == "dygraph"


def empty(call: Call) -> bool:
    """Tell of no elements."""
    return call.inputs["logit"].size == 0


def scalar_none(call: Call) -> bool:
    """Tell of a 0-D logit without reduction, eagerly."""
    none = call.attrs.get("reduction") == "none"
    return call.inputs["logit"].ndim == 0 and none and call.mode == "dygraph"


def mixed_normalizer(call: Call) -> bool:
    """Tell of a normalizer of another dtype than the logit's."""
    normalizer = call.inputs.get("normalizer")
    return normalizer is not None and normalizer.dtype != call.inputs["logit"].dtype


def no_number(call: Call) -> bool:
    """Tell of a gamma or alpha that is no number."""
    hyper = (call.attrs.get("gamma", 2.0), call.attrs.get("alpha", 0.25))
    return not all(isinstance(value, int | float) for value in hyper)


def twice(call: Call) -> bool:
    """Tell of a second derivative."""
    return call.order == 2


def half(call: Call) -> bool:
    """Tell of float16 logits."""
    return call.inputs["logit"].dtype == np.float16
