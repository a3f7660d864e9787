"""Tensors from nothing, and dtypes."""

from __future__ import annotations

import ast

from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.site import Kept, Piece, Rewrite, Site
from paddle_compat.port.rules.spec import Function, Named, Template
from paddle_compat.port.rules.values import CONVERSIONS, DTYPES

__all__ = ["RULES", "plain_data"]


def _to_tensor(site: Site) -> Rewrite | Kept:
    data = site.value("data")
    if data is None:
        return Kept("it has no data")
    if "place" in site.given and site.module.constant(site.given["place"]) is not None:
        return Kept("the device is another word in torch")
    if not plain_data(site, data):
        return Kept(
            f"{site.module.text(data)} is neither numbers that are written out nor certainly a "
            "numpy array, and lists of others get another dtype in torch"
        )
    pieces: list[Piece] = [TorchName("torch.tensor"), "(", site.outer(data)]
    dtype = site.value("dtype")
    if dtype is not None and site.module.constant(dtype) is not None:
        changed = CONVERSIONS["dtype"](site, dtype)
        if isinstance(changed, Kept):
            return changed
        pieces += [", dtype=", *(changed if changed is not None else (site.outer(dtype),))]
    stops = site.value("stop_gradient")
    if stops is not None:
        constant = site.module.constant(stops)
        if type(constant) is not bool:
            return Kept("stop_gradient is not certainly True or False")
        if not constant:
            pieces.append(", requires_grad=True")
    return site.replaced(*pieces, ")")


def plain_data(site: Site, data: ast.expr, *, numbers: bool = True) -> bool:
    """Tell whether data is an array of numpy's, or numbers that are written out."""
    held = site.module.assigned(data) or data
    if isinstance(held, ast.Call):
        path = site.module.path(held.func) or ""
        method = held.func.attr if isinstance(held.func, ast.Attribute) else ""
        array = path.startswith("numpy.") and path.rpartition(".")[2] in _ARRAYS
        return array or (not path and method == "astype" and not site.values.is_tensor(held))
    constant = site.module.constant(data)
    return numbers and constant is not ... and _numbers(constant)


_ARRAYS = ("array", "asarray", "zeros", "ones", "full", "arange", "linspace", "eye", "stack")


def _numbers(value: object) -> bool:
    if isinstance(value, (list, tuple)):
        kinds = {type(each) for each in value if not isinstance(each, (list, tuple))}
        # A list of numbers of two kinds takes its dtype from them in two ways.
        return bool(value) and len(kinds) < 2 and all(map(_numbers, value))
    return type(value) in (int, float, bool)


RULES = (
    *(Named(f"paddle.{name}", f"torch.{name}", (f"x.astype(paddle.{name})",)) for name in DTYPES),
    Named("paddle.Tensor", "torch.Tensor", ("isinstance(x, paddle.Tensor)",)),
    Template(
        "paddle.to_tensor",
        "data dtype place stop_gradient",
        _to_tensor,
        "torch.tensor",
        (
            "paddle.to_tensor([1.0, 2.0])",
            "paddle.to_tensor([[1, 2], [3, 4]])",
            "paddle.to_tensor([True, False])",
            "paddle.to_tensor(2.5)",
            "paddle.to_tensor(3, dtype='float64')",
            "paddle.to_tensor([0.1, 0.2], dtype=paddle.float16)",
            "paddle.to_tensor(np.arange(4.0))",
            "paddle.to_tensor(np.array([1, 2]), 'float32', stop_gradient=True)",
            "paddle.to_tensor([1.5], stop_gradient=False) * 2",
        ),
        method=False,
    ),
    Function(
        "paddle.zeros",
        "torch.zeros",
        "shape>size:sizes * dtype:dtype name>",
        ("paddle.zeros([2, 3])", "paddle.zeros((2,), 'int64')", "paddle.zeros(shape=[0, 3])"),
        method=False,
    ),
    Function(
        "paddle.ones",
        "torch.ones",
        "shape>size:sizes * dtype:dtype name>",
        ("paddle.ones([2, 3])", "paddle.ones(x.shape, dtype='bool')"),
        method=False,
    ),
    Function(
        "paddle.full",
        "torch.full",
        "shape>size:sizes fill_value * dtype:dtype name>",
        (
            "paddle.full([2, 3], 0.5)",
            "paddle.full([2], 3, dtype='int32')",
            "paddle.full([2], 1.0, 'float64')",
            "paddle.full(shape=[2], fill_value=-1.0, name=None)",
        ),
        require=lambda site: _full_dtype(site),
        method=False,
    ),
    Function(
        "paddle.zeros_like",
        "torch.zeros_like",
        "x>input * dtype:dtype name>",
        ("paddle.zeros_like(x)", "paddle.zeros_like(x=i, dtype='float32')"),
        method=False,
    ),
    Function(
        "paddle.ones_like",
        "torch.ones_like",
        "x>input * dtype:dtype name>",
        ("paddle.ones_like(x)", "paddle.ones_like(b, 'int32')"),
        method=False,
    ),
    Function(
        "paddle.full_like",
        "torch.full_like",
        "x>input fill_value * dtype:dtype name>",
        ("paddle.full_like(x, 2.5)", "paddle.full_like(i, 7)", "paddle.full_like(i, 1, 'float32')"),
        method=False,
    ),
    Function(
        "paddle.arange",
        "torch.arange",
        "start end step * dtype:dtype name>",
        (
            "paddle.arange(5)",
            "paddle.arange(1, 7, 2)",
            "paddle.arange(0.0, 1.0, 0.25)",
            "paddle.arange(3, dtype='float32')",
            "paddle.arange(start=2, end=4)",
        ),
        method=False,
    ),
    Function(
        "paddle.eye",
        "torch.eye",
        "num_rows>n num_columns>m * dtype:dtype name>",
        ("paddle.eye(3)", "paddle.eye(2, 3)", "paddle.eye(2, dtype='int64')"),
        method=False,
    ),
    Function(
        "paddle.is_tensor", "torch.is_tensor", "x>obj", ("paddle.is_tensor(x)",), method=False
    ),
)


def _full_dtype(site: Site) -> str | None:
    if "dtype" in site.given or type(site.module.constant(site.value("fill_value"))) is float:
        return None
    return "without a dtype, it takes that of the value in another way"
