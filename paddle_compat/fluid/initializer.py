"""`paddle.fluid.initializer`: first values of parameters, drawn as real Paddle draws them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._dtypes import as_torch_dtype, as_var_type
from paddle_compat.fluid._publish import publish
from paddle_compat.kernels import minstd

if TYPE_CHECKING:
    from paddle_compat.fluid._operator import Operator
    from paddle_compat.fluid._program import Block
    from paddle_compat.fluid._variable import Variable

__all__ = [
    "MSRA",
    "Bilinear",
    "BilinearInitializer",
    "Constant",
    "ConstantInitializer",
    "Initializer",
    "MSRAInitializer",
    "Normal",
    "NormalInitializer",
    "NumpyArrayInitializer",
    "TruncatedNormal",
    "TruncatedNormalInitializer",
    "Uniform",
    "UniformInitializer",
    "Xavier",
    "XavierInitializer",
]


def fill_constant(shape: Sequence[int], dtype: torch.dtype, value: float) -> torch.Tensor:
    """Return a tensor of one value."""
    return torch.full(tuple(shape), value, dtype=dtype)


def uniform_random(
    shape: Sequence[int], dtype: torch.dtype, low: float, high: float, seed: int
) -> torch.Tensor:
    """Return uniform values in [low, high)."""
    return minstd.uniform(shape, low, high, seed, dtype)


def gaussian_random(
    shape: Sequence[int], dtype: torch.dtype, mean: float, std: float, seed: int
) -> torch.Tensor:
    """Return normal values."""
    return minstd.normal(shape, mean, std, seed, dtype)


def truncated_gaussian_random(
    shape: Sequence[int], dtype: torch.dtype, mean: float, std: float, seed: int
) -> torch.Tensor:
    """Return normal values within two deviations."""
    return minstd.truncated_normal(shape, mean, std, seed, dtype)


def assign_value(value: torch.Tensor) -> torch.Tensor:
    """Return a copy of a value."""
    return value.clone()


class Initializer:
    """What gives a parameter its first value.

    A subclass tells in `plan` which of the functions above makes the value, with which arguments.
    Called with a variable and the startup program's block, an initializer records that.
    """

    _seed = 0

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Return the function and the arguments that make the value."""
        raise NotImplementedError

    def value(self, shape: Sequence[int], dtype: Any, seed: int = 0) -> torch.Tensor:
        """Return a first value; `seed` is taken where the initializer has none of its own."""
        function, arguments = self._plan(shape, as_torch_dtype(dtype), seed)
        result = function(**arguments)
        assert isinstance(result, torch.Tensor)
        return result

    def _plan(
        self, shape: Sequence[int], dtype: torch.dtype, seed: int
    ) -> tuple[Any, dict[str, Any]]:
        function, arguments = self.plan(shape, dtype)
        if "seed" in arguments:
            # The real one keeps the first program's seed, for whatever it initialises later.
            self._seed = self._seed or seed
            arguments["seed"] = _of_engine(self._seed)
        return function, arguments

    def __call__(self, var: Variable, block: Block) -> Operator:
        """Record the first value of a variable in the startup program's block."""
        function, arguments = self._plan(var.shape, var.torch_dtype, block.program.random_seed)
        return block.append(function.__name__, function, arguments, [var])


class ConstantInitializer(Initializer):
    """One value everywhere.

    Args:
        value: a number; it is rounded to float32, whatever the dtype.

    Source:
        ``paddle.fluid.initializer.Constant``, PaddlePaddle 1.8.
    """

    def __init__(self, value: float = 0.0, force_cpu: bool = False) -> None:
        if value is None:
            raise AssertionError("value must be a number, but it is None")
        self._value = value

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Fill with the value."""
        value = single(self._value)
        return fill_constant, {"shape": list(shape), "dtype": dtype, "value": value}


class UniformInitializer(Initializer):
    """Uniform values in [low, high).

    Args:
        low: the least value.
        high: the bound.
        seed: of this initializer; 0 takes the startup program's.
        diag_num: how many entries of a diagonal get a value of their own; only 0 is offered.

    Source:
        ``paddle.fluid.initializer.Uniform``, PaddlePaddle 1.8.
    """

    def __init__(
        self,
        low: float = -1.0,
        high: float = 1.0,
        seed: int = 0,
        diag_num: int = 0,
        diag_step: int = 0,
        diag_val: float = 1.0,
    ) -> None:
        if low is None or high is None or seed is None:
            raise AssertionError("low, high and seed must be numbers, but one is None")
        if high < low:
            raise AssertionError(f"high must be at least low, but {high} < {low}")
        if diag_num:
            raise NotImplementedError(
                f"diag_num must be 0 here, but it is {diag_num}; set the diagonal with "
                "NumpyArrayInitializer"
            )
        self._low, self._high, self._seed = low, high, seed

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Draw uniformly."""
        return _uniform(shape, dtype, self._low, self._high)


class NormalInitializer(Initializer):
    """Normal values.

    Args:
        loc: the mean.
        scale: the standard deviation.
        seed: of this initializer; 0 takes the startup program's.

    Source:
        ``paddle.fluid.initializer.Normal``, PaddlePaddle 1.8.
    """

    def __init__(self, loc: float = 0.0, scale: float = 1.0, seed: int = 0) -> None:
        if loc is None or scale is None or seed is None:
            raise AssertionError("loc, scale and seed must be numbers, but one is None")
        self._mean, self._std, self._seed = loc, scale, seed

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Draw normally."""
        return _normal(shape, dtype, self._mean, self._std)


class TruncatedNormalInitializer(NormalInitializer):
    """Normal values within two standard deviations of the mean.

    Args:
        loc: the mean.
        scale: the standard deviation before truncation.
        seed: of this initializer; 0 takes the startup program's.

    Source:
        ``paddle.fluid.initializer.TruncatedNormal``, PaddlePaddle 1.8.
    """

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Draw normally, within bounds."""
        _, arguments = super().plan(shape, dtype)
        return truncated_gaussian_random, arguments


class XavierInitializer(Initializer):
    """Values whose spread keeps the variance of activations and of gradients.

    Args:
        uniform: uniform within sqrt(6 / (fan_in + fan_out)), or normal with deviation
            sqrt(2 / (fan_in + fan_out)).
        fan_in: instead of the shape's.
        fan_out: instead of the shape's.
        seed: of this initializer; 0 takes the startup program's.

    Source:
        ``paddle.fluid.initializer.Xavier``, PaddlePaddle 1.8; Glorot and Bengio, 2010.
    """

    def __init__(
        self,
        uniform: bool = True,
        fan_in: float | None = None,
        fan_out: float | None = None,
        seed: int = 0,
    ) -> None:
        if uniform is None or seed is None:
            raise AssertionError("uniform and seed must not be None")
        self._uniform, self._fan_in, self._fan_out, self._seed = uniform, fan_in, fan_out, seed

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Draw with a spread from both fans."""
        fan_in, fan_out = _fans(shape)
        fan_in = fan_in if self._fan_in is None else self._fan_in
        fan_out = fan_out if self._fan_out is None else self._fan_out
        total = float(fan_in + fan_out)
        if self._uniform:
            limit = math.sqrt(6.0 / total)
            return _uniform(shape, dtype, -limit, limit)
        return _normal(shape, dtype, 0.0, math.sqrt(2.0 / total))


class MSRAInitializer(Initializer):
    """Values whose spread keeps the variance through rectifiers.

    Args:
        uniform: uniform within sqrt(6 / fan_in), or normal with deviation sqrt(2 / fan_in).
        fan_in: instead of the shape's.
        seed: of this initializer; 0 takes the startup program's.

    Source:
        ``paddle.fluid.initializer.MSRA``, PaddlePaddle 1.8; He et al., 2015.
    """

    def __init__(self, uniform: bool = True, fan_in: float | None = None, seed: int = 0) -> None:
        if uniform is None or seed is None:
            raise AssertionError("uniform and seed must not be None")
        self._uniform, self._fan_in, self._seed = uniform, fan_in, seed

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Draw with a spread from the fan in."""
        fan_in = float(_fans(shape)[0] if self._fan_in is None else self._fan_in)
        if self._uniform:
            limit = math.sqrt(6.0 / fan_in)
            return _uniform(shape, dtype, -limit, limit)
        return _normal(shape, dtype, 0.0, math.sqrt(2.0 / fan_in))


class BilinearInitializer(Initializer):
    """The weights of upsampling by transposed convolution, [C, 1, K, K], as 1.8 computes them.

    They are not quite bilinear's: on Python 3 its row index is a fraction.

    Raises:
        ValueError: the shape is not four-dimensional, or not square at the end.

    Source:
        ``paddle.fluid.initializer.Bilinear``, PaddlePaddle 1.8.
    """

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Assign the tent function."""
        if len(shape) != 4 or shape[2] != shape[3]:
            raise ValueError(
                f"Bilinear initialises weights of shape [C, 1, K, K], but this is {list(shape)}"
            )
        size = shape[3]
        factor = math.ceil(size / 2.0)
        center = (2 * factor - 1 - factor % 2) / (2.0 * factor)
        index = np.arange(math.prod(shape))
        # 1.8 on Python 3 does not round the row down: the tent leans.
        column, row = index % size, (index / size) % size
        weight = (1 - np.abs(column / factor - center)) * (1 - np.abs(row / factor - center))
        value = torch.from_numpy(weight.reshape(shape).astype(np.float32)).to(dtype)
        return assign_value, {"value": value}


class NumpyArrayInitializer(Initializer):
    """The values of an array, cast to the parameter's dtype.

    Args:
        value: a numpy array of the parameter's shape.

    Raises:
        TypeError: it is no array.
        ValueError: its shape is another.

    Source:
        ``paddle.fluid.initializer.NumpyArrayInitializer``, PaddlePaddle 1.8.
    """

    def __init__(self, value: np.ndarray[Any, Any]) -> None:
        if not isinstance(value, np.ndarray):
            raise AssertionError(
                f"value must be a numpy array, but it is {type(value).__name__}; use np.array(...)"
            )
        self._array = value

    def plan(self, shape: Sequence[int], dtype: torch.dtype) -> tuple[Any, dict[str, Any]]:
        """Assign the array."""
        if tuple(self._array.shape) != tuple(shape):
            raise ValueError(
                f"the array's shape must be the parameter's, {list(shape)}, but it is "
                f"{list(self._array.shape)}"
            )
        as_var_type(self._array.dtype)
        return assign_value, {"value": torch.from_numpy(np.array(self._array)).to(dtype)}


def _of_engine(seed: int) -> int:
    """Return what a generator modulo 2^31 - 1 makes of a seed; it takes a negative one unsigned."""
    return seed if seed >= 0 else (seed & 0xFFFFFFFF) % (2**31 - 1) or 1


def _uniform(
    shape: Sequence[int], dtype: torch.dtype, low: float, high: float
) -> tuple[Any, dict[str, Any]]:
    arguments = {"shape": list(shape), "dtype": dtype, "low": low, "high": high, "seed": 0}
    return uniform_random, arguments


def _normal(
    shape: Sequence[int], dtype: torch.dtype, mean: float, std: float
) -> tuple[Any, dict[str, Any]]:
    arguments = {"shape": list(shape), "dtype": dtype, "mean": mean, "std": std, "seed": 0}
    return gaussian_random, arguments


def _fans(shape: Sequence[int]) -> tuple[float, float]:
    """Return how many inputs an output has, and outputs an input, for weights of this shape."""
    if len(shape) < 2:
        fan = shape[0] if shape else 1
        return fan, fan
    if len(shape) == 2:
        return shape[0], shape[1]
    window = math.prod(shape[2:])
    return shape[1] * window, shape[0] * window


Constant = ConstantInitializer
Uniform = UniformInitializer
Normal = NormalInitializer
TruncatedNormal = TruncatedNormalInitializer
Xavier = XavierInitializer
MSRA = MSRAInitializer
Bilinear = BilinearInitializer


__getattr__ = publish(__name__, globals(), __all__)
