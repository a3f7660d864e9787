"""From a program to the function of torch tensors that a run calls."""

from __future__ import annotations

import functools
import linecache
import traceback
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import fx

from paddle_compat.fluid import _differentiate, _updates
from paddle_compat.fluid._errors import EnforceNotMet
from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._reduction import TOGETHER, Reduction
from paddle_compat.fluid._variable import Variable

__all__ = ["LodInput", "Step", "compile_step"]


@dataclass(frozen=True)
class LodInput:
    """What stands among a step's inputs for the levels of detail of a variable's value."""

    variable: Variable


@dataclass(frozen=True, eq=False)
class Step:
    """A compiled program.

    Attributes:
        call: takes the inputs' tensors in order; returns the fetched ones, then the written ones,
            then levels of detail.
        inputs: the data and persistable variables that it reads, in order.
        leaves: the names of the persistable ones that gradients are taken of.
        fetched: how many results are fetched.
        writes: the names of the persistable variables that the next results are values of.
        lods: for each fetched result, which of those after them is its levels of detail.
        differentiates: whether a graph for gradients is needed.
        operators: what the calls in the code were recorded as, by the names they assign to.
    """

    call: Callable[..., Sequence[Any]]
    inputs: list[Variable | LodInput]
    leaves: frozenset[str]
    fetched: int
    writes: list[str]
    lods: list[int | None]
    differentiates: bool
    operators: dict[str, tuple[Operator, fx.Node]]

    def explain(self, error: Exception) -> EnforceNotMet | None:
        """Return an error that tells which layer failed, on what, and which line built it."""
        code = self.call.__func__.__code__  # type: ignore[attr-defined]
        for frame, number in traceback.walk_tb(error.__traceback__):
            if frame.f_code is code:
                line = linecache.getline(code.co_filename, number, frame.f_globals)
                found = self.operators.get(line.split("=")[0].split(":")[0].strip())
                if found is not None:
                    return _failure(*found, error, frame.f_locals)
        return None


def compile_step(
    program: Program,
    fetches: Sequence[Variable],
    *,
    prune: bool = False,
    reduction: Reduction | None = None,
) -> Step:
    """Compile a program into one function.

    Args:
        program: what runs.
        fetches: the variables whose last values are returned.
        prune: leave out what neither the fetches nor a persistable variable need; otherwise every
            layer runs, as in 1.8.
        reduction: adds up the gradients of several devices; None is one device.
    """
    fetched = [program.read(variable) for variable in fetches]
    writes = _writes(program)
    lods = [program.lod(node) for node in fetched]
    levels = list(dict.fromkeys(node for node in lods if node is not None))
    tensors = [*fetched, *writes.values()]
    wanted = [*tensors, *levels]
    needed = _ancestors(wanted) if prune else None
    plan = _differentiate.Plan(program, needed, reduction)
    # Levels of detail are numbers of their own: no view of a parameter, and no tensor to copy.
    updates = _updates.Deferred(program, needed, tensors)
    graph = fx.Graph()
    copied: dict[fx.Node, fx.Node] = {}
    unlimited: dict[fx.Node, fx.Node] = {}
    operators: dict[str, tuple[Operator, fx.Node]] = {}
    inputs: list[Variable | LodInput] = []
    rates: dict[Any, fx.Node] = {}
    for node in program.graph.nodes:
        if (needed is not None and node not in needed) or node in updates:
            continue
        operator = node.meta.get("operator")
        if operator is not None and operator.role == "lr" and "variable" in node.meta:
            # Every parameter with a learning rate of its own has an operator for it; most are one.
            key = (node.target, repr(fx.node.map_arg(node.kwargs, lambda old: copied[old])))
            if key in rates and not node.meta["variable"].persistable:
                copied[node] = rates[key]
                continue
        else:
            key = None
        if node.target is _differentiate.gradients:
            twin = plan.emit(graph, node, {**copied, **unlimited})
            inputs += plan.weigh(graph, node, twin)
        elif _overwrites(node, wanted, plan):
            [source] = node.all_input_nodes
            twin = graph.call_function(node.meta["layer"].in_place, (copied[source],))
        else:
            twin = graph.node_copy(node, lambda old: copied[old])
            if reduction is not None and reduction.synchronized and node.target in TOGETHER:
                together = TOGETHER[node.target]
                twin.target = functools.wraps(together)(functools.partial(together, reduction))
        if node.op == "placeholder":
            fed = node.meta.get("lod_input")
            inputs.append(node.meta["variable"] if fed is None else LodInput(fed))
        if operator is not None:
            operators[twin.name] = (operator, twin)
        if node.target is _differentiate.gradients:
            twin = plan.add_up(graph, node, twin)
        if plan.stops(node):
            twin = graph.call_function(_differentiate.stop, (twin,))
        elif plan.starts(node):
            twin = graph.call_function(_differentiate.start, (twin,))
        limit = plan.limit(node)
        if limit is not None:
            unlimited[node] = twin
            twin = graph.call_function(_differentiate.limit, (twin, *limit))
        copied[node] = twin
        if key is not None:
            rates[key] = twin
    for twin, operator in updates.emit(graph, copied):
        operators[twin.name] = (operator, twin)
    graph.output(tuple(copied[node] for node in wanted))
    module = fx.GraphModule(dict(program.constants), graph)
    return Step(
        module.forward,
        inputs,
        frozenset(plan.leaves),
        len(fetches),
        list(writes),
        [None if node is None else levels.index(node) for node in lods],
        plan.differentiates,
        operators,
    )


def _overwrites(node: fx.Node, wanted: Sequence[fx.Node], plan: _differentiate.Plan) -> bool:
    """Tell whether a layer may do its work in its argument's memory, which nothing reads later."""
    layer = node.meta.get("layer")
    if layer is None or layer.in_place is None or len(node.all_input_nodes) != 1:
        return False
    [source] = node.all_input_nodes
    made_by = source.meta.get("layer")
    return (
        made_by is not None
        and made_by.overwritable
        and len(source.users) == 1
        and not any(source is other for other in wanted)
        and not plan.touches(source)
    )


def _writes(program: Program) -> dict[str, fx.Node]:
    """Return what holds the last value of each persistable variable that the program sets."""
    return {
        variable.name: variable.node
        for variable in program.list_vars()
        if variable.persistable and variable.node is not None and variable.node.op != "placeholder"
    }


def _ancestors(wanted: Sequence[fx.Node]) -> Collection[fx.Node]:
    """Return these nodes and all that they are computed from."""
    found: set[fx.Node] = set()
    todo = list(wanted)
    while todo:
        node = todo.pop()
        if node not in found:
            found.add(node)
            todo.extend(node.all_input_nodes)
    return found


def _failure(
    operator: Operator, twin: fx.Node, error: Exception, values: dict[str, Any]
) -> EnforceNotMet:
    given: dict[Any, Any] = {**dict(enumerate(twin.args)), **twin.kwargs}
    spec = operator.node.meta.get("layer")
    hidden = {f"{name}_lod" for name in spec.lods} if spec is not None else set()
    told = [
        f"{name}: {_describe(value, values)}" for name, value in given.items() if name not in hidden
    ]
    text = str(error).strip() or type(error).__name__
    for name in (operator.type, getattr(operator.node.target, "__name__", "")):
        text = text.removeprefix(f"{name}: ")
    source = operator.location.source
    built = f"\n  built at {operator.location}" + (f": {source}" if source else "")
    return EnforceNotMet(f"{operator.type} failed: {text}\n  called with {', '.join(told)}{built}")


def _describe(value: Any, values: dict[str, Any]) -> str:
    """Return an argument of a call that failed: tensors by dtype and shape."""
    if isinstance(value, fx.Node):
        value = values.get(value.name)
    if isinstance(value, torch.Tensor):
        return f"{str(value.dtype).removeprefix('torch.')}{list(value.shape)}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_describe(item, values) for item in value) + "]"
    return repr(value)
