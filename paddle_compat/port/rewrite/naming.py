"""Names of torch in rewritten source: in full, or through the alias that the source had."""

from __future__ import annotations

__all__ = ["COUNTERPARTS", "TorchName"]


class TorchName(str):
    """A dotted torch name as a piece of an edit; how it is written is decided at the end.

    ``torch.nn.functional.relu`` becomes ``F.relu`` where the source had
    ``import paddle.nn.functional as F`` and all that it took from there is torch's now.
    """

    __slots__ = ()


# What a module alias may stand for instead. `paddle` itself becomes `torch`, by its full name.
COUNTERPARTS = {
    "paddle": "torch",
    "paddle.nn": "torch.nn",
    "paddle.nn.functional": "torch.nn.functional",
    "paddle.nn.initializer": "torch.nn.init",
    "paddle.optimizer": "torch.optim",
}
