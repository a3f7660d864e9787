"""The files of a code base: found, read, and written."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

__all__ = ["find", "shown"]

_SKIPPED = {"__pycache__", "build", "dist", "env", "node_modules", "site-packages", "venv"}


def find(paths: Sequence[Path], excluded: Sequence[str]) -> Iterator[Path]:
    """Yield the files to port: those that are named, and the ``*.py`` of folders, sorted.

    Hidden folders, environments and builds are left out, and what a pattern of `excluded` matches:
    a path, the end of one, or any folder in it.

    Raises:
        FileNotFoundError: there is nothing by a name.
    """
    seen = set()
    for path in paths:
        if not path.exists():
            raise FileNotFoundError(f"there is no {path}")
        for file in [path] if path.is_file() else _below(path, excluded):
            if not is_excluded(file, excluded) and file not in seen:
                seen.add(file)
                yield file


def _below(folder: Path, excluded: Sequence[str]) -> Iterator[Path]:
    for at, folders, files in os.walk(folder):
        here = Path(at)
        folders[:] = sorted(
            name
            for name in folders
            if not name.startswith(".")
            and name not in _SKIPPED
            and not is_excluded(here / name, excluded)
        )
        for name in sorted(files):
            if name.endswith(".py") and (here / name).is_file():
                yield here / name


def is_excluded(path: Path, patterns: Sequence[str]) -> bool:
    """Tell whether a pattern matches a path, the end of it, or a folder in it."""
    parts = path.as_posix().strip("/").split("/")
    ends = ["/".join(parts[index:]) for index in range(len(parts))]
    heads = ["/".join(parts[: index + 1]) for index in range(len(parts))]
    return any(
        fnmatchcase(candidate, pattern.rstrip("/"))
        for pattern in patterns
        for candidate in (*ends, *heads, *parts)
    )


def shown(path: Path) -> str:
    """Return a path as it is reported: relative to here, if it is below."""
    try:
        return path.resolve().relative_to(Path.cwd()).as_posix()
    except ValueError:
        return path.as_posix()
