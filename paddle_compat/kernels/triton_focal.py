"""The focal loss as Triton kernels: one that evaluates it, one for its gradient, two for sums.

Importing this module imports Triton, which nothing else of the library does; `fused` imports it
when the first loss takes that path. With ``TRITON_INTERPRET=1`` in the environment by then, the
kernels are interpreted, on tensors of the CPU.

A program of the grid works on BLOCK consecutive elements, or on STEPS such blocks where their sum
is wanted. Elements are counted along the memory of the tensors where they share one order (FLAT),
else by an index in each of three dimensions. What all kernels take:

- ``x``, ``y``: logits and labels, and with them ``x0`` to ``y2``, their strides where not FLAT;
- ``positive``, ``negative``: 0-D tensors of the weights, where WEIGHTS;
- ``n``, the number of elements, and ``n1``, ``n2``, the sizes of the two inner dimensions;
- numbers in double, as the integers of the same bits: Triton takes floats as float32;
- CLASSES: 0 where labels are of the logits' shape; else the number of classes, and the label is
  each row's positive column. OUTER: classes are the first dimension, rows the last.
- CEILING, IGNORED: as in `Focal`, where HAS_CEILING and HAS_IGNORED.
- HALVES, NEGATIVE, AT_LEAST_ONE: what kind of number gamma is, as in `triton_math`.
- COMPUTE: the dtype to compute in. WIDE: offsets need 64 bits.
"""

from __future__ import annotations

import triton
import triton.language as tl

from paddle_compat.kernels.triton_math import dense, one_sided

__all__ = ["INTERPRETED", "finish", "gradient", "loss", "partial_sums", "place"]


@triton.jit
def place(k, n1, n2, s0, s1, s2):
    """Return the offset of the k-th element, counted in the type of `k`."""
    rest = k // n2
    outer = rest // n1
    return outer * s0 + (rest - outer * n1) * s1 + (k - rest * n2) * s2


@triton.jit
def _number(bits):
    return bits.to(tl.int64).to(tl.float64, bitcast=True)


@triton.jit
def _counted(start, i, WIDE: tl.constexpr):
    return start + i if WIDE else start.to(tl.int32) + i


@triton.jit
def _load(at, inside, MASKED: tl.constexpr):
    return tl.load(at, mask=inside, other=0) if MASKED else tl.load(at)


@triton.jit
def _loss_and_slope(
    x, y, positive, negative, start, n, n1, n2, x0, x1, x2, y0, y1, y2,
    gamma_bits, exponent_bits, positive_bits, negative_bits,
    CLASSES: tl.constexpr, OUTER: tl.constexpr, WEIGHTS: tl.constexpr,
    HAS_CEILING: tl.constexpr, CEILING: tl.constexpr,
    HAS_IGNORED: tl.constexpr, IGNORED: tl.constexpr,
    HALVES: tl.constexpr, NEGATIVE: tl.constexpr, AT_LEAST_ONE: tl.constexpr,
    COMPUTE: tl.constexpr, FLAT: tl.constexpr, WIDE: tl.constexpr, BLOCK: tl.constexpr,
    MASKED: tl.constexpr,
):  # fmt: skip
    """Return a block's losses, 0 past the end, its slopes, and which elements are ignored."""
    i = tl.arange(0, BLOCK)
    inside = start + i < n
    k = _counted(start, i, WIDE)
    at = x + start + i if FLAT else x + place(k, n1, n2, x0, x1, x2)
    logit = _load(at, inside, MASKED).to(COMPUTE)
    exponent = _number(exponent_bits)
    gamma = _number(gamma_bits).to(COMPUTE)
    if WEIGHTS:
        weight_1 = tl.load(positive).to(COMPUTE)
        weight_0 = tl.load(negative).to(COMPUTE)
    else:
        weight_1 = _number(positive_bits).to(COMPUTE)
        weight_0 = _number(negative_bits).to(COMPUTE)
    ignored = i < 0
    if CLASSES > 0:
        if FLAT:
            # 64 bits for the block, 32 within it.
            first = start // CLASSES
            within = (start - first * CLASSES).to(tl.int32) + i
            row = within // CLASSES
            column = within - row * CLASSES
            positive_column = _load(y + first + row, inside, MASKED)
        else:
            inner = k % n2
            column = k // n2 if OUTER else inner
            positive_column = _load(y + place(k, n1, n2, y0, y1, y2), inside, MASKED)
        is_positive = column == positive_column
        # A positive is a negative with the opposite logit.
        signed = tl.where(is_positive, -logit, logit)
        weight = tl.where(is_positive, weight_1, weight_0)
        value, slope = one_sided(signed, weight, gamma, exponent, HALVES, NEGATIVE)
        slope = tl.where(is_positive, -slope, slope)
        if HAS_CEILING:
            # Past the ceiling the modulator is 1 to the last bit, so the loss saturates alone.
            ceiling = tl.full([1], CEILING, tl.float64).to(COMPUTE)
            value = tl.where(is_positive & (signed > ceiling), weight_1 * ceiling, value)
        if HAS_IGNORED:
            ignored = positive_column == IGNORED
    else:
        at = y + start + i if FLAT else y + place(k, n1, n2, y0, y1, y2)
        label = _load(at, inside, MASKED).to(COMPUTE)
        value, slope = dense(
            logit, label, weight_1, weight_0, gamma, exponent, HALVES, NEGATIVE, AT_LEAST_ONE
        )
        if HAS_IGNORED:
            # What truncates to it.
            if IGNORED < 0:
                ignored = (label > IGNORED - 1) & (label <= IGNORED)
            else:
                ignored = (label >= IGNORED) & (label < IGNORED + 1)
                if IGNORED == 0:
                    ignored = tl.abs(label) < 1
    value = tl.where(ignored, 0.0, value)
    if MASKED:
        value = tl.where(inside, value, 0.0)
    return value, slope, ignored


@triton.jit
def loss(
    x, y, positive, negative, out, n, n1, n2, x0, x1, x2, y0, y1, y2, o0, o1, o2,
    gamma_bits, exponent_bits, positive_bits, negative_bits,
    CLASSES: tl.constexpr, OUTER: tl.constexpr, WEIGHTS: tl.constexpr,
    HAS_CEILING: tl.constexpr, CEILING: tl.constexpr,
    HAS_IGNORED: tl.constexpr, IGNORED: tl.constexpr,
    HALVES: tl.constexpr, NEGATIVE: tl.constexpr, AT_LEAST_ONE: tl.constexpr,
    COMPUTE: tl.constexpr, FLAT: tl.constexpr, WIDE: tl.constexpr, BLOCK: tl.constexpr,
):  # fmt: skip
    """Write every element's loss into `out`."""
    start = tl.program_id(0).to(tl.int64) * BLOCK
    i = tl.arange(0, BLOCK)
    k = _counted(start, i, WIDE)
    at = out + start + i if FLAT else out + place(k, n1, n2, o0, o1, o2)
    # Without a mask, loads and stores are of 16 bytes whatever the number of elements.
    if start + BLOCK <= n:
        value, _slope, _ignored = _loss_and_slope(
            x, y, positive, negative, start, n, n1, n2, x0, x1, x2, y0, y1, y2,
            gamma_bits, exponent_bits, positive_bits, negative_bits,
            CLASSES, OUTER, WEIGHTS, HAS_CEILING, CEILING, HAS_IGNORED, IGNORED,
            HALVES, NEGATIVE, AT_LEAST_ONE, COMPUTE, FLAT, WIDE, BLOCK, False,
        )  # fmt: skip
        tl.store(at, value)
    else:
        value, _slope, _ignored = _loss_and_slope(
            x, y, positive, negative, start, n, n1, n2, x0, x1, x2, y0, y1, y2,
            gamma_bits, exponent_bits, positive_bits, negative_bits,
            CLASSES, OUTER, WEIGHTS, HAS_CEILING, CEILING, HAS_IGNORED, IGNORED,
            HALVES, NEGATIVE, AT_LEAST_ONE, COMPUTE, FLAT, WIDE, BLOCK, True,
        )  # fmt: skip
        tl.store(at, value, mask=start + i < n)


@triton.jit
def partial_sums(
    x, y, positive, negative, out, n, n1, n2, x0, x1, x2, y0, y1, y2,
    gamma_bits, exponent_bits, positive_bits, negative_bits,
    CLASSES: tl.constexpr, OUTER: tl.constexpr, WEIGHTS: tl.constexpr,
    HAS_CEILING: tl.constexpr, CEILING: tl.constexpr,
    HAS_IGNORED: tl.constexpr, IGNORED: tl.constexpr,
    HALVES: tl.constexpr, NEGATIVE: tl.constexpr, AT_LEAST_ONE: tl.constexpr,
    COMPUTE: tl.constexpr, FLAT: tl.constexpr, WIDE: tl.constexpr, BLOCK: tl.constexpr,
    STEPS: tl.constexpr,
):  # fmt: skip
    """Write the sum of each program's blocks into `out`, float64."""
    program = tl.program_id(0).to(tl.int64)
    total = tl.zeros([BLOCK], tl.float64)
    for step in range(STEPS):
        start = (program * STEPS + step) * BLOCK
        if start + BLOCK <= n:
            value, _slope, _ignored = _loss_and_slope(
                x, y, positive, negative, start, n, n1, n2, x0, x1, x2, y0, y1, y2,
                gamma_bits, exponent_bits, positive_bits, negative_bits,
                CLASSES, OUTER, WEIGHTS, HAS_CEILING, CEILING, HAS_IGNORED, IGNORED,
                HALVES, NEGATIVE, AT_LEAST_ONE, COMPUTE, FLAT, WIDE, BLOCK, False,
            )  # fmt: skip
            total += value.to(tl.float64)
        elif start < n:
            value, _slope, _ignored = _loss_and_slope(
                x, y, positive, negative, start, n, n1, n2, x0, x1, x2, y0, y1, y2,
                gamma_bits, exponent_bits, positive_bits, negative_bits,
                CLASSES, OUTER, WEIGHTS, HAS_CEILING, CEILING, HAS_IGNORED, IGNORED,
                HALVES, NEGATIVE, AT_LEAST_ONE, COMPUTE, FLAT, WIDE, BLOCK, True,
            )  # fmt: skip
            total += value.to(tl.float64)
    tl.store(out + program, tl.sum(total, 0))


@triton.jit
def finish(partial, out, count, divisor_bits, BLOCK: tl.constexpr):
    """Write the sum of `count` partial sums, divided by a number, into `out`."""
    i = tl.arange(0, BLOCK)
    total = tl.zeros([BLOCK], tl.float64)
    for start in range(0, count, BLOCK):
        total += tl.load(partial + start + i, mask=start + i < count, other=0.0)
    result = tl.sum(total, 0) / _number(divisor_bits)
    if out.dtype.element_ty == tl.float64:
        tl.store(out, result)
    else:
        tl.store(out, result.to(tl.float32))


@triton.jit
def gradient(
    x, y, positive, negative, upstream, out, n, n1, n2, x0, x1, x2, y0, y1, y2,
    u0, u1, u2, o0, o1, o2,
    gamma_bits, exponent_bits, positive_bits, negative_bits, divisor_bits,
    CLASSES: tl.constexpr, OUTER: tl.constexpr, WEIGHTS: tl.constexpr,
    HAS_CEILING: tl.constexpr, CEILING: tl.constexpr,
    HAS_IGNORED: tl.constexpr, IGNORED: tl.constexpr,
    HALVES: tl.constexpr, NEGATIVE: tl.constexpr, AT_LEAST_ONE: tl.constexpr,
    COMPUTE: tl.constexpr, FLAT: tl.constexpr, WIDE: tl.constexpr, BLOCK: tl.constexpr,
    ONE: tl.constexpr,
):  # fmt: skip
    """Write the slope times `upstream`, divided by a number, into `out`.

    ONE: `upstream` is one number for all elements.
    """
    start = tl.program_id(0).to(tl.int64) * BLOCK
    i = tl.arange(0, BLOCK)
    k = _counted(start, i, WIDE)
    at = out + start + i if FLAT else out + place(k, n1, n2, o0, o1, o2)
    if ONE:
        from_here = upstream
    elif FLAT:
        from_here = upstream + start + i
    else:
        from_here = upstream + place(k, n1, n2, u0, u1, u2)
    inside = start + i < n
    if start + BLOCK <= n:
        _value, slope, ignored = _loss_and_slope(
            x, y, positive, negative, start, n, n1, n2, x0, x1, x2, y0, y1, y2,
            gamma_bits, exponent_bits, positive_bits, negative_bits,
            CLASSES, OUTER, WEIGHTS, HAS_CEILING, CEILING, HAS_IGNORED, IGNORED,
            HALVES, NEGATIVE, AT_LEAST_ONE, COMPUTE, FLAT, WIDE, BLOCK, False,
        )  # fmt: skip
        if ONE:
            factor = (tl.load(from_here).to(tl.float64) / _number(divisor_bits)).to(COMPUTE)
        else:
            factor = tl.load(from_here).to(COMPUTE)
        tl.store(at, tl.where(ignored, 0.0, slope * factor))
    else:
        _value, slope, ignored = _loss_and_slope(
            x, y, positive, negative, start, n, n1, n2, x0, x1, x2, y0, y1, y2,
            gamma_bits, exponent_bits, positive_bits, negative_bits,
            CLASSES, OUTER, WEIGHTS, HAS_CEILING, CEILING, HAS_IGNORED, IGNORED,
            HALVES, NEGATIVE, AT_LEAST_ONE, COMPUTE, FLAT, WIDE, BLOCK, True,
        )  # fmt: skip
        if ONE:
            factor = (tl.load(from_here).to(tl.float64) / _number(divisor_bits)).to(COMPUTE)
        else:
            factor = tl.load(from_here, mask=inside, other=0.0).to(COMPUTE)
        tl.store(at, tl.where(ignored, 0.0, slope * factor), mask=inside)


INTERPRETED = not isinstance(loss, triton.JITFunction)
"""Whether Triton interprets these kernels, on the CPU."""
