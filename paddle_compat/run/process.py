"""What makes a process answer Paddle's imports: this one, and those that it starts."""

from __future__ import annotations

import os

from paddle_compat.run import aliases, era, era_arrays, launcher, script

__all__ = ["prepare_process"]


def prepare_process(device: str | None, threads: int | None) -> None:
    """Answer Paddle's imports and restore removed names in this process.

    Raises:
        UsageError: the device is not there.
    """
    import torch

    from paddle_compat.fluid._device import override

    try:
        override(device)
    except ValueError as error:
        raise script.UsageError(str(error)) from None
    if threads is not None:
        torch.set_num_threads(threads)
    launcher.announce(os.environ)
    aliases.install()
    era.install()
    era_arrays.install()
