"""Pooling and padding: strides, what is counted, and the order of sizes."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from paddle_compat.port.diagnostics import Finding, found, rule
from paddle_compat.port.findings._fixes import write_down
from paddle_compat.port.findings._flow import FUNCTIONAL, LAYERS, value
from paddle_compat.port.resolve import Call, Module

__all__: list[str] = []

_POOL = (
    *("input", "pool_size", "pool_type", "pool_stride", "pool_padding", "global_pooling"),
    *("use_cudnn", "ceil_mode", "name", "exclusive", "data_format"),
)
_POOL_LAYER = (
    *("pool_size", "pool_type", "pool_stride", "pool_padding", "global_pooling", "use_cudnn"),
    *("ceil_mode", "exclusive"),
)
_POOLS = {
    f"{LAYERS}pool2d": _POOL,
    f"{LAYERS}pool3d": _POOL,
    "paddle.fluid.dygraph.Pool2D": _POOL_LAYER,
}
_AVERAGES = {
    f"{FUNCTIONAL}avg_pool1d": (
        *("x", "kernel_size", "stride", "padding", "exclusive", "ceil_mode", "name"),
    ),
    f"{FUNCTIONAL}avg_pool2d": (
        *("x", "kernel_size", "stride", "padding", "ceil_mode", "exclusive", "divisor_override"),
        *("data_format", "name"),
    ),
    "paddle.nn.AvgPool1D": ("kernel_size", "stride", "padding", "exclusive", "ceil_mode", "name"),
    "paddle.nn.AvgPool2D": (
        *("kernel_size", "stride", "padding", "ceil_mode", "exclusive", "divisor_override"),
        *("data_format", "name"),
    ),
}
_AVERAGES[f"{FUNCTIONAL}avg_pool3d"] = _AVERAGES[f"{FUNCTIONAL}avg_pool2d"]
_AVERAGES["paddle.nn.AvgPool3D"] = _AVERAGES["paddle.nn.AvgPool2D"]


@rule(
    "PC217",
    "pooling-and-padding-defaults",
    """
    Defaults and orders that differ from torch's, and give results of other shapes or numbers:

    pool2d, pool3d and dygraph.Pool2D of Paddle 1.x have pool_stride=1; torch's stride is the
    kernel's size. The fix writes it down, which changes nothing.
    Averages leave padding out of their count (exclusive=True); torch counts it
    (count_include_pad=True). In torch say count_include_pad=False.
    fluid.layers.pad, and nn.functional.pad with two numbers for each dimension, begin with the
    first dimension; torch.nn.functional.pad begins with the last. pad2d takes top, bottom, left,
    right; torch left, right, top, bottom.
    """,
)
def _pooling(module: Module) -> Iterator[Finding]:
    for call in module.calls(*_POOLS):
        yield from _pool(module, call)
    for call in module.calls(*_AVERAGES):
        given = call.bind(*_AVERAGES[call.path])
        if given is None or "padding" not in given:
            continue
        excludes = module.constant(given["exclusive"]) if "exclusive" in given else True
        if excludes is True and _pads(module, given["padding"]):
            yield _counts(module, call)
    for call in module.calls(f"{LAYERS}pad", f"{LAYERS}pad2d", f"{FUNCTIONAL}pad"):
        yield from _padding(module, call)


def _pool(module: Module, call: Call) -> Iterator[Finding]:
    given = call.bind(*_POOLS[call.path])
    if given is None:
        return
    whole = module.constant(given["global_pooling"]) if "global_pooling" in given else False
    if whole is not False:
        return
    name = call.path.rpartition(".")[2]
    size = module.constant(given["pool_size"]) if "pool_size" in given else 1
    if "pool_stride" not in given and size not in (1, [1, 1], [1, 1, 1], -1):
        yield write_down(
            module,
            call,
            given,
            f"{name} goes on by 1 by default; torch's pools by the size of their kernel",
            "pool_stride=1",
        )
    kind = module.constant(given["pool_type"]) if "pool_type" in given else "max"
    excludes = module.constant(given["exclusive"]) if "exclusive" in given else True
    pads = "pool_padding" in given and _pads(module, given["pool_padding"])
    if kind == "avg" and excludes is True and pads:
        yield _counts(module, call)


def _pads(module: Module, node: ast.expr) -> bool:
    """Tell whether a padding is known to be one."""
    told = module.constant(node)
    if isinstance(told, (list, tuple)):
        return any(isinstance(size, int) and size > 0 for size in told)
    return (isinstance(told, int) and told > 0) or told == "SAME"


def _counts(module: Module, call: Call) -> Finding:
    return found(
        module,
        call.node,
        "this average leaves the padding out; torch's counts it: count_include_pad=False",
        paddle=call.path,
    )


def _padding(module: Module, call: Call) -> Iterator[Finding]:
    name = call.path.rpartition(".")[2]
    at = next((k.value for k in call.node.keywords if k.arg in ("paddings", "pad")), None)
    if at is None and len(call.node.args) > 1:
        at = call.node.args[1]
    if at is None or isinstance(at, ast.Starred):
        return
    told = module.constant(at)
    sizes = value(module, at)
    if isinstance(told, (list, tuple)):
        pairs = [tuple(told[i : i + 2]) for i in range(0, len(told), 2)]
        same = pairs == pairs[::-1]
    elif isinstance(sizes, (ast.List, ast.Tuple)):
        texts = [module.text(each) for each in sizes.elts]
        pairs = [tuple(texts[i : i + 2]) for i in range(0, len(texts), 2)]
        same = pairs == pairs[::-1]
    else:
        return
    # Of nn.functional.pad only eight numbers and more are certainly two for each dimension.
    if same or (call.path.startswith(FUNCTIONAL) and len(pairs) < 4):
        return
    order = "top, bottom, left, right" if name == "pad2d" else "the first dimension first"
    other = "left, right, top, bottom" if name == "pad2d" else "the last one first"
    yield found(
        module,
        call.node,
        f"{name} has its sizes {'as ' if name == 'pad2d' else 'for '}{order}; torch {other}",
        paddle=call.path,
    )
