"""What judging a case gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from paddle_compat.conformance.verify.model import Blame, Mismatch, Status

__all__ = ["Verdict", "blamed", "ulps"]


@dataclass(frozen=True)
class Verdict:
    """A status, with what it rests on: see `paddle_compat.conformance.verify.model.Result`."""

    status: Status
    waivers: tuple[str, ...] = ()
    mismatches: tuple[Mismatch, ...] = ()
    reason: str = ""


def blamed(ours_is_right: bool, paddle_is_right: bool) -> Blame:
    """Return whose fault a disagreement is; of two right answers that disagree, ours."""
    if not ours_is_right and not paddle_is_right:
        return "both"
    return "ours" if paddle_is_right else "paddle"


def ulps(error: float, exact: float, dtype: np.dtype[Any]) -> float | None:
    """Return an error in units in the last place of the right number; None where there are none."""
    if dtype.kind != "f" or not np.isfinite(exact):
        return None
    info = np.finfo(dtype)
    size = min(max(abs(exact), float(info.tiny)), float(info.max))
    return error / float(np.spacing(np.asarray(size, dtype)))
