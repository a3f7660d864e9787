"""Layers whose defaults, or whose meaning, are not those of torch's layer of the same name."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from paddle_compat.port.arguments import Arguments
from paddle_compat.port.diagnostics import Finding, found, rule
from paddle_compat.port.findings._fixes import write_down
from paddle_compat.port.findings._flow import (
    FUNCTIONAL,
    LAYERS,
    called,
    callee,
    nodes,
    origins,
    value,
    words,
)
from paddle_compat.port.resolve import Module

__all__: list[str] = []

_RESIZE = ("input", "out_shape", "scale", "name", "actual_shape", "align_corners")
_RESIZES = {
    f"{LAYERS}resize_nearest": (*_RESIZE, "data_format"),
    f"{LAYERS}resize_bilinear": (*_RESIZE, "align_mode", "data_format"),
    f"{LAYERS}resize_trilinear": (*_RESIZE, "align_mode", "data_format"),
}


@rule(
    "PC213",
    "resize-aligns-corners",
    """
    fluid.layers.resize_nearest, resize_bilinear and resize_trilinear have align_corners=True by
    default. torch's interpolate has False, and mode='nearest' has no such switch: it is Paddle's
    align_corners=False. With scale=2 both take the same pixels, otherwise not: stay on the shim for
    resize_nearest with aligned corners, or index the pixels yourself.
    Linear ones with align_corners=False and align_mode=1, their default, count from the pixels'
    corners and not from their centres as torch does; align_mode=0 does that. The fix writes the
    default of a linear one down, which changes nothing.
    """,
)
def _resize(module: Module) -> Iterator[Finding]:
    for call in module.calls(*_RESIZES):
        given = call.bind(*_RESIZES[call.path])
        if given is None or not given.given:
            continue
        name = call.path.rpartition(".")[2]
        aligned = module.constant(given["align_corners"]) if "align_corners" in given else True
        if name == "resize_nearest":
            if aligned is True and not _doubles(module, given):
                yield found(
                    module,
                    call.node,
                    "resize_nearest aligns corners"
                    + ("" if "align_corners" in given else " by default")
                    + ", which torch's mode='nearest' cannot",
                    paddle=call.path,
                )
        elif "align_corners" not in given:
            yield write_down(
                module,
                call,
                given,
                f"{name} aligns corners by default, and torch's interpolate does not",
                "align_corners=True",
            )
        elif aligned is False and _default_mode(module, given):
            yield found(
                module,
                call.node,
                f"{name} with align_mode=1 counts from pixels' corners, torch from their centres",
                paddle=call.path,
            )


def _doubles(module: Module, given: Arguments) -> bool:
    """Tell whether sizes are doubled, where aligned corners make no difference."""
    scale = module.constant(given["scale"]) if "scale" in given else None
    return "out_shape" not in given and "actual_shape" not in given and scale in (1, 2)


def _default_mode(module: Module, given: Arguments) -> bool:
    return "align_mode" not in given or module.constant(given["align_mode"]) == 1


_DATA = {
    "paddle.fluid.data": ("name", "shape", "dtype", "lod_level"),
    f"{LAYERS}data": (
        *("name", "shape", "append_batch_size", "dtype", "lod_level", "type", "stop_gradient"),
    ),
    "paddle.static.data": ("name", "shape", "dtype", "lod_level"),
}


@rule(
    "PC214",
    "levels-of-detail",
    """
    A variable with levels of detail (lod_level=1, create_lod_tensor) is rows of several samples one
    after the other, with the lengths beside them; layers such as roi_align, multiclass_nms,
    sequence_pool and retinanet_target_assign go by these lengths. A torch tensor carries none:
    without them all rows are one sample. The shim keeps them (in programs they travel along); in
    torch, pass a tensor of lengths as an argument of its own, or pad to a batch dimension.
    """,
)
def _lod(module: Module) -> Iterator[Finding]:
    for call in module.calls(*_DATA):
        given = call.bind(*_DATA[call.path])
        level = module.constant(given["lod_level"]) if given and "lod_level" in given else 0
        if isinstance(level, int) and level > 0:
            yield found(
                module, call.node, f"lod_level={level}: a torch tensor carries no lengths of rows",
                paddle=call.path,
            )  # fmt: skip
    for call in module.calls(
        "paddle.fluid.create_lod_tensor",
        "paddle.fluid.create_random_int_lodtensor",
        "paddle.fluid.LoDTensor",
    ):
        yield found(
            module,
            call.node,
            f"{call.path.rpartition('.')[2]}: a torch tensor carries no lengths of rows",
            paddle=call.path,
        )


_NORMS = (
    f"{LAYERS}batch_norm",
    "paddle.fluid.dygraph.BatchNorm",
    *(f"paddle.nn.{name}" for name in ("BatchNorm", "SyncBatchNorm")),
    *(f"paddle.nn.BatchNorm{d}D" for d in (1, 2, 3)),
    f"{FUNCTIONAL}batch_norm",
)
_TORCH_NORMS = words(
    "torch.nn.BatchNorm1d torch.nn.BatchNorm2d torch.nn.BatchNorm3d torch.nn.SyncBatchNorm "
    "torch.nn.functional.batch_norm"
)


@rule(
    "PC215",
    "batch-norm-momentum",
    """
    Paddle's momentum is the share of the old statistics that is kept: mean = momentum * mean + (1 -
    momentum) * batch. torch's is the share of the new ones. 0.9 there is 0.1 here, and 0.99 is
    0.01; given as it is, the statistics follow the last batch, and only evaluation shows it. The
    defaults, 0.9 and 0.1, are the same thing. Besides, Paddle keeps the variance of the batch
    divided by n, and torch the one divided by n - 1.
    """,
)
def _momentum(module: Module) -> Iterator[Finding]:
    for call in module.calls(*_NORMS):
        given = _argument(call.node, "momentum")
        told = module.constant(given) if given is not None else ...
        if given is not None and told is not None:
            new = f"{round(1 - told, 12):g}" if isinstance(told, (int, float)) else "1 - it"
            yield found(
                module, given, f"momentum={module.text(given)} is momentum={new} in torch",
                paddle=call.path,
            )  # fmt: skip
    for node in module.read.calls:
        if module.path(node.func) in _TORCH_NORMS:
            given = _argument(node, "momentum")
            told = module.constant(given) if given is not None else ...
            if given is not None and isinstance(told, float) and told > 0.5:
                yield found(
                    module,
                    given,
                    f"momentum={told:g} is Paddle's way to say {round(1 - told, 12):g} here",
                )


def _argument(node: ast.Call, name: str) -> ast.expr | None:
    return next((k.value for k in node.keywords if k.arg == name), None)


_LOSS_LAYER = "paddle.nn.CrossEntropyLoss"
_SOFTMAX_LOSSES = (
    f"{LAYERS}softmax_with_cross_entropy",
    f"{FUNCTIONAL}softmax_with_cross_entropy",
    f"{FUNCTIONAL}cross_entropy",
    _LOSS_LAYER,
)


@rule(
    "PC216",
    "cross-entropy-of-probabilities",
    """
    fluid.layers.cross_entropy takes probabilities, the result of a softmax, and returns one loss
    for each row, [N, 1]. torch's cross_entropy takes logits and returns their mean, as Paddle 2's
    does: given probabilities it applies a second softmax, and learns slowly. Port it as
    torch.nn.functional.nll_loss(torch.log(p), label.squeeze(1), reduction='none').unsqueeze(1), or
    drop the softmax. The other way round, softmax_with_cross_entropy and the functions of Paddle 2
    must not get what a softmax has made.
    """,
)
def _cross_entropy(module: Module) -> Iterator[Finding]:
    for call in module.calls(f"{LAYERS}cross_entropy", f"{LAYERS}cross_entropy2"):
        yield found(
            module,
            call.node,
            "this takes probabilities and gives a loss for each row; torch's takes logits and "
            "gives their mean",
            paddle=call.path,
        )
    for node in module.read.calls:
        path = callee(module, node)
        if path not in _SOFTMAX_LOSSES or module.paddle_path(node.func) == _LOSS_LAYER:
            continue
        if path == _LOSS_LAYER:
            off = _is_switched_off(module, value(module, node.func))
        else:
            use = _argument(node, "use_softmax")
            off = use is not None and module.constant(use) is not True
        if off:
            continue
        first = node.args[0] if node.args else None
        first = _argument(node, "logits") or _argument(node, "input") or first
        if first is None or isinstance(first, ast.Starred):
            continue
        for at in origins(module, first):
            if _makes_probabilities(module, at):
                yield found(
                    module,
                    first,
                    "a softmax is applied before a loss that applies one itself",
                    paddle=path,
                )
                break


def _is_switched_off(module: Module, made: ast.expr) -> bool:
    """Tell whether a layer of cross entropy may have been made to take probabilities."""
    if isinstance(made, ast.Attribute):
        return any(
            isinstance(node, ast.Call) and _argument(node, "use_softmax") is not None
            for node in nodes(module, ast.Call)
        )
    return isinstance(made, ast.Call) and _argument(made, "use_softmax") is not None


def _makes_probabilities(module: Module, node: ast.expr) -> bool:
    if callee(module, node) == "paddle.nn.Softmax":
        return isinstance(node, ast.Call) and module.paddle_path(node.func) is None
    call = called(module, node)
    if call is None:
        return False
    if call.path.rpartition(".")[2] == "softmax":
        return call.path.startswith((LAYERS, FUNCTIONAL))
    act = _argument(call.node, "act")
    return call.path.startswith(LAYERS) and act is not None and module.constant(act) == "softmax"
