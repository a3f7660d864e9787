"""Where ours is meant to differ from real Paddle 1.8.5 in locality-aware and in matrix NMS."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]

_MORE_IMAGES = Differs(
    "the real op leaves boxes of more images than there are scores aside; ours refuses them",
    ours="ValueError at build",
)

DIFFERS: Mapping[str, Differs] = {
    "locality_aware_nms(b, s[:1], 0.1, -1, -1)": _MORE_IMAGES,
    "matrix_nms(b, s[:1], 0.1, 0.1, -1, -1)": _MORE_IMAGES,
    "matrix_nms(b, s, 0.1, 0.1, 0, -1)": Differs(
        "the real op writes to the first of no candidates; without any, ours detects nothing",
        paddle=CHANCE,
        report={"lods.out": [[0, 0]]},
    ),
}
