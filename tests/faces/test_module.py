# ruff: noqa: E501 - tables of cases, one a line
"""`nn.SigmoidFocalLoss`: drop-in for torch's and for imbalanced-losses' modules."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from paddle_compat.nn import SigmoidFocalLoss, functional

REDUCTIONS = ("mean", "sum", "none")


def data(*shape: int, seed: int = 0, hard: bool = True) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    logit = torch.randn(shape, dtype=torch.float64, generator=generator) * 3
    label = torch.rand(shape, dtype=torch.float64, generator=generator)
    return logit.requires_grad_(), label.round() if hard else label


def value_and_gradient(
    loss: torch.nn.Module, logit: Tensor, label: Tensor
) -> tuple[Tensor, Tensor]:
    value = loss(logit, label)
    (gradient,) = torch.autograd.grad(value, logit, torch.ones_like(value))
    return value.detach(), gradient


@given(
    shape=st.lists(st.integers(1, 4), max_size=4),
    alpha=st.one_of(st.just(-1), st.floats(0, 1)),
    gamma=st.sampled_from([0, 1.0, 1.5, 2, 3.0]),
    reduction=st.sampled_from(REDUCTIONS),
    hard=st.booleans(),
    seed=st.integers(0, 2**16),
)
@settings(max_examples=150, deadline=None)
def test_equals_the_module_of_imbalanced_losses(
    shape: list[int], alpha: float, gamma: float, reduction: str, hard: bool, seed: int
) -> None:
    peers = pytest.importorskip("imbalanced_losses")
    logit, label = data(*shape, seed=seed, hard=hard)
    ours = value_and_gradient(SigmoidFocalLoss(alpha, gamma, reduction), logit, label)
    theirs = value_and_gradient(peers.SigmoidFocalLoss(alpha, gamma, reduction), logit, label)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.float16, torch.bfloat16])
def test_without_focus_and_balance_it_is_torchs_own_loss(
    reduction: str, dtype: torch.dtype
) -> None:
    logit, label = (t.detach().to(dtype) for t in data(50, 4, hard=False))
    logit.requires_grad_()
    ours = value_and_gradient(SigmoidFocalLoss(-1, 0, reduction), logit, label)
    native = torch.nn.BCEWithLogitsLoss(reduction=reduction)
    assert native(logit, label).dtype == ours[0].dtype == dtype
    # In double: in half precision torch's own loss is off by up to nine percent here.
    exact = value_and_gradient(native, logit.detach().double().requires_grad_(), label.double())
    for found, true in zip(ours, exact, strict=True):
        torch.testing.assert_close(
            found, true.to(dtype), rtol=2 * torch.finfo(dtype).eps, atol=1e-7
        )


def test_works_inside_a_network_that_trains() -> None:
    torch.manual_seed(0)
    network = torch.nn.Sequential(torch.nn.Linear(3, 8), torch.nn.Tanh(), torch.nn.Linear(8, 2))
    features = torch.randn(64, 3)
    label = (features[:, :2] > 0).float()
    optimizer, loss = torch.optim.Adam(network.parameters(), 0.02), SigmoidFocalLoss()
    values = []
    for _ in range(100):
        optimizer.zero_grad()
        value = loss(network(features), label)
        value.backward()
        optimizer.step()
        values.append(value.item())
    assert values[-1] < values[0] / 20


@pytest.mark.parametrize("dtype", [torch.bool, torch.uint8, torch.int64])
@pytest.mark.parametrize("rows", [3, 150_000])
def test_targets_may_be_of_any_real_dtype(dtype: torch.dtype, rows: int) -> None:
    logit, label = data(rows, 2)
    for reduction in REDUCTIONS:
        loss = SigmoidFocalLoss(reduction=reduction)
        expected = value_and_gradient(loss, logit, label)
        found = value_and_gradient(loss, logit, label.to(dtype))
        torch.testing.assert_close(found, expected, rtol=0, atol=0)


def test_minus_one_switches_the_balance_off_here_and_weighs_in_the_functional_face() -> None:
    logit, label = data(4, 3)
    off = SigmoidFocalLoss(alpha=-1, reduction="none")(logit, label)
    half = SigmoidFocalLoss(alpha=0.5, reduction="none")(logit, label)
    torch.testing.assert_close(off, half * 2)
    weighed = functional.sigmoid_focal_loss(logit, label, alpha=-1, reduction="none")
    torch.testing.assert_close(weighed, torch.where(label == 1, -off, 2 * off))


def test_ignored_elements_count_in_the_mean() -> None:
    logit, label = data(5, 2)
    label[1, 1] = -100
    kept = SigmoidFocalLoss(reduction="sum")(logit, label)
    torch.testing.assert_close(SigmoidFocalLoss()(logit, label), kept / 10)
    (gradient,) = torch.autograd.grad(kept, logit)
    assert gradient[1, 1] == 0


BAD: list[tuple[type[Exception], str, dict[str, Any]]] = [
    (ValueError, "alpha must lie between 0 and 1, or be -1 for no balancing, but it is 1.5", {"alpha": 1.5}),
    (ValueError, "alpha must lie between 0 and 1", {"alpha": -0.5}),
    (ValueError, "alpha must lie between 0 and 1", {"alpha": float("nan")}),
    (TypeError, "alpha must be a number, but it is NoneType", {"alpha": None}),
    (TypeError, "gamma must be a number, but it is str", {"gamma": "2"}),
    (ValueError, "gamma must be finite and at least 0, but it is -1", {"gamma": -1}),
    (ValueError, "gamma must be finite and at least 0", {"gamma": float("inf")}),
    (ValueError, "reduction must be 'mean', 'sum' or 'none', but it is 'avg'", {"reduction": "avg"}),
    (ValueError, "gather_distributed must be None, True or False, but it is 'yes'", {"gather_distributed": "yes"}),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "keywords"), BAD)
def test_arguments_are_checked_on_construction(
    kind: type[Exception], text: str, keywords: dict[str, Any]
) -> None:
    with pytest.raises(kind) as caught:
        SigmoidFocalLoss(**keywords)
    assert text in str(caught.value)


CALLS: list[tuple[type[Exception], str, tuple[Any, Any]]] = [
    (TypeError, "logit must be a tensor, but it is list", ([1.0], torch.ones(1))),
    (TypeError, "label must be a tensor, but it is float", (torch.ones(1), 1.0)),
    (TypeError, "logit must be floating, but it is torch.int64; use logit.float()", (torch.ones(1).long(), torch.ones(1))),
    (TypeError, "label must be real, but it is torch.complex64; use label.real", (torch.ones(1), torch.ones(1) * 1j)),
    (ValueError, "label must have the shape of logit, [2, 3], but its shape is [3]", (torch.ones(2, 3), torch.ones(3))),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "text", "arguments"), CALLS)
def test_inputs_are_checked_on_a_call(
    kind: type[Exception], text: str, arguments: tuple[Any, Any]
) -> None:
    with pytest.raises(kind) as caught:
        SigmoidFocalLoss()(*arguments)
    assert text in str(caught.value)


def test_repr_shows_the_arguments() -> None:
    shown = "SigmoidFocalLoss(alpha=0.25, gamma=2.0, reduction='mean', gather_distributed=None)"
    assert repr(SigmoidFocalLoss()) == shown


def test_has_no_state_and_can_be_copied_and_saved() -> None:
    import copy
    import pickle

    loss = SigmoidFocalLoss(0.4, 1.5, "sum", False)
    assert loss.state_dict() == {}
    logit, label = data(3)
    for other in (copy.deepcopy(loss), pickle.loads(pickle.dumps(loss))):
        assert other(logit, label) == loss(logit, label)
