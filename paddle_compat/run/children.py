"""Carries the run into Python processes that the script starts through `multiprocessing`.

A forked child has it already. A spawned one, or one of a fork server, imports the script before
anything else, so `paddle` must be answered there first: the data that prepares the child carries
an object whose unpickling installs the run.
"""

from __future__ import annotations

import multiprocessing
from multiprocessing import spawn
from pathlib import Path
from typing import Any

from paddle_compat.run import era
from paddle_compat.run.process import prepare_process

__all__ = ["bequeath", "inherit"]

_ROOT = str(Path(__file__).parents[2])


def bequeath(device: str | None, threads: int | None) -> None:
    """Let every process that `multiprocessing` starts from here on be answered as this one is."""
    heirloom = _Heirloom(device, threads)
    prepare = spawn.get_preparation_data

    def with_heirloom(name: str) -> dict[str, Any]:
        # The child unpickles all of it before it uses any, to import the script.
        return {**prepare(name), "paddle_compat": heirloom}

    spawn.get_preparation_data = with_heirloom
    if "forkserver" in multiprocessing.get_all_start_methods():
        # The server itself would import the script, without having received the data above.
        multiprocessing.set_forkserver_preload([])


def inherit(device: str | None, threads: int | None, reported: list[str]) -> None:
    """Install the run in a child process."""
    era.install(reported)
    prepare_process(device, threads)


class _Heirloom:
    def __init__(self, device: str | None, threads: int | None) -> None:
        self._device, self._threads = device, threads

    def __reduce__(self) -> tuple[object, tuple[str]]:
        # As source: the child finds this package only after its sys.path is known.
        return exec, (
            f"import sys; sys.path.append({_ROOT!r}); import paddle_compat.run.children as c; "
            f"c.inherit({self._device!r}, {self._threads!r}, {era.reported()!r})",
        )
