"""Logarithm and square root that are the same numbers on every machine.

`torch.log` and `torch.sqrt` come from whichever vector library torch was built with, and their
last bit differs between builds (torch.sqrt in float32 misses the correctly rounded root of one
number in six where that library is MKL). Draws from a seed must not differ: these are made of
IEEE additions, multiplications and divisions alone, each rounded once.
"""

from __future__ import annotations

import torch
from torch import Tensor

__all__ = ["log", "sqrt"]

_LN2 = float.fromhex("0x1.62e42fefa39efp-1")

# float64. ln 2 in two parts: exponents of up to ten bits times the first are exact.
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_LN2_HIGH = float.fromhex("0x1.62e42fefa38p-1")
_LN2_LOW = float.fromhex("0x1.ef35793c7673p-45")
# log((1 + s) / (1 - s)) = 2 s + s z (2/3 + 2/5 z + ...) with z = s * s <= 0.0295: eleven terms
# leave less than 2 ** -58 of the whole.
_SERIES = tuple(2.0 / (2 * k + 1) for k in range(1, 12))

# float32. What logf of the GNU C library (2.27 and later) looks up and evaluates, from Arm's
# Optimized Routines: 1 / c and log(c) for a c in each sixteenth of an octave, and log1p's tail.
_OCTAVE_BITS = 0x3F330000
_INVERSE_AND_LOG = """
    0x1.661ec79f8f3bep+0 -0x1.57bf7808caadep-2  0x1.571ed4aaf883dp+0 -0x1.2bef0a7c06ddbp-2
    0x1.49539f0f010bp+0  -0x1.01eae7f513a67p-2  0x1.3c995b0b80385p+0 -0x1.b31d8a68224e9p-3
    0x1.30d190c8864a5p+0 -0x1.6574f0ac07758p-3  0x1.25e227b0b8eap+0  -0x1.1aa2bc79c81p-3
    0x1.1bb4a4a1a343fp+0 -0x1.a4e76ce8c0e5ep-4  0x1.12358f08ae5bap+0 -0x1.1973c5a611cccp-4
    0x1.0953f419900a7p+0 -0x1.252f438e10c1ep-5  0x1p+0               0x0p+0
    0x1.e608cfd9a47acp-1 0x1.aa5aa5df25984p-5   0x1.ca4b31f026aap-1  0x1.c5e53aa362eb4p-4
    0x1.b2036576afce6p-1 0x1.526e57720db08p-3   0x1.9c2d163a1aa2dp-1 0x1.bc2860d22477p-3
    0x1.886e6037841edp-1 0x1.1058bc8a07ee1p-2   0x1.767dcf5534862p-1 0x1.4043057b6ee09p-2
"""
_NUMBERS = [float.fromhex(word) for word in _INVERSE_AND_LOG.split()]
_INVERSES, _LOGS = _NUMBERS[0::2], _NUMBERS[1::2]
_LOG1P_4 = float.fromhex("-0x1.00ea348b88334p-2")
_LOG1P_3 = float.fromhex("0x1.5575b0be00b6ap-2")
_LOG1P_2 = float.fromhex("-0x1.ffffef20a4123p-2")


def log(x: Tensor) -> Tensor:
    """Return the natural logarithm of positive, normal numbers, a new tensor.

    float64: within 0.52 units in the last place, so that any good C library differs in one
    number of a thousand. float32: the very number that the GNU C library's ``logf`` gives
    (within 0.82 units). Zero, negative, subnormal and non-finite numbers have no meaning here.

    Args:
        x: float32 or float64.

    Example:
        >>> log(torch.tensor([1.0, 8.0]))
        tensor([0.0000, 2.0794])
    """
    return _log_float32(x) if x.dtype == torch.float32 else _log_float64(x)


def _log_float32(x: Tensor) -> Tensor:
    bits = x.view(torch.int32)
    offset = bits - _OCTAVE_BITS
    row = (offset >> 19).bitwise_and_(15)
    octave = offset.bitwise_right_shift_(23)
    z = (bits - (octave << 23)).view(torch.float32).to(torch.float64)
    inverses, logs = torch.tensor([_INVERSES, _LOGS], dtype=torch.float64, device=x.device)
    r = z.mul_(inverses[row]).sub_(1.0)
    base = octave.to(torch.float64).mul_(_LN2).add_(logs[row]).add_(r)
    square = r * r
    tail = r.mul_(_LOG1P_3).add_(_LOG1P_2)
    tail = (square * _LOG1P_4).add_(tail)
    return tail.mul_(square).add_(base).to(torch.float32)


def _log_float64(x: Tensor) -> Tensor:
    # x = 2 ** exponent * m with m from sqrt(1/2) up to sqrt(2).
    bits = x.view(torch.int64)
    steps = (bits - _SQRT_HALF_BITS).bitwise_right_shift_(52)
    m = (bits - (steps << 52)).view(torch.float64)
    exponent = steps.to(torch.float64)

    # s = (m - 1) / (m + 1) as a sum of two numbers. The first has 24 bits, as has the upper part
    # of m + 1, so that their product is exact, and so is what is left of m - 1 after it.
    above = m - 1.0
    below = m + 1.0
    lost = m.sub_(below - 1.0)
    s = above / below
    s_upper = _upper(s)
    below_upper = _upper(below)
    below_lower = (below - below_upper).add_(lost)
    rest = above.sub_(s_upper * below_upper).sub_(below_lower.mul_(s_upper))
    s_lower = rest.div_(below)

    z = s * s
    series = torch.full_like(z, _SERIES[-1])
    for coefficient in _SERIES[-2::-1]:
        series.mul_(z).add_(coefficient)
    series.mul_(z).mul_(s).add_(s_lower.mul_(2.0))

    large = exponent * _LN2_HIGH
    double = s_upper.mul_(2.0)
    total = large + double
    # What the sum lost: |large| is 0 or more than |double|.
    error = double.sub_(total - large)
    return total.add_(exponent.mul_(_LN2_LOW).add_(series).add_(error))


def sqrt(x: Tensor) -> Tensor:
    """Return the correctly rounded square root of numbers >= 0, a new tensor.

    In float64 a root that lies in the middle of two numbers, but for 2 ** -53 of their distance,
    may become the other one: such as that of the number just below 1.

    Args:
        x: float32, or float64 that is 0 or from 1e-200 up to 1e200.

    Example:
        >>> sqrt(torch.tensor([0.0, 2.0]))
        tensor([0.0000, 1.4142])
    """
    if x.dtype == torch.float32:
        # No float32 has its root so close to the middle of two others that an error in the last
        # bit of a double could change which one is nearer.
        return torch.sqrt(x.to(torch.float64)).to(torch.float32)
    root = torch.sqrt(x)
    # One step of Newton's with what is left of x after root * root, exact but for 2 ** -100.
    upper = _upper(root)
    lower = root - upper
    rest = (x - upper * upper).sub_(upper.mul_(lower).mul_(2.0)).sub_(lower.mul_(lower))
    return rest.div_(root * 2.0).nan_to_num_(0.0).add_(root)  # 0 / 0 where x is 0


def _upper(x: Tensor) -> Tensor:
    """Return `x` rounded to 24 significant bits."""
    return x.to(torch.float32).to(torch.float64)
