"""1.x in eager mode: functions of `paddle.fluid.layers` that are torch's, and layers of dygraph.

They apply where a file computes at once, with `paddle.fluid.dygraph`, and builds no program. Their
examples are compared with real Paddle 1.8.5. Reductions are rewritten where the dimension is kept
alone: without it, a last one leaves shape [1] in 1.x. Elementwise functions stay: they line shapes
up otherwise than torch, unless these are known to be equal.
"""

from __future__ import annotations

from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.site import Kept, Piece, Rewrite, Site
from paddle_compat.port.rules.creation import plain_data
from paddle_compat.port.rules.layers import weighted
from paddle_compat.port.rules.shape import to_dtype
from paddle_compat.port.rules.spec import Function, Named, Template

__all__ = ["RULES"]

_L, _D = "paddle.fluid.layers.", "paddle.fluid.dygraph."
_UNARY = "relu sigmoid tanh exp log sqrt rsqrt abs square floor ceil sin cos reciprocal"


def _unary(name: str) -> Function:
    value = "x * x + 0.5" if name in ("log", "sqrt", "rsqrt", "reciprocal") else "x"
    return Function(
        _L + name,
        f"torch.{name}",
        "x>input name>",
        (f"fluid.layers.{name}({value})", f"fluid.layers.{name}(x=fluid.layers.relu({value}))"),
        method=False,
    )


def _reduction(name: str, torch: str) -> Function:
    return Function(
        _L + name,
        f"torch.{torch}",
        "input dim:axes keep_dim>keepdim:flag name>",
        (
            f"fluid.layers.{name}(fluid.layers.tanh(x), dim=1, keep_dim=True)",
            f"fluid.layers.{name}(fluid.layers.sigmoid(x), [0, -1], True)",
        ),
        require=_kept_dimension,
        method=False,
    )


def _kept_dimension(site: Site) -> str | None:
    node, dim, keep = site.value("input"), site.value("dim"), site.value("keep_dim")
    if dim is None or keep is None or site.module.constant(keep) is not True:
        return "without keep_dim=True, the last dimension leaves shape [1] in 1.x and [] in torch"
    if node is None or not site.values.is_float(node):
        return "its input is not certainly of a float dtype, and sums of integers differ"
    return None


def _split(site: Site) -> Rewrite | Kept:
    node, parts, dim = site.value("input"), site.value("num_or_sections"), site.value("dim")
    if node is None or parts is None:
        return Kept("it lacks an argument")
    value = site.module.constant(parts)
    sizes = isinstance(value, list) and all(type(each) is int and each > 0 for each in value)
    if type(value) is not int and not sizes:
        return Kept("its parts are neither a number nor sizes, all written out, without -1")
    if dim is not None and type(site.module.constant(dim)) is not int:
        return Kept("its dim is not certainly a number")
    name = TorchName("torch.split" if sizes else "torch.tensor_split")
    last: Piece = site.outer(dim) if dim is not None else "-1"
    pieces = ("list(", name, "(", site.outer(node), ", ", site.outer(parts), ", dim=", last, "))")
    return site.replaced(*pieces)


def _unsqueeze(site: Site) -> Rewrite | Kept:
    node, axes = site.value("input"), site.value("axes")
    value = site.module.constant(axes)
    one = value[0] if isinstance(value, list) and len(value) == 1 else value
    if node is None or axes is None or type(one) is not int:
        return Kept("its axes are not certainly one number")
    return site.replaced(TorchName("torch.unsqueeze"), "(", site.outer(node), f", dim={one})")


def _to_variable(site: Site) -> Rewrite | Kept:
    value = site.value("value")
    if value is None or not plain_data(site, value, numbers=False):
        return Kept("its value is not certainly a numpy array")
    return site.replaced(TorchName("torch.tensor"), "(", site.outer(value), ")")


RULES: tuple[Function | Template | Named, ...] = (
    *(_unary(name) for name in _UNARY.split()),
    _reduction("reduce_sum", "sum"),
    _reduction("reduce_mean", "mean"),
    Function(
        _L + "reshape",
        "torch.reshape",
        "x>input shape:shape actual_shape>=None act>=None inplace>=False name>",
        ("fluid.layers.reshape(x, [-1, 4])", "fluid.layers.reshape(x, shape=[24], inplace=False)"),
        method=False,
    ),
    Function(
        _L + "transpose",
        "torch.permute",
        "x>input perm>dims:tuple name>",
        ("fluid.layers.transpose(x, [0, 2, 1])", "fluid.layers.transpose(x, perm=[2, 1, 0])"),
        method=False,
    ),
    Function(
        _L + "concat",
        "torch.cat",
        "input>tensors:tensors axis>dim:int name>",
        ("fluid.layers.concat([x, y])", "fluid.layers.concat(input=[x, y], axis=-1, name='j')"),
        method=False,
    ),
    Function(
        _L + "stack",
        "torch.stack",
        "x>tensors:tensors axis>dim:int name>",
        ("fluid.layers.stack([x, y])", "fluid.layers.stack([x, y], axis=1)"),
        method=False,
    ),
    Function(
        _L + "expand",
        "torch.tile",
        "x>input expand_times>dims:tuple name>",
        ("fluid.layers.expand(x, [2, 1, 1])", "fluid.layers.expand(x, expand_times=[1, 2, 3])"),
        method=False,
    ),
    Function(
        _L + "softmax",
        "torch.softmax",
        "input use_cudnn>=False name> * axis>dim:int",
        ("fluid.layers.softmax(x)", "fluid.layers.softmax(x, axis=1)"),
        add={"axis": "dim=-1"},
        method=False,
    ),
    Function(
        _L + "matmul",
        "torch.matmul",
        "x>input y>other transpose_x>=False transpose_y>=False alpha>=1.0 name>",
        ("fluid.layers.matmul(x, fluid.layers.transpose(y, [0, 2, 1]))",),
        method=False,
    ),
    Template(
        _L + "cast",
        "x dtype",
        lambda site: to_dtype(site, "x", "dtype"),
        "Tensor.to",
        ("fluid.layers.cast(x, 'int32')", "fluid.layers.cast(x=i, dtype='float32')"),
        method=False,
    ),
    Template(
        _L + "split",
        "input num_or_sections dim name",
        _split,
        "torch.split or torch.tensor_split",
        ("fluid.layers.split(x, 2)", "fluid.layers.split(x, [1, 2], dim=1)"),
        method=False,
    ),
    Template(
        _L + "unsqueeze",
        "input axes name",
        _unsqueeze,
        "torch.unsqueeze",
        ("fluid.layers.unsqueeze(x, [1])", "fluid.layers.unsqueeze(input=x, axes=[-1])"),
        method=False,
    ),
    Named(_D + "Layer", "torch.nn.Module", ("fluid.layers.relu(x)",)),
    Named(_D + "no_grad", "torch.no_grad", ("without(fluid.dygraph.no_grad, x)",)),
    Template(
        _D + "to_variable",
        "value",
        _to_variable,
        "torch.tensor",
        ("fluid.dygraph.to_variable(np.ones([2, 3], 'float32'))",),
        method=False,
    ),
    Template(
        _D + "Linear",
        "input_dim output_dim param_attr bias_attr act dtype",
        weighted(
            "torch.nn.Linear",
            "torch.nn.init.xavier_uniform_",
            renamed={"input_dim": "in_features", "output_dim": "out_features"},
            plain={"act": "None", "dtype": "float32"},
            attributes=("param_attr", "bias_attr"),
        ),
        "torch.nn.Linear",
        (
            "shapes(fluid.dygraph.Linear(4, 5)(x))",
            "shapes(fluid.dygraph.Linear(4, output_dim=2)(x))",
        ),
        method=False,
    ),
)
