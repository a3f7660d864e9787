"""What a layer's function comes down to: torch calls, or the function itself where unsure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor, fx

from paddle_compat.export.stands import NotTraced
from paddle_compat.export.tracing import Traced, traced
from paddle_compat.fluid.layers.nn.elementwise import align


def trace(
    function: Callable[..., Any], *shapes: tuple[int, ...], agreeing: bool = False, **others: Any
) -> tuple[Traced, Callable[..., Any]]:
    """Trace a function of tensors; return that, and what calls it."""
    graph = fx.Graph()
    names = "xyz"
    nodes = [graph.placeholder(names[i]) for i in range(len(shapes))]
    known = {node: (shape, torch.float32) for node, shape in zip(nodes, shapes, strict=True)}
    given = {node.name: node for node in nodes}
    found = traced(function, {**given, **others}, known.get)
    graph.output(found.into(graph))
    return found, fx.GraphModule({}, graph)


def called(found: Traced) -> list[str]:
    return [getattr(n.target, "__name__", n.target) for n in found.graph.nodes if n.op[0] == "c"]


def test_what_is_known_drops_out() -> None:
    def layer(x: Tensor, times: int) -> Tensor:
        if x.dtype == torch.float32 and x.ndim == 2 and x.shape[1] == 3:
            return x * times
        return x

    found, call = trace(layer, (-1, 3), times=2)
    assert called(found) == ["mul"]
    assert call(torch.ones(4, 3)).tolist() == [[2.0] * 3] * 4


def test_a_refusal_is_not_the_way() -> None:
    def layer(x: Tensor, y: Tensor) -> Tensor:
        one, other = align("layer", x, y)
        return one + other

    # Sizes that meet may differ, and then align raises; that is none of the ways through.
    found, call = trace(layer, (-1, 3), (3,))
    assert called(found)[-1] == "add"
    assert call(torch.ones(2, 3), torch.ones(3)).tolist() == [[2.0] * 3] * 2


def test_a_branch_by_an_unknown_size_is_not_traced() -> None:
    def layer(x: Tensor) -> Tensor:
        return x + 1 if x.shape[0] > 7 else x - 1

    with pytest.raises(NotTraced, match="decision"):
        trace(layer, (-1, 3))
    found, _ = trace(layer, (8, 3))
    assert called(found) == ["add"]


def test_branches_that_come_to_the_same_are_traced() -> None:
    def layer(x: Tensor) -> Tensor:
        if x.shape[0] > 7:
            return x * 2
        return x * 2

    found, _ = trace(layer, (-1, 3))
    assert called(found) == ["mul"]


def test_an_error_that_is_not_the_layers_own_is_no_refusal() -> None:
    def layer(x: Tensor) -> Tensor:
        # The way that a run takes fails on stand-ins; the other one must not be taken for it.
        return x - 1 if x.shape[0] == 0 else x + [0.0] * x.shape[0]  # type: ignore[operator]

    with pytest.raises(NotTraced):
        trace(layer, (-1, 3))


def test_no_branch_is_taken_by_a_value() -> None:
    def by_bool(x: Tensor) -> Tensor:
        return x if (x > 0).any() else -x

    def by_item(x: Tensor) -> Tensor:
        return x * x.sum().item()

    for layer in (by_bool, by_item):
        with pytest.raises(NotTraced):
            trace(layer, (2, 3))


def test_unknown_sizes_are_computed_in_the_run() -> None:
    def layer(x: Tensor) -> Tensor:
        return x.reshape(x.shape[0] * 2, -1)

    _, call = trace(layer, (-1, 4))
    assert call(torch.ones(5, 4)).shape == (10, 2)
    assert call(torch.ones(3, 4)).shape == (6, 2)


def test_a_gradient_of_its_own_is_not_looked_into() -> None:
    with pytest.raises(NotTraced, match="gradient"):
        trace(_doubled, (3,))


class _Double(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        return x * 1

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Tensor:
        return gradients[0] * 2  # type: ignore[no-any-return]


def _doubled(x: Tensor) -> Tensor:
    return _Double.apply(x)  # type: ignore[no-any-return, no-untyped-call]


def test_what_is_computed_without_a_gradient_has_none() -> None:
    def layer(x: Tensor) -> Tensor:
        with torch.no_grad():
            scale = x.abs().mean() + 1
        return x * scale

    found, call = trace(layer, (3,))
    assert called(found).count("detach") == 1
    x = torch.tensor([1.0, -2.0, 3.0], requires_grad=True)
    call(x).sum().backward()
    assert torch.equal(x.grad, torch.full((3,), 3.0))  # type: ignore[arg-type]


def test_a_tensor_that_is_made_lies_where_the_argument_does() -> None:
    def layer(x: Tensor) -> Tensor:
        return x + torch.arange(3.0, device=x.device) + torch.ones(3)

    found, call = trace(layer, (-1, 3))
    assert call(torch.zeros(2, 3)).tolist() == [[1.0, 2.0, 3.0]] * 2
    made = [node for node in found.graph.nodes if node.target in (torch.arange, torch.ones)]
    assert len(made) == 2
    assert all(isinstance(node.kwargs["device"], fx.Node) for node in made)


def test_changes_in_place_stay() -> None:
    def layer(x: Tensor) -> Tensor:
        y = x.clone()
        y[:, 0] = 7.0
        y.add_(1)
        return y

    _, call = trace(layer, (-1, 2))
    assert call(torch.zeros(2, 2)).tolist() == [[8.0, 1.0]] * 2


def test_a_random_generator_is_not_traced() -> None:
    def layer(x: Tensor) -> Tensor:
        return x + torch.rand(3, generator=torch.Generator().manual_seed(1))

    with pytest.raises(NotTraced):
        trace(layer, (3,))


def test_sizes_are_never_negative() -> None:
    def layer(x: Tensor) -> Tensor:
        return x * 2 if x.shape[0] * 3 >= 0 and not x.shape[0] < 0 else x

    found, _ = trace(layer, (-1, 3))
    assert called(found) == ["mul"]


def test_a_difference_of_sizes_may_be_negative() -> None:
    def layer(x: Tensor) -> Tensor:
        return x * 2 if x.shape[0] - 5 >= 0 else x

    with pytest.raises(NotTraced):
        trace(layer, (-1, 3))
