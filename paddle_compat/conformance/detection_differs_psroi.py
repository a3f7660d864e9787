"""Where ours is meant to differ from real Paddle 1.8.5 in pooling by bins and by integrals."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs
from paddle_compat.conformance.workers.fluid_program import cotangent

__all__ = ["DIFFERS"]

_LATE = "EnforceNotMet at run"
_NO_LOD = "the level of detail is read without asking whether there is one"
_COUNTS = "the numbers of regions are not checked, and images are read beyond their end"
_BOTH = "the gradient is there by both inputs or not at all"
_SINGLE = "the gradient by regions is computed in float32"
_FLAT = "the gradient by a region without area divides 0 by 0"


def _incoming(x: Array) -> float:
    return float(cotangent("out", (1, 1, 1, 1), x.dtype)[0, 0, 0, 0])


def _ramp(x: Array, r: Array) -> Mapping[str, Array]:
    """Return how the mean of a ramp changes with the left and the right edge of its region."""
    half = _incoming(x) / 2
    return {"gradient/r": np.array([[half, 0, half, 0]], x.dtype)}


def _tent(x: Array, r: Array) -> Mapping[str, Array]:
    """Return what each cell counts in a region from one cell to the next but one."""
    gradient = np.zeros_like(x)
    shares = np.array([0.25, 0.5, 0.25])
    gradient[0, 0, 1:4, 2:5] = _incoming(x) * shares[:, None] * shares
    return {"gradient/x": gradient}


def _nothing(x: Array, r: Array) -> Mapping[str, Array]:
    return {"gradient/r": np.zeros_like(r)}


DIFFERS: Mapping[str, Differs] = {
    "layers.psroi_pool(x, r, 2, 1.0, 2, 3) without a level": Differs(_NO_LOD, CHANCE, _LATE),
    "layers.prroi_pool(x, r, 1.0, 3, 2) without a level": Differs(_NO_LOD, CHANCE, _LATE),
    **{
        f"layers.prroi_pool(x, r, 1.0, 2, 2, batch_roi_nums=n) of {counts} regions": Differs(
            _COUNTS, CHANCE, _LATE
        )
        for counts in ([2, 1, 2], [3, 3, 3], [-1, 3, 4])
    },
    "prroi_pool by x alone": Differs(_BOTH, "EnforceNotMet at backward", truth=_tent),
    "prroi_pool by r alone": Differs(_BOTH, "EnforceNotMet at backward", truth=_ramp),
    "prroi_pool by both": Differs(_SINGLE, truth=_ramp),
    **{
        f"layers.prroi_pool(x, r, 1.0, 3, 2) of regions: {name} · float32": Differs(
            _FLAT, truth=_nothing
        )
        for name in ("no area", "ends before starts")
    },
}
