"""Copies of programs, for testing beside training."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from torch import fx

from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._variable import Variable

if TYPE_CHECKING:
    from paddle_compat.fluid._program import Program

__all__ = ["clone"]

_TRAINING = frozenset(("backward", "optimize", "lr"))


def clone(program: Program, for_test: bool) -> Program:
    """Return a copy of a program; for testing without what only training needs."""
    twin = type(program)()
    twin.gradient_calls = program.gradient_calls
    twin.gradient_names = set() if for_test else set(program.gradient_names)
    twin.constants = dict(program.constants)
    twin.readers = list(program.readers)
    twin.random_seed = 0 if for_test else program.random_seed
    block = twin.global_block()
    variables: dict[Variable, Variable] = {}
    nodes: dict[fx.Node, fx.Node] = {}

    def adopt(variable: Variable) -> Variable:
        if variable not in variables:
            made = copy.copy(variable)
            made.block, made.node, made.op = block, None, None
            variables[variable] = made
        return variables[variable]

    operators: dict[Operator, Operator] = {}
    for node in program.graph.nodes:
        op: Operator | None = node.meta.get("operator")
        if for_test and op is not None and op.role in _TRAINING:
            continue
        made = twin.graph.node_copy(node, lambda old: nodes[old])
        made.meta = dict(node.meta)
        nodes[node] = made
        if "reach" in made.meta:
            made.meta["reach"] = made.meta["reach"].translated(nodes)
        if "lod_input" in made.meta:
            made.meta["lod_input"] = adopt(made.meta["lod_input"])
        if node.op == "placeholder":
            twin._last_input = made
        if op is not None:
            if op not in operators:
                operators[op] = Operator(
                    op.type,
                    made,
                    {name: [adopt(v) for v in group] for name, group in op.inputs.items()},
                    [adopt(v) for v in op.outputs],
                    dict(op.attrs),
                    op.role,
                    op.location,
                )
                if for_test:
                    _as_test(operators[op])
                block.ops.append(operators[op])
            made.meta["operator"] = operators[op]
        if "variable" in node.meta:
            held = adopt(node.meta["variable"])
            made.meta["variable"] = held
            held.node = made
            held.op = operators.get(op) if op is not None else None
    for made in nodes.values():
        for link in ("lod", "lod_from"):
            if link in made.meta:
                made.meta[link] = nodes[made.meta[link]]
    needed = {variable for op in block.ops for variable in (*op.outputs, *_read(op))}
    for name, variable in program.global_block().vars.items():
        if not for_test or variables.get(variable) in needed or variable.is_data:
            block.vars[name] = adopt(variable)
    return twin


def _read(op: Operator) -> list[Variable]:
    return [variable for group in op.inputs.values() for variable in group]


def _as_test(op: Operator) -> None:
    """Tell a layer that behaves otherwise in testing that it is one."""
    if "is_test" in op.node.kwargs:
        op.node.kwargs = {**op.node.kwargs, "is_test": True}
        op.attrs["is_test"] = True
