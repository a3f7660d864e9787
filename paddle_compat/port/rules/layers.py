"""`paddle.nn`: layers whose results, parameters and initial values are torch's too.

A layer with weights draws their initial values otherwise in torch, so it is wrapped in a function
that gives them Paddle's: `HELPER`, written once into a file that needs it.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping

from paddle_compat.port.arguments import bind
from paddle_compat.port.edits import Edit
from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.site import Kept, Piece, Rewrite, Site
from paddle_compat.port.rules.spec import Function, Named, Template
from paddle_compat.port.rules.values import CONVERSIONS

__all__ = ["HELPER", "HELPER_NAME", "RULES", "weighted"]

HELPER_NAME = "_initialized"
HELPER = '''\
def _initialized(layer, weight, bias):
    """Give a new layer the initial values that it had in Paddle."""
    weight(layer.weight)
    if layer.bias is not None:
        bias(layer.bias)
    return layer
'''

_INIT = "paddle.nn.initializer."
# A Paddle initialiser with its parameters, and the torch function with theirs.
_INITIALIZERS: Mapping[str, tuple[str, str]] = {
    "Constant": ("constant_", "value>val=0.0"),
    "Normal": ("normal_", "mean>mean=0.0 std>std=1.0"),
    "Uniform": ("uniform_", "low>a=-1.0 high>b=1.0"),
}
_ZEROS = "torch.nn.init.zeros_"


def _initializer(
    site: Site, node: ast.expr | None, default: str
) -> tuple[Piece, ...] | Kept | None:
    """Return pieces of a function that fills a tensor; None for no tensor at all."""
    if node is None or site.module.constant(node) in (None, True):
        return (TorchName(default),)
    if site.module.constant(node) is False:
        return None
    where = site.module.text(node).splitlines()[0]
    if not isinstance(node, ast.Call):
        return Kept(f"what {where} asks for is not written out")
    path = site.module.paddle_path(node.func) or ""
    if path == "paddle.ParamAttr":
        given = bind(node, ("name", "initializer"))
        if given is None or ("name" in given and site.module.constant(given["name"]) is not None):
            return Kept(f"{where} asks for more than an initial value")
        return _initializer(site, given.get("initializer"), default)
    name = path.removeprefix(_INIT)
    if not path.startswith(_INIT) or name not in _INITIALIZERS:
        return Kept(f"{where} draws values that torch draws otherwise")
    torch, signature = _INITIALIZERS[name]
    words = [word.partition(">") for word in signature.split()]
    given = bind(node, (*(word[0] for word in words), "name"))
    if given is None:
        return Kept(f"{where} has arguments that are not known")
    pieces: list[Piece] = ["lambda values: ", TorchName(f"torch.nn.init.{torch}"), "(values"]
    for paddle, _, rest in words:
        keyword, _, value = rest.partition("=")
        own = given.get(paddle)
        if own is not None and any(site.module.paddle_path(each) for each in ast.walk(own)):
            return Kept(f"{where} computes its values with Paddle")
        pieces += [f", {keyword}=", site.module.span(own) if own is not None else value]
    return (*pieces, ")")


def weighted(
    torch: str,
    weight: str,
    *,
    plain: Mapping[str, str],
    sizes: str = "",
    renamed: Mapping[str, str] | None = None,
    attributes: tuple[str, str] = ("weight_attr", "bias_attr"),
) -> Callable[[Site], Rewrite | Kept]:
    """Return the writer of a layer that has a weight and a bias.

    Args:
        torch: the torch class.
        weight: how the weight is filled by default.
        plain: what may only have one value, by name.
        sizes: the parameters that have to be one size or two.
        renamed: torch's names of parameters, by Paddle's.
        attributes: Paddle's parameters for the attributes of weight and bias.
    """

    def write(site: Site) -> Rewrite | Kept:
        dropped = []
        edits: list[Edit] = []
        for argument in site.given:
            name, value = argument.parameter, argument.value
            if name in plain and str(site.module.constant(value)) != plain[name]:
                return Kept(f"torch has no {name}={site.module.text(value)}")
            if name in plain or name in (*attributes, "name"):
                dropped.append(argument)
            elif name in sizes.split():
                unfit = CONVERSIONS["pair"](site, value)
                if isinstance(unfit, Kept):
                    return unfit
            elif argument.keyword is not None and renamed and name in renamed:
                edit = site.keyworded(argument, renamed[name])
                edits += [edit] if edit is not None else []
        filled = _initializer(site, site.value(attributes[0]), weight)
        bias = _initializer(site, site.value(attributes[1]), _ZEROS)
        cut = site.without(dropped)
        for each in (bias, filled, cut):
            if isinstance(each, Kept):
                return each
        if filled is None:
            return Kept("weight_attr=False leaves no weight")
        assert not isinstance(filled, Kept)
        assert not isinstance(bias, Kept)
        assert not isinstance(cut, Kept)
        edits += [site.named(torch), *cut]
        if bias is None:
            edits.append(site.added("bias=False", dropped))
            bias = (TorchName(_ZEROS),)
        span = site.module.span(site.call)
        around = Edit(span, (HELPER_NAME, "(", span, ", ", *filled, ", ", *bias, ")"))
        return Rewrite((around, *edits), torch)

    def whole(site: Site) -> Rewrite | Kept:
        groups = site.value("groups")
        if groups is not None and site.module.constant(groups) != 1:
            return Kept("with groups, Paddle draws the weight from another variance than torch")
        return write(site)

    return whole


def _plain(name: str, signature: str = "name>", *examples: str, torch: str = "") -> Function:
    paddle = f"paddle.nn.{name}"
    calls = examples or (f"{paddle}()(x)",)
    return Function(paddle, f"torch.nn.{torch or name}", signature, calls, method=False)


def _container(name: str, torch: str, *examples: str) -> Template:
    def write(site: Site) -> Rewrite | Kept:
        edits = [site.named(torch)]
        given = site.given.argument("sublayers")
        if given is not None and given.keyword is not None:
            edits += filter(None, [site.keyworded(given, "modules")])
        return Rewrite(tuple(edits), torch)

    return Template(f"paddle.nn.{name}", "sublayers", write, torch, examples, method=False)


def _sequential(site: Site) -> str | None:
    if all(site.values.kind(layer) == "layer" for layer in site.call.args):
        return None
    return "its layers are not certainly layers alone: Paddle's may be pairs with names"


_LAYERS_IN_ORDER = " ".join(f"layer{number}" for number in range(64))
_ATTRS = "weight_attr bias_attr"
_CONV = (
    "in_channels out_channels kernel_size stride padding dilation groups padding_mode "
    f"{_ATTRS} data_format"
)

RULES = (
    Named(
        "paddle.nn.Layer",
        "torch.nn.Module",
        ("isinstance(paddle.nn.ReLU(), paddle.nn.Layer)",),
    ),
    Template(
        "paddle.nn.Linear",
        f"in_features out_features {_ATTRS} name",
        weighted("torch.nn.Linear", "torch.nn.init.xavier_uniform_", plain={}),
        "torch.nn.Linear",
        (
            "shapes(paddle.nn.Linear(4, 5)(x))",
            "paddle.nn.Linear(4, 5, bias_attr=False, "
            "weight_attr=paddle.nn.initializer.Constant(0.5))(x)",
            "paddle.nn.Linear(4, 2, weight_attr=paddle.ParamAttr("
            "initializer=paddle.nn.initializer.Constant(0.25)), "
            "bias_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.Constant(-4.5)))(x)",
        ),
        method=False,
    ),
    Template(
        "paddle.nn.Conv2D",
        _CONV,
        weighted(
            "torch.nn.Conv2d",
            "torch.nn.init.kaiming_normal_",
            plain={"data_format": "NCHW", "padding_mode": "zeros"},
            sizes="kernel_size stride padding dilation",
        ),
        "torch.nn.Conv2d",
        (
            "shapes(paddle.nn.Conv2D(3, 5, 3, padding=1)(image))",
            "paddle.nn.Conv2D(3, 2, [3, 1], 2, 1, bias_attr=False, data_format='NCHW', "
            "weight_attr=paddle.nn.initializer.Constant(0.1))(image)",
            "paddle.nn.Conv2D(in_channels=3, out_channels=2, kernel_size=3, dilation=2, "
            "weight_attr=paddle.ParamAttr(initializer=paddle.nn.initializer.Constant(value=0.1)), "
            "bias_attr=paddle.nn.initializer.Constant(-2.0))(image)",
        ),
        method=False,
    ),
    _plain("ReLU"),
    _plain("ReLU6"),
    _plain("Sigmoid"),
    _plain("Tanh"),
    _plain("Silu", torch="SiLU"),
    _plain("Swish", torch="SiLU"),
    _plain("Mish"),
    _plain("Hardswish"),
    _plain("LogSigmoid"),
    _plain("Softsign"),
    _plain("Tanhshrink"),
    _plain("GELU", "approximate>=False name>"),
    _plain("ELU", "alpha name>", "paddle.nn.ELU(0.5)(x)"),
    _plain("Softplus", "beta threshold name>", "paddle.nn.Softplus(2, 15)(x)"),
    Function(
        "paddle.nn.Softmax",
        "torch.nn.Softmax",
        "axis>dim:int name>",
        ("paddle.nn.Softmax()(x)", "paddle.nn.Softmax(axis=1)(x)"),
        add={"axis": "dim=-1"},
        method=False,
    ),
    Function(
        "paddle.nn.LogSoftmax",
        "torch.nn.LogSoftmax",
        "axis>dim:int name>",
        ("paddle.nn.LogSoftmax()(x)", "paddle.nn.LogSoftmax(0)(x)"),
        add={"axis": "dim=-1"},
        method=False,
    ),
    _plain("Identity", "", "paddle.nn.Identity()(x)"),
    _plain(
        "Flatten",
        "start_axis>start_dim stop_axis>end_dim",
        "paddle.nn.Flatten()(x)",
        "paddle.nn.Flatten(start_axis=0, stop_axis=1)(x)",
    ),
    _plain(
        "MaxPool2D",
        "kernel_size:pair stride:pair padding:pair return_mask>=False * ceil_mode>=False "
        "data_format>=NCHW name>",
        "paddle.nn.MaxPool2D(2)(image)",
        "paddle.nn.MaxPool2D(kernel_size=3, stride=2, padding=1)(image)",
        torch="MaxPool2d",
    ),
    Function(
        "paddle.nn.AvgPool2D",
        "torch.nn.AvgPool2d",
        "kernel_size:pair stride:pair padding:pair ceil_mode>=False * exclusive>=True "
        "divisor_override>=None data_format>=NCHW name>",
        ("paddle.nn.AvgPool2D(2)(image)", "paddle.nn.AvgPool2D(3, stride=2, padding=1)(image)"),
        add={"": "count_include_pad=False"},
        method=False,
    ),
    _plain(
        "AdaptiveAvgPool2D",
        "output_size:pair data_format>=NCHW name>",
        "paddle.nn.AdaptiveAvgPool2D(1)(image)",
        torch="AdaptiveAvgPool2d",
    ),
    _plain(
        "LayerNorm",
        "normalized_shape epsilon>eps weight_attr>=None bias_attr>=None name>",
        "paddle.nn.LayerNorm(4)(x)",
        "paddle.nn.LayerNorm([3, 4], epsilon=1e-3)(x)",
    ),
    _plain(
        "GroupNorm",
        "num_groups num_channels epsilon>eps weight_attr>=None bias_attr>=None "
        "data_format>=NCHW name>",
        "paddle.nn.GroupNorm(3, 6)(paddle.concat([image, image * 2.0], axis=1))",
        "paddle.nn.GroupNorm(num_groups=1, num_channels=3, epsilon=1e-4)(image)",
    ),
    _plain(
        "MSELoss",
        "reduction",
        "paddle.nn.MSELoss()(x, y)",
        "paddle.nn.MSELoss(reduction='sum')(x, y)",
    ),
    _plain(
        "L1Loss", "* reduction name>", "paddle.nn.L1Loss()(x, y)", "paddle.nn.L1Loss('none')(x, y)"
    ),
    _plain(
        "PixelShuffle",
        "upscale_factor data_format>=NCHW name>",
        "paddle.nn.PixelShuffle(2)(paddle.concat([image, image], axis=1)[:, :4])",
    ),
    Function(
        "paddle.nn.Sequential",
        "torch.nn.Sequential",
        _LAYERS_IN_ORDER,
        (
            "paddle.nn.Sequential(paddle.nn.ReLU(), paddle.nn.Softmax(axis=1))(x)",
            "paddle.nn.Sequential(paddle.nn.Flatten(1), "
            "paddle.nn.Sequential(paddle.nn.Tanh()))[1](x)",
        ),
        require=_sequential,
        method=False,
    ),
    _container(
        "LayerList",
        "torch.nn.ModuleList",
        "paddle.nn.LayerList([paddle.nn.ReLU()])[0](x)",
        "paddle.nn.LayerList(sublayers=[paddle.nn.Tanh()])[0](x)",
    ),
)
