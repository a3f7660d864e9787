"""Where ours is meant to differ from real Paddle 1.8.5 in non-maximum suppression."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]


def _both_stars(b: Array, s: Array) -> Mapping[str, Array]:
    """Return every box with every score, by class, the best first."""
    rows = [
        [label, s[0, label, k], *b[0, k]]
        for label in range(s.shape[1])
        for k in np.argsort(-s[0, label])
    ]
    return {"value/out": np.array(rows, b.dtype)}


DIFFERS: Mapping[str, Differs] = {
    "multiclass_nms(b, s[:1], 0.1, -1, -1)": Differs(
        "the real op leaves boxes of more images than there are scores aside; ours refuses them",
        ours="ValueError at build",
    ),
    "multiclass_nms(b[:3], s, 0.1, -1, -1)": Differs(
        "fewer regions than scores are read beyond their end; ours refuses them",
        paddle=CHANCE,
        ours="ValueError at build",
    ),
    "multiclass_nms(b, s, 0.1, -1, 9, 0.5, True, 1.0, 2) · b float32[14,4,4], s float32[14,4] (an "
    "image": Differs(
        "the real op refuses an image without regions; ours detects nothing in it",
        paddle="EnforceNotMet at run",
        report={"lods.out": [[9, 0, 9]]},
    ),
    "multiclass_nms(b, s, 0.1, -1, 9, 0.5, True, 1.0, 2) · b float32[14,4,4], s float32[14,4] (no "
    "level": Differs(
        "the real op reads a level of detail that is not there",
        paddle=CHANCE,
        ours="EnforceNotMet at run",
    ),
    "multiclass_nms(b, s, 0.0, -1, -1, 0.38, background_label=-1) · b float64[1,2,16]": Differs(
        "the real op counts the holes that a polygon encloses by crossing itself as shared area, "
        "though not as the polygon's; ours leaves them out of what is shared",
        report={"lods.out": [[4]]},
        truth=_both_stars,
    ),
}
