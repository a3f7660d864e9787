"""Calls of either focal loss: arguments, labels, logits and results."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from paddle_compat.port.arguments import Arguments
from paddle_compat.port.diagnostics import Finding, found, rule
from paddle_compat.port.findings._facts import facts, is_float
from paddle_compat.port.findings._fixes import is_bare, write_down
from paddle_compat.port.findings._flow import (
    FOCAL,
    FOCAL_2,
    FUNCTIONAL,
    LAYERS,
    called,
    callee,
    origins,
    value,
)
from paddle_compat.port.resolve import Call, Module

__all__: list[str] = []

_PARAMETERS = {
    FOCAL: ("x", "label", "fg_num", "gamma", "alpha"),
    FOCAL_2: ("logit", "label", "normalizer", "alpha", "gamma", "reduction", "name"),
}


def _calls(module: Module, *paths: str) -> Iterator[tuple[Call, Arguments]]:
    for call in module.calls(*(paths or _PARAMETERS)):
        given = call.bind(*_PARAMETERS[call.path])
        if given is not None:
            yield call, given


@rule(
    "PC201",
    "focal-arguments-by-position",
    """
    The two focal losses of Paddle take alpha and gamma in opposite orders:

        fluid.layers.sigmoid_focal_loss(x, label, fg_num, gamma=2.0, alpha=0.25)
        nn.functional.sigmoid_focal_loss(logit, label, normalizer, alpha=0.25, gamma=2.0, ...)

    torchvision's has them in the second order, without a normalizer before them. Given by position
    they change places when the call is ported, and nothing fails: the loss has the right shape and
    goes down. Name them. The fix names them by the order of the function that is called now.
    """,
)
def _by_position(module: Module) -> Iterator[Finding]:
    for call, given in _calls(module):
        late = [each for each in given if each.parameter in ("alpha", "gamma")]
        if not any(each.keyword is None for each in late):
            continue
        # What follows by position has to be named too.
        first = min(
            _PARAMETERS[call.path].index(each.parameter) for each in late if each.keyword is None
        )
        named = _PARAMETERS[call.path][first:]
        edits = [
            module.insert_before(each.value, f"{each.parameter}=")
            for each in given
            if each.parameter in named and each.keyword is None
        ]
        told = " and ".join(each.parameter for each in late if each.keyword is None)
        safe = all(
            is_bare(module, each.value)
            for each in given
            if each.parameter in named and each.keyword is None
        )
        other = "paddle.nn.functional" if call.path == FOCAL else "paddle.fluid"
        yield found(
            module,
            call.node,
            f"{told} by position: {other}'s function has them in the other order",
            *(edits if safe else []),
            fix="name the arguments" if safe else "",
            paddle=call.path,
        )


@rule(
    "PC202",
    "focal-labels-from-0",
    """
    fluid.layers.sigmoid_focal_loss counts classes from 1: label k makes column k - 1 positive, 0 is
    background and -1 is ignored. Labels that count from 0 - what argmax gives, what a subtraction
    of 1 leaves, what one_hot(label, C) takes for C columns - are taken for the class before, and
    class 0 for background; nothing fails. Add 1 to the labels of the foreground, and give the
    background 0. The functional one takes one label for each logit instead, 0 or 1.
    """,
)
def _from_0(module: Module) -> Iterator[Finding]:
    one_hots = list(
        module.calls(f"{LAYERS}one_hot", "paddle.fluid.one_hot", f"{FUNCTIONAL}one_hot")
    )
    for call, given in _calls(module, FOCAL):
        if "label" not in given:
            continue
        why = _why_from_0(module, given) or _one_hot_beside(module, given, one_hots)
        if why:
            yield found(
                module,
                given["label"],
                f"labels that count from 0 ({why}) where class k is label k + 1 and 0 background",
                paddle=call.path,
            )


def _why_from_0(module: Module, given: Arguments) -> str | None:
    for at in origins(module, given["label"]):
        name = _function(module, at)
        if name in ("argmax", "argmin"):
            return f"{name} gives the first class as 0"
        if name == "one_hot":
            return "one_hot gives a column for each class, and this function takes the number"
        if (
            isinstance(at, ast.BinOp)
            and isinstance(at.op, ast.Sub)
            and module.constant(at.right) == 1
        ):
            return "1 is subtracted"
    return None


def _function(module: Module, node: ast.expr) -> str | None:
    """Return the last name of what is called: of a function of a package, or a method."""
    if not isinstance(node, ast.Call):
        return None
    path = module.path(node.func)
    if path is not None:
        return path.rpartition(".")[2]
    return node.func.attr if isinstance(node.func, ast.Attribute) else None


def _one_hot_beside(module: Module, given: Arguments, one_hots: list[Call]) -> str | None:
    """Find a one_hot of the same labels with as many columns as there are logits."""
    if not one_hots:
        return None
    columns = _columns(module, given["x"]) if "x" in given else None
    if columns is None:
        return None
    labels = {at for at in origins(module, given["label"]) if not isinstance(at, ast.Constant)}
    for call in one_hots:
        its = call.bind("input", "depth", "allow_out_of_range") or call.bind("x", "num_classes")
        if its is None or len(its.given) < 2:
            continue
        label, depth = its.given[0].value, its.given[1].value
        same = any(_same_value(module, at, labels) for at in origins(module, label))
        sliced = isinstance(module.parent(call.node), ast.Subscript)
        if same and not sliced and _text(module, depth) == columns:
            return f"one_hot(..., {columns}) takes the same ones, for {columns} columns of logits"
    return None


def _same_value(module: Module, node: ast.expr, others: set[ast.expr]) -> bool:
    if node in others:
        return True
    if not isinstance(node, ast.Name):
        return False
    mine = module.bindings(node)
    return bool(mine) and any(
        isinstance(other, ast.Name) and module.bindings(other) == mine for other in others
    )


def _columns(module: Module, logits: ast.expr) -> str | None:
    """Return how the number of classes is written where logits are made."""
    for at in origins(module, logits):
        call = called(module, at)
        if call is not None and call.path == f"{LAYERS}fc":
            given = call.bind("input", "size", "num_flatten_dims", "param_attr", "bias_attr", "act",
                              "name")  # fmt: skip
            return _text(module, given["size"]) if given is not None and "size" in given else None
        if call is not None and call.path == f"{LAYERS}reshape":
            given = call.bind("x", "shape", "actual_shape", "act", "inplace", "name")
            shape = value(module, given["shape"]) if given and "shape" in given else None
            if isinstance(shape, (ast.List, ast.Tuple)) and shape.elts:
                return _text(module, shape.elts[-1])
    return None


def _text(module: Module, node: ast.expr) -> str:
    constant = module.constant(node)
    return module.text(node) if constant is ... else repr(constant)


_LOGITS = {
    "paddle.nn.BCEWithLogitsLoss": "logit",
    **{path: names[0] for path, names in _PARAMETERS.items()},
    f"{LAYERS}sigmoid_cross_entropy_with_logits": "x",
    f"{FUNCTIONAL}binary_cross_entropy_with_logits": "logit",
}
_SQUASHING = (
    "sigmoid",
    "softmax",
    "sigmoid_",
    "softmax_",
    "Sigmoid",
    "Softmax",
    "log_sigmoid",
    "log_softmax",
    "logsigmoid",
)


@rule(
    "PC203",
    "sigmoid-before-the-loss",
    """
    The loss applies the sigmoid itself and takes logits. Given sigmoid(x) it works on values of 0
    to 1 as if they were logits: probabilities between 0.5 and 0.731, gradients that hardly move.
    The loss is finite and goes down a little, which hides it. Pass what the sigmoid was applied to;
    keep the sigmoid for inference.
    """,
)
def _squashed(module: Module) -> Iterator[Finding]:
    for node in module.read.calls:
        path = callee(module, node)
        # A layer's class is called with its settings, and the layer with logits.
        if path not in _LOGITS or module.paddle_path(node.func) == "paddle.nn.BCEWithLogitsLoss":
            continue
        given = node.args[0] if node.args else None
        for keyword in node.keywords:
            if keyword.arg == _LOGITS[path]:
                given = keyword.value
        if given is None or isinstance(given, ast.Starred):
            continue
        for at in origins(module, given):
            name = (callee(module, at) or "").rpartition(".")[2] or _function(module, at)
            act = _activation(module, at)
            if (name in _SQUASHING and _is_of_a_package(module, at)) or act in _SQUASHING:
                told = name if name in _SQUASHING else f"act={act!r}"
                yield found(
                    module,
                    given,
                    f"{told} is applied before a loss that applies the sigmoid itself",
                    paddle=path,
                )
                break


def _is_of_a_package(module: Module, node: ast.expr) -> bool:
    """Tell whether a function is Paddle's or torch's, or a tensor's method."""
    assert isinstance(node, ast.Call)
    path = callee(module, node)
    if path is None:
        return isinstance(node.func, ast.Attribute) and not node.args
    return path.partition(".")[0] in ("paddle", "paddle_compat", "torch")


def _activation(module: Module, node: ast.expr) -> str | None:
    call = called(module, node)
    if call is None or not call.path.startswith(LAYERS):
        return None
    act = next((k.value for k in call.node.keywords if k.arg == "act"), None)
    told = module.constant(act) if act is not None else None
    return told if isinstance(told, str) else None


@rule(
    "PC204",
    "focal-alpha-off",
    """
    alpha=-1 turns the weighting off in torchvision, fvcore and paddle_compat.nn.SigmoidFocalLoss,
    and in neither focal loss of Paddle: there positives weigh -1 and negatives 2, and the loss goes
    negative (measured on 1.8.5 and 3.3.1). If "off" is meant, divide a loss with alpha=0.5 by 0.5,
    or use SigmoidFocalLoss.
    """,
)
def _alpha_off(module: Module) -> Iterator[Finding]:
    for call, given in _calls(module):
        alpha = module.constant(given.get("alpha")) if "alpha" in given else None
        if isinstance(alpha, (int, float)) and not isinstance(alpha, bool) and alpha < 0:
            yield found(
                module,
                given["alpha"],
                f"alpha={alpha} is not off here: positives weigh {alpha}, negatives {1 - alpha}",
                paddle=call.path,
            )


@rule(
    "PC205",
    "focal-default-reduction",
    """
    paddle.nn.functional.sigmoid_focal_loss adds all elements up where reduction is not given;
    torchvision.ops.sigmoid_focal_loss returns them one by one, and fluid's always does. A call
    without it changes its meaning with its module: with 'none', .mean() or .sum() behind it hides
    that. The fix writes Paddle's default down, which changes nothing.
    """,
)
def _default_reduction(module: Module) -> Iterator[Finding]:
    for call, given in _calls(module, FOCAL_2):
        if "reduction" in given or not given.given:
            continue
        yield write_down(
            module,
            call,
            given,
            "without reduction this is 'sum', where torchvision's is 'none'",
            "reduction='sum'",
        )


@rule(
    "PC206",
    "focal-not-reduced",
    """
    fluid.layers.sigmoid_focal_loss returns one loss for each element, [N, C]. Real 1.8.5 refuses to
    minimize it (a loss has one element), but in dygraph backward() starts from ones, and torch's
    refuses again: whatever reduces it on the way decides the scale of all gradients. Reduce it by
    reduce_sum, for it is divided by fg_num already.
    """,
)
def _not_reduced(module: Module) -> Iterator[Finding]:
    for node in module.read.calls:
        for given in _minimized(module, node):
            if any(_is_focal(module, at) for at in _terms(module, given)):
                yield found(
                    module,
                    given,
                    "this loss has one value for each element: reduce_sum it first",
                    paddle=FOCAL,
                )


def _is_focal(module: Module, node: ast.expr) -> bool:
    call = called(module, node)
    return call is not None and call.path == FOCAL


def _terms(module: Module, node: ast.expr) -> Iterator[ast.expr]:
    """Yield what a loss is added up and scaled from."""
    waiting = [node]
    seen: set[ast.expr] = set()
    while waiting:
        for at in origins(module, waiting.pop()):
            if at in seen:
                continue
            seen.add(at)
            yield at
            if isinstance(at, ast.BinOp):
                waiting += [at.left, at.right]


def _minimized(module: Module, node: ast.Call) -> Iterator[ast.expr]:
    """Yield what a call minimizes or takes the gradient of."""
    if isinstance(node.func, ast.Attribute):
        if node.func.attr == "minimize":
            yield from node.args[:1]
            yield from (k.value for k in node.keywords if k.arg == "loss")
        if node.func.attr == "backward" and not node.args and module.path(node.func) is None:
            yield node.func.value
    if module.paddle_path(node.func) == "paddle.fluid.backward.append_backward":
        yield from node.args[:1]


@rule(
    "PC207",
    "focal-float-fg-num",
    """
    fg_num of fluid.layers.sigmoid_focal_loss is int32, [1]. Real 1.8.5 raises TypeError for a float
    when a program is built; a port that takes it divides by a number that is not rounded as the old
    code's was. Cast it: fluid.layers.cast(fg_num, 'int32'). The functional one is the other way
    round: its normalizer is a float.
    """,
)
def _float_fg_num(module: Module) -> Iterator[Finding]:
    for call, given in _calls(module, FOCAL):
        if "fg_num" not in given:
            continue
        told = module.constant(given["fg_num"])
        if isinstance(told, (int, float)) or is_float(facts(module, given["fg_num"])):
            what = f"the number {told!r}" if told is not ... else "a float variable"
            yield found(
                module, given["fg_num"], f"fg_num is {what}; it has to be int32 of shape [1]",
                paddle=call.path,
            )  # fmt: skip
