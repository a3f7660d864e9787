"""The two files of an exported module: both are there, or neither."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from paddle_compat.atomic import write_atomically
from paddle_compat.export.formatting import needs

__all__ = ["check_free", "weights_of", "write"]


def weights_of(path: Path) -> Path:
    """Return where the parameters of a source file are.

    Raises:
        ValueError: the path's name does not end with ``.py``, or no module can have it.
    """
    if path.suffix != ".py" or not path.stem.isidentifier():
        raise ValueError(
            f"the source's name must be letters, digits and _, and end with .py, but it is "
            f"{path.name!r}"
        )
    return path.with_suffix(".safetensors")


def check_free(path: Path, *, force: bool = False) -> None:
    """Check that both files can be written.

    Raises:
        FileExistsError: one of them is there, and is not to be replaced; or a folder is.
        FileNotFoundError: there is no such folder.
        ValueError: as `weights_of`.
    """
    files = path, weights_of(path)
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {str(path.parent)!r}; make it first")
    for file in files:
        if file.is_dir():
            raise FileExistsError(f"{str(file)!r} is a folder; choose another name")
        if file.exists() and not force:
            raise FileExistsError(
                f"{str(file)!r} is there already; choose another name, or replace it: --force, or "
                "force=True"
            )


def write(path: Path, text: str, state: Mapping[str, Tensor], *, force: bool = False) -> Path:
    """Write source, and a state as safetensors beside it; return the path of the latter.

    Both lie on the disk under other names before anything changes. A process that is killed on
    the way leaves the old pair, the new pair, or no source: never one beside a state that is not
    its own.

    Args:
        path: of the source.
        text: the source.
        state: tensors by name.
        force: whether files that are there are replaced.

    Raises:
        ModuleNotFoundError: safetensors is not installed.
        OSError: a file cannot be written; both are as they were.
        ValueError: as `weights_of`.
    """
    needs("safetensors")
    from safetensors.torch import save

    check_free(path, force=force)
    weights = weights_of(path)
    # From copies: tensors that share their memory are refused.
    data = save(
        {
            name: value.detach().cpu().clone(memory_format=torch.contiguous_format)
            for name, value in state.items()
        }
    )
    new_weights, new_source, old_weights, old_source = aside = [
        path.with_name(f".{path.stem}.{os.getpid()}.{what}.tmp")
        for what in ("new-weights", "new-source", "old-weights", "old-source")
    ]
    places = (path, new_source, old_source), (weights, new_weights, old_weights)
    try:
        write_atomically(new_weights, data)
        write_atomically(new_source, text.encode())
        try:
            for place, _, old in places:
                if place.exists():
                    place.replace(old)
            for place, new, _ in reversed(places):
                new.replace(place)
        except BaseException:
            for place, new, old in reversed(places):
                if old.exists():
                    old.replace(place)
                elif not new.exists():
                    place.unlink()
            raise
    finally:
        for file in aside:
            with contextlib.suppress(OSError):
                file.unlink()
    return weights
