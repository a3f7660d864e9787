"""Gradients inside a program: the recorded operator, and how a compiled step carries it out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import torch
from torch import fx

from paddle_compat.fluid._program import Program
from paddle_compat.fluid._reduction import Reduction
from paddle_compat.fluid._variable import Parameter, Variable

__all__ = ["Plan", "gradients", "start", "stop"]


def gradients(
    targets: Sequence[torch.Tensor],
    inputs: Sequence[torch.Tensor | tuple[torch.Tensor, ...]],
    target_gradients: Sequence[torch.Tensor | None] | None = None,
    create_graph: bool = False,
    retain_graph: bool = False,
    scale: float = 1.0,
) -> tuple[torch.Tensor, ...]:
    """Return the gradient of the targets' weighted sum in each input; zeros where there is none.

    Args:
        targets: tensors of floats.
        inputs: tensors that they were computed from; a tuple is one input with several values,
            and its gradient their gradients' sum.
        target_gradients: a weight for each target's elements; None is `scale`.
        create_graph: whether the result is differentiated again.
        retain_graph: whether the targets are.
        scale: the weight of all where none is given.
    """
    groups = [value if isinstance(value, tuple) else (value,) for value in inputs]
    flat = [value for group in groups for value in group]
    given = target_gradients or [None] * len(targets)
    live = [
        (target, torch.full_like(target, scale) if weight is None else weight)
        for target, weight in zip(targets, given, strict=True)
        if target.requires_grad
    ]
    if not live or not flat:
        return tuple(torch.zeros_like(group[0]) for group in groups)
    found = torch.autograd.grad(
        [target for target, _ in live],
        flat,
        [weight for _, weight in live],
        retain_graph=retain_graph or create_graph,
        create_graph=create_graph,
        allow_unused=True,
    )
    each = iter(
        torch.zeros_like(value) if gradient is None else gradient
        for value, gradient in zip(flat, found, strict=True)
    )
    return tuple(sum((next(each) for _ in group[1:]), next(each)) for group in groups)


def start(value: torch.Tensor) -> torch.Tensor:
    """Return a tensor that gradients can be taken of."""
    return value if value.requires_grad else value.detach().requires_grad_()


def stop(value: torch.Tensor) -> torch.Tensor:
    """Return a tensor that no gradient passes."""
    return value.detach()


class _Limit(torch.autograd.Function):
    """The same value, whose gradient is limited on its way back."""

    @staticmethod
    def forward(ctx: Any, value: torch.Tensor, least: float, most: float) -> torch.Tensor:
        ctx.limits = least, most
        return value.view_as(value)

    @staticmethod
    def backward(ctx: Any, grad: torch.Tensor) -> tuple[torch.Tensor, None, None]:
        return grad.clamp(*ctx.limits), None, None


def limit(value: torch.Tensor, least: float, most: float) -> torch.Tensor:
    """Return a tensor whose gradient is limited to a range."""
    limited: torch.Tensor = _Limit.apply(value, least, most)  # type: ignore[no-untyped-call]
    return limited


class Plan:
    """What a compiled step does so that the program's gradient operators work.

    Attributes:
        leaves: the names of the persistable variables that gradients are taken of.
        differentiates: whether there is any gradient operator.
    """

    def __init__(
        self,
        program: Program,
        needed: Collection[fx.Node] | None,
        reduction: Reduction | None = None,
    ) -> None:
        self._reduction = reduction
        self._operators = [
            node
            for node in program.graph.nodes
            if node.target is gradients and (needed is None or node in needed)
        ]
        self.differentiates = bool(self._operators)
        starts: set[object] = set()
        for op in self._operators:
            fx.node.map_arg(op.kwargs["inputs"], starts.add)
        self.leaves: set[str] = set()
        self._starts: set[fx.Node] = set()
        for node in starts:
            assert isinstance(node, fx.Node)
            variable = node.meta["variable"]
            if node.op == "placeholder" and not variable.is_data:
                self.leaves.add(variable.name)
            else:
                self._starts.add(node)
        self._stops = self._where_stopped(program, starts)

    def _where_stopped(self, program: Program, starts: Collection[object]) -> set[fx.Node]:
        """Return the nodes that gradients would reach and must not pass."""
        stops: set[fx.Node] = set()
        if not self.differentiates:
            return stops
        reached: set[fx.Node] = set()
        for node in program.graph.nodes:
            if node in starts:
                reached.add(node)
            elif any(source in reached for source in node.all_input_nodes):
                variable = node.meta.get("variable")
                halted = (
                    node.meta.get("stopped")
                    or node.meta.get("no_gradient")
                    or (variable is not None and variable.stop_gradient)
                )
                if variable is not None and halted:
                    if variable.torch_dtype.is_floating_point:
                        stops.add(node)
                else:
                    reached.add(node)
        return stops

    def stops(self, node: fx.Node) -> bool:
        """Tell whether gradients end at this node."""
        return node in self._stops

    def starts(self, node: fx.Node) -> bool:
        """Tell whether a gradient is taken of this node, which is no parameter."""
        return node in self._starts

    def limit(self, node: fx.Node) -> tuple[float, float] | None:
        """Return what the gradient of this node is limited to, if it is."""
        error_clip = getattr(node.meta.get("variable"), "error_clip", None)
        if error_clip is None or not self.differentiates or self.stops(node):
            return None
        return error_clip.min, error_clip.max

    def touches(self, node: fx.Node) -> bool:
        """Tell whether a gradient begins, ends or is limited at this node."""
        return self.stops(node) or self.starts(node) or self.limit(node) is not None

    def emit(self, graph: fx.Graph, node: fx.Node, copied: dict[fx.Node, fx.Node]) -> fx.Node:
        """Copy a gradient operator into a step's graph."""
        twin = graph.node_copy(node, lambda old: copied[old])
        later = self._operators[self._operators.index(node) + 1 :]
        if any(_depends(other, node) for other in later):
            twin.kwargs = {**twin.kwargs, "create_graph": True}
        elif later:
            twin.kwargs = {**twin.kwargs, "retain_graph": True}
        return twin

    def weigh(self, graph: fx.Graph, node: fx.Node, twin: fx.Node) -> list[Variable]:
        """Let a copied operator begin with this device's share; return what is fed for that."""
        if self._reduction is None or not _trains(node):
            return []
        if self._reduction.scale is not None:
            twin.kwargs = {**twin.kwargs, "scale": self._reduction.scale}
            return []
        fed: list[Variable] = []
        held: list[fx.Node] = []
        for target in node.kwargs["targets"]:  # type: ignore[union-attr]
            of = target.meta["variable"]  # type: ignore[union-attr]
            fed.append(Variable(of.block, of.grad_name, of.shape, of.dtype, is_data=True))
            with graph.inserting_before(twin):
                held.append(graph.placeholder(f"{twin.name}_from_{len(held)}"))
        twin.kwargs = {**twin.kwargs, "target_gradients": held}
        return fed

    def add_up(self, graph: fx.Graph, node: fx.Node, twin: fx.Node) -> fx.Node:
        """Append the sums over all devices of the parameters' gradients of a copied operator."""
        if self._reduction is None or not _trains(node):
            return twin
        reduction = self._reduction
        chosen = [
            index
            for index, source in enumerate(node.kwargs["inputs"])  # type: ignore[arg-type]
            if isinstance(_variable(source), Parameter)
        ]

        def add_up(found: Sequence[torch.Tensor]) -> list[torch.Tensor]:
            results = list(found)
            totals = reduction.total([results[index].detach() for index in chosen])
            for index, total in zip(chosen, totals, strict=True):
                results[index] = total
            return results

        return graph.call_function(add_up, (twin,))


def _trains(node: fx.Node) -> bool:
    """Tell whether gradients are `append_backward`'s; only those are of all devices."""
    return node.kwargs["target_gradients"] is None


def _variable(source: Any) -> Variable:
    """Return the variable of an input, which may have several values."""
    first = source[0] if isinstance(source, (list, tuple)) else source
    found: Variable = first.meta["variable"]
    return found


def _depends(node: fx.Node, on: fx.Node) -> bool:
    """Tell whether a node's value is computed from another's."""
    seen: set[fx.Node] = set()
    todo = list(node.all_input_nodes)
    while todo:
        current = todo.pop()
        if current is on:
            return True
        if current not in seen:
            seen.add(current)
            todo.extend(current.all_input_nodes)
    return False
