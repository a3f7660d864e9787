"""What each rank of the distributed tests runs: real processes, gloo, real DDP."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from unittest import mock

import torch
import torch.distributed as dist
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from paddle_compat.nn import SigmoidFocalLoss

FEATURES, CLASSES = 5, 4
SHARDS = {
    "equal": {2: (6, 6), 3: (4, 4, 4)},
    "unequal": {2: (9, 3), 3: (7, 1, 4)},
    "empty": {2: (12, 0), 3: (0, 12, 0)},
}
ROWS = 12


def batch() -> tuple[Tensor, Tensor]:
    """Return the full batch: features and soft labels, some of them ignored."""
    generator = torch.Generator().manual_seed(7)
    features = torch.randn(ROWS, FEATURES, dtype=torch.float64, generator=generator)
    labels = torch.rand(ROWS, CLASSES, dtype=torch.float64, generator=generator).round(decimals=1)
    labels[3, 1] = -100
    return features, labels


def model() -> torch.nn.Linear:
    """Return the same model on every rank."""
    torch.manual_seed(11)
    return torch.nn.Linear(FEATURES, CLASSES, dtype=torch.float64)


def shard(rank: int, world: int, split: str) -> slice:
    """Return the rows of this rank."""
    counts = SHARDS[split][world]
    start = sum(counts[:rank])
    return slice(start, start + counts[rank])


def _step(rank: int, world: int, split: str, loss: SigmoidFocalLoss) -> dict[str, Any]:
    """Take one backward step under DDP; count what the loss itself sends."""
    features, labels = batch()
    rows = shard(rank, world, split)
    replica = DistributedDataParallel(model())
    sent: list[int] = []
    real = dist.all_reduce

    def counted(tensor: Tensor, *args: Any, **kwargs: Any) -> Any:
        sent.append(tensor.numel() * tensor.element_size())
        return real(tensor, *args, **kwargs)

    with mock.patch.object(dist, "all_reduce", counted):
        value = loss(replica(features[rows]), labels[rows])
    value.sum().backward()
    module = replica.module
    return {
        "value": value.detach(),
        "weight": module.weight.grad.clone(),
        "bias": module.bias.grad.clone(),
        "sent": sent,
    }


def run(rank: int, world: int, folder: str) -> None:
    """Run every case on this rank and save what came out."""
    torch.set_num_threads(1)
    early = SigmoidFocalLoss()
    features, labels = batch()
    logits = model()(features)
    results: dict[str, Any] = {"before": early(logits, labels).detach()}
    dist.init_process_group(
        "gloo", init_method=f"file://{folder}/store", rank=rank, world_size=world
    )
    try:
        for split in SHARDS:
            for reduction in ("mean", "sum", "none"):
                for gather in (None, True, False):
                    loss = SigmoidFocalLoss(reduction=reduction, gather_distributed=gather)
                    results[f"{split}/{reduction}/{gather}"] = _step(rank, world, split, loss)
        # The same object that was used before the group existed.
        results["during"] = _step(rank, world, "unequal", early)
        half = (logits[shard(rank, world, "unequal")] * 8000).half()
        with torch.no_grad():
            results["half"] = SigmoidFocalLoss()(half, torch.zeros_like(half))
    finally:
        dist.destroy_process_group()
    results["after"] = early(logits, labels).detach()
    torch.save(results, Path(folder) / f"rank{rank}.pt")
