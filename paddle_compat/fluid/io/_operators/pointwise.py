"""The forms of what works element by element, compares, reduces and ranks."""

from __future__ import annotations

from typing import Any

from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._layer import by_type
from paddle_compat.fluid.io._operators.forms import Arguments, Call, Forms, form, same
from paddle_compat.fluid.layers.control_flow import OPERATORS
from paddle_compat.fluid.layers.nn.counter import advance

__all__ = ["FORMS"]


def _seed(arguments: Arguments) -> dict[str, Any]:
    return {"fix_seed": bool(arguments["seed"])}


def _channels(arguments: Arguments) -> dict[str, Any]:
    axis = arguments["axis"]
    return {"axis": axis + len(arguments["x"].shape) if axis < 0 else axis}


def _reduced(arguments: Arguments) -> dict[str, Any]:
    dim = arguments["dim"]
    axes = list(dim) if isinstance(dim, (list, tuple)) else [] if dim is None else [dim]
    every = not axes or len(axes) == len(arguments["input"].shape)
    return {"dim": axes or [0], "reduce_all": every}


def _reduce(call: Call) -> Arguments:
    # Paddle 2 names no axis for all of them.
    return {"dim": None if call.attrs["reduce_all"] else call.attrs["dim"] or None}


def _index(call: Call) -> Arguments:
    if call.attrs.get("dtype", -1) not in (-1, int(VarType.INT64)):
        raise ValueError("its indices are not int64")
    return {}


_X = ("X:x", "Out")
_XY = ("X:x Y:y", "Out")

FORMS: Forms = {
    **same(
        "abs acos asin atan ceil cos erf exp floor isfinite isinf isnan is_empty log logical_not "
        "logsigmoid mean reciprocal relu round rsqrt sigmoid sign sin softplus softsign sqrt "
        "square tanh tanh_shrink",
        *_X,
    ),
    **same("brelu", *_X, "t_min t_max"),
    **same("clip", *_X, "min max"),
    **same("clip_by_norm", *_X, "max_norm"),
    **same("cumsum", *_X, "axis exclusive reverse"),
    **same("elu leaky_relu", *_X, "alpha"),
    **same("gelu", *_X, "approximate"),
    **same("hard_shrink relu6 soft_relu thresholded_relu", *_X, "threshold"),
    **same("hard_sigmoid", *_X, "slope offset"),
    **same("hard_swish", *_X, "threshold scale offset"),
    **same("selu", *_X, "scale alpha"),
    **same("softshrink", *_X, "lambda:alpha"),
    **same("stanh", *_X, "scale_a scale_b"),
    # The layer's beta has no effect; an operator of another beta is refused.
    **same("swish", *_X, ignored="beta"),
    **same("maxout", *_X, "groups axis", told=_channels),
    **same("softmax", "X:input", "Out", "axis", ignored="use_cudnn"),
    **same("pow", "X:x FactorTensor:factor", "Out", "factor"),
    **same("scale", "X:x ScaleTensor:scale", "Out", "scale bias bias_after_scale"),
    **same(
        "dropout",
        *_X,
        "dropout_prob is_test seed dropout_implementation",
        told=_seed,
        uses="fix_seed",
    ),
    "increment": (
        form(by_type("increment"), *_X, "step:value"),
        form(advance, *_X, "step"),
    ),
    **same(
        "elementwise_add elementwise_div elementwise_floordiv elementwise_max elementwise_min "
        "elementwise_mod elementwise_mul elementwise_pow elementwise_sub",
        *_XY,
        "axis",
    ),
    **{
        name: (form(layer, *_XY, "axis", ignored="force_cpu"),) for name, layer in OPERATORS.items()
    },
    **same("logical_and logical_or logical_xor", *_XY),
    **same(
        "reduce_all reduce_any reduce_max reduce_mean reduce_min reduce_prod reduce_sum",
        "X:input",
        "Out",
        "keep_dim",
        ignored="dim",
        told=_reduced,
        read=_reduce,
        uses="dim reduce_all",
    ),
    **same("arg_max arg_min", *_X, "axis", read=_index, uses="dtype"),
    **same("argsort", "X:input", "Out Indices", "axis descending"),
    **same("top_k", "X:input K:k", "Out Indices", "k"),
    "sum": (
        form(by_type("sum"), *_X),
        form(by_type("sum"), "X:input", "Out"),
    ),
}
