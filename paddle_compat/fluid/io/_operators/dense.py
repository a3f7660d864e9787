"""The forms of convolutions, pooling, normalisation, products, resizing and losses."""

from __future__ import annotations

from typing import Any

from paddle_compat.fluid._layer import by_type
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.io._operators.forms import Arguments, Call, Forms, form, same
from paddle_compat.fluid.layers.nn import _windows, adaptive_pool
from paddle_compat.fluid.layers.nn.batch_norm import normalize_batch

__all__ = ["FORMS"]


def _around(padding: list[int]) -> list[int]:
    """Return paddings as Paddle writes them: two where the sides are equal."""
    top, bottom, left, right = padding
    return [top, left] if top == bottom and left == right else [top, bottom, left, right]


def _sides(paddings: list[int]) -> list[int]:
    return [size for size in paddings for _ in range(2)] if len(paddings) == 2 else paddings


def _padded(arguments: Arguments) -> dict[str, Any]:
    return {"paddings": _around(arguments["padding"])}


def _pad(call: Call) -> Arguments:
    return {"padding": _sides(call.attrs["paddings"])}


_WINDOW = "strides:stride dilations:dilation groups padding_algorithm data_format"
# On a GPU real Paddle is to take the faster way, as its layers tell it.
_CUDNN = {"use_cudnn": True}


def _pooled(arguments: Arguments) -> dict[str, Any]:
    size, stride = (_windows.pair("pool2d", n, arguments[n]) for n in ("pool_size", "pool_stride"))
    data_format = arguments["data_format"]
    algorithm, padding = _windows.paddings(
        "pool2d", "pool_padding", arguments["pool_padding"], data_format
    )
    return {
        "ksize": size,
        "strides": stride,
        "paddings": _around(padding),
        "padding_algorithm": algorithm,
        "use_cudnn": arguments["use_cudnn"],
    }


def _pool(call: Call) -> Arguments:
    algorithm = call.attrs["padding_algorithm"]
    return {
        "pool_size": call.attrs["ksize"],
        "pool_stride": call.attrs["strides"],
        "pool_padding": call.attrs["paddings"] if algorithm == "EXPLICIT" else algorithm,
    }


def _adaptive(call: Call) -> bool:
    return bool(call.attrs["adaptive"])


def _resized(arguments: Arguments) -> dict[str, Any]:
    size = arguments["out_shape"]
    told: dict[str, Any] = {"out_d": -1, "out_h": -1, "out_w": -1}
    if isinstance(size, (list, tuple)):
        numbers = [-1 if isinstance(item, Variable) else int(item) for item in size]
        told["out_h"], told["out_w"] = numbers
    if size is None and isinstance(arguments["scale"], (int, float)):
        told["scale"] = arguments["scale"]
    return told


def _resize(call: Call) -> Arguments:
    # Which goes before which is as in the operator.
    none: Arguments = {"out_shape": None, "scale": None, "actual_shape": None}
    if "OutSize" in call.inputs:
        return {**none, "out_shape": call.inputs["OutSize"][0]}
    if "SizeTensor" in call.inputs:
        return {**none, "out_shape": call.inputs["SizeTensor"]}
    if "Scale" in call.inputs:
        return {**none, "scale": call.inputs["Scale"][0]}
    if call.attrs["scale"] > 0:
        return {"scale": call.attrs["scale"]}
    return {"out_shape": [call.attrs["out_h"], call.attrs["out_w"]]}


def _normalized(arguments: Arguments) -> dict[str, Any]:
    return {"axis": 1 if arguments["axis"] is None else arguments["axis"]}


def _windows_of(arguments: Arguments) -> dict[str, Any]:
    told = {
        name: _windows.pair("unfold", name, arguments[name])
        for name in ("kernel_sizes", "strides", "dilations")
    }
    given = arguments["paddings"]
    paddings = [given] * 4 if isinstance(given, int) else list(given)
    return {**told, "paddings": paddings * 2 if len(paddings) == 2 else paddings}


_INTERP = "X:input OutSize:actual_shape|out_shape SizeTensor:out_shape Scale:scale"
_NORM = "X:input Scale:scale Bias:bias"

FORMS: Forms = {
    **{
        kind: (
            form(
                by_type("conv2d"),
                "Input:input Filter:filter",
                "Output",
                _WINDOW,
                ignored="padding",
                fixed=_CUDNN,
                told=_padded,
                read=_pad,
                uses="paddings",
            ),
        )
        for kind in ("conv2d", "depthwise_conv2d")
    },
    **{
        kind: (
            form(
                by_type("conv2d_transpose"),
                "Input:input Filter:filter",
                "Output",
                f"{_WINDOW} output_size",
                ignored="padding",
                fixed=_CUDNN,
                told=_padded,
                read=_pad,
                uses="paddings",
            ),
        )
        for kind in ("conv2d_transpose", "depthwise_conv2d_transpose")
    },
    **same(
        "deformable_conv",
        "Input:input Offset:offset Mask:mask Filter:filters",
        "Output",
        "strides:stride paddings:padding dilations:dilation groups deformable_groups:moves "
        "im2col_step:step",
    ),
    **same(
        "deformable_conv_v1",
        "Input:input Offset:offset Filter:filters",
        "Output",
        "strides:stride paddings:padding dilations:dilation groups deformable_groups:moves "
        "im2col_step:step",
    ),
    "pool2d": (
        form(
            adaptive_pool.average,
            "X:input",
            "Out",
            "ksize:pool_size",
            fixed={"adaptive": True, "pooling_type": "avg", **_CUDNN},
            uses="adaptive pooling_type strides paddings exclusive",
            fits=lambda call: _adaptive(call) and call.attrs["pooling_type"] == "avg",
        ),
        form(
            by_type("pool2d"),
            "X:input",
            "Out",
            "pooling_type:pool_type global_pooling ceil_mode exclusive data_format",
            ignored="pool_size pool_stride pool_padding use_cudnn",
            told=_pooled,
            read=_pool,
            uses="ksize strides paddings padding_algorithm",
        ),
    ),
    **same(
        "max_pool2d_with_index",
        "X:input",
        "Out Mask",
        "ksize:pool_size",
        fixed={"adaptive": True},
        uses="strides paddings",
        fits=_adaptive,
    ),
    "batch_norm": (
        form(
            normalize_batch,
            "X:input Scale:scale Bias:bias Mean:mean Variance:variance",
            "Y MeanOut VarianceOut",
            "momentum epsilon is_test data_layout use_global_stats",
            ignored="momentum",
            shares="input",
        ),
    ),
    **same("affine_channel", "X:x Scale:scale Bias:bias", "Out", "data_layout"),
    **same("group_norm", _NORM, "Y", "groups epsilon data_layout"),
    **same("layer_norm", _NORM, "Y", "epsilon begin_norm_axis"),
    **same("instance_norm", _NORM, "Y", "epsilon"),
    **same("lrn", "X:input", "Out", "n k alpha beta data_format"),
    **same("norm", "X:x", "Out", "axis epsilon", told=_normalized),
    **same("prelu", "X:x Alpha:alpha", "Out", "mode"),
    **same("mul", "X:x Y:y", "Out", "x_num_col_dims y_num_col_dims"),
    **same("matmul", "X:x Y:y", "Out", "transpose_X:transpose_x transpose_Y:transpose_y alpha"),
    **same(
        "bilinear_interp",
        _INTERP,
        "Out",
        "align_corners align_mode data_layout:data_format",
        fixed={"interp_method": "bilinear"},
        told=_resized,
        read=_resize,
        uses="out_d out_h out_w scale",
    ),
    **same(
        "nearest_interp",
        _INTERP,
        "Out",
        "align_corners data_layout:data_format",
        fixed={"interp_method": "nearest"},
        told=_resized,
        read=_resize,
        uses="out_d out_h out_w scale align_mode",
    ),
    **same("pixel_shuffle", "X:x", "Out", "upscale_factor"),
    **same(
        "unfold",
        "X:x",
        "Y",
        "kernel_sizes strides paddings dilations",
        told=_windows_of,
    ),
    **same("pad", "X:x", "Out", "paddings pad_value"),
    **same("pad2d", "X:input Paddings:paddings", "Out", "paddings mode pad_value data_format"),
    **same("pad_constant_like", "X:x Y:y", "Out", "pad_value"),
    **same("cross_entropy", "X:input Label:label", "Y", "soft_label ignore_index"),
    **same("cross_entropy2", "X:input Label:label", "Y", "ignore_index"),
    **same(
        "softmax_with_cross_entropy",
        "Logits:logits Label:label",
        "Softmax Loss",
        "soft_label ignore_index numeric_stable_mode axis",
    ),
    **same("huber_loss", "X:input Y:label", "Out", "delta"),
    **same("kldiv_loss", "X:x Target:target", "Loss", "reduction"),
    **same("log_loss", "Predicted:input Labels:label", "Loss", "epsilon"),
    **same(
        "smooth_l1_loss",
        "X:x Y:y InsideWeight:inside_weight OutsideWeight:outside_weight",
        "Out",
        "sigma",
    ),
    **same("sigmoid_cross_entropy_with_logits", "X:x Label:label", "Out", "ignore_index normalize"),
    **same("label_smooth", "X:label PriorDist:prior_dist", "Out", "epsilon", ignored="dtype"),
}
