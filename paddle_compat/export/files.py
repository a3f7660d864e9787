"""The two files of an exported module: both are there, or neither."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor

from paddle_compat.checkpoints.atomic import write_atomically
from paddle_compat.export.formatting import needs

__all__ = ["check_free", "weights_of", "write"]


def weights_of(path: Path) -> Path:
    """Return where the parameters of a source file are.

    Raises:
        ValueError: the path is none of a Python file.
    """
    if path.suffix != ".py":
        raise ValueError(f"the source's name must end with .py, but it is {path.name!r}")
    return path.with_suffix(".safetensors")


def check_free(path: Path, *, force: bool = False) -> None:
    """Check that both files can be written.

    Raises:
        FileExistsError: one of them is there, and is not to be replaced.
        NotADirectoryError: there is no such folder.
        ValueError: the path is none of a Python file.
    """
    if not path.absolute().parent.is_dir():
        raise NotADirectoryError(f"there is no folder {str(path.absolute().parent)!r} to write to")
    for file in (path, weights_of(path)):
        if file.exists() and not force:
            raise FileExistsError(f"{str(file)!r} is there already; choose another, or use force")


def write(path: Path, text: str, state: Mapping[str, Tensor], *, force: bool = False) -> Path:
    """Write source, and a state as safetensors beside it; return the path of the latter.

    Args:
        path: of the source.
        text: the source.
        state: tensors by name.
        force: whether files that are there are replaced.

    Raises:
        ModuleNotFoundError: safetensors is not installed.
        OSError: a file cannot be written; both are as they were.
        ValueError: the path is none of a Python file.
    """
    needs("safetensors")
    from safetensors.torch import save

    check_free(path, force=force)
    weights = weights_of(path)
    data = save({name: value.cpu().contiguous() for name, value in state.items()})
    before = weights.read_bytes() if weights.exists() else None
    write_atomically(weights, data)
    try:
        write_atomically(path, text.encode())
    except BaseException:
        if before is None:
            weights.unlink()
        else:
            write_atomically(weights, before)
        raise
    return weights
