"""Where ours is meant to differ from real Paddle 1.8.5 in proposals, and what they learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]

Truth = Callable[..., Mapping[str, Array]]

_EARLY = "ValueError at build"
_LATE = "EnforceNotMet at run"


def _moved(d: Array, a: Array, v: Array, im: Array) -> Array:
    """Return an image's boxes, one for each anchor, clipped."""
    side = a[:, 2:] - a[:, :2] + 1
    middle = v[:, :2] * d[:, :2] * side + a[:, :2] + side / 2
    extent = np.exp(np.minimum(v[:, 2:] * d[:, 2:], np.float32(np.log(62.5)))) * side
    boxes = np.concatenate([middle - extent / 2, middle + extent / 2 - 1], 1)
    clipped: Array = np.clip(boxes, 0, np.array([im[1], im[0], im[1], im[0]]) - 1)
    return clipped


def _overlap(one: Array, other: Array) -> float:
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    if (high < low).any():
        return 0.0
    shared = float((high - low + 1).prod())
    return shared / (sum(float((b[2:] - b[:2] + 1).prod()) for b in (one, other)) - shared)


def _proposed(before: int, after: int, threshold: float) -> Truth:
    """Return the proposals, of equal scores the later cell first, in the simplest way."""

    def truth(s: Array, d: Array, im: Array, a: Array, v: Array) -> Mapping[str, Array]:
        found, scores = [], []
        for image, grid in enumerate(s):
            flat = np.nan_to_num(grid.transpose(1, 2, 0).ravel(), nan=-np.inf)
            kinds = len(grid)
            deltas = d[image].reshape(kinds, 4, *grid.shape[1:]).transpose(2, 3, 0, 1)
            boxes = _moved(deltas.reshape(-1, 4), a.reshape(-1, 4), v.reshape(-1, 4), im[image])
            order = sorted(range(len(flat)), key=lambda i: (-flat[i], -i))[:before]
            kept: list[int] = []
            for i in order:
                extent = boxes[i, 2:] - boxes[i, :2]
                centre = boxes[i, :2] + (extent + 1) / 2
                if (extent / im[image, 2] + 1 < 1).any() or (centre > im[image, 1::-1]).any():
                    continue
                if threshold <= 0 or all(_overlap(boxes[i], boxes[j]) <= threshold for j in kept):
                    kept.append(i)
            kept = kept[:after] if threshold > 0 else kept
            found.append(boxes[kept])
            scores.append(grid.transpose(1, 2, 0).reshape(-1, 1)[kept])
        return {"value/0": np.concatenate(found).astype("f"), "value/1": np.concatenate(scores)}

    return truth


def _proposals() -> dict[str, Differs]:
    call = "generate_proposals(s, d, im, a, v{}) · {}"
    unread = "what is too small is read beyond its end"
    unshaped = "the sums are declared as int32 without a shape, and are [N] of int64"
    entries = {
        call.format("", "a score that is not a number"): Differs(
            "a score that compares with nothing leaves the cells unsorted",
            truth=_proposed(6000, 1000, 0.5),
        ),
    }
    for sieve in (", return_rois_num=True", ", 20, 5, return_rois_num=True, name='q'"):
        entries[call.format(sieve, "counted")] = Differs(
            unshaped, report={"outs.2.dtype": "int64", "outs.2.shape": [-1]}
        )
    for sieve in ("", ", 16, 7, 0.3", ", 99, 3, 0.2"):
        for told in (
            "few anchors",
            "few variances",
            "im_info of 2",
            "flat im_info",
            "few deltas",
            "deltas of other cells",
        ):
            entries[call.format(sieve, told)] = Differs(unread, CHANCE, _EARLY)
    entries[call.format("", "deltas of fewer images")] = Differs(unread, CHANCE, _EARLY)
    return entries


def _taught(r: Array, c: Array, g: Array, im: Array, **_: Array) -> Mapping[str, Array]:
    """Return boxes and classes where the second image of four proposals has no boxes."""
    boxes = np.concatenate([g, r[:5] / im[0, 2]])
    table = np.array([[_overlap(box, truth) for truth in g] for box in boxes])
    best = table.max(1)
    chosen = [int(i) for i in np.flatnonzero(best >= 0.25)]
    others = [int(i) for i in np.flatnonzero(best < 0.25)]
    labels = [*c[table[chosen].argmax(1), 0], *([0] * (len(others) + 4))]
    return {
        "value/0": np.concatenate([boxes[chosen + others] * im[0, 2], r[5:]]),
        "value/1": np.array(labels, "int32")[:, None],
    }


def _labels() -> dict[str, Differs]:
    name = "generate_proposal_labels(r, c, k, g, im{}) · {}"
    plain, cascade = ", class_nums=4, use_random=False", ", class_nums=4, is_cascade_rcnn=True"
    entries = {
        name.format(", 2, 2.5, 0.0, class_nums=4, use_random=False", "arguments"): Differs(
            "more foreground than may learn leaves a negative number of places",
            "MemoryError at run",
            _LATE,
        ),
        name.format(", class_nums=0", "arguments"): Differs(
            "the number of classes is not checked", "crash SIGSEGV", _EARLY
        ),
        name.format(
            ", 8, bbox_reg_weights=[0.1, 0.1], class_nums=4, use_random=False", "arguments"
        ): Differs("weights that are not there are read", CHANCE, _EARLY),
        name.format(plain, "an image without boxes"): Differs(
            "an image without boxes has no slice, and is refused; to ours it is background",
            _LATE,
            truth=_taught,
        ),
    }
    for choice in (plain, cascade):
        entries[name.format(choice, "levels that differ")] = Differs(
            "each tensor is cut by its own level of detail", ours=_LATE
        )
        entries[name.format(choice, "proposals of more images")] = Differs(
            "images are counted by the proposals alone", "IndexError at run", _LATE
        )
        entries[name.format(choice, "classes too high")] = Differs(
            "targets are written beyond their row", CHANCE, _LATE
        )
        for told in ("boxes of 5", "proposals of 5", "im_info of 2"):
            entries[name.format(choice, told)] = Differs("rows are read across", CHANCE, _EARLY)
    return entries


DIFFERS: Mapping[str, Differs] = {**_proposals(), **_labels()}
