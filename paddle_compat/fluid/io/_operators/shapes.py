"""The forms of what makes tensors, and takes them apart, together and to another shape."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from paddle_compat.fluid._dtypes import VarType, as_var_type
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.initializer import assign_value
from paddle_compat.fluid.io._operators.forms import (
    Arguments,
    Call,
    Forms,
    form,
    has_variables,
    same,
)
from paddle_compat.fluid.layers import _index
from paddle_compat.fluid.layers.nn import cut

__all__ = ["FORMS"]

# Where an array's values are, by dtype.
_VALUES = {
    VarType.BOOL: "bool_values",
    VarType.FP32: "fp32_values",
    VarType.INT32: "int32_values",
    VarType.INT64: "int64_values",
}
_INTEGERS = (VarType.INT16, VarType.INT32, VarType.INT64, VarType.UINT8, VarType.INT8)


def _array(arguments: Arguments) -> dict[str, Any]:
    value = arguments["value"]
    dtype = as_var_type(value.dtype)
    return {
        "shape": list(value.shape),
        "dtype": int(dtype),
        _VALUES[dtype]: value.flatten().tolist(),
    }


def _tensor(call: Call) -> Arguments:
    dtype, shape = VarType(call.attrs["dtype"]), call.attrs["shape"]
    if dtype not in _VALUES:
        raise ValueError(f"an array of {dtype}; it may be of {', '.join(map(str, _VALUES))}")
    values = call.attrs[_VALUES[dtype]]
    if min(shape, default=0) < 0 or math.prod(shape) != len(values):
        raise ValueError(f"an array of shape {shape} with {len(values)} values")
    dtypes = {VarType.BOOL: np.bool_, VarType.INT32: np.int32, VarType.INT64: np.int64}
    array = np.array(values, dtypes.get(dtype, np.float32)).reshape(shape)
    return {"value": torch.from_numpy(array)}


def _filled(arguments: Arguments) -> dict[str, Any]:
    value = arguments["value"]
    if isinstance(value, Variable):
        return {}
    whole = as_var_type(arguments["dtype"]) in _INTEGERS
    return {"value": float(value), "str_value": str(int(value) if whole else float(value))}


def _fill(call: Call) -> Arguments:
    if "ValueTensor" in call.inputs:
        return {}
    text = call.attrs["str_value"]
    if not text:
        return {"value": call.attrs["value"]}
    whole = VarType(call.attrs["dtype"]) in _INTEGERS
    return {"value": int(text) if whole and text.lstrip("-").isdigit() else float(text)}


def _cast(arguments: Arguments) -> dict[str, Any]:
    return {"in_dtype": int(arguments["x"].dtype)}


def _of_numbers(first: str) -> Any:
    """Return what reads the dtype that an operator takes from its input."""

    def read(call: Call) -> Arguments:
        return {"dtype": call.inputs[first][0].dtype}

    return read


def _turned(arguments: Arguments) -> dict[str, Any]:
    axis = arguments["axis"]
    return {"axis": [axis] if isinstance(axis, int) else list(axis)}


def _unsqueezed(arguments: Arguments) -> dict[str, Any]:
    axes = arguments["axes"]
    if isinstance(axes, Variable) or has_variables(axes):
        return {"axes": []}
    return {"axes": [axes] if isinstance(axes, int) else list(axes)}


def _split(arguments: Arguments) -> dict[str, Any]:
    parts, dim = arguments["num_or_sections"], arguments["dim"]
    told: dict[str, Any] = {"num": parts} if isinstance(parts, int) else {"num": 0}
    if not isinstance(parts, int):
        told["sections"] = [-1 if isinstance(part, Variable) else part for part in parts]
    if isinstance(dim, int):
        told["axis"] = dim + len(arguments["input"].shape) if dim < 0 else dim
    return told


def _parts(call: Call) -> Arguments:
    if "SectionsTensorList" in call.inputs:
        return {"num_or_sections": call.inputs["SectionsTensorList"]}
    return {"num_or_sections": call.attrs["sections"] or call.attrs["num"]}


def _unstacked(arguments: Arguments) -> dict[str, Any]:
    num = arguments["num"]
    return {"num": arguments["x"].shape[arguments["axis"]] if num is None else num}


def _listed(*names: str) -> Any:
    """Return what tells which limits are known before a run."""

    def told(arguments: Arguments) -> dict[str, Any]:
        known = [True] * len(arguments["axes"])
        for name in names:
            values = arguments[name]
            for place in range(len(known)):
                value = values if isinstance(values, Variable) else values[place]
                known[place] = known[place] and not isinstance(value, Variable)
        return {"infer_flags": [1 if one else -1 for one in known]}

    return told


def _dropping(call: Call) -> bool:
    return bool(call.attrs["decrease_axis"])


_SLICE = (
    "Input:input StartsTensor:starts StartsTensorList:starts EndsTensor:ends EndsTensorList:ends"
)
_STRIDED = f"{_SLICE} StridesTensor:strides StridesTensorList:strides"
_SHAPE = "Shape:actual_shape|shape ShapeTensor:shape X:x"


def _reshape(call: Call) -> Arguments:
    if "Shape" in call.inputs and not call.attrs["shape"]:
        return {"shape": call.inputs["Shape"][0], "actual_shape": None}
    return {}


_FORMS: Forms = {
    **same("assign", "X:input", "Out"),
    "assign_value": (
        form(
            assign_value,
            "",
            "Out",
            ignored="value",
            told=_array,
            read=_tensor,
            uses="shape dtype bool_values fp32_values int32_values int64_values",
        ),
    ),
    **same("cast", "X:x", "Out", "out_dtype:dtype", told=_cast, uses="in_dtype"),
    **same("concat", "X:input AxisTensor:axis", "Out", "axis"),
    **same("diag", "Diagonal:diagonal", "Out"),
    **same(
        "expand",
        "X:x ExpandTimes:expand_times expand_times_tensor:expand_times",
        "Out",
        "expand_times",
    ),
    **same("expand_as", "X:x target_tensor:target_tensor", "Out"),
    **same("eye", "", "Out", "num_rows num_columns dtype"),
    **same("fill_any_like", "X:x", "Out", fixed={"value": 1.0}),
    **same("fill_zeros_like", "X:x", "Out"),
    **same(
        "fill_constant",
        "ShapeTensor:shape ShapeTensorList:shape ValueTensor:value",
        "Out",
        "shape dtype force_cpu",
        told=_filled,
        read=_fill,
        uses="value str_value",
    ),
    **same(
        "fill_constant_batch_size_like",
        "Input:input",
        "Out",
        "shape dtype force_cpu input_dim_idx output_dim_idx",
        ignored="value",
        told=_filled,
        read=_fill,
        uses="value str_value",
    ),
    **same("flatten2", "X:x", "Out", "axis"),
    **same("gather", "X:input Index:index", "Out", "overwrite"),
    **same("gather_nd", "X:input Index:index", "Out"),
    **same(
        "linspace",
        "Start:start Stop:stop Num:num",
        "Out",
        ignored="dtype",
        read=_of_numbers("Start"),
        uses="dtype",
    ),
    **same(
        "range", "Start:start End:end Step:step", "Out", ignored="dtype", read=_of_numbers("Start")
    ),
    **same("multiplex", "X:inputs Ids:index", "Out"),
    **same("one_hot", "X:input depth_tensor:depth", "Out", "depth allow_out_of_range"),
    **same("reshape2", _SHAPE, "Out", "shape", ignored="inplace", read=_reshape),
    **same("reverse", "X:x", "Out", "axis", told=_turned),
    **same("scatter", "X:input Ids:index Updates:updates", "Out", "overwrite"),
    **same("scatter_nd_add", "X:ref Index:index Updates:updates", "Out"),
    **same("shape", "Input:input", "Out"),
    **same("size", "Input:input", "Out"),
    "slice": (
        form(
            _index._slice,
            _SLICE,
            "Out",
            "axes starts ends decrease_axis",
            told=_listed("starts", "ends"),
            uses="infer_flags",
            fits=_dropping,
        ),
        form(
            cut.slice,
            _SLICE,
            "Out",
            "axes starts ends",
            told=_listed("starts", "ends"),
            uses="infer_flags",
        ),
    ),
    "strided_slice": (
        form(
            _index._strided_slice,
            _STRIDED,
            "Out",
            "axes starts ends strides decrease_axis",
            told=_listed("starts", "ends", "strides"),
            uses="infer_flags",
            fits=_dropping,
        ),
        form(
            cut.strided_slice,
            _STRIDED,
            "Out",
            "axes starts ends strides",
            told=_listed("starts", "ends", "strides"),
            uses="infer_flags",
        ),
    ),
    **same(
        "split",
        "X:input AxisTensor:dim SectionsTensorList:num_or_sections",
        "Out",
        "axis:dim",
        told=_split,
        read=_parts,
        uses="num sections",
    ),
    **same("squeeze2", "X:input", "Out", "axes"),
    **same("stack", "X:x", "Y", "axis"),
    **same("transpose2", "X:x", "Out", "axis:perm"),
    **same(
        "unsqueeze2",
        "X:input AxesTensor:axes AxesTensorList:axes",
        "Out",
        "axes",
        told=_unsqueezed,
    ),
    **same("unstack", "X:x", "Y", "axis num", told=_unstacked),
    **same("where_index", "Condition:condition", "Out"),
}

# What older programs have: the same without a second result. None of these is written.
_OLDER = {"reshape2": "reshape", "squeeze2": "squeeze", "unsqueeze2": "unsqueeze"}
_OLDER.update({"transpose2": "transpose", "flatten2": "flatten"})
FORMS: Forms = {**_FORMS, **{older: _FORMS[newer] for newer, older in _OLDER.items()}}
