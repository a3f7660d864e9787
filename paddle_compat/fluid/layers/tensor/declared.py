"""Variables that a program declares: parameters, globals, and places for later results."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from paddle_compat.fluid import _modes
from paddle_compat.fluid._dtypes import as_torch_dtype, as_var_type, dtype_name
from paddle_compat.fluid.initializer import Constant, Initializer
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import check_number, check_type, read_dtype
from paddle_compat.fluid.param_attr import ParamAttr

__all__ = ["create_global_var", "create_parameter", "create_tensor"]

_SIZES = (int, np.uint8, np.int8, np.int16, np.int32, np.int64)
_DECLARED = tuple(
    map(as_var_type, ("bool", "float16", "float32", "float64", "int8", "int32", "int64"))
)


def _check_shape(layer: str, shape: Any) -> list[int]:
    check_type(layer, "shape", shape, (list, tuple, np.ndarray), "a list or tuple of sizes")
    for size in shape:
        check_type(layer, "a size", size, _SIZES, "an int")
    return [int(size) for size in shape]


def create_tensor(dtype: Any, name: str | None = None, persistable: bool = False) -> Any:
    """Declare a variable without a shape, for a later layer to write.

    Args:
        dtype: bool, float16, float32, float64, int8, int32 or int64.
        name: names the variable.
        persistable: whether the value stays in the scope between runs.

    Raises:
        TypeError: dtype is none of these.

    Source:
        ``paddle.fluid.layers.create_tensor``, PaddlePaddle 1.8.
    """
    kind = read_dtype(dtype)
    if kind not in _DECLARED:
        raise TypeError(f"create_tensor: dtype must be bool, int or float, not {dtype_name(kind)}")
    helper = LayerHelper("create_tensor", name=name)
    if _modes.in_dygraph_mode():
        return torch.empty(0, dtype=as_torch_dtype(kind))
    return helper.main_program.current_block().create_var(
        helper.name, dtype=kind, persistable=persistable
    )


def create_parameter(
    shape: Sequence[int],
    dtype: Any,
    name: str | None = None,
    attr: Any = None,
    is_bias: bool = False,
    default_initializer: Initializer | None = None,
) -> Any:
    """Declare a parameter, and its initialisation.

    Args:
        shape: positive sizes.
        dtype: any dtype.
        name: names it, where there is no attr.
        attr: a `ParamAttr`.
        is_bias: whether it starts as 0, where nothing else is said.
        default_initializer: what it starts as, where attr does not say.

    Raises:
        TypeError: an argument has the wrong type, or an integer parameter has no initializer.
        ValueError: a size is not positive.

    Source:
        ``paddle.fluid.layers.create_parameter``, PaddlePaddle 1.8.
    """
    sizes = _check_shape("create_parameter", shape)
    kind = read_dtype(dtype)
    check_type("create_parameter", "attr", attr, (type(None), ParamAttr), "a ParamAttr")
    check_type(
        "create_parameter",
        "default_initializer",
        default_initializer,
        (type(None), Initializer),
        "an initializer",
    )
    helper = LayerHelper("create_parameter", name=name)
    attr = ParamAttr(name=name) if attr is None else attr
    return helper.create_parameter(attr, sizes, kind, is_bias, default_initializer)


def create_global_var(
    shape: Sequence[int],
    value: float,
    dtype: Any,
    persistable: bool = False,
    force_cpu: bool = False,
    name: str | None = None,
) -> Any:
    """Declare a variable that the startup program sets to a value.

    Args:
        shape: sizes.
        value: a number, rounded to float32.
        dtype: any dtype.
        persistable: whether the value stays in the scope between runs.
        force_cpu: not used.
        name: names the variable.

    Raises:
        TypeError: an argument has the wrong type.

    Source:
        ``paddle.fluid.layers.create_global_var``, PaddlePaddle 1.8.
    """
    sizes = _check_shape("create_global_var", shape)
    kind = read_dtype(dtype)
    check_number("create_global_var", "value", value)
    helper = LayerHelper("global_var", name=name)
    variable = helper.create_global_variable(
        persistable=persistable, name=name, shape=sizes, dtype=kind, stop_gradient=True
    )
    return helper.set_variable_initializer(variable, Constant(float(value), force_cpu))
