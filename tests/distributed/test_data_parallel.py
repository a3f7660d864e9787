"""`SigmoidFocalLoss` under real DDP: the value and the averaged gradient of the full batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
import torch.distributed as dist
from torch.multiprocessing.spawn import spawn

from paddle_compat.nn import SigmoidFocalLoss

from . import ranks

pytestmark = pytest.mark.skipif(
    not dist.is_available() or not dist.is_gloo_available(), reason="torch has no gloo here"
)
SPLITS = tuple(ranks.SHARDS)


@pytest.fixture(scope="module", params=[2, 3], ids=["2-ranks", "3-ranks"])
def results(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("ranks")
    world: int = request.param
    spawn(ranks.run, args=(world, str(folder)), nprocs=world)
    return [torch.load(Path(folder) / f"rank{rank}.pt") for rank in range(world)]


def full_batch(reduction: str) -> dict[str, torch.Tensor]:
    model = ranks.model()
    features, labels = ranks.batch()
    value = SigmoidFocalLoss(reduction=reduction)(model(features), labels)
    value.backward()
    assert model.weight.grad is not None
    assert model.bias.grad is not None
    return {"value": value.detach(), "weight": model.weight.grad, "bias": model.bias.grad}


@pytest.mark.parametrize("gather", [None, True])
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("split", SPLITS)
def test_every_rank_has_the_global_value_and_the_full_batch_gradient(
    results: list[dict[str, Any]], split: str, reduction: str, gather: bool | None
) -> None:
    expected = full_batch(reduction)
    for rank in results:
        step = rank[f"{split}/{reduction}/{gather}"]
        for name, tensor in expected.items():
            torch.testing.assert_close(step[name], tensor, rtol=1e-14, atol=1e-15)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("split", SPLITS)
def test_a_loss_sends_two_numbers_whatever_the_batch(
    results: list[dict[str, Any]], split: str, reduction: str
) -> None:
    for rank in results:
        assert rank[f"{split}/{reduction}/None"]["sent"] == [16]


@pytest.mark.parametrize("split", SPLITS)
def test_none_stays_local_and_sends_nothing(results: list[dict[str, Any]], split: str) -> None:
    features, labels = ranks.batch()
    with torch.no_grad():
        whole = SigmoidFocalLoss(reduction="none")(ranks.model()(features), labels)
    for number, rank in enumerate(results):
        step = rank[f"{split}/none/None"]
        rows = ranks.shard(number, len(results), split)
        torch.testing.assert_close(step["value"], whole[rows], rtol=1e-14, atol=1e-15)
        assert step["sent"] == []


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_false_opts_out(results: list[dict[str, Any]], reduction: str) -> None:
    features, labels = ranks.batch()
    for number, rank in enumerate(results):
        step = rank[f"unequal/{reduction}/False"]
        rows = ranks.shard(number, len(results), "unequal")
        with torch.no_grad():
            local = SigmoidFocalLoss(reduction=reduction)(
                ranks.model()(features[rows]), labels[rows]
            )
        torch.testing.assert_close(step["value"], local, rtol=1e-14, atol=1e-15)
        assert step["sent"] == []


def test_the_process_group_is_looked_for_at_each_call(results: list[dict[str, Any]]) -> None:
    expected = full_batch("mean")
    for rank in results:
        # Before and after the group every rank holds the full batch; during it, a shard.
        for moment in ("before", "after"):
            torch.testing.assert_close(rank[moment], expected["value"], rtol=0, atol=0)
        torch.testing.assert_close(rank["during"]["weight"], expected["weight"])
        assert rank["during"]["sent"] == [16]


def test_half_precision_sums_do_not_overflow_on_the_way(results: list[dict[str, Any]]) -> None:
    values = {rank["half"].item() for rank in results}
    assert len(values) == 1
    assert results[0]["half"].dtype == torch.float16
    assert torch.isfinite(results[0]["half"])


def test_true_without_a_process_group_says_what_to_do() -> None:
    loss = SigmoidFocalLoss(gather_distributed=True)
    with pytest.raises(RuntimeError, match=r"init_process_group first, or leave it None"):
        loss(torch.zeros(2), torch.zeros(2))
