"""`paddle.fluid.dataloader.dataset`: what data sets are made from."""

from __future__ import annotations

from typing import Any

from paddle_compat.fluid._publish import publish

__all__ = ["Dataset"]


class Dataset:
    """A base for data sets; one has ``__getitem__(index)``, which gives a sample, and ``__len__``.

    Source:
        ``paddle.fluid.io.Dataset``, PaddlePaddle 1.8.
    """

    def __init__(self) -> None:
        pass

    def __getitem__(self, idx: Any) -> Any:
        raise NotImplementedError(f"{type(self).__name__} must define __getitem__(self, index)")

    def __len__(self) -> int:
        raise NotImplementedError(f"{type(self).__name__} must define __len__(self)")


__getattr__ = publish(__name__, globals(), __all__)
