"""Functions of single elements, comparisons and products."""

from __future__ import annotations

from paddle_compat.port.rewrite.site import Site
from paddle_compat.port.rules.spec import Function
from paddle_compat.port.rules.values import needs_float

__all__ = ["RULES"]

_UNARY = """
    exp log sqrt rsqrt abs sin cos tan tanh sigmoid floor ceil square reciprocal log2 log10 log1p
    expm1 sign erf atan asin acos sinh cosh neg
"""
_POSITIVE = ("log", "sqrt", "rsqrt", "log2", "log10", "log1p", "reciprocal")
_TESTS = "isnan isinf isfinite logical_not"
_COMPARE = "equal not_equal greater_than greater_equal less_than less_equal"
_TORCH_COMPARE = {
    "equal": "eq",
    "not_equal": "ne",
    "greater_than": "gt",
    "greater_equal": "ge",
    "less_than": "lt",
    "less_equal": "le",
}


def _unary(name: str) -> Function:
    x = "(x * x + 0.5)" if name in _POSITIVE else "(x * 0.3)" if name in ("asin", "acos") else "x"
    return Function(
        f"paddle.{name}",
        f"torch.{name}",
        "x>input name>",
        (f"paddle.{name}({x})", f"paddle.{name}(x={x}, name=None)", f"{x}.{name}()"),
    )


def _clip_bounds(site: Site) -> str | None:
    node = site.value("x")
    if node is not None and site.values.is_float(node):
        return None
    bounds = [site.value("min"), site.value("max")]
    if all(type(site.module.constant(bound)) is int for bound in bounds if bound is not None):
        return None
    return "x is not certainly of a float dtype, and torch promotes an integer one to the bound's"


def _no_fraction(site: Site) -> str | None:
    node, value = site.value("x"), site.value("y")
    fraction = value is not None and type(site.module.constant(value)) is float
    if not fraction or (node is not None and site.values.is_float(node)):
        return None
    return "x is not certainly of a float dtype, and of an integer one Paddle cuts the fraction off"


def _whole_power(site: Site) -> str | None:
    node, power = site.value("x"), site.value("y")
    certain = power is not None and (
        site.values.is_tensor(power) or type(site.module.constant(power)) is int
    )
    if certain or (node is not None and site.values.is_float(node)):
        return None
    return "x is not certainly of a float dtype, and of an integer one Paddle cuts the power off"


RULES = (
    *(_unary(name) for name in _UNARY.split()),
    *(
        Function(
            f"paddle.{name}",
            f"torch.{name}",
            "x>input name>",
            (f"paddle.{name}(b)",) if name == "logical_not" else (f"paddle.{name}(x / 0.0)",),
            gradient=False,
        )
        for name in _TESTS.split()
    ),
    *(
        Function(
            f"paddle.{name}",
            f"torch.{_TORCH_COMPARE[name]}",
            "x>input y>other name>",
            (f"paddle.{name}(x, y)", f"paddle.{name}(x=i, y=i)", f"x.{name}(y)"),
            require=_no_fraction,
            gradient=False,
        )
        for name in _COMPARE.split()
    ),
    *(
        Function(
            f"paddle.{name}",
            f"torch.{name}",
            "x>input y>other out>=None name>",
            (f"paddle.{name}(b, x > y)", f"paddle.{name}(x=b, y=b)"),
            gradient=False,
        )
        for name in ("logical_and", "logical_or", "logical_xor")
    ),
    Function(
        "paddle.add",
        "torch.add",
        "x>input y>other name>",
        ("paddle.add(x, y)", "paddle.add(x=i, y=i)", "x.add(y)"),
    ),
    Function(
        "paddle.subtract",
        "torch.subtract",
        "x>input y>other name>",
        ("paddle.subtract(x, y)", "paddle.subtract(x, y=y[0])", "x.subtract(y)"),
    ),
    Function(
        "paddle.multiply",
        "torch.multiply",
        "x>input y>other name>",
        ("paddle.multiply(x, y)", "paddle.multiply(i, i)", "x.multiply(y=y)"),
    ),
    Function(
        "paddle.divide",
        "torch.divide",
        "x>input y>other name>",
        ("paddle.divide(x * 1.0, y * 2.0 + 9.0)", "(x * 1.0).divide(y + 9.0)"),
        require=needs_float("x", "Paddle 2 divides integers to integers"),
    ),
    Function(
        "paddle.maximum",
        "torch.maximum",
        "x>input y>other name>",
        ("paddle.maximum(x, y)", "paddle.maximum(x=x, y=y)", "paddle.maximum(x, x)"),
    ),
    Function(
        "paddle.minimum",
        "torch.minimum",
        "x>input y>other name>",
        ("paddle.minimum(x, y)", "paddle.minimum(x, x)"),
    ),
    Function(
        "paddle.pow",
        "torch.pow",
        "x>input y>exponent name>",
        (
            "paddle.pow(x, 2)",
            "paddle.pow(i, 2)",
            "paddle.pow(x * x + 0.5, y)",
            "(x * 1.0).pow(3.0)",
            "paddle.pow(x * x + 0.5, 1.5)",
        ),
        require=_whole_power,
    ),
    Function(
        "paddle.clip",
        "torch.clamp",
        "x>input min max name>",
        (
            "paddle.clip(x * 1.0, -0.5, 0.5)",
            "paddle.clip(x * 1.0, max=1.0)",
            "paddle.clip(i, min=1, max=3)",
            "(x * 1.0).clip(min=0.0)",
            "(x * 1.0).clip(-1.0, 1.0)",
        ),
        require=_clip_bounds,
    ),
    Function(
        "paddle.matmul",
        "torch.matmul",
        "x>input y>other transpose_x>=False transpose_y>=False name>",
        (
            "paddle.matmul(x, y[0].t())",
            "paddle.matmul(x, y, transpose_y=False) if False else paddle.matmul(x[0], x[1].t())",
            "x.matmul(y.transpose([0, 2, 1]))",
        ),
    ),
    Function("paddle.mm", "torch.mm", "input mat2 name>", ("paddle.mm(x[0], y[0].t())",)),
    Function(
        "paddle.bmm",
        "torch.bmm",
        "x>input y>mat2 name>",
        ("paddle.bmm(x, y.transpose([0, 2, 1]))",),
    ),
    Function(
        "paddle.outer", "torch.outer", "x>input y>vec2 name>", ("paddle.outer(x[0, 0], y[0, 1])",)
    ),
    Function(
        "paddle.atan2",
        "torch.atan2",
        "x>input y>other name>",
        ("paddle.atan2(x * 1.0, y)",),
        require=needs_float("x", "of integers Paddle makes float64"),
    ),
)
