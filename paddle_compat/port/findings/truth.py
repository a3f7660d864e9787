"""Variables of programs where Python wants a value."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from paddle_compat.port.diagnostics import Finding, found, rule
from paddle_compat.port.findings._facts import is_variable
from paddle_compat.port.findings._flow import has_dygraph, nodes
from paddle_compat.port.resolve import Module

__all__: list[str] = []


@rule(
    "PC219",
    "variable-as-truth-or-sequence",
    """
    A variable of a program has no value while Python runs. In real 1.8.5 `if variable:` is always
    taken, `not variable` is always False, and `for x in variable:` never ends. The shim raises
    TypeError for all of them. In torch the same lines are true or not by the value, and go through
    the rows, so a port changes what runs. Say what was meant: `is not None`, layers.cond and
    layers.where in a program, layers.unstack to go through rows.
    """,
)
def _truth(module: Module) -> Iterator[Finding]:
    if has_dygraph(module):
        return
    for node in nodes(module, *_KINDS):
        for tested in _tested(module, node):
            if is_variable(module, tested):
                yield found(
                    module,
                    tested,
                    "a variable of a program is always true in Paddle 1.x, whatever its value will "
                    "be",
                )
        for iterated in _iterated(module, node):
            if is_variable(module, iterated):
                yield found(
                    module,
                    iterated,
                    "going through a variable of a program never ends in Paddle 1.x",
                )


_KINDS: tuple[type[ast.AST], ...] = (
    *(ast.If, ast.While, ast.IfExp, ast.Assert, ast.comprehension, ast.UnaryOp, ast.BoolOp),
    *(ast.For, ast.Starred, ast.Call),
)


def _tested(module: Module, node: ast.AST) -> list[ast.expr]:
    if isinstance(node, (ast.If, ast.While, ast.IfExp, ast.Assert)):
        return [node.test]
    if isinstance(node, ast.comprehension):
        return node.ifs
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return [node.operand]
    if isinstance(node, ast.BoolOp):
        # The last one's truth is asked for by what is around, if at all.
        return node.values[:-1]
    several = isinstance(node, ast.Call) and len(node.args) > 1
    return _builtin(module, node, ("bool", "max", "min") if several else ("bool",))


def _iterated(module: Module, node: ast.AST) -> list[ast.expr]:
    if isinstance(node, (ast.For, ast.comprehension)):
        return [node.iter]
    if isinstance(node, ast.Starred) and isinstance(node.ctx, ast.Load):
        return [node.value]
    if isinstance(node, ast.Call) and len(node.args) != 1:
        return []
    return _builtin(module, node, ("list", "tuple", "sum", "max", "min", "enumerate", "sorted"))


def _builtin(module: Module, node: ast.AST, names: tuple[str, ...]) -> list[ast.expr]:
    """Return what a builtin function is called with."""
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
        return []
    if node.func.id not in names or module.bindings(node.func):
        return []
    return [each for each in node.args if not isinstance(each, ast.Starred)]
