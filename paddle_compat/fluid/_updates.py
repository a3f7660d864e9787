"""Updates of parameters: their functions, and how a compiled step does many of them in place.

An update is recorded as a function that returns new values. In a step, those that nothing but the
scope waits for are put off to the end, when all else has succeeded, and done in place together.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, fx

from paddle_compat.fluid import _interrupts
from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._program import Program

__all__ = [
    "IN_PLACE",
    "Deferred",
    "adam",
    "average",
    "l2_decay",
    "lamb",
    "lars",
    "momentum",
    "own",
    "sgd",
]


@torch.no_grad()
def l2_decay(param: Tensor, grad: Tensor, coeff: float) -> Tensor:
    """Return the gradient with the penalty coeff / 2 |param|^2."""
    return grad + param * coeff


@torch.no_grad()
def sgd(param: Tensor, grad: Tensor, learning_rate: Tensor) -> Tensor:
    """Return the parameter after a step of gradient descent."""
    return param - learning_rate * grad


@torch.no_grad()
def momentum(
    param: Tensor,
    grad: Tensor,
    velocity: Tensor,
    learning_rate: Tensor,
    mu: float,
    use_nesterov: bool = False,
) -> tuple[Tensor, Tensor]:
    """Return the parameter and its velocity after a step with momentum."""
    velocity = velocity * mu + grad
    step = grad + velocity * mu if use_nesterov else velocity
    return param - step * learning_rate, velocity


@torch.no_grad()
def adam(
    param: Tensor,
    grad: Tensor,
    moment1: Tensor,
    moment2: Tensor,
    beta1_pow: Tensor,
    beta2_pow: Tensor,
    learning_rate: Tensor,
    beta1: float | Tensor,
    beta2: float | Tensor,
    epsilon: float,
) -> tuple[Tensor, Tensor, Tensor, Tensor, Tensor]:
    """Return the parameter, both moments and both powers after a step of Adam."""
    moment1 = moment1 * beta1 + grad * (1 - beta1)
    moment2 = moment2 * beta2 + grad * grad * (1 - beta2)
    rate = learning_rate * (1 - beta2_pow).sqrt() / (1 - beta1_pow)
    param = param - rate * (moment1 / (moment2.sqrt() + epsilon))
    return param, moment1, moment2, beta1_pow * beta1, beta2_pow * beta2


@torch.no_grad()
def lars(
    param: Tensor,
    grad: Tensor,
    velocity: Tensor,
    learning_rate: Tensor,
    mu: float,
    coeff: float,
    decay: float,
) -> tuple[Tensor, Tensor]:
    """Return the parameter and its velocity after a step with a rate by their norms."""
    weight, slope = param.norm(), grad.norm()
    scaled = learning_rate * coeff * weight / (slope + decay * weight)
    usable = (weight > 0) & (slope > 0)
    rate = torch.where(usable, scaled, learning_rate)
    velocity = velocity * mu + rate * (grad + decay * param)
    return param - velocity, velocity


@torch.no_grad()
def lamb(
    param: Tensor,
    grad: Tensor,
    moment1: Tensor,
    moment2: Tensor,
    learning_rate: Tensor,
    beta1: float,
    beta2: float,
    epsilon: float,
    decay: float,
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the parameter and both moments after a step of Lamb."""
    moment1 = moment1 * beta1 + grad * (1 - beta1)
    moment2 = moment2 * beta2 + grad * grad * (1 - beta2)
    step = moment1 / (moment2.sqrt() + epsilon) + decay * param
    weight, length = param.norm(), step.norm()
    usable = (weight > 0) & (length > 0)
    rate = torch.where(usable, learning_rate * weight / length, learning_rate)
    return param - rate * step, moment1, moment2


@torch.no_grad()
def average(average: Tensor, param: Tensor, decay: Tensor) -> Tensor:
    """Return a parameter's moving average after a step."""
    return average * decay + param * (1 - decay)


def _contiguous(*lists: list[Tensor]) -> bool:
    """Tell whether all are laid out row by row, which torch's fused updates take for granted."""
    return all(tensor.is_contiguous() for tensors in lists for tensor in tensors)


def _fused(
    params: list[Tensor],
    grads: list[Tensor],
    velocities: list[Tensor],
    learning_rate: Tensor,
    mu: float,
    use_nesterov: bool,
    l2_decay: float,
) -> None:
    torch._fused_sgd_(
        params,
        [grad.contiguous() for grad in grads],
        velocities,
        weight_decay=l2_decay,
        momentum=mu,
        lr=learning_rate.item(),
        dampening=0.0,
        nesterov=use_nesterov,
        maximize=False,
        is_first_step=False,
    )


def _penalized(params: list[Tensor], grads: list[Tensor], coeff: float) -> list[Tensor]:
    """Return the gradients with the penalty."""
    return list(torch._foreach_add(grads, params, alpha=coeff)) if coeff else grads


@torch.no_grad()
def _sgd_in_place(
    params: list[Tensor],
    grads: list[Tensor],
    learning_rate: Tensor,
    l2_decay: float = 0.0,
) -> None:
    if _contiguous(params):
        _fused(params, grads, [], learning_rate, 0.0, False, l2_decay)
        return
    for param, grad in zip(params, _penalized(params, grads, l2_decay), strict=True):
        param.copy_(sgd(param, grad, learning_rate))


@torch.no_grad()
def _momentum_in_place(
    params: list[Tensor],
    grads: list[Tensor],
    velocities: list[Tensor],
    learning_rate: Tensor,
    mu: float,
    use_nesterov: bool = False,
    l2_decay: float = 0.0,
) -> None:
    # With a momentum of 0 the fused update would keep no velocities.
    if mu != 0 and _contiguous(params, velocities):
        _fused(params, grads, velocities, learning_rate, mu, use_nesterov, l2_decay)
        return
    grads = _penalized(params, grads, l2_decay)
    for param, grad, velocity in zip(params, grads, velocities, strict=True):
        new = momentum(param, grad, velocity, learning_rate, mu, use_nesterov)
        param.copy_(new[0])
        velocity.copy_(new[1])


@torch.no_grad()
def _adam_in_place(
    params: list[Tensor],
    grads: list[Tensor],
    moments1: list[Tensor],
    moments2: list[Tensor],
    beta1_pows: list[Tensor],
    beta2_pows: list[Tensor],
    learning_rate: Tensor,
    beta1: float | Tensor,
    beta2: float | Tensor,
    epsilon: float,
    l2_decay: float = 0.0,
) -> None:
    beta1, beta2 = float(beta1), float(beta2)
    grads = _penalized(params, grads, l2_decay)
    torch._foreach_lerp_(moments1, grads, 1 - beta1)
    torch._foreach_mul_(moments2, beta2)
    torch._foreach_addcmul_(moments2, grads, grads, 1 - beta2)
    for param, first, second, power1, power2 in zip(
        params, moments1, moments2, beta1_pows, beta2_pows, strict=True
    ):
        rate = learning_rate * (1 - power2).sqrt() / (1 - power1)
        param.sub_((first / second.sqrt().add_(epsilon)).mul_(rate))
    torch._foreach_mul_(beta1_pows, beta1)
    torch._foreach_mul_(beta2_pows, beta2)


@torch.no_grad()
def _average_in_place(averages: list[Tensor], params: list[Tensor], decay: Tensor) -> None:
    if any(value.dtype != decay.dtype for value in averages):
        for kept, param in zip(averages, params, strict=True):
            kept.copy_(average(kept, param, decay))
        return
    torch._foreach_mul_(averages, decay.view(()))
    torch._foreach_add_(averages, torch._foreach_mul(params, (1 - decay).view(())))


@dataclass(frozen=True)
class InPlace:
    """How updates of one kind are done together.

    Attributes:
        function: takes a list for each of `listed`, and the other arguments once.
        listed: the arguments that each update has its own of.
        reads: which of them it reads only; the others are state.
    """

    function: Callable[..., None]
    listed: tuple[str, ...]
    reads: str = "grad"


IN_PLACE: dict[Callable[..., Any], InPlace] = {
    sgd: InPlace(_sgd_in_place, ("param", "grad")),
    momentum: InPlace(_momentum_in_place, ("param", "grad", "velocity")),
    adam: InPlace(
        _adam_in_place, ("param", "grad", "moment1", "moment2", "beta1_pow", "beta2_pow")
    ),
    average: InPlace(_average_in_place, ("average", "param"), "param"),
}


@dataclass
class _Group:
    """Updates that are done by one call."""

    kind: InPlace
    shared: dict[str, Any]
    operator: Operator
    lists: dict[str, list[fx.Node]] = field(default_factory=dict)


def _sources(node: fx.Node) -> list[fx.Node]:
    """Return all that a node is computed from, in an order that is the same in every process."""
    found: dict[fx.Node, None] = {}
    todo = [node]
    while todo:
        for source in todo.pop().all_input_nodes:
            if source not in found:
                found[source] = None
                todo.append(source)
    return list(found)


def _index(item: fx.Node) -> Any:
    """Return which of several results a node is."""
    return item.args[1]


_FEW = 4096


def own(value: Tensor, states: Sequence[Tensor]) -> Tensor:
    """Return a value that no update of the states in place changes: a view of one is copied."""
    value = value.detach()
    place = value.untyped_storage().data_ptr()
    if value.numel() <= _FEW or any(s.untyped_storage().data_ptr() == place for s in states):
        return value.clone()
    return value


class Deferred:
    """The updates of a program that a step puts off to its end.

    A node is `in` it when it is one of them, or only serves one.
    """

    def __init__(
        self, program: Program, needed: Collection[fx.Node] | None, wanted: Sequence[fx.Node]
    ) -> None:
        self._updates: list[tuple[fx.Node, float]] = []
        self._nodes: set[fx.Node] = set()
        self._wanted = dict.fromkeys(wanted)
        taken: set[object] = set()
        found = [
            node
            for node in program.graph.nodes
            if node.target in IN_PLACE and (needed is None or node in needed)
        ]
        # Averages read what an update has made, and nothing waits for them.
        self._last = {node for node in found if node.target is average and self._is_last(node)}
        for node in found:
            state = self._state(node)
            if not self._waits_only_for_scope(node) or taken & set(state):
                continue
            if any(
                not isinstance(held, fx.Node)
                or held.op != "placeholder"
                or not held.meta["variable"].persistable
                for held in state
            ):
                continue
            taken |= set(state)
            self._updates.append((node, self._penalty(node)))
            self._nodes.add(node)
            if "variable" not in node.meta:
                self._nodes |= set(node.users)

    def _state(self, node: fx.Node) -> list[Any]:
        """Return what an update replaces, in the order of its results."""
        kind = IN_PLACE[node.target]  # type: ignore[index]
        return [node.kwargs[name] for name in kind.listed if name != kind.reads]

    def _is_last(self, node: fx.Node) -> bool:
        """Tell whether an average is put off, whatever else is."""
        [kept] = self._state(node)
        return not node.users and kept.op == "placeholder" and kept.meta["variable"].persistable

    def _waits_only_for_scope(self, node: fx.Node) -> bool:
        """Tell whether no other node reads what the update makes, but those put off to the end."""
        items = [node] if "variable" in node.meta else list(node.users)
        return all(user in self._last for item in items for user in item.users)

    def _penalty(self, node: fx.Node) -> float:
        """Take a penalty into the update where its gradient serves nothing else."""
        decay = node.kwargs.get("grad")
        if (
            isinstance(decay, fx.Node)
            and decay.target is l2_decay
            and len(decay.users) == 1
            and decay not in self._wanted
            and decay.kwargs["param"] is node.kwargs["param"]
        ):
            self._nodes.add(decay)
            return float(decay.kwargs["coeff"])  # type: ignore[arg-type]
        return 0.0

    def __contains__(self, node: fx.Node) -> bool:
        return node in self._nodes

    def emit(
        self, graph: fx.Graph, copied: dict[fx.Node, fx.Node]
    ) -> Iterator[tuple[fx.Node, Operator]]:
        """Append the updates to a step's graph, together where they can be."""
        states = {state for node, _ in self._updates for state in self._state(node)}
        for node in self._wanted:
            if node in self._nodes or node in states:
                continue
            held = [copied[source] for source in _sources(node) if source in states]
            if held:
                copied[node] = graph.call_function(own, (copied[node], held))
        groups: dict[Any, _Group] = {}
        for node, penalty in self._updates:
            kind = IN_PLACE[node.target]  # type: ignore[index]
            shared = {k: v for k, v in node.kwargs.items() if k not in kind.listed}
            shared = dict(fx.node.map_arg(shared, lambda old: copied[old]))
            if penalty:
                shared["l2_decay"] = penalty
            dtype = node.kwargs["param"].meta["variable"].dtype  # type: ignore[union-attr]
            key = (node.target, dtype, tuple(shared.items()))
            group = groups.setdefault(key, _Group(kind, shared, node.meta["operator"]))
            for name in kind.listed:
                source = node.kwargs[name]
                if name == "grad" and source in self._nodes:
                    source = source.kwargs["grad"]  # type: ignore[union-attr]
                group.lists.setdefault(name, []).append(copied[source])  # type: ignore[index]
            # Done in place, so the new values are where the old ones were.
            results = [node] if "variable" in node.meta else sorted(node.users, key=_index)
            for result, held in zip(results, self._state(node), strict=False):
                copied[result] = copied[held]
        if groups:
            graph.call_function(_interrupts.hold)
        for group in groups.values():
            lists = tuple(group.lists[name] for name in group.kind.listed)
            twin = graph.call_function(group.kind.function, lists, group.shared)
            yield twin, group.operator
