"""`paddle.fluid.layers.math_op_patch`: the operators of variables, `x + 1`, `x < y` and so on."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from paddle_compat.fluid import unique_name
from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._layer import spec_of
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.layer_helper import record
from paddle_compat.fluid.layers import control_flow, nn, tensor
from paddle_compat.fluid.layers._checks import check_number
from paddle_compat.fluid.layers._index import index_variable

__all__ = ["monkey_patch_variable"]

_INTEGERS = (VarType.UINT8, VarType.INT8, VarType.INT16, VarType.INT32, VarType.INT64)


def _record(variable: Variable, layer: Callable[..., Any], **arguments: Any) -> Variable:
    """Record a layer into the variable's program, under a name of its own kind."""
    spec = spec_of(layer)
    block = variable.block.program.current_block()
    bound = spec.bind((), arguments)
    result = record(spec, bound, lambda: unique_name.generate("tmp"), block)
    assert isinstance(result, Variable)
    return result


def _scaled(variable: Variable, scale: float, bias: float) -> Variable:
    return _record(variable, nn.scale, x=variable, scale=scale, bias=bias)


def _filled(variable: Variable, value: Any, shape: list[int]) -> Variable:
    """Record a constant of the variable's dtype."""
    check_number("an operator on a variable", "the other operand", value)
    return _record(
        variable, tensor.fill_constant, shape=shape, dtype=variable.dtype, value=float(value)
    )


def astype(self: Variable, dtype: Any) -> Variable:
    """Return the variable in another dtype.

    Source:
        ``paddle.fluid.framework.Variable.astype``, PaddlePaddle 1.8.
    """
    return _record(self, tensor.cast, x=self, dtype=dtype)


_SCALAR: dict[str, Callable[[Variable, float], Variable]] = {
    "__add__": lambda x, v: _scaled(x, 1.0, v),
    "__radd__": lambda x, v: _scaled(x, 1.0, v),
    "__sub__": lambda x, v: _scaled(x, 1.0, -v),
    "__rsub__": lambda x, v: _scaled(x, -1.0, v),
    "__mul__": lambda x, v: _scaled(x, v, 0.0),
    "__rmul__": lambda x, v: _scaled(x, v, 0.0),
    "__truediv__": lambda x, v: _scaled(x, 1.0 / v, 0.0),
}
"""Operators with a number that are one scaling."""

_OPERATORS: dict[str, tuple[Callable[..., Any], bool]] = {
    "__add__": (nn.elementwise_add, False),
    "__radd__": (nn.elementwise_add, False),
    "__sub__": (nn.elementwise_sub, False),
    "__rsub__": (nn.elementwise_sub, True),
    "__mul__": (nn.elementwise_mul, False),
    "__rmul__": (nn.elementwise_mul, False),
    "__truediv__": (nn.elementwise_div, False),
    "__rtruediv__": (nn.elementwise_div, True),
    "__pow__": (nn.elementwise_pow, False),
    "__rpow__": (nn.elementwise_pow, True),
    "__floordiv__": (nn.elementwise_floordiv, False),
    "__mod__": (nn.elementwise_mod, False),
    "__eq__": (control_flow.OPERATORS["equal"], False),
    "__ne__": (control_flow.OPERATORS["not_equal"], False),
    "__lt__": (control_flow.OPERATORS["less_than"], False),
    "__le__": (control_flow.OPERATORS["less_equal"], False),
    "__gt__": (control_flow.OPERATORS["greater_than"], False),
    "__ge__": (control_flow.OPERATORS["greater_equal"], False),
}
"""The layer of each operator, and whether its operands change places."""


def _operator(method: str) -> Callable[[Variable, Any], Variable]:
    layer, reverse = _OPERATORS[method]
    scalar = _SCALAR.get(method)

    mirrored = method.startswith("__r")

    def apply(self: Variable, other: Any) -> Variable:
        if mirrored and isinstance(other, np.generic):
            other = other.item()  # so does NumPy, on the left of something it does not know
        integral = self.dtype in _INTEGERS
        # Integers are divided as integers: scaling by 1 / n would lose digits.
        if scalar is not None and not (method == "__truediv__" and integral):
            if isinstance(other, float) and integral and other != int(other):
                raise AssertionError(
                    f"{other} is no integer, and {self.name!r} is {self.describe()}; use "
                    "fluid.layers.cast on the variable first"
                )
            if isinstance(other, (int, float)):
                return scalar(self, float(other))
        if not isinstance(other, Variable):
            if not reverse or -1 not in self.shape:
                shape = list(self.shape) if reverse else [1]
                other = _filled(self, other, shape)
            else:
                other = _like(self, other)
        if other.dtype != self.dtype:
            other = astype(other, self.dtype)
        x, y = (other, self) if reverse else (self, other)
        # Where the size of the right one's first dimension is unknown, 1.8 lets it meet x's first.
        axis = 0 if y.shape and y.shape[0] == -1 else -1
        return _record(self, layer, x=x, y=y, axis=axis)

    apply.__name__ = method
    return apply


def _like(variable: Variable, value: Any) -> Variable:
    """Record a constant with the variable's number of rows."""
    check_number("an operator on a variable", "the other operand", value)
    unknown = [i for i, size in enumerate(variable.shape) if size == -1]
    shape = [1 if i in unknown[1:] else size for i, size in enumerate(variable.shape)]
    return _record(
        variable,
        tensor.fill_constant_batch_size_like,
        input=variable,
        shape=shape,
        dtype=variable.dtype,
        value=float(value),
        input_dim_idx=unknown[0],
        output_dim_idx=unknown[0],
    )


def _negative(self: Variable) -> Variable:
    return _scaled(self, -1.0, 0.0)


def monkey_patch_variable() -> None:
    """Give variables their operators; done once, when the package is imported."""
    for method in _OPERATORS:
        setattr(Variable, method, _operator(method))
    others: dict[str, Any] = {
        "__neg__": _negative,
        "__getitem__": index_variable,
        "astype": astype,
        # NumPy's numbers and arrays on the left leave the operator to the variable.
        "__array_ufunc__": None,
    }
    for method, function in others.items():
        setattr(Variable, method, function)
