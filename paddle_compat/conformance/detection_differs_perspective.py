"""Where ours is meant to differ from real Paddle 1.8.5 in regions of four corners."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]

_LATE = "EnforceNotMet at run"
_FEW = "a level of detail of fewer images than there are is found out by the gradient alone"
_MANY = "a level of detail of more images than there are reads beyond the last one"
_NO_LOD = "the level of detail is read without asking whether there is one"

DIFFERS: Mapping[str, Differs] = {
    f"layers.roi_perspective_transform(x, r, {size}) {what}": Differs(reason, ending, _LATE)
    for size in ("5, 6", "9, 4")
    for what, reason, ending in (
        ("of [6] regions, for 3", _FEW, "IndexError at gradient"),
        ("of [3, 3] regions, for 3", _FEW, "IndexError at gradient"),
        ("of [1, 2, 2, 1] regions, for 3", _MANY, CHANCE),
        ("without a level", _NO_LOD, CHANCE),
    )
}
