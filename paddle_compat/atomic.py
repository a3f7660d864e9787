"""Files that are there whole, or as they were before."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

__all__ = ["is_left_behind", "write_atomically"]

_ENDING = ".tmp"


def write_atomically(path: str | os.PathLike[str], data: bytes | bytearray | memoryview) -> None:
    """Write a file so that whoever looks, and whenever the process dies, finds the old or the new.

    The bytes go to another file of the same directory, which is made if need be, and reach the
    disk before that one takes the name. A process that is killed on the way may leave that other
    file behind: see `is_left_behind`.

    Raises:
        OSError: the directory or the file cannot be written; the old file is as it was.
    """
    target = Path(path)
    target.parent.mkdir(parents=True, exist_ok=True)
    if target.is_symlink():
        target = target.resolve()
    handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.", suffix=_ENDING)
    temporary = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.chmod(_mode(target))
        temporary.replace(target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
    _sync_directory(target.parent)


def is_left_behind(path: Path) -> bool:
    """Tell whether a file is one that a killed process did not come to give its name."""
    return path.name.startswith(".") and path.name.endswith(_ENDING)


def _mode(target: Path) -> int:
    """Return the permissions that the file has, or that a new one gets."""
    try:
        return target.stat().st_mode & 0o7777
    except OSError:
        mask = os.umask(0)
        os.umask(mask)
        return 0o666 & ~mask


def _sync_directory(directory: Path) -> None:
    """Let the new name reach the disk, where directories can be synced."""
    if os.name != "posix":
        return
    handle = os.open(directory, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
