"""What the source tells of a 1.x variable: its dtype and shape, as far as they are written down."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

from paddle_compat.port.arguments import Arguments
from paddle_compat.port.findings._flow import LAYERS, called, value, words
from paddle_compat.port.resolve import Module

__all__ = ["REDUCTIONS", "Facts", "facts", "is_float", "is_int", "is_variable"]

Shape = tuple[int | None, ...]

REDUCTIONS = frozenset(
    f"reduce_{name}" for name in ("sum", "mean", "max", "min", "prod", "all", "any")
)
_SAME = words(
    "relu sigmoid exp log sqrt rsqrt abs square tanh softmax scale clip dropout floor ceil round "
    "leaky_relu pow softplus elu logsigmoid relu6 swish hard_sigmoid brelu reciprocal increment "
    "assign label_smooth"
)
_BINARY = frozenset(
    f"elementwise_{name}"
    for name in ("add", "sub", "mul", "div", "max", "min", "pow", "mod", "floordiv")
)
_COMPARISONS = words(
    "equal not_equal less_than less_equal greater_than greater_equal logical_and logical_or "
    "logical_not logical_xor"
)


@dataclass(frozen=True)
class Facts:
    """What is known of a variable of a 1.x program.

    Attributes:
        dtype: Paddle's name of its dtype; None if it is not known.
        shape: its sizes, -1 for one that the program does not know, None for one that the source
            does not tell; None if not even their number is.
        full: whether it is a reduction of all elements, whose shape is [1].
    """

    dtype: str | None = None
    shape: Shape | None = None
    full: bool = False


_known: WeakKeyDictionary[Module, dict[ast.AST, Facts | None]] = WeakKeyDictionary()
_DEEPEST = 40


def facts(module: Module, node: ast.expr, depth: int = 0) -> Facts | None:
    """Return what is known of a variable; None if it may be anything else."""
    memo = _known.setdefault(module, {})
    node = value(module, node)
    if node not in memo:
        memo[node] = None  # what is defined by itself is not known
        memo[node] = _facts(module, node, depth + 1) if depth < _DEEPEST else None
    return memo[node]


def is_int(of: Facts | None) -> bool:
    """Tell whether a variable is known to be of integers."""
    return of is not None and of.dtype in ("int32", "int64", "int16", "int8", "uint8")


def is_float(of: Facts | None) -> bool:
    """Tell whether a variable is known to be of floats."""
    return of is not None and of.dtype in ("float16", "float32", "float64")


# Layers that return one variable, and of which nothing else is known.
_SINGLE = words(
    "conv2d conv3d conv2d_transpose pool2d pool3d matmul mul cross_entropy smooth_l1 huber_loss "
    "sigmoid_cross_entropy_with_logits softmax_with_cross_entropy sigmoid_focal_loss log_loss "
    "square_error_cost kldiv_loss embedding batch_norm layer_norm group_norm dropout sums sum "
    "one_hot resize_nearest resize_bilinear image_resize roi_align stack expand_as where "
    "create_parameter create_global_var linspace maxout prelu flatten gather_nd scatter"
)


def is_variable(module: Module, node: ast.expr) -> bool:
    """Tell whether an expression is certainly one variable of a 1.x program."""
    node = value(module, node)
    if facts(module, node) is not None:
        return True
    call = called(module, node)
    if call is not None:
        name = call.path.removeprefix(LAYERS)
        # What these return is a variable though its dtype and shape are not known.
        return call.path != name and name in (_SINGLE | _SAME | _BINARY | REDUCTIONS)
    return isinstance(node, ast.BinOp) and (
        is_variable(module, node.left) or is_variable(module, node.right)
    )


def _facts(module: Module, node: ast.expr, depth: int) -> Facts | None:
    if isinstance(node, ast.BinOp):
        return _operator(module, node, depth)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return facts(module, node.operand, depth)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        left = facts(module, node.left, depth)
        plain = isinstance(node.ops[0], (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq))
        return replace(left, dtype="bool", full=False) if left is not None and plain else None
    if isinstance(node, ast.Subscript):
        return _part(module, node, depth)
    call = called(module, node)
    if call is None:
        return _method(module, node, depth)
    if call.path == "paddle.fluid.data":
        return _data(module, call.bind("name", "shape", "dtype", "lod_level"), prepends=False)
    if not call.path.startswith(LAYERS):
        return None
    return _layer(module, call.path.removeprefix(LAYERS), call.node, depth)


def _method(module: Module, node: ast.expr, depth: int) -> Facts | None:
    """Return what is known of a variable's ``astype``, the one method that makes another one."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return None
    if node.func.attr != "astype" or len(node.args) != 1:
        return None
    whole = facts(module, node.func.value, depth)
    return replace(whole, dtype=_dtype(module, node.args[0])) if whole is not None else None


def _operator(module: Module, node: ast.BinOp, depth: int) -> Facts | None:
    if not isinstance(node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.FloorDiv)):
        return None
    left, right = facts(module, node.left, depth), facts(module, node.right, depth)
    if left is None and right is None:
        return None
    if left is None or right is None:
        known = left or right
        other = node.right if left is not None else node.left
        if isinstance(module.constant(other), (int, float)):
            return known
        # Beside a value that is not known only an operator of the left operand's dtype is.
        return Facts(left.dtype) if left is not None else None
    return Facts(left.dtype, _joined(left.shape, right.shape), left.full and right.full)


def _joined(left: Shape | None, right: Shape | None) -> Shape | None:
    if left is None or right is None:
        return None
    if left == right or right == (1,):
        return left
    return right if left == (1,) else None


def _part(module: Module, node: ast.Subscript, depth: int) -> Facts | None:
    whole = facts(module, node.value, depth)
    if whole is None:
        return None
    index = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
    if whole.shape is None or len(index) > len(whole.shape):
        return Facts(whole.dtype)
    shape: list[int | None] = []
    for part, size in zip(index, whole.shape, strict=False):
        if isinstance(part, ast.Slice):
            every = part.lower is None and part.upper is None and part.step is None
            shape.append(size if every else None)
        elif not isinstance(module.constant(part), int):
            return Facts(whole.dtype)
    shape += whole.shape[len(index) :]
    return Facts(whole.dtype, tuple(shape) or (1,))


def _data(module: Module, given: Arguments | None, *, prepends: bool) -> Facts | None:
    if given is None or "shape" not in given:
        return None
    shape = _shape(module, given["shape"])
    if prepends and shape is not None:
        added = (
            module.constant(given.get("append_batch_size"))
            if "append_batch_size" in given
            else True
        )
        if added is ...:
            shape = None
        elif added and -1 not in shape:
            shape = (-1, *shape)
    dtype = _dtype(module, given["dtype"]) if "dtype" in given else "float32"
    return Facts(dtype, shape)


def _shape(module: Module, node: ast.expr) -> Shape | None:
    """Return the sizes that a list writes down; None of a variable's declaration is -1."""
    node = value(module, node)
    if not isinstance(node, (ast.List, ast.Tuple)) or any(
        isinstance(part, ast.Starred) for part in node.elts
    ):
        return None
    sizes = [module.constant(part) for part in node.elts]
    return tuple(
        -1 if size is None else size if isinstance(size, int) and size >= -1 else None
        for size in sizes
    )


def _dtype(module: Module, node: ast.expr) -> str | None:
    told = module.constant(node)
    if isinstance(told, str):
        return told
    path = module.path(node)
    if path is not None and path.partition(".")[0] in ("numpy", "paddle"):
        return {"fp32": "float32", "fp64": "float64", "fp16": "float16"}.get(
            path.rpartition(".")[2].lower(), path.rpartition(".")[2].lower()
        )
    return None


_Reader = Callable[[Module, Arguments, int], Facts | None]


def _layer(module: Module, name: str, call: ast.Call, depth: int) -> Facts | None:
    from paddle_compat.port.arguments import bind

    if name == "data":
        its = ("name", "shape", "append_batch_size", "dtype", "lod_level", "type",
                      "stop_gradient")  # fmt: skip
        return _data(module, bind(call, its), prepends=True)
    if name in _SAME:
        first = _first(call)
        whole = facts(module, first, depth) if first is not None else None
        return replace(whole, full=False) if whole is not None and name != "increment" else whole
    if name in REDUCTIONS:
        return _reduced(module, bind(call, ("input", "dim", "keep_dim", "name")), depth)
    if name in _BINARY:
        given = bind(call, ("x", "y", "axis", "act", "name"))
        left = facts(module, given["x"], depth) if given and "x" in given else None
        right = facts(module, given["y"], depth) if given and "y" in given else None
        if left is None:
            return None
        return Facts(left.dtype, _joined(left.shape, right.shape if right else None))
    if name in _COMPARISONS:
        first = _first(call)
        left = facts(module, first, depth) if first is not None else None
        return Facts("bool", left.shape if left else None)
    reader = _READERS.get(name)
    if reader is None:
        return None
    parameters, read = reader
    given = bind(call, parameters)
    return read(module, given, depth) if given is not None else None


def _first(call: ast.Call) -> ast.expr | None:
    if call.args and not isinstance(call.args[0], ast.Starred):
        return call.args[0]
    return next((k.value for k in call.keywords if k.arg in ("x", "input")), None)


def _reduced(module: Module, given: Arguments | None, depth: int) -> Facts | None:
    if given is None or "input" not in given:
        return None
    whole = facts(module, given["input"], depth) or Facts()
    dim = module.constant(given.get("dim")) if "dim" in given else None
    keep = module.constant(given.get("keep_dim")) if "keep_dim" in given else False
    if dim is None and keep is False:
        return Facts(whole.dtype, (1,), full=True)
    dims = [dim] if isinstance(dim, int) else dim
    if not isinstance(dims, (list, tuple)) or whole.shape is None or keep is ...:
        return Facts(whole.dtype)
    rank = len(whole.shape)
    if not all(isinstance(d, int) and -rank <= d < rank for d in dims):
        return Facts(whole.dtype)
    gone = {d % rank for d in dims}
    if keep:
        return Facts(whole.dtype, tuple(1 if i in gone else s for i, s in enumerate(whole.shape)))
    left = tuple(size for at, size in enumerate(whole.shape) if at not in gone)
    return Facts(whole.dtype, left or (1,), full=not left)


def _given(name: str) -> _Reader:
    return lambda module, given, depth: facts(module, given[name], depth) if name in given else None


def _mean(module: Module, given: Arguments, depth: int) -> Facts | None:
    whole = _given("x")(module, given, depth)
    return Facts(whole.dtype if whole else None, (1,), full=True)


def _cast(module: Module, given: Arguments, depth: int) -> Facts | None:
    if "dtype" not in given or "x" not in given:
        return None
    whole = facts(module, given["x"], depth) or Facts()
    return replace(whole, dtype=_dtype(module, given["dtype"]))


def _filled(module: Module, given: Arguments, depth: int) -> Facts | None:
    if "shape" not in given or "dtype" not in given:
        return None
    return Facts(_dtype(module, given["dtype"]), _shape(module, given["shape"]))


def _reshaped(module: Module, given: Arguments, depth: int) -> Facts | None:
    if "x" not in given or "shape" not in given:
        return None
    whole = facts(module, given["x"], depth) or Facts()
    shape = _shape(module, given["shape"])
    if shape is not None:
        shape = _filled_in(shape, whole.shape)
    return Facts(whole.dtype, shape)


def _filled_in(shape: Shape, old: Shape | None) -> Shape:
    """Return the sizes that a reshape gives: 0 is copied, and -1 is what is left."""
    if old is None:
        return tuple(None if size in (0, -1) else size for size in shape)
    copied = tuple(
        (old[i] if i < len(old) else None) if size == 0 else size for i, size in enumerate(shape)
    )
    if -1 in old:
        return copied
    # Nothing is unknown to the program, and so the rest is a number.
    return tuple(
        None if new == -1 and size == -1 else new for new, size in zip(copied, shape, strict=True)
    )


def _squeezed(module: Module, given: Arguments, depth: int) -> Facts | None:
    whole = _given("input")(module, given, depth)
    axes = module.constant(given.get("axes"))
    if whole is None or whole.shape is None or not isinstance(axes, list) or not axes:
        return Facts(whole.dtype) if whole else None
    rank = len(whole.shape)
    if not all(isinstance(axis, int) and -rank <= axis < rank for axis in axes):
        return Facts(whole.dtype)
    gone = {axis % rank for axis in axes}
    return Facts(whole.dtype, tuple(s for i, s in enumerate(whole.shape) if i not in gone))


def _unsqueezed(module: Module, given: Arguments, depth: int) -> Facts | None:
    whole = _given("input")(module, given, depth)
    axes = module.constant(given.get("axes"))
    axes = [axes] if isinstance(axes, int) else axes
    if whole is None or whole.shape is None or not isinstance(axes, list) or len(axes) != 1:
        return Facts(whole.dtype) if whole else None
    if not isinstance(axes[0], int):
        return Facts(whole.dtype)
    shape = list(whole.shape)
    at = axes[0] if axes[0] >= 0 else len(shape) + 1 + axes[0]
    shape.insert(at, 1)
    return Facts(whole.dtype, tuple(shape))


def _indices(module: Module, given: Arguments, depth: int) -> Facts | None:
    return Facts("int64")


def _sizes(module: Module, given: Arguments, depth: int) -> Facts | None:
    whole = _given("input")(module, given, depth)
    rank = len(whole.shape) if whole is not None and whole.shape is not None else None
    return Facts("int32", (rank,))


def _connected(module: Module, given: Arguments, depth: int) -> Facts | None:
    size: Any = module.constant(given.get("size"))
    flat = module.constant(given.get("num_flatten_dims")) if "num_flatten_dims" in given else 1
    shape: Shape | None = None
    if isinstance(flat, int) and flat > 0:
        whole = _given("input")(module, given, depth)
        old: Shape = (whole.shape if whole is not None else None) or ()
        known = old[:flat] if len(old) > flat else (None,) * flat
        shape = (*known, size if isinstance(size, int) else None)
    return Facts("float32", shape)


def _joined_parts(module: Module, given: Arguments, depth: int) -> Facts | None:
    parts = value(module, given["input"]) if "input" in given else None
    if not isinstance(parts, (ast.List, ast.Tuple)) or not parts.elts:
        return None
    first = facts(module, parts.elts[0], depth)
    return Facts(first.dtype) if first is not None else None


def _dtype_alone(name: str) -> _Reader:
    def read(module: Module, given: Arguments, depth: int) -> Facts | None:
        whole = _given(name)(module, given, depth)
        return Facts(whole.dtype) if whole is not None else None

    return read


_READERS: dict[str, tuple[tuple[str, ...], _Reader]] = {
    "mean": (("x", "name"), _mean),
    "cast": (("x", "dtype"), _cast),
    "fill_constant": (("shape", "dtype", "value", "force_cpu", "out"), _filled),
    "zeros": (("shape", "dtype", "force_cpu"), _filled),
    "ones": (("shape", "dtype", "force_cpu"), _filled),
    "reshape": (("x", "shape", "actual_shape", "act", "inplace", "name"), _reshaped),
    "squeeze": (("input", "axes", "name"), _squeezed),
    "unsqueeze": (("input", "axes", "name"), _unsqueezed),
    "argmax": (("x", "axis"), _indices),
    "argmin": (("x", "axis"), _indices),
    "shape": (("input",), _sizes),
    "fc": (
        ("input", "size", "num_flatten_dims", "param_attr", "bias_attr", "act", "name"),
        _connected,
    ),
    "concat": (("input", "axis", "name"), _joined_parts),
    "transpose": (("x", "perm", "name"), _dtype_alone("x")),
    "slice": (("input", "axes", "starts", "ends"), _dtype_alone("input")),
    "gather": (("input", "index", "overwrite"), _dtype_alone("input")),
    "expand": (("x", "expand_times", "name"), _dtype_alone("x")),
    "flatten": (("x", "axis", "name"), _dtype_alone("x")),
}
