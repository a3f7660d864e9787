"""Snippets of matching, and of the targets that follow from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats, ints, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

MATCHES = """
layers.bipartite_match(d)
layers.bipartite_match(d, 'bipartite', 0.3)
layers.bipartite_match(dist_matrix=d, match_type='per_prediction', dist_threshold=0.5)
layers.bipartite_match(d, 'per_prediction', 0.3, 'matched')
layers.bipartite_match(d, 'per_prediction')
layers.bipartite_match(d, 'per_prediction', 0)
layers.bipartite_match(d, 'per_prediction', -1.0)
"""
MATCHES_REFUSED = """
layers.bipartite_match(d, 'nonsense')
layers.bipartite_match(d, 3)
layers.bipartite_match(d, 'per_prediction', 'a')
layers.bipartite_match(layers.cast(d, 'int32'))
layers.bipartite_match(d[0])
layers.bipartite_match(layers.unsqueeze(d, [0]))
layers.bipartite_match(np.ones([2, 3], 'float32'))
layers.bipartite_match(3)
"""
TARGETS = """
layers.target_assign(x, m)
layers.target_assign(input=x, matched_indices=m, mismatch_value=0)
layers.target_assign(x, m, mismatch_value=7, name='t')
layers.target_assign(x, m, None, -3)
"""
NEGATIVES = """
layers.target_assign(x, m, negative_indices=n, mismatch_value=5)
layers.target_assign(x, m, n)
"""
TARGETS_REFUSED = """
layers.target_assign(x, m, mismatch_value=1.5)
layers.target_assign(x, m, mismatch_value='a')
layers.target_assign(layers.cast(x, 'float64'), m)
layers.target_assign(layers.cast(x, 'int64'), m)
layers.target_assign(x, layers.cast(m, 'int64'))
layers.target_assign(x, layers.cast(m, 'float32'))
layers.target_assign(x[0], m)
layers.target_assign(x, m[0])
layers.target_assign(x, layers.unsqueeze(m, [0]))
layers.target_assign(layers.unsqueeze(x, [0]), m)
layers.target_assign(x, m, n[0])
layers.target_assign(x, m, layers.cast(n, 'int64'))
layers.target_assign(x, m, layers.cast(n, 'float32'))
layers.target_assign(np.ones([4, 3, 2], 'float32'), m)
layers.target_assign(x, np.ones([2, 3], 'int32'))
"""


def _levels(**lods: list[list[int]]) -> Mapping[str, Any]:
    return {"lods": lods}


def overlaps(rows: int, columns: int, seed: int = 0, dtype: str = "float32") -> Array:
    """Return overlaps as boxes have them: most are nothing, some are tiny, some are equal."""
    random = np.random.RandomState(seed)
    values = random.uniform(-0.5, 1, (rows, columns)).clip(min=0)
    values[random.uniform(size=values.shape) < 0.1] *= 1e-6
    values[random.uniform(size=values.shape) < 0.1] = 0.75
    return values.astype(dtype)


def _matches() -> Iterator[Snippet]:
    for dtype in FLOATS:
        for index, lengths in enumerate(([3, 4], [1, 5, 1], [7], [6, 1])):
            d = overlaps(7, 11, index, dtype)
            yield from over(MATCHES, wrt=(), only=str(lengths), options=_levels(d=[lengths]), d=d)
        yield from over(
            MATCHES, wrt=(), only="no level", options=_levels(), d=overlaps(5, 4, 9, dtype)
        )
        yield from over(
            MATCHES,
            wrt=(),
            unknown={"d": (0, 1)},
            options=_levels(d=[[1] * 9]),
            d=overlaps(9, 2, 5, dtype),
        )
        for lengths in ([3, 0, 4], [0, 7], [0, 0, 7, 0]):
            d = overlaps(7, 5, 3, dtype)
            yield from over(
                "layers.bipartite_match(d, 'per_prediction')",
                wrt=(),
                only=str(lengths),
                options=_levels(d=[lengths]),
                d=d,
            )
        lines = "layers.bipartite_match(d)\nlayers.bipartite_match(d, 'per_prediction', 0.5)"
        for only, values in (
            ("all equal", np.full((6, 9), 0.6)),
            ("two values", np.random.RandomState(1).choice([0.5, 0.6], (9, 12))),
            ("equal rows", np.repeat(overlaps(4, 9, 2, dtype), 2, 0)),
            ("equal columns", np.repeat(overlaps(8, 5, 2, dtype), 2, 1)),
            ("nothing", np.zeros((5, 4))),
            ("tiny", np.full((5, 4), 9e-7)),
            ("edge", np.array([[1e-6, 0.999999e-6, 1.1e-6], [0, 1e-6, 1e-6]])),
            ("threshold", np.array([[0.5, 0.49999997, 0.50000006], [0.9, 0.95, 0.99]])),
            ("left over", np.array([[0.9, 0.5, 0.49999997, 0.50000006]])),
            ("negative", -np.ones((3, 4))),
            ("infinite", np.array([[np.inf, 1, 2], [np.inf, np.inf, 0], [-np.inf, 3, 1]])),
            ("not a number", np.array([[np.nan, 0.5, 0.2], [0.7, np.nan, 0.9], [np.nan] * 3])),
        ):
            yield from over(lines, wrt=(), only=only, options=_levels(), d=values.astype(dtype))
        for rows, columns in ((129, 40), (130, 40), (200, 300), (140, 7)):
            random = np.random.RandomState(rows)
            for only, values in (
                ("different", random.permutation(rows * columns) / (rows * columns)),
                ("some equal", overlaps(rows, columns, 5).ravel()),
                ("two values", random.choice([0.5, 0.6], rows * columns)),
                ("all equal", np.full(rows * columns, 0.7)),
                ("tiny", random.permutation(rows * columns) * 1e-10),
            ):
                d = values.reshape(rows, columns).astype(dtype)
                yield from over(lines, wrt=(), only=only, options=_levels(), d=d)
        d = overlaps(290, 30, 4, dtype)
        yield from over(
            lines, wrt=(), only="many and few", options=_levels(d=[[150, 10, 130]]), d=d
        )
    d = overlaps(5, 6)
    yield from over(MATCHES_REFUSED, wrt=(), d=d)
    yield from over("layers.bipartite_match(d)", only="gradient", d=d)
    yield from over(
        "layers.bipartite_match(d)",
        wrt=(),
        only="two levels",
        options=_levels(d=[[1, 1], [2, 3]]),
        d=d,
    )
    for shape in ((0, 4), (3, 0)):
        yield from over(
            "layers.bipartite_match(d)",
            wrt=(),
            unknown={"d": (0, 1)},
            options=_levels(),
            d=np.zeros(shape, "float32"),
        )


def _targets() -> Iterator[Snippet]:
    m = np.array([[0, -1, 2, 1, -1], [-1, 1, 0, 0, 1]], "int32")
    n = np.array([[1], [4], [0]], "int32")
    for x in (floats(5, 5, 4), ints(5, 5, 4), floats(5, 1, 1), ints(5, 1, 1), floats(5, 2, 3)):
        options = _levels(x=[[3, 2]])
        yield from over(TARGETS, wrt=(), options=options, x=x, m=m)
        yield from over(
            TARGETS, wrt=(), unknown=True, options=_levels(x=[[4, 1]]), x=x, m=np.minimum(m, 0)
        )
        for lengths in ([2, 1], [0, 3], [3, 0]) if x.shape[2] == 1 else ([2, 1],):
            options = _levels(x=[[3, 2]], n=[lengths])
            yield from over(NEGATIVES, wrt=(), only=str(lengths), options=options, x=x, m=m, n=n)
    x = floats(5, 5, 4)
    yield from over(TARGETS_REFUSED, wrt=(), options=_levels(x=[[3, 2]], n=[[2, 1]]), x=x, m=m, n=n)
    line = "layers.target_assign(x, m)"
    yield from over(line, only="gradient", options=_levels(x=[[3, 2]]), x=x, m=m)
    yield from over(line, wrt=(), only="no level", x=x, m=m)
    yield from over(line, wrt=(), only="two levels", options=_levels(x=[[1, 1], [3, 2]]), x=x, m=m)
    yield from over(line, wrt=(), only="one image more", options=_levels(x=[[3, 1, 1]]), x=x, m=m)
    yield from over(line, wrt=(), only="one image less", options=_levels(x=[[5]]), x=x, m=m)
    yield from over(
        line,
        wrt=(),
        only="an empty image",
        options=_levels(x=[[5, 0]]),
        x=x,
        m=np.array([m[0], [-1] * 5], "int32"),
    )
    yield from over(line, wrt=(), only="next image's", options=_levels(x=[[2, 3]]), x=x, m=m)
    line = "layers.target_assign(x, m, n)"
    yield from over(
        line, wrt=(), only="no level of negatives", options=_levels(x=[[3, 2]]), x=x, m=m, n=n
    )


SNIPPETS = (*_matches(), *_targets())
