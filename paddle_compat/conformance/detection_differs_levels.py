"""Where ours is meant to differ from real Paddle 1.8.5 in the levels of a pyramid."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]

_EARLY = "ValueError at build"
_LATE = "EnforceNotMet at run"


def _levels(r: Array) -> Mapping[str, Array]:
    """Return where each region is, of those of the levels 2 to 5."""
    sides = r[:, 2:] - r[:, :2] + 1
    levels = np.clip(np.floor(np.log2(np.sqrt(sides.prod(1)) / 224 + 1e-6) + 4), 2, 5)
    order = levels.argsort(kind="stable")
    parts = {f"value/{int(level) - 2}": r[levels == level] for level in sorted({*levels})}
    return {**parts, "value/4": order.argsort().astype("int32").reshape(-1, 1)}


def _none(r: Array) -> Mapping[str, Array]:
    empty = {f"value/{level}": r for level in range(4)}
    return {**empty, "value/4": np.empty((0, 1), "int32")}


def _ranked(a: Array, b: Array, s: Array, t: Array) -> Mapping[str, Array]:
    """Return the five best regions of two images, of which the first has 3 and 2 rows."""
    regions, scores = np.concatenate([a, b]), np.concatenate([s, t])[:, 0]
    image = np.array([0, 0, 0, 1, 1, 0, 0, 1, 1])
    ranked = np.nan_to_num(scores, nan=-np.inf).argsort(kind="stable")[::-1][:5]
    return {"value/out": regions[ranked[image[ranked].argsort(kind="stable")]]}


def _spread() -> dict[str, Differs]:
    call = "distribute_fpn_proposals(r, 2, 5, 4, 224) · {}"
    empty = "an image without regions has no slice, and is refused"
    return {
        call.format("an image without regions"): Differs(empty, _LATE, truth=_levels),
        call.format("no regions"): Differs(empty, _LATE, truth=_none),
        call.format("boxes of 5"): Differs("rows are read across", CHANCE, _EARLY),
        call.format("three dimensions"): Differs("the shape is not checked", ours=_EARLY),
    }


def _collect() -> dict[str, Differs]:
    call = "collect_fpn_proposals([a, b], [s, t], 2, 3, {}) · {}"
    lost = "images that no region is taken of are not all counted"
    entries = {
        call.format(count, told): Differs(lost, report={"lods.out": lengths})
        for count, told, lengths in (
            (5, "last image empty", [[5, 0]]),
            (5, "two images empty", [[2, 0, 0, 3]]),
            (0, "none taken", [[0, 0]]),
        )
    }
    entries["collect_fpn_proposals([a], [s], 2, 2, 3) · none of the last image"] = Differs(
        lost, report={"lods.out": [[3, 0]]}
    )
    entries[call.format(5, "a score that is not a number")] = Differs(
        "a score that compares with nothing leaves the regions unsorted",
        truth=_ranked,
        report={"lods.out": [[2, 3]]},
    )
    entries[call.format(5, "other numbers of images")] = Differs(
        "images are counted by one of the levels", ours=_LATE
    )
    unread = "what is not there is read"
    entries[call.format(5, "no levels")] = Differs(unread, "crash SIGSEGV", _LATE)
    entries["collect_fpn_proposals([a, b], [s], 2, 3, 5)"] = Differs(unread, CHANCE, _EARLY)
    entries["collect_fpn_proposals(a, s, 2, 2, 5)"] = Differs(
        unread, "crash SIGSEGV", "TypeError at build"
    )
    return entries


DIFFERS: Mapping[str, Differs] = {**_spread(), **_collect()}
