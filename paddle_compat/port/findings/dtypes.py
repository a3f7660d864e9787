"""Operands of different dtypes, in programs of Paddle 1.x."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from paddle_compat.port.diagnostics import Finding, found, rule
from paddle_compat.port.findings._facts import facts, is_float, is_int
from paddle_compat.port.findings._flow import LAYERS, nodes
from paddle_compat.port.resolve import Module

__all__: list[str] = []


@rule(
    "PC209",
    "division-of-integers",
    """
    In Paddle 1.x an integer variable divided by another, or by an integer, is an integer: 7 / 2 is
    3. In torch (and Paddle 2) / of integers is a float: 3.5. Behind a cast or an index the
    difference comes late. Write x // y in Paddle and torch.div(x, y, rounding_mode='trunc') in
    torch, or cast to float first where a fraction was meant and lost.
    """,
)
def _division(module: Module) -> Iterator[Finding]:
    for node in nodes(module, ast.BinOp):
        if isinstance(node.op, ast.Div):
            left, right = facts(module, node.left), facts(module, node.right)
            by = module.constant(node.right)
            integers = is_int(right) or (isinstance(by, int) and not isinstance(by, bool))
            if is_int(left) and integers:
                assert left is not None
                yield found(
                    module,
                    node,
                    f"{left.dtype} / integer is an integer in Paddle 1.x, and a float in torch",
                )
    for call in module.calls(f"{LAYERS}elementwise_div"):
        given = call.bind("x", "y", "axis", "act", "name")
        if given is None or "x" not in given or "y" not in given:
            continue
        if is_int(facts(module, given["x"])) and is_int(facts(module, given["y"])):
            yield found(
                module,
                call.node,
                "elementwise_div of integers is an integer in Paddle 1.x, and a float in torch",
                paddle=call.path,
            )


@rule(
    "PC210",
    "right-operand-cast",
    """
    In Paddle 1.x an operator casts its right operand to the left one's dtype: int32 + float32 is
    int32, and the fraction is gone; int32 + 1.0 is int32 (and + 1.5 is refused). torch makes both
    floats. Cast the left one (fluid.layers.cast(x, 'float32')) where a float is meant; where the
    old numbers are wanted, cast the right one in torch: x + y.to(x.dtype).
    """,
)
def _right_cast(module: Module) -> Iterator[Finding]:
    for node in nodes(module, ast.BinOp):
        if not isinstance(
            node.op, (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.Pow, ast.Mod, ast.FloorDiv)
        ):
            continue
        left, right = facts(module, node.left), facts(module, node.right)
        by = module.constant(node.right)
        if is_int(left) and (is_float(right) or (isinstance(by, float) and by.is_integer())):
            assert left is not None
            what = f"the number {by!r}" if right is None else right.dtype
            yield found(
                module,
                node,
                f"{what} on the right of {left.dtype} is cast to {left.dtype} in Paddle 1.x; torch "
                "makes both floats",
            )
