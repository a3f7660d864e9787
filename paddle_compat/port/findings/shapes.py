"""Shapes: how operands line up, what has one element, and what adds up."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from paddle_compat.port.diagnostics import Finding, found, rule
from paddle_compat.port.findings._facts import REDUCTIONS, Facts, facts, is_variable
from paddle_compat.port.findings._flow import LAYERS, called, nodes, value
from paddle_compat.port.resolve import Call, Module

__all__: list[str] = []

_ELEMENTWISE = tuple(
    f"{LAYERS}elementwise_{name}"
    for name in ("add", "sub", "mul", "div", "max", "min", "pow", "mod", "floordiv")
)
_OPERATORS = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv)


@rule(
    "PC208",
    "operands-line-up-otherwise",
    """
    In programs of Paddle 1.x a vector [M] beside a column [M, 1] gives a column [M, 1], in either
    order, where M is not known when the program is built: an operator lines a right operand of
    unknown first size up with the first dimension. torch and NumPy line up the last dimensions, and
    give [M, M]: a loss over M * M pairs, which reduces to a number as before. The same holds for
    elementwise_*(x, y, axis=0) of an x with more dimensions. Give both one shape before (unsqueeze
    the vector, or squeeze the column).
    """,
)
def _lines_up(module: Module) -> Iterator[Finding]:
    for node in nodes(module, ast.BinOp):
        if isinstance(node.op, _OPERATORS):
            left, right = facts(module, node.left), facts(module, node.right)
            if _lines_up_in_front(left, right):
                yield found(
                    module,
                    node,
                    f"{_told(left)} with {_told(right)} is a column in Paddle 1.x, and a square "
                    "in torch",
                )
    for call in module.calls(*_ELEMENTWISE):
        finding = _axis(module, call)
        if finding is not None:
            yield finding


def _axis(module: Module, call: Call) -> Finding | None:
    given = call.bind("x", "y", "axis", "act", "name")
    if given is None or "x" not in given or "y" not in given:
        return None
    x, y = facts(module, given["x"]), facts(module, given["y"])
    axis = module.constant(given["axis"]) if "axis" in given else -1
    name = call.path.rpartition(".")[2]
    if axis == -1:
        return None
    ranks = [len(of.shape) if of is not None and of.shape is not None else None for of in (x, y)]
    if None not in ranks and ranks[0] == ranks[1]:
        return None
    last = None not in ranks and axis == ranks[0] - ranks[1]  # type: ignore[operator]
    if last or not isinstance(axis, int):
        return None
    if y is not None and y.shape == (1,):
        return None
    return found(
        module,
        call.node,
        f"{name}(axis={axis}) lines y up with x from dimension {axis} on; torch lines up the last "
        "ones: unsqueeze y",
        paddle=call.path,
    )


def _lines_up_in_front(left: Facts | None, right: Facts | None) -> bool:
    """Tell whether the right operand's first size is unknown, so that it lines up in front."""
    if right is None or right.shape is None or right.shape[:1] != (-1,):
        return False
    return _is_vector_and_column(left, right) or _is_vector_and_column(right, left)


def _is_vector_and_column(one: Facts | None, other: Facts | None) -> bool:
    if one is None or other is None or one.shape is None or other.shape is None:
        return False
    return (
        len(one.shape) == 1 and one.shape != (1,) and len(other.shape) == 2 and other.shape[1] == 1
    )


def _told(of: Facts | None) -> str:
    assert of is not None
    assert of.shape is not None
    return "[" + ", ".join("?" if size in (None, -1) else str(size) for size in of.shape) + "]"


_FULL = (f"{LAYERS}mean", *(f"{LAYERS}{name}" for name in sorted(REDUCTIONS)))


@rule(
    "PC211",
    "one-element-and-no-dimension",
    """
    A reduction of all elements has shape [1] in Paddle 1.x, and no dimension in torch (and later in
    Paddle). What counts on the one: loss.numpy()[0] and loss[0] are IndexErrors there, concat of
    such results is a RuntimeError, stack gives [n] where it was [n, 1]. Use float(loss) or .item(),
    and torch.stack for concat; or reshape the result to [1].
    """,
)
def _one_element(module: Module) -> Iterator[Finding]:
    for node in nodes(module, ast.Subscript):
        if module.constant(node.slice) == 0:
            whole = node.value
            if _is_numpy(whole):
                assert isinstance(whole, ast.Call)
                assert isinstance(whole.func, ast.Attribute)
                whole = whole.func.value
            path = _reduction(module, whole)
            if path:
                yield found(
                    module,
                    node,
                    f"{path.rpartition('.')[2]} has shape [1] in Paddle 1.x, and no dimension in "
                    "torch: [0] fails",
                    paddle=path,
                )
    for call in module.calls(f"{LAYERS}concat", f"{LAYERS}stack"):
        first = call.node.args[0] if call.node.args else None
        parts = value(module, first) if first is not None else None
        if not isinstance(parts, (ast.List, ast.Tuple)):
            continue
        path = next((path for part in parts.elts if (path := _reduction(module, part))), None)
        if path:
            yield found(
                module,
                call.node,
                f"{path.rpartition('.')[2]} has shape [1] in Paddle 1.x, and no dimension in "
                "torch: "
                + ("concat fails" if call.path.endswith("concat") else "stack has one less"),
                paddle=call.path,
            )


def _is_numpy(node: ast.expr) -> bool:
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr == "numpy"
        and not node.args
    )


def _reduction(module: Module, node: ast.expr) -> str | None:
    """Return the path of the reduction to one element that an expression is."""
    of = facts(module, node)
    call = called(module, value(module, node))
    if call is None or call.path not in _FULL or of is None or not of.full:
        return None
    return call.path


@rule(
    "PC212",
    "sum-that-adds-a-list",
    """
    fluid.layers.sum adds the variables of a list up, element by element (add_n). Of one variable it
    is that variable: nothing is reduced. Read as torch.sum or paddle.sum it becomes a reduction,
    and the loss another one. Where a reduction is meant, write reduce_sum; in torch, a list's sum
    is sum(list) or torch.stack(list).sum(0).
    """,
)
def _adds_a_list(module: Module) -> Iterator[Finding]:
    for call in module.calls(f"{LAYERS}sum"):
        axis = next(
            (k.arg for k in call.node.keywords if k.arg in ("dim", "axis", "keep_dim")), None
        )
        if axis or len(call.node.args) > 1:
            yield found(
                module, call.node, "layers.sum adds the variables of a list, and takes no axis: "
                "reduce_sum reduces", paddle=call.path,
            )  # fmt: skip
            continue
        given = call.bind("x")
        if given is None or "x" not in given:
            continue
        what = value(module, given["x"])
        if is_variable(module, what):
            yield found(
                module,
                call.node,
                "layers.sum of one variable is that variable: it adds lists, and reduces nothing",
                paddle=call.path,
            )
