"""`paddle.nn.functional`: activations, convolutions, pools and losses that are torch's too."""

from __future__ import annotations

from paddle_compat.port.rewrite.site import Site
from paddle_compat.port.rules.spec import Function

__all__ = ["RULES"]

_P, _T = "paddle.nn.functional.", "torch.nn.functional."


def _activation(name: str, signature: str, *more: str, torch: str = "") -> Function:
    return Function(
        _P + name,
        _T + (torch or name),
        signature,
        (f"{_P}{name}(x)", f"{_P}{name}(x=x, name=None)", *(f"{_P}{each}" for each in more)),
        method=False,
    )


def _with_axis(name: str) -> Function:
    return Function(
        _P + name,
        _T + name,
        "x>input axis>dim:int * dtype:dtype name>",
        (f"{_P}{name}(x)", f"{_P}{name}(x, axis=1)", f"{_P}{name}(x, 0, 'float64')"),
        add={"axis": "dim=-1"},
        method=False,
    )


def _loss(name: str, *, torch: str = "") -> Function:
    return Function(
        _P + name,
        _T + (torch or name),
        "input label>target * reduction name>",
        (
            f"{_P}{name}(x, y)",
            f"{_P}{name}(x, y, 'sum')",
            f"{_P}{name}(input=x, label=y, reduction='none')",
            f"{_P}{name}(x, x)",
        ),
        method=False,
    )


def _resized(site: Site) -> str | None:
    mode, size = site.value("mode"), site.value("size")
    told = site.module.constant(mode) if mode is not None else "nearest"
    if told not in ("nearest", "bilinear"):
        return f"its mode {told!r} is not known to agree"
    if size is None and type(site.module.constant(site.value("scale_factor"))) is not int:
        return "a scale that is no whole number rounds and samples otherwise"
    corners = site.value("align_corners")
    if told == "nearest" and corners is not None:
        return "torch takes no align_corners for 'nearest'"
    return None


_WINDOW = "kernel_size:pair stride:pair padding:pair"

RULES = (
    _activation("relu", "x>input name>"),
    _activation("relu6", "x>input name>"),
    _activation("sigmoid", "x>input name>", torch="sigmoid"),
    _activation("tanh", "x>input name>"),
    _activation("log_sigmoid", "x>input name>", torch="logsigmoid"),
    _activation("softsign", "x>input name>"),
    _activation("silu", "x>input name>"),
    _activation("swish", "x>input name>", torch="silu"),
    _activation("mish", "x>input name>"),
    _activation("hardswish", "x>input name>"),
    _activation("tanhshrink", "x>input name>"),
    _activation("elu", "x>input alpha name>", "elu(x, 0.5)"),
    _activation("celu", "x>input alpha name>", "celu(x, alpha=2.0)"),
    _activation(
        "softplus", "x>input beta threshold name>", "softplus(x * 9.0, beta=2, threshold=5)"
    ),
    _activation(
        "hardtanh", "x>input min>min_val max>max_val name>", "hardtanh(x, min=-0.5, max=0.5)"
    ),
    _activation("gelu", "x>input approximate>=False name>"),
    _activation("softshrink", "x>input threshold>lambd name>", "softshrink(x, 0.25)"),
    _with_axis("softmax"),
    _with_axis("log_softmax"),
    Function(
        _P + "glu",
        _T + "glu",
        "x>input axis>dim:int name>",
        (_P + "glu(x)", _P + "glu(x, axis=0)"),
        method=False,
    ),
    Function(
        _P + "conv2d",
        _T + "conv2d",
        "x>input weight bias stride:pair padding:pair dilation:pair groups data_format>=NCHW name>",
        (
            _P + "conv2d(image, kernel)",
            _P + "conv2d(image, kernel, None, 2, 1)",
            _P + "conv2d(x=image, weight=kernel, padding=[1, 0], dilation=2, data_format='NCHW')",
        ),
        method=False,
    ),
    Function(
        _P + "max_pool2d",
        _T + "max_pool2d",
        f"x>input {_WINDOW} return_mask>=False * ceil_mode>=False data_format>=NCHW name>",
        (
            _P + "max_pool2d(image, 2)",
            _P + "max_pool2d(image, kernel_size=3, stride=2, padding=1)",
            _P + "max_pool2d(paddle.zeros_like(image) + image.mean(), 2, 2)",
        ),
        method=False,
    ),
    Function(
        _P + "avg_pool2d",
        _T + "avg_pool2d",
        f"x>input {_WINDOW} ceil_mode>=False * exclusive>=True divisor_override>=None "
        "data_format>=NCHW name>",
        (
            _P + "avg_pool2d(image, 2)",
            _P + "avg_pool2d(image, kernel_size=3, stride=2, padding=1)",
            _P + "avg_pool2d(image, 3, 1, 1, exclusive=True)",
        ),
        add={"": "count_include_pad=False"},
        method=False,
    ),
    Function(
        _P + "adaptive_avg_pool2d",
        _T + "adaptive_avg_pool2d",
        "x>input output_size:pair data_format>=NCHW name>",
        (
            _P + "adaptive_avg_pool2d(image, 1)",
            _P + "adaptive_avg_pool2d(image, output_size=[2, 3])",
        ),
        method=False,
    ),
    Function(
        _P + "interpolate",
        _T + "interpolate",
        "x>input size:pair scale_factor mode align_corners:flag align_mode>=0 data_format>=NCHW "
        "name>",
        (
            _P + "interpolate(image, size=[12, 9])",
            _P + "interpolate(image, scale_factor=2, mode='nearest')",
            _P + "interpolate(image, [3, 7], mode='bilinear', align_corners=False)",
            _P + "interpolate(x=image, size=[7, 11], mode='bilinear', align_corners=True)",
            _P + "interpolate(image, scale_factor=2, mode='bilinear')",
        ),
        require=_resized,
        method=False,
    ),
    Function(
        _P + "pixel_shuffle",
        _T + "pixel_shuffle",
        "x>input upscale_factor data_format>=NCHW name>",
        (_P + "pixel_shuffle(paddle.concat([image, image], axis=1)[:, :4], 2)",),
        method=False,
    ),
    _loss("mse_loss"),
    _loss("l1_loss"),
    Function(
        _P + "smooth_l1_loss",
        _T + "smooth_l1_loss",
        "input label>target * reduction delta>=1.0 is_huber>=True name>",
        (
            _P + "smooth_l1_loss(x, y)",
            _P + "smooth_l1_loss(x * 3.0, y, reduction='none', delta=1.0)",
            _P + "smooth_l1_loss(input=x, label=y, reduction='sum')",
        ),
        method=False,
    ),
    Function(
        _P + "normalize",
        _T + "normalize",
        "x>input p axis>dim:int * epsilon>eps name>",
        (_P + "normalize(x)", _P + "normalize(x, p=1, axis=2)", _P + "normalize(x * 0.0)"),
        method=False,
    ),
    Function(
        _P + "cosine_similarity",
        _T + "cosine_similarity",
        "x1 x2 axis>dim:int eps",
        (_P + "cosine_similarity(x, y)", _P + "cosine_similarity(x, y, axis=-1)"),
        method=False,
    ),
)
