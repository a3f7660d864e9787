"""Where ours is meant to differ from real Paddle 1.8.5 in matching and its targets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS", "match_image"]

_LATE = "EnforceNotMet at run"


def match_image(distances: Array) -> tuple[Array, Array]:
    """Match one image's pairs, the best first; then what is left, from 0.5 on."""
    rows, columns = distances.shape
    matches, found = np.full(columns, -1, "int32"), np.zeros(columns, distances.dtype)
    if not rows:
        return matches, found
    free = np.where(distances >= 1e-6, distances, 0)
    while free.max() > 0:
        column, row = divmod(int(free.T.argmax()), rows)
        matches[column], found[column] = row, distances[row, column]
        free[row], free[:, column] = 0, 0
    best = distances.max(0)
    extra = (matches < 0) & (best >= 0.5)
    matches[extra], found[extra] = distances.argmax(0)[extra], best[extra]
    return matches, found


def _matched(*lengths: int) -> Any:
    def truth(d: Array) -> Mapping[str, Array]:
        parts = [match_image(part) for part in np.split(d, np.cumsum(lengths)[:-1])]
        return {f"value/{i}": np.stack([part[i] for part in parts]) for i in (0, 1)}

    return truth


def _targets(mismatch: int) -> Any:
    def truth(x: Array, m: Array, n: Array) -> Mapping[str, Array]:
        values = np.full((*m.shape, x.shape[2]), mismatch, x.dtype)
        weights = (m >= 0).astype("float32")
        for (image, column), row in np.ndenumerate(m):
            if row >= 0:
                values[image, column] = x[row + 3 * image, column % x.shape[1]]
        for image, column in zip((0, 0, 1), n[:, 0], strict=True):
            values[image, column], weights[image, column] = mismatch, 1
        return {"value/0": values, "value/1": weights[..., None]}

    return truth


_EMPTY = "an image without ground truth is refused"
_BEYOND = "with more than one value each, weights are written to wrong places, and beyond the end"
_FEWER = "levels of detail are read beyond their end"

DIFFERS: Mapping[str, Differs] = {
    **{
        f"bipartite_match(d, 'per_prediction') · d {kind}[7,5] ({list(lengths)})": Differs(
            _EMPTY, _LATE, truth=_matched(*lengths)
        )
        for kind in ("float32", "float64")
        for lengths in ((3, 0, 4), (0, 7), (0, 0, 7, 0))
    },
    **{
        f"target_assign({call}) · x {told}, m int32[2,5], n int32[3,1] ([2, 1])": Differs(
            _BEYOND, CHANCE, truth=_targets(mismatch)
        )
        for call, mismatch in (("x, m, negative_indices=n, mismatch_value=5", 5), ("x, m, n", 0))
        for told in ("float32[5,5,4]", "int32[5,5,4]", "float32[5,2,3]")
    },
    "target_assign(x, m) · x float32[5,5,4], m int32[2,5] (one image less)": Differs(
        _FEWER, CHANCE, _LATE
    ),
}
