"""Processes with a Paddle of their own: their settings, and an end for those that hang."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

__all__ = ["environment", "watchdog"]


def environment(*, own: bool = False) -> dict[str, str]:
    """Return the environment variables of such a process.

    Args:
        own: whether this process's Python runs it too; the settings for it are not for another.
    """
    variables = {
        **os.environ,
        # One thread each: the answers do not depend on the machine's cores, and several
        # processes can share it.
        "OMP_NUM_THREADS": "1",
        # Answers of the CPU, from a build for GPUs too.
        "CUDA_VISIBLE_DEVICES": "",
        "PYTHONDONTWRITEBYTECODE": "1",
        "GLOG_minloglevel": "3",
    }
    foreign = () if own else ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
    for name in (*foreign, "PYTHONSTARTUP"):
        variables.pop(name, None)
    return variables


@contextlib.contextmanager
def watchdog(process: subprocess.Popen[Any], timeout: float) -> Iterator[threading.Event]:
    """Kill the process when the block takes longer than so many seconds, and set the event."""
    hung = threading.Event()

    def kill() -> None:
        hung.set()
        process.kill()

    timer = threading.Timer(timeout, kill)
    timer.start()
    try:
        yield hung
    finally:
        timer.cancel()
