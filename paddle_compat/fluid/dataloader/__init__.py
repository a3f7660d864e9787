"""`paddle.fluid.dataloader`: data sets that are read by index."""

from __future__ import annotations

from paddle_compat.fluid._publish import publish
from paddle_compat.fluid.dataloader import batch_sampler, dataset
from paddle_compat.fluid.dataloader.batch_sampler import BatchSampler
from paddle_compat.fluid.dataloader.dataset import Dataset

__all__ = ["BatchSampler", "Dataset", "batch_sampler", "dataset"]

__getattr__ = publish(__name__, globals(), [])
