"""The focal loss of one element, as Triton code.

In float32 every operation here is an IEEE operation that is rounded once (a fused
multiply-and-add where `fma` stands): compiled without contraction, results owe nothing to a GPU's
approximate instructions, and Triton's interpreter computes the same ones. In float64, and for
powers that are no halves, exponential and logarithm are those of Triton, in double.

With ``p = sigmoid(x)`` and ``n = sigmoid(-x)`` no ``1 - p`` is ever formed.
"""

from __future__ import annotations

import triton
import triton.language as tl

__all__ = ["dense", "one_sided"]


@triton.jit
def _single_exponential(a):
    # 12582912 = 1.5 * 2**23: the sum's last bits are the integer that is nearest to a / ln 2.
    shifted = tl.fma(a, tl.full(a.shape, 1.442695, tl.float32), 12582912.0)
    k = shifted - 12582912.0
    # ln 2 in two parts: an integer of eight bits times the first is exact.
    r = tl.fma(k, tl.full(a.shape, -0.693145751953125, tl.float32), a)
    r = tl.fma(k, tl.full(a.shape, -1.4286068e-06, tl.float32), r)
    # (exp(r) - 1 - r) / r**2: within 8e-9 of exp(r) for |r| <= ln 2 / 2.
    q = tl.fma(r, tl.full(a.shape, 0.0013926184, tl.float32), 0.008363179)
    q = tl.fma(q, r, 0.041666556)
    q = tl.fma(q, r, 0.16666576)
    q = tl.fma(q, r, 0.5)
    fraction = tl.fma(r * r, q, r) + 1.0
    scale = ((shifted.to(tl.int32, bitcast=True) << 23) + 0x3F800000).to(tl.float32, bitcast=True)
    # No normal number is left further down.
    return tl.where(a < -87.33654, 0.0, fraction * scale)


@triton.jit
def _single_logarithm(e):
    # (log(1 + e) - e) / e**2: within 7e-9 of log(1 + e).
    q = tl.fma(e, tl.full(e.shape, 0.002801642, tl.float32), -0.017184267)
    q = tl.fma(q, e, 0.049309973)
    q = tl.fma(q, e, -0.09139414)
    q = tl.fma(q, e, 0.13033365)
    q = tl.fma(q, e, -0.16365153)
    q = tl.fma(q, e, 0.19956708)
    q = tl.fma(q, e, -0.2499676)
    q = tl.fma(q, e, 0.33333236)
    q = tl.fma(q, e, -0.5)
    return tl.fma(e * e, q, e)


@triton.jit
def _single_reciprocal(d):
    # Within 1.8e-3 for 1 <= d <= 2; the cube of that after one step of third order.
    r = tl.fma(d, tl.full(d.shape, -0.22183709, tl.float32), 1.3310225)
    r = tl.fma(r, d, -2.9393413)
    r = tl.fma(r, d, 2.8284228)
    rest = tl.fma(-d, r, 1.0)
    return tl.fma(r, tl.fma(rest, rest, rest), r)


@triton.jit
def _double_logarithm(e):
    above = 1.0 + e
    exact = above == 1.0
    # What 1 + e lost of e, the quotient makes good.
    lost = tl.where(exact, 1.0, above - 1.0)
    return tl.where(exact, e, tl.log(above) * (e / lost))


@triton.jit
def _logistic(x):
    """Return sigmoid(x), sigmoid(-x) and softplus(-|x|)."""
    if x.dtype == tl.float32:
        e = _single_exponential(-tl.abs(x))
        near = _single_reciprocal(1.0 + e)
        tail = _single_logarithm(e)
    else:
        e = tl.exp(-tl.abs(x))
        near = 1.0 / (1.0 + e)
        tail = _double_logarithm(e)
    far = e * near
    above = x >= 0
    return tl.where(above, near, far), tl.where(above, far, near), tail


@triton.jit
def _quotient(a, b):
    return tl.div_rn(a, b) if a.dtype == tl.float32 else a / b


@triton.jit
def _root(a):
    return tl.sqrt_rn(a) if a.dtype == tl.float32 else tl.sqrt(a)


@triton.jit
def _power(base, exponent, HALVES: tl.constexpr):
    """Return ``base ** exponent``.

    HALVES: twice the exponent where that is a small integer, else -1: then `exponent` counts, a
    float64.
    """
    if HALVES < 0:
        result = tl.exp(exponent * tl.log(base.to(tl.float64))).to(base.dtype)
    else:
        result = tl.full(base.shape, 1.0, base.dtype)
        square = base
        for bit in tl.static_range(6):
            if (HALVES // 2 >> bit) % 2 == 1:
                result = result * square
            if HALVES // 2 >> bit > 1:
                square = square * square
        if HALVES % 2 == 1:
            result = result * _root(base)
    return result


@triton.jit
def _smallest(x):
    """Return the smallest normal number."""
    if x.dtype == tl.float32:
        smallest = tl.full(x.shape, 1.1754943508222875e-38, tl.float32)
    else:
        smallest = tl.full(x.shape, 2.2250738585072014e-308, tl.float64)
    return smallest


@triton.jit
def one_sided(x, weight, gamma, exponent, HALVES: tl.constexpr, NEGATIVE: tl.constexpr):
    """Return the loss of negatives with these logits, and its slope.

    A positive with logit x is a negative with logit -x and the opposite slope.

    Args:
        x: float32 or float64.
        weight: of x's shape and dtype.
        gamma: the focusing exponent, in x's dtype.
        exponent: it; it and 1 where NEGATIVE. In float64.
        HALVES: twice `exponent`, or -1: see `_power`.
        NEGATIVE: whether gamma is below 0.
    """
    p, n, tail = _logistic(x)
    entropy = tl.where(x > 0, x, 0.0) + tail
    # Keeps 0 * infinity out of the slope; and a weight of 0 makes nothing even of an infinite loss.
    finite = tl.where(entropy > 1e30, 1e30, entropy)
    entropy = tl.where(weight == 0, finite, entropy)
    if NEGATIVE:
        # Both factors of p ** gamma * entropy leave the range on the easy side, where
        # entropy / p tends to 1: raise to gamma + 1 and multiply by that quotient instead.
        smallest = _smallest(p)
        easy = p < smallest
        safe = tl.where(easy, smallest, p)
        factor = weight * _power(safe, exponent, HALVES)
        loss = factor * tl.where(easy, 1.0, _quotient(entropy, safe))
        slope = factor * tl.fma(gamma * n, _quotient(finite, safe), 1.0)
        slope = tl.where(easy, 0.0, slope)
    else:
        factor = weight * _power(p, exponent, HALVES)
        loss = factor * entropy
        slope = factor * tl.fma(gamma * n, finite, p)
    return loss, slope


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
    p, n, tail = _logistic(x)
    # An infinite logit counts as a large one: every limit is then the value there, but the
    # infinite ones.
    infinite = tl.abs(x) == float("inf")
    x = tl.where(infinite, tl.where(x > 0, 1e38, -1e38), x)
    entropy = tl.fma(-x, y, tl.where(x > 0, x, 0.0)) + tail
    share = p * (1.0 - y)
    miss = tl.fma(n, y, share)
    weight = tl.fma(positive, y, tl.fma(-negative, y, negative))
    # The derivatives of `entropy`, p - y, and of `miss`, each without cancellation.
    apart = tl.fma(-n, y, share)
    mixed = p * n
    mixed = tl.fma(mixed * -2.0, y, mixed)
    counts = infinite
    if NEGATIVE:
        smallest = _smallest(miss)
        easy = miss < smallest
        counts = counts & (miss >= smallest)
        safe = tl.where(easy, smallest, miss)
        ratio = tl.where(easy, 1.0, _quotient(entropy, safe))
        factor = weight * _power(safe, exponent, HALVES)
        loss = factor * ratio
        inner = tl.fma(gamma * _quotient(mixed, safe), ratio, _quotient(apart, safe))
        slope = tl.where(easy, 0.0, factor * inner)
    elif AT_LEAST_ONE:
        factor = weight * _power(miss, exponent, HALVES)
        loss = factor * (miss * entropy)
        slope = factor * tl.fma(gamma * mixed, entropy, apart * miss)
    else:
        smallest = _smallest(miss)
        factor = weight * _power(miss, exponent, HALVES)
        loss = factor * entropy
        mixed = _quotient(mixed, tl.where(miss < smallest, smallest, miss))
        slope = factor * tl.fma(gamma * mixed, entropy, apart)
    return tl.where(counts & (loss != 0), loss * float("inf"), loss), slope
