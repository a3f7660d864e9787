"""The device that the command line chose in place of the one that a script names."""

from __future__ import annotations

import torch

__all__ = ["overridden", "override"]

_DEVICES = ("cpu", "cuda")
_chosen: torch.device | None = None


def override(device: str | None) -> None:
    """Make every executor run on `device`, whatever place it is given; None ends that.

    Raises:
        ValueError: `device` is not 'cpu', 'cuda' or None, or is 'cuda' where torch has no CUDA.
    """
    global _chosen
    if device is not None and device not in _DEVICES:
        raise ValueError(f"device: {device!r} is none of {', '.join(_DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        finds = "finds no CUDA device" if torch.version.cuda else "is built without it"
        raise ValueError(f"device: 'cuda' needs CUDA, and torch {torch.__version__} {finds}")
    _chosen = None if device is None else torch.device(device)


def overridden() -> torch.device | None:
    """Return the device that replaces the script's places, or None where the script decides."""
    return _chosen
