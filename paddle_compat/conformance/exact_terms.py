"""One element of the focal loss, exactly: by mpmath, and vectorised in extended precision."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import mpmath
import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import Array

__all__ = [
    "CLAMP",
    "INF",
    "NAN",
    "NOTHING",
    "ONE",
    "UNKNOWN",
    "ZERO",
    "Terms",
    "context",
    "fast",
    "terms",
]

context = mpmath.MPContext()
context.dps = 50
ZERO, ONE, INF, NAN = context.mpf(0), context.mpf(1), context.inf, context.nan
CLAMP = -context.log(context.mpf(2) ** -126)
"""``-log(FLT_MIN)``: where the fluid loss of a positive saturates."""


@dataclass(frozen=True, slots=True)
class Terms:
    """One element without alpha and normalizer: the loss, its derivatives, their magnitudes.

    The exact numbers are mpmath's; a magnitude says how precise something can be, and is a float.
    """

    loss: Any
    loss_magnitude: float
    by_x: Any
    by_x_magnitude: float
    by_y: Any
    by_y_magnitude: float


UNKNOWN = Terms(NAN, math.nan, NAN, math.nan, NAN, math.nan)
NOTHING = Terms(ZERO, 0.0, ZERO, 0.0, ZERO, 0.0)
"""An element that is ignored."""


def terms(x: float, y: float, gamma: float, *, by_label: bool = True) -> Terms:
    """Return ``(1 - p_t)^gamma * CE`` and its derivatives in x and y, exactly (cached).

    Args:
        x: the logit.
        y: the label.
        gamma: the focusing parameter.
        by_label: whether the derivative in y is wanted; it is nan otherwise.
    """
    if y != 1:
        return _terms(x, y, gamma, by_label)
    # The same but for the sign of both axes: what is asked for x is often asked for -x.
    mirrored = _terms(-x, 0.0, gamma, by_label)
    return Terms(
        mirrored.loss,
        mirrored.loss_magnitude,
        -mirrored.by_x,
        mirrored.by_x_magnitude,
        -mirrored.by_y,
        mirrored.by_y_magnitude,
    )


@lru_cache(maxsize=1 << 18)
def _terms(x: float, y: float, gamma: float, by_label: bool) -> Terms:
    if math.isnan(x) or math.isnan(y) or math.isnan(gamma):
        return UNKNOWN
    if math.isinf(x):
        return _limits(x, y, gamma)
    mx, my, g = context.mpf(x), context.mpf(y), context.mpf(gamma)
    # e <= 1, so neither exp overflows nor 1 + e cancels; p + q = 1 with both accurate.
    e = context.exp(-abs(mx))
    near, far = 1 / (1 + e), e / (1 + e)
    p, q = (near, far) if mx >= 0 else (far, near)
    log_far = context.log1p(e)
    log_p, log_q = min(mx, 0) - log_far, -max(mx, 0) - log_far
    ce_parts = (-my * log_p, -(1 - my) * log_q)
    ce, ce_magnitude = sum(ce_parts), sum(map(abs, ce_parts))
    ce_by_x = p * (1 - my) - q * my
    ce_by_x_magnitude = p * abs(1 - my) + q * abs(my)
    base = p * (1 - my) + q * my
    # 1 for a label in [0, 1]; beyond, 1 - p_t cancels, and its power with it.
    spread = ce_by_x_magnitude / abs(base) if base else ONE
    power = _power(base, g)
    slope = g * power / base if power and base else _power_slope(base, g)
    if power is None or slope is None:
        return UNKNOWN
    base_by_x = p * q * (1 - 2 * my)
    x_parts = (slope * base_by_x * ce, power * ce_by_x)
    by_y, by_y_magnitude = NAN, math.nan
    if by_label:
        p_minus_q = (1 if mx >= 0 else -1) * -context.expm1(-abs(mx)) / (1 + e)
        by_y = -slope * p_minus_q * ce - power * mx
        by_y_magnitude = float(spread * (abs(slope * p_minus_q) * ce_magnitude + abs(power * mx)))
    return Terms(
        power * ce,
        float(spread * abs(power) * ce_magnitude),
        sum(x_parts),
        float(spread * (abs(slope * base_by_x) * ce_magnitude + abs(power) * ce_by_x_magnitude)),
        by_y,
        by_y_magnitude,
    )


def _power(base: Any, g: Any) -> Any:
    """Return ``base^g`` over the reals, with ``0^0 = 1``; None where it is not real."""
    if g == 0:
        return ONE
    if base == 0:
        return ZERO if g > 0 else INF
    if base < 0 and not context.isint(g):
        return None
    return context.power(base, g)


def _power_slope(base: Any, g: Any) -> Any:
    """Return ``g * base^(g-1)``; None where it is not real."""
    if g == 0:
        return ZERO
    power = _power(base, g - 1)
    return None if power is None else g * power


def _limits(x: float, y: float, gamma: float) -> Terms:
    """Return the limits at an infinite logit (gamma >= 0); nan where this module knows none."""
    if gamma < 0 or np.isinf(gamma):
        return UNKNOWN
    my, g = context.mpf(y), context.mpf(gamma)
    # Far out, CE = |x| * wrong + O(e^-|x|) and 1 - p_t = wrong + O(e^-|x|).
    wrong = 1 - my if x > 0 else my
    power = _power(wrong, g)
    if power is None:
        return UNKNOWN
    loss = ZERO if wrong == 0 else power * wrong * INF
    by_x = power * wrong * (1 if x > 0 else -1)
    return Terms(loss, float(abs(loss)), by_x, float(abs(by_x)), NAN, math.nan)


def fast(
    x: Array, positive: Array | bool, gamma: float, *, clamp: bool = False
) -> tuple[npt.NDArray[np.longdouble], npt.NDArray[np.longdouble]]:
    """Return ``(1 - p_t)^gamma CE`` and its derivative for hard labels, vectorised.

    For sweeps over millions of logits, where mpmath is too slow: extended precision, in a form
    without cancellation. The tests hold it to mpmath: relative error below 1e-16 for ``gamma * |x|
    <= 1e3`` where long double has 64 bits; the caller multiplies by alpha_t / normalizer.

    Args:
        x: the logits.
        positive: whether the label is 1, for all or by element.
        gamma: the focusing parameter, already rounded to float32.
        clamp: whether a positive's loss saturates as in fluid.
    """
    wide = np.asarray(x).astype(np.longdouble)
    hot = np.broadcast_to(positive, wide.shape)
    # s is how wrong the logit is: the model's odds against the label are e^s.
    s = np.where(hot, -wide, wide)
    g = np.longdouble(np.float32(gamma))
    with np.errstate(over="ignore", under="ignore", invalid="ignore", divide="ignore"):
        e = np.exp(-np.abs(s))
        wrong, right = np.where(s >= 0, 1, e) / (1 + e), np.where(s >= 0, e, 1) / (1 + e)
        ce = np.maximum(s, 0) + np.log1p(e)
        log_wrong = np.minimum(s, 0) - np.log1p(e)
        power = np.exp(g * log_wrong) if g else np.ones_like(s)
        slope = power * (g * right * ce + wrong)
        slope = np.where(s == np.inf, 1, np.where(s == -np.inf, 0, slope))
        bounded = np.where(hot, np.minimum(ce, np.longdouble(float(CLAMP))), ce) if clamp else ce
        loss = np.where(s == -np.inf, 0, power * bounded)
    return loss, np.where(hot, -slope, slope)
