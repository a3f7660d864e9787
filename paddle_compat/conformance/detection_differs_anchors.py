"""Where ours is meant to differ from real Paddle 1.8.5 in prior boxes and anchors."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import Differs

__all__ = ["DIFFERS"]

_RATIO = "a ratio is not checked to be positive, and boxes without end or of no number come out"

DIFFERS: Mapping[str, Differs] = {
    name: Differs(_RATIO, "ok", "ValueError at build")
    for name in (
        "anchor_generator(x, [32.0], [0.0]",
        "anchor_generator(x, [32.0], [-1.0]",
        "prior_box(x, image, [3.], aspect_ratios=[0.])",
        "prior_box(x, image, [3.], aspect_ratios=[-2.])",
    )
}
