"""The random numbers that Paddle 1.8 draws on the CPU, from the seed of each operator.

Each operator seeds a fresh C++ ``std::minstd_rand`` and hands it to the distributions of the C++
library: ``x = x * 48271 mod (2**31 - 1)``, and a real number in [0, 1] from one x (float32) or
two (float64). Here they come a block at a time: a block of powers of the multiplier, times the
last x of the block before. Source: PaddlePaddle 1.8.5, operators ``uniform_random``,
``gaussian_random`` and ``truncated_gaussian_random``.

All results are the same bits on every machine and with every build of torch: nothing is used but
integers and IEEE additions, multiplications and divisions, each rounded once.
"""

from __future__ import annotations

import math
import operator
import secrets
import struct
from collections.abc import Iterator, Sequence

import torch
from torch import Tensor

from paddle_compat.kernels.portable import log, sqrt

__all__ = ["normal", "truncated_normal", "uniform"]

_MODULUS = 2**31 - 1  # a Mersenne prime: 2 ** 31 is 1
_MULTIPLIER = 48271
_RANGE = _MODULUS - 1  # of the values 1 .. modulus - 1, as the C++ library counts it
_BLOCK = 1 << 16  # numbers from the engine at a time; a multiple of 4

# Paddle's inverse error function, as far as its truncated normal can reach: Wichura's rational
# approximation (algorithm AS 241, PPND16, central part) to the normal quantile, highest power
# first. The numerator is scaled by sqrt(1/8), which makes it erfinv of 2 p - 1.
_QUANTILE_NUMERATOR = (
    2509.0809287301226727,
    33430.575583588128105,
    67265.770927008700853,
    45921.953931549871457,
    13731.693765509461125,
    1971.5909503065514427,
    133.14166789178437745,
    3.387132872796366608,
)
_QUANTILE_DENOMINATOR = (
    5226.495278852854561,
    28729.085735721942674,
    39307.89580009271061,
    21213.794301586595867,
    5394.1960214247511077,
    687.1870074920579083,
    42.313330701600911252,
    1.0,
)


def uniform(shape: Sequence[int], low: float, high: float, seed: int, dtype: torch.dtype) -> Tensor:
    """Return numbers drawn uniformly from `low` to `high`, both included, as ``uniform_random``.

    They are real Paddle's, bit for bit.

    Args:
        shape: of the result.
        low: rounded to float32, whatever the dtype, as Paddle stores it.
        high: likewise.
        seed: 0 to 2**31 - 1; with 0 every call draws other numbers.
        dtype: `torch.float32` or `torch.float64`.

    Raises:
        TypeError: another dtype; a seed that is not an integer.
        ValueError: a seed out of range; a bound that float32 does not hold.

    Example:
        >>> uniform([2, 2], -1.0, 1.0, 1, torch.float32)
        tensor([[-1.0000, -0.8299],
                [ 0.2027,  0.7832]])
    """
    _check_dtype("uniform", dtype, torch.float32, torch.float64)
    first, last = _attribute("low", low), _attribute("high", high)
    # Their difference is rounded in the result's dtype.
    span = last - first if dtype == torch.float64 else _float32(last - first)
    result = torch.empty(tuple(shape), dtype=dtype, device="cpu")
    flat = result.view(-1)
    done = 0
    for unit in _units(flat.numel(), _engine_seed(seed), dtype):
        torch.mul(unit, span, out=flat[done : done + len(unit)]).add_(first)
        done += len(unit)
    return result


def normal(shape: Sequence[int], mean: float, std: float, seed: int, dtype: torch.dtype) -> Tensor:
    """Return numbers drawn from a normal distribution, as ``gaussian_random``.

    Marsaglia's polar method, as in the C++ library: of each pair that falls into the unit circle
    the second number comes first. Real Paddle takes the logarithm from the machine's own C
    library: with the GNU one (2.27 and later) float32 is the same here bit for bit, and float64
    differs in one number of a thousand, by the last two bits at most (before `mean` is added).

    Args:
        shape: of the result.
        mean: rounded to float32, whatever the dtype, as Paddle stores it.
        std: likewise.
        seed: 0 to 2**31 - 1; with 0 every call draws other numbers.
        dtype: `torch.float32` or `torch.float64`.

    Raises:
        TypeError: another dtype; a seed that is not an integer.
        ValueError: a seed out of range; a mean or std that float32 does not hold.

    Example:
        >>> normal([4], 0.0, 1.0, 1, torch.float32)
        tensor([ 0.8913,  0.2307, -2.4865,  0.3651])
    """
    _check_dtype("normal", dtype, torch.float32, torch.float64)
    centre, scale = _attribute("mean", mean), _attribute("std", std)
    result = torch.empty(tuple(shape), dtype=dtype, device="cpu")
    flat = result.view(-1)
    missing = flat.numel()
    if not missing:
        return result
    for unit in _units(None, _engine_seed(seed), dtype, expected=math.ceil(missing * 1.3) + 8):
        pairs = _normal_pairs(unit.view(-1, 2)).view(-1)[:missing]
        start = flat.numel() - missing
        torch.mul(pairs, scale, out=flat[start : start + len(pairs)]).add_(centre)
        missing -= len(pairs)
        if not missing:
            break
    return result


def truncated_normal(
    shape: Sequence[int], mean: float, std: float, seed: int, dtype: torch.dtype
) -> Tensor:
    """Return normal numbers within two `std` of `mean`, as ``truncated_gaussian_random``.

    They are real Paddle's, bit for bit: a uniform number through the inverse of the normal
    distribution function. Paddle's inverse error function means to change formula beyond 0.85,
    but tests the integer part of its argument; the central formula serves up to 0.9545, where it
    is off by up to 5e-6 of the value. So is this.

    Args:
        shape: of the result.
        mean: rounded to float32, as Paddle stores it.
        std: likewise.
        seed: 0 to 2**31 - 1; with 0 every call draws other numbers.
        dtype: `torch.float32`, the only one that Paddle's operator has.

    Raises:
        TypeError: another dtype; a seed that is not an integer.
        ValueError: a seed out of range; a mean or std that float32 does not hold.

    Example:
        >>> truncated_normal([4], 0.0, 1.0, 1, torch.float32)
        tensor([-1.9996, -1.2596,  0.2449,  1.1445])
    """
    _check_dtype("truncated_normal", dtype, torch.float32)
    centre, scale = _attribute("mean", mean), _attribute("std", std)
    # The distribution function at -2 and 2, each rounded, and then their difference.
    first, last = (_float32(math.erfc(end / math.sqrt(2)) / 2) for end in (2.0, -2.0))
    span = _float32(last - first)
    result = torch.empty(tuple(shape), dtype=dtype, device="cpu")
    flat = result.view(-1)
    done = 0
    for unit in _units(flat.numel(), _engine_seed(seed), dtype):
        # Paddle's uniform numbers start at float32's smallest normal one, which the sum swallows.
        p = unit.mul_(span).add_(first)
        scaled = _erfinv(p.mul_(2.0).sub_(1.0)).to(torch.float64).mul_(math.sqrt(2))
        flat[done : done + len(unit)] = scaled.mul_(scale).add_(centre)
        done += len(unit)
    return result


def _units(
    count: int | None, state: int, dtype: torch.dtype, expected: int = 0
) -> Iterator[Tensor]:
    """Yield `count` numbers in [0, 1], in parts that the caller may overwrite; None: no end.

    `expected` is how many an endless caller will take, which sizes the parts; all but the last
    of a counted call are multiples of 2.
    """
    draws = 1 if dtype == torch.float32 else 2
    wanted = draws * (expected if count is None else count)
    block = min(_BLOCK, -(-wanted // 4) * 4)
    if not block:
        return
    powers = _powers(block)
    jump = pow(_MULTIPLIER, block, _MODULUS)
    drawn, scratch = torch.empty_like(powers), torch.empty_like(powers)
    while count is None or count > 0:
        torch.mul(powers, state, out=drawn)
        _reduce(drawn, scratch).sub_(1)
        state = state * jump % _MODULUS
        if draws == 1:
            unit = drawn.to(dtype).div_(_RANGE)
        else:
            pairs = drawn.to(dtype).view(-1, 2)
            unit = (pairs[:, 1] * _RANGE).add_(pairs[:, 0]).div_(_RANGE * _RANGE)
        if count is not None:
            unit = unit[:count]
            count -= len(unit)
        yield unit


def _powers(count: int) -> Tensor:
    """Return the first `count` powers of the multiplier, from the first on."""
    powers = torch.empty(count, dtype=torch.int64, device="cpu")
    scratch = torch.empty_like(powers)
    powers[0] = _MULTIPLIER
    done = 1
    while done < count:
        more = min(done, count - done)
        new = powers[done : done + more]
        torch.mul(powers[:more], pow(_MULTIPLIER, done, _MODULUS), out=new)
        _reduce(new, scratch[:more])
        done += more
    return powers


def _reduce(product: Tensor, scratch: Tensor) -> Tensor:
    """Reduce products of two numbers below the modulus, in place.

    As 2 ** 31 is 1, the part above bit 31 is added to the part below: twice, as the first sum
    may have 32 bits. The result is never the modulus itself, which only a product of 0 gives.
    """
    for _ in range(2):
        torch.bitwise_right_shift(product, 31, out=scratch)
        product.bitwise_and_(_MODULUS).add_(scratch)
    return product


def _normal_pairs(unit: Tensor) -> Tensor:
    """Return the standard normal pairs, [accepted, 2], of candidates, [n, 2] in [0, 1]."""
    points = unit.mul_(2.0).sub_(1.0)
    x, y = points[:, 0], points[:, 1]
    square = (x * x).add_(y * y)
    kept = ((square <= 1) & (square != 0)).nonzero().view(-1)
    square = square[kept]
    stretch = sqrt(log(square).mul_(-2.0).div_(square))
    return points.flip(1)[kept].mul_(stretch.view(-1, 1))


def _erfinv(x: Tensor) -> Tensor:
    """Return the inverse error function of float32 numbers up to 0.9545, as Paddle rounds it."""
    wide = x.to(torch.float64)
    r = (wide * 0.25).mul_(wide).neg_().add_(0.180625).to(torch.float32)
    scale = math.sqrt(0.125)
    numerator = _polynomial([c * scale for c in _QUANTILE_NUMERATOR], r)
    return numerator.mul_(x).div_(_polynomial(_QUANTILE_DENOMINATOR, r))


def _polynomial(coefficients: Sequence[float], r: Tensor) -> Tensor:
    """Evaluate by Horner's rule, every step rounded."""
    total = torch.full_like(r, coefficients[0])
    for coefficient in coefficients[1:]:
        total.mul_(r).add_(coefficient)
    return total


def _engine_seed(seed: int) -> int:
    """Return the engine's first state, 1 to the modulus - 1."""
    try:
        number = operator.index(seed)
    except TypeError:
        raise TypeError(
            f"seed must be an integer, got {seed!r} of type {type(seed).__name__}; "
            "pass an int from 0 to 2147483647"
        ) from None
    if not 0 <= number <= _MODULUS:
        raise ValueError(
            f"seed must be from 0 to 2147483647 (0 draws other numbers each time), got {number}; "
            "take it modulo 2**31"
        )
    if number == 0:
        return 1 + secrets.randbelow(_RANGE)
    return number % _MODULUS or 1


def _attribute(name: str, value: float) -> float:
    """Return the value that Paddle stores, a float32."""
    stored = _float32(float(value))
    if not math.isfinite(stored):
        raise ValueError(
            f"{name} must be a finite number that float32 holds, got {value!r}; "
            "pass one between -3.4e38 and 3.4e38"
        )
    return stored


def _float32(value: float) -> float:
    """Return the nearest float32, infinite where there is none."""
    try:
        return float(struct.unpack("f", struct.pack("f", value))[0])
    except OverflowError:
        return math.copysign(math.inf, value)


def _check_dtype(what: str, dtype: torch.dtype, *offered: torch.dtype) -> None:
    if dtype not in offered:
        names = " or ".join(str(each) for each in offered)
        raise TypeError(
            f"{what} draws {names}, as Paddle's operator does, got dtype {dtype!r}; "
            f"draw {offered[0]} and convert the result"
        )
