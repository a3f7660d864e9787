"""The parity grid and the recorded answers of real Paddle, through the fused kernels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import numpy as np
import pytest
import torch

from kernels.fused.device import DEVICE
from paddle_compat.conformance import cases, exact, ours
from paddle_compat.conformance.call import Call
from paddle_compat.conformance.compare import compare, compare_with_truth
from paddle_compat.conformance.vectors_file import load
from paddle_compat.kernels.focal import Focal, focal_loss, focal_loss_by_class
from paddle_compat.kernels.paths import focal_path


def test_recorded_answers_of_every_version(launches: Counter[str]) -> None:
    vectors = load()
    answers = ours.evaluate(vectors.calls, DEVICE)
    assert launches["loss"] + launches["total"] > 0.8 * len(vectors.calls)
    assert launches["gradient"] > 0.2 * len(vectors.calls)
    findings = [
        str(finding)
        for version, recorded in vectors.outcomes.items()
        for index, theirs in recorded.items()
        for finding in compare(vectors.calls[index], answers[index], theirs, version)
    ]
    assert len(vectors.outcomes) > 1
    assert not findings, "\n".join(findings[:20])


def _check(calls: Iterable[Call], launches: Counter[str]) -> None:
    """Hold values and gradients to the exact ones."""
    asked = list(calls)
    assert len(asked) > 50
    findings = []
    for call, answer in zip(asked, ours.evaluate(asked, DEVICE), strict=True):
        assert answer.value is not None, f"{call.name}: {answer}"
        truth = exact.evaluate(call)
        arrays = {"value": answer.value, **answer.gradients}
        for part, quantity in {"value": truth.value, **truth.gradients}.items():
            findings += compare_with_truth(call, part, arrays[part], quantity)
    assert not findings, "\n".join(map(str, findings[:20]))
    assert launches["loss"] + launches["total"] == len(asked)
    assert launches["gradient"] >= sum(call.wrt in (("x",), ("logit",)) for call in asked)


@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_fluid_grid_is_exact(dtype: str, launches: Counter[str]) -> None:
    _check([*cases.fluid_grid(dtypes=(dtype,)), *cases.fluid_batches((dtype,))], launches)


@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_functional_grid_is_exact(dtype: str, launches: Counter[str]) -> None:
    calls = [
        *cases.functional_grid(dtypes=(dtype,)),
        *cases.functional_reductions(dtypes=(dtype,)),
    ]
    _check(calls, launches)


@pytest.mark.parametrize("gamma", [0.0, 1.1, 2.0])
@pytest.mark.parametrize("positive", [False, True])
def test_single_precision_is_accurate_at_every_logit(gamma: float, positive: bool) -> None:
    """Every 20011th float32 up to 110, of both signs."""
    above = np.arange(0, 0x42DC0000, 20011, dtype=np.uint32).view(np.float32)
    logits = np.concatenate([above, -above])
    gamma = float(np.float32(gamma))
    truth = exact.fast(logits.astype(np.float64), positive, gamma)
    column = torch.full((len(logits), 1), 0 if positive else 7, device=DEVICE)
    label = torch.full((len(logits), 1), float(positive), device=DEVICE)
    focal = Focal(gamma, 1.0, 1.0)
    for call in (
        lambda x: focal_loss_by_class(x, column, focal),
        lambda x: focal_loss(x, label, focal),
    ):
        x = torch.tensor(logits[:, None], device=DEVICE, requires_grad=True)
        loss = call(x)
        (gradient,) = torch.autograd.grad(loss.sum(), x)
        for found, true in zip((loss, gradient), truth, strict=True):
            error = np.abs(found.detach().cpu().numpy()[:, 0] - true)
            assert (error / np.maximum(1, np.abs(true))).max() < 4.5e-7


def test_another_path_launches_nothing(launches: Counter[str]) -> None:
    with focal_path("straight"):
        ours.evaluate(list(cases.fluid_batches(("float32",)))[:3], DEVICE)
    assert not launches
