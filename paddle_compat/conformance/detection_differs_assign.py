"""Where ours is meant to differ from real Paddle 1.8.5 in the assignment of ground truth."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]

Truth = Callable[..., Mapping[str, Array]]

_LATE = "EnforceNotMet at run"
_EARLY = "ValueError at build"


def _overlap(anchor: Array, box: Array) -> float:
    """Return one intersection over union, in the simplest way."""
    low, high = np.maximum(anchor[:2], box[:2]), np.minimum(anchor[2:], box[2:])
    shared = float(np.maximum(high - low + 1, 0).prod())
    sides = [float((b[2:] - b[:2] + 1).prod()) for b in (anchor, box)]
    return shared / (sum(sides) - shared) if shared else 0.0


def _states(anchors: Array, boxes: Array, positive: float, negative: float) -> list[int]:
    """Return for each anchor 1, 0 or -1: foreground, background or nothing."""
    table = np.array([[_overlap(a, b) for b in boxes] for a in anchors])
    if not len(boxes):
        return [0] * len(anchors)
    found = []
    for row in table:
        best = any(abs(row[j] - table[:, j].max()) < 1e-5 for j in range(len(boxes)))
        found.append(0 if row.max() < negative else 1 if best or row.max() >= positive else -1)
    return found


def _assigned(
    lengths: tuple[int, ...], positive: float, negative: float, straddle: float | None = None
) -> Truth:
    """Return what is predicted at the anchors that learn, and how many learn a box."""

    def truth(c: Array, a: Array, g: Array, k: Array, im: Array, **_: Array) -> Mapping[str, Array]:
        scores, start = [], 0
        for image, length in enumerate(lengths):
            rows = [i for i in range(start, start + length) if k.ravel()[i] == 0]
            start += length
            height, width, scale = im[image, :3]
            kept = np.arange(len(a))
            if straddle is not None:
                inside = (a[:, :2] >= 0).all(1) & (a[:, 2] < width) & (a[:, 3] < height)
                kept = kept[inside]
            states = np.array(_states(a[kept], g[rows] * scale, positive, negative))
            order = [*kept[states == 1], *kept[states == 0]]
            scores.append(c[image, order])
        return {"value/0": np.concatenate(scores)}

    return truth


def _images() -> dict[str, Differs]:
    empty = "an image without boxes has no slice, and is refused; to ours it is background"
    crowd = "an image of nothing but crowd ends the process; to ours it is background"
    entries = {}
    for call, rules in (
        ("retinanet_target_assign(b, c, a, v, g, l, k, im, 3)", (0.5, 0.4)),
        ("rpn_target_assign(b, c, a, v, g, k, im, use_random=False)", (0.7, 0.3, 0.0)),
    ):
        entries[f"{call} · last image empty"] = Differs(
            empty, _LATE, truth=_assigned((3, 0), *rules)
        )
        entries[f"{call} · first image empty"] = Differs(
            empty, _LATE, truth=_assigned((0, 3), *rules)
        )
        entries[f"{call} · all crowd"] = Differs(
            crowd, "crash SIGFPE", truth=_assigned((2, 1), *rules)
        )
        entries[f"{call} · levels that differ"] = Differs(
            "each tensor is cut by its own level of detail", ours=_LATE
        )
        for told in ("boxes predicted for fewer anchors", "logits of fewer anchors"):
            entries[f"{call} · {told}"] = Differs(
                "predictions are read beyond their end", CHANCE, _EARLY
            )
        for told in ("boxes of 5", "anchors of 5", "im_info of 2"):
            entries[f"{call} · {told}"] = Differs("rows are read across", ours=_EARLY)
    return entries


def _shapes() -> dict[str, Differs]:
    reason = "results are declared with as many rows as there are boxes"
    return {
        "retinanet_target_assign(b, c, a, v, g, l, k, im, 3) · known numbers of boxes": Differs(
            reason,
            "ValueError at gradient",
            truth=_assigned((2, 1), 0.5, 0.4),
            report={f"outs.{i}.shape": [-1, width] for i, width in enumerate((3, 4, 1, 4, 4, 1))},
        ),
    }


def _places() -> dict[str, Differs]:
    written = "where nothing is left out, results are written beyond their memory"
    entries = {
        f"rpn_target_assign(b, c, a, v, g, k, im, {rules}, use_random=False) · many": Differs(
            written, CHANCE, _LATE
        )
        for rules in (
            "50, -1.0, 0.0",
            "8, -1.0, 0.0",
            "4, -1.0, 2.5, 0.3, 0.3",
            "50, -1.0, 2.5, 0.3, 0.3",
        )
    }
    entries["rpn_target_assign(b, c, a, v, g, k, im, 0) · rules"] = Differs(
        written, "crash SIGSEGV", _EARLY
    )
    return entries


DIFFERS: Mapping[str, Differs] = {**_images(), **_shapes(), **_places()}
