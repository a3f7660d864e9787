"""Where ours is meant to differ from real Paddle 1.8.5 in pooling over regions of interest."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]

_LATE = "EnforceNotMet at run"
_NO_LOD = "the level of detail is read without asking whether there is one"
_PLACES = "the places are not checked, and regions and images are read and written beyond their end"

DIFFERS: Mapping[str, Differs] = {
    **{
        f"layers.roi_pool(x, r, {bins}) without a level": Differs(_NO_LOD, CHANCE, _LATE)
        for bins in ("2, 2", "3, 4")
    },
    **{
        f"layers.{call} with the wrong places {places}": Differs(_PLACES, CHANCE, _LATE)
        for call in (
            "roi_align(x, r, 2, 2, 0.5, 2, rois_lod=o)",
            "roi_align(x, r, 3, 2, 0.5, rois_lod=o)",
            "roi_pool(x, r, 2, 2, 0.5, rois_lod=o)",
            "roi_pool(x, r, 3, 2, 0.5, o)",
        )
        for places in ([0, 2, 4, 5], [0, 2, 4, 7], [1, 2, 4, 6], [0, 4, 2, 6])
    },
}
