"""A program as the text of a function of torch tensors."""

from __future__ import annotations

import operator
from typing import TYPE_CHECKING, Any

from torch import fx

from paddle_compat.fluid._variable import Variable

if TYPE_CHECKING:
    from paddle_compat.fluid._program import Program

__all__ = ["program_code"]


def program_code(program: Program) -> str:
    """Return a program as a function, one line for each operator.

    Arguments are what is fed and what the scope holds; each line ends with the result's name in
    Paddle, its dtype and shape, and the line of the user's code that built it.
    """
    nodes = list(program.graph.nodes)
    inputs = [
        node
        for node in nodes
        if node.op == "placeholder" and ("variable" in node.meta or node.users)
    ]
    fed = [node for node in inputs if _input(node).is_data]
    state = [node for node in inputs if not _input(node).is_data]
    lines = ["def program("]
    for title, group in (("fed", fed), ("from the scope", state)):
        if group:
            lines.append(f"    # {title}")
        lines += [f"    {node.name},  # {_told(node)}" for node in group]
    lines.append("):")
    for node in nodes:
        if node.op == "call_function" and node.target is not operator.getitem:
            lines.append(_line(node))
    written = [
        variable
        for variable in program.list_vars()
        if variable.persistable and variable.node is not None and variable.node not in inputs
    ]
    if written:
        lines.append("    # back to the scope")
        lines.append(
            "    return {"
            + ", ".join(f"{v.name!r}: {v.node.name}" for v in written if v.node is not None)
            + "}"
        )
    if len(lines) == 2 + len(inputs) + bool(fed) + bool(state):
        lines.append("    pass")
    return "\n".join(lines)


def _line(node: fx.Node) -> str:
    items = {user.args[1]: user for user in node.users if user.target is operator.getitem}
    held = [items[index] for index in sorted(items)] if items else [node]  # type: ignore[type-var]
    names = ", ".join(item.name for item in held) + ("," if items and len(held) == 1 else "")
    arguments = ", ".join(f"{key}={_argument(value)}" for key, value in node.kwargs.items())
    told = "; ".join(
        f"{item.meta['variable'].name}: {item.meta['described']}"
        for item in held
        if "variable" in item.meta
    )
    op = node.meta.get("operator")
    if op is None:
        inner = ", ".join(map(_argument, node.args))
        return f"    {node.name} = {getattr(node.target, '__name__', node.target)}({inner})"
    return f"    {names} = {op.type}({arguments})  # {told}; {op.location}"


def _argument(value: Any) -> str:
    if isinstance(value, fx.Node):
        return value.name
    if isinstance(value, (list, tuple)):
        inner = ", ".join(_argument(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner},)"
    return repr(value)


def _input(node: fx.Node) -> Variable:
    variable: Variable = node.meta["variable" if "variable" in node.meta else "lod_input"]
    return variable


def _told(node: fx.Node) -> str:
    variable = _input(node)
    if "lod_input" in node.meta:
        return f"{variable.name}: its levels of detail"
    return f"{variable.name}: {variable.describe()}"
