"""Checkpoints of a training with `paddle.fluid` 1.8: one folder each, the oldest ones removed."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import paddle.fluid as fluid

PATTERN = re.compile(r"step_\d{6}")
# Learning rate schedules count the steps here; the first step is 0.
COUNTER = "@LR_DECAY_COUNTER@"


def steps_made() -> int:
    """Return how many steps the state in the scope has behind it."""
    counter = fluid.global_scope().find_var(COUNTER).get_tensor()
    return int(np.array(counter)[0]) + 1


def saved(root: str) -> list[Path]:
    """Return the folders of the checkpoints below a folder, the oldest first."""
    return sorted(path for path in Path(root).glob("step_*") if PATTERN.fullmatch(path.name))


def save(program: Any, root: str, keep: int) -> Path:
    """Write the whole state of a program; keep that many checkpoints, and return the new one."""
    path = Path(root) / f"step_{steps_made():06d}"
    # Under another name until it is complete.
    partial = path.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    fluid.save(program, str(partial / "model"))
    shutil.rmtree(path, ignore_errors=True)
    partial.rename(path)
    for old in saved(root)[:-keep]:
        shutil.rmtree(old)
    return path


def resume(program: Any, executor: Any, root: str) -> int:
    """Read the newest checkpoint, if there is one; return how many steps have been made."""
    found = saved(root)
    if not found:
        return 0
    fluid.load(program, str(found[-1] / "model"), executor)
    return steps_made()
