"""The focal loss of one element, as Triton code.

In float32 every operation here is an IEEE operation that is rounded once, written with `fma`
where a fused one is meant: compiled without contraction, the numbers do not depend on a GPU's
approximations, and Triton's interpreter computes the same ones. In float64, and for powers that are
no halves, the logarithm and the exponential are Triton's own, in double.

With ``p = sigmoid(x)`` and ``n = sigmoid(-x)`` no ``1 - p`` is ever formed.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["dense", "one_sided"]


@triton.jit
def _exponential(a):
    """Return exp(a) for a <= 0; 0 where float32 has no normal number for it."""
    if a.dtype == tl.float64:
        return tl.exp(a)
    # 12582912 = 1.5 * 2**23: the sum's last bits are the nearest integer to a / ln 2.
    shifted = tl.fma(a, tl.full(a.shape, 1.442695, tl.float32), 12582912.0)
    k = shifted - 12582912.0
    # ln 2 in two parts: a count of up to eight bits times the first is exact.
    r = tl.fma(k, tl.full(a.shape, -0.693145751953125, tl.float32), a)
    r = tl.fma(k, tl.full(a.shape, -1.4286068e-06, tl.float32), r)
    # (exp(r) - 1 - r) / r**2 on |r| <= ln 2 / 2, within 1.4e-9.
    q = tl.fma(r, tl.full(a.shape, 0.00019890991, tl.float32), 0.001393365)
    q = tl.fma(q, r, 0.0083333105)
    q = tl.fma(q, r, 0.041666467)
    q = tl.fma(q, r, 0.16666667)
    q = tl.fma(q, r, 0.5)
    fraction = tl.fma(r * r, q, r) + 1.0
    scale = ((shifted.to(tl.int32, bitcast=True) << 23) + 0x3F800000).to(tl.float32, bitcast=True)
    return tl.where(a < -87.33654, 0.0, fraction * scale)


@triton.jit
def _log_of_one_more(e):
    """Return log(1 + e) for 0 <= e <= 1, with its relative accuracy."""
    if e.dtype == tl.float64:
        above = 1.0 + e
        # What 1 + e lost is made good by the ratio.
        exact = above == 1.0
        difference = tl.where(exact, 1.0, above - 1.0)
        return tl.where(exact, e, tl.log(above) * (e / difference))
    # (log(1 + e) - e) / e**2, within 1.1e-9.
    q = tl.fma(e, tl.full(e.shape, -0.0017706626, tl.float32), 0.011725341)
    q = tl.fma(q, e, -0.036317106)
    q = tl.fma(q, e, 0.0720485)
    q = tl.fma(q, e, -0.10774868)
    q = tl.fma(q, e, 0.1376271)
    q = tl.fma(q, e, -0.16563618)
    q = tl.fma(q, e, 0.19987819)
    q = tl.fma(q, e, -0.24999246)
    q = tl.fma(q, e, 0.33333313)
    q = tl.fma(q, e, -0.5)
    return tl.fma(e * e, q, e)


@triton.jit
def _quotient(a, b):
    if a.dtype == tl.float32:
        return tl.div_rn(a, b)
    return a / b


@triton.jit
def _logistic(x):
    """Return sigmoid(x), sigmoid(-x) and softplus(-|x|)."""
    e = _exponential(-tl.abs(x))
    near = _quotient(tl.full(x.shape, 1.0, x.dtype), 1.0 + e)
    far = e * near
    above = x >= 0
    return tl.where(above, near, far), tl.where(above, far, near), _log_of_one_more(e)


@triton.jit
def _root(a):
    if a.dtype == tl.float32:
        return tl.sqrt_rn(a)
    return tl.sqrt(a)


@triton.jit
def _power(base, exponent, HALVES: tl.constexpr):
    """Return ``base ** exponent``.

    HALVES is twice the exponent where that is a small integer, else -1: then `exponent` counts, a
    float64.
    """
    if HALVES < 0:
        return tl.exp(exponent * tl.log(base.to(tl.float64))).to(base.dtype)
    result = tl.full(base.shape, 1.0, base.dtype)
    square = base
    for bit in tl.static_range(6):
        if (HALVES // 2 >> bit) % 2 == 1:
            result = result * square
        square = square * square
    if HALVES % 2 == 1:
        result = result * _root(base)
    return result


@triton.jit
def _smallest(x):
    """Return the smallest normal number."""
    if x.dtype == tl.float64:
        return tl.full(x.shape, 2.2250738585072014e-308, tl.float64)
    return tl.full(x.shape, 1.1754943508222875e-38, tl.float32)


@triton.jit
def _eased(miss, entropy):
    """Return what `miss` is where it is no less than the smallest number, and entropy / miss.

    For gamma < 0: both factors of ``miss ** gamma * entropy`` leave the range on the easy side,
    where the quotient tends to 1.
    """
    smallest = _smallest(miss)
    easy = miss < smallest
    safe = tl.where(easy, smallest, miss)
    return easy, safe, tl.where(easy, 1.0, _quotient(entropy, safe))


@triton.jit
def one_sided(x, weight, gamma, exponent, HALVES: tl.constexpr, NEGATIVE: tl.constexpr):
    """Return the loss of negatives with these logits, and its slope.

    A positive with logit x is a negative with logit -x and the opposite slope.

    Args:
        x: float32 or float64.
        weight: of x's shape and dtype.
        gamma: the focusing exponent, in x's dtype.
        exponent: it, or it and 1 where NEGATIVE, in float64.
        HALVES: twice `exponent`, or -1: see `_power`.
        NEGATIVE: whether gamma is below 0.
    """
    p, n, tail = _logistic(x)
    entropy = tl.where(x > 0, x, 0.0) + tail
    # Keeps 0 * infinity out of the slope; and a weight of 0 makes nothing even of an infinite loss.
    finite = tl.where(entropy > 1e30, 1e30, entropy)
    entropy = tl.where(weight == 0, finite, entropy)
    if NEGATIVE:
        easy, safe, ratio = _eased(p, entropy)
        factor = weight * _power(safe, exponent, HALVES)
        inner = tl.fma(gamma * n, tl.where(easy, 1.0, _quotient(finite, safe)), 1.0)
        return factor * ratio, tl.where(easy, 0.0, factor * inner)
    factor = weight * _power(p, exponent, HALVES)
    return factor * entropy, factor * tl.fma(gamma * n, finite, p)


@triton.jit
def dense(
    x, y, positive, negative, gamma, exponent, HALVES: tl.constexpr, NEGATIVE: tl.constexpr,
    AT_LEAST_ONE: tl.constexpr,
):  # fmt: skip
    """Return the loss of logits and labels, hard or soft, and its slope.

    Args:
        x: float32 or float64.
        y: of x's shape and dtype; any number.
        positive: the weight of label 1, in x's dtype.
        negative: the weight of label 0.
        gamma: the focusing exponent, in x's dtype.
        exponent: it; it and 1 where NEGATIVE; it less 1 where AT_LEAST_ONE. In float64.
        HALVES: twice `exponent`, or -1: see `_power`.
        NEGATIVE: whether gamma is below 0.
        AT_LEAST_ONE: whether it is 1 or more: then nothing needs a quotient.
    """
    infinite = tl.abs(x) == float("inf")
    right = x > 0
    x = tl.where(infinite, 0.0, x)
    other = 1.0 - y
    p, n, tail = _logistic(x)
    entropy = tl.fma(-x, y, tl.where(x > 0, x, 0.0)) + tail
    share = p * other
    miss = tl.fma(n, y, share)
    weight = tl.fma(positive, y, tl.fma(-negative, y, negative))
    # d entropy / dx = p - y, and d miss / dx, each without cancellation.
    apart = tl.fma(-n, y, share)
    mixed = p * n
    mixed = tl.fma(mixed * -2.0, y, mixed)
    # The limits: with v the label's weight on the wrong side, a line of slope
    # weight * v ** (gamma + 1), and 0 where that slope is.
    wrong = tl.where(right, other, y)
    if NEGATIVE:
        easy, safe, ratio = _eased(miss, entropy)
        factor = weight * _power(safe, exponent, HALVES)
        inner = tl.fma(gamma * _quotient(mixed, safe), ratio, _quotient(apart, safe))
        loss, slope = factor * ratio, tl.where(easy, 0.0, factor * inner)
        limit = weight * _power(wrong, exponent, HALVES)
    else:
        factor = weight * _power(miss, exponent, HALVES)
        limit = weight * _power(wrong, exponent, HALVES) * wrong
        if AT_LEAST_ONE:
            loss = factor * miss * entropy
            slope = factor * tl.fma(gamma * mixed, entropy, apart * miss)
            limit = limit * wrong
        else:
            smallest = _smallest(miss)
            share = _quotient(mixed, tl.where(miss < smallest, smallest, miss))
            loss = factor * entropy
            slope = factor * tl.fma(gamma * share, entropy, apart)
    far = tl.where(limit == 0, 0.0, float("inf")) * limit
    loss = tl.where(infinite, far, loss)
    return loss, tl.where(infinite, tl.where(right, limit, -limit), slope)
