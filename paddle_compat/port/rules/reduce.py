"""Reductions: ``axis`` is ``dim``, and defaults are the same where there is a rule."""

from __future__ import annotations

from paddle_compat.port.rules.spec import Function, Require
from paddle_compat.port.rules.values import needs_float

__all__ = ["RULES"]


def _reduction(
    name: str,
    torch: str = "",
    *,
    signature: str = "x>input axis>dim:axes keepdim:flag name>",
    require: Require | None = None,
    inputs: tuple[str, ...] = ("x",),
) -> Function:
    examples = []
    for x in inputs:
        examples += [
            f"paddle.{name}({x})",
            f"paddle.{name}({x}, axis=1)",
            f"paddle.{name}({x}, [0, -1], keepdim=True)",
            f"paddle.{name}(x={x}, axis=-1, keepdim=False, name=None)",
            f"{x}.{name}(axis=0, keepdim=True)",
            f"{x}.{name}()",
        ]
    return Function(
        f"paddle.{name}", f"torch.{torch or name}", signature, tuple(examples), require=require
    )


_SMALL = "int8 and uint8 sums wrap around in Paddle and become int64 in torch"
_FLOAT = "(x * 1.0)"

RULES = (
    _reduction(
        "sum",
        signature="x>input axis>dim:axes * dtype:dtype keepdim:flag name>",
        require=needs_float("x", _SMALL),
        inputs=("(x * 1.0)",),
    ),
    _reduction("mean"),
    _reduction("amax"),
    _reduction("amin"),
    _reduction("all", inputs=("b",)),
    _reduction("any", inputs=("b",)),
    Function(
        "paddle.std",
        "torch.std",
        "x>input axis>dim:axes * unbiased:flag keepdim:flag name>",
        ("paddle.std(x, axis=1)", "paddle.std(x)", "x.std(axis=[0, 1], unbiased=False)"),
    ),
    Function(
        "paddle.var",
        "torch.var",
        "x>input axis>dim:axes * unbiased:flag keepdim:flag name>",
        ("paddle.var(x, axis=1)", "paddle.var(x)", "x.var(-1, False, keepdim=True)"),
    ),
    Function(
        "paddle.logsumexp",
        "torch.logsumexp",
        "x>input axis>dim:axes keepdim:flag name>",
        ("paddle.logsumexp(x, axis=1)", "x.logsumexp([0, 1], keepdim=True)"),
        require=lambda site: None if "axis" in site.given else "torch needs an axis",
    ),
    Function(
        "paddle.argmax",
        "torch.argmax",
        "x>input axis>dim:int keepdim:flag dtype>=int64 name>",
        (
            "paddle.argmax(x, axis=1)",
            "paddle.argmax(x)",
            "x.argmax(-1, keepdim=True)",
            "paddle.argmax(paddle.zeros([3, 4]), axis=1)",
            "paddle.argmax(i, axis=0, dtype='int64')",
        ),
        gradient=False,
    ),
    Function(
        "paddle.argmin",
        "torch.argmin",
        "x>input axis>dim:int keepdim:flag dtype>=int64 name>",
        ("paddle.argmin(x, axis=1)", "paddle.argmin(paddle.ones([3, 4]), axis=0)"),
        gradient=False,
    ),
    Function(
        "paddle.cumsum",
        "torch.cumsum",
        "x>input axis>dim:int * dtype:dtype name>",
        ("paddle.cumsum(x * 1.0, axis=1)", "(x * 1.0).cumsum(0)"),
        require=needs_float("x", "sums of small integers have other dtypes"),
    ),
    Function(
        "paddle.sort",
        "torch.sort",
        "x>input axis>dim:int descending:flag stable>=False name>",
        ("paddle.sort(x, axis=1)", "paddle.sort(x, axis=-1, descending=True)"),
        after=".values",
        gradient=False,
    ),
)
