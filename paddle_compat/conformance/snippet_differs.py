"""Where ours is meant to differ from real Paddle 1.8.5, snippet by snippet.

An entry holds for the snippets whose names begin with its key.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import Differs
from paddle_compat.conformance.workers.fluid_program import cotangent

__all__ = ["DIFFERS", "known_difference"]

Truth = Callable[..., Mapping[str, Array]]


def _refused(reason: str, paddle: str, ours: str) -> Differs:
    return Differs(reason, paddle, ours)


def _right(
    reason: str, truth: Truth, paddle: str = "ok", report: Mapping[str, Any] | None = None
) -> Differs:
    return Differs(reason, paddle, truth=truth, report=report or {})


def _incoming(x: Array, *shape: int) -> Array:
    array: Array = cotangent("out", shape, x.dtype)
    return array


def _whole(name: str, *, keep: bool) -> Truth:
    """Return a reduction over all axes, with its gradient."""

    def truth(x: Array) -> Mapping[str, Array]:
        shape = (1,) * x.ndim if keep else (1,)
        value = getattr(np, name)(x).reshape(shape).astype(x.dtype)
        local = {
            "sum": np.ones_like(x),
            "mean": np.full_like(x, 1 / x.size),
            "max": (x == x.max()).astype(x.dtype),
            "min": (x == x.min()).astype(x.dtype),
            "prod": np.prod(x) / x,
        }[name]
        return {"value/out": value, "gradient/x": local * _incoming(x, *shape).reshape(())}

    return truth


def _nan_wins(reduce: Callable[..., Array]) -> Truth:
    return lambda x: {"value/out": reduce(x, axis=0)}


def _product_gradient(axis: int | None) -> Truth:
    """Return the gradient of a product where factors are 0: the product of the others."""

    def truth(x: Array) -> Mapping[str, Array]:
        others = np.empty_like(x)
        for i, j in np.ndindex(x.shape):
            rest = x.copy()
            rest[i, j] = 1
            others[i, j] = rest.prod() if axis is None else rest[i].prod()
        incoming = _incoming(x, 1) if axis is None else _incoming(x, x.shape[0])[:, None]
        return {"gradient/x": others * incoming}

    return truth


def _reductions() -> dict[str, Differs]:
    garbage = "with every axis listed, the real op reads the first elements as if they were one row"
    entries = {}
    for name in ("sum", "mean", "max", "min", "prod"):
        for axes, keep in (("[0, 1]", False), ("[1, 0], keep_dim=True", True), ("[-1, -2]", False)):
            entries[f"reduce_{name}(x, dim={axes}) · x float32[2,3]"] = _right(
                garbage, _whole(name, keep=keep)
            )
        entries[f"reduce_{name}(x, keep_dim=True)"] = _right(
            "the real gradient takes the kept shape for a row: it raises, or for a sum is partly 0",
            _whole(name, keep=True),
            "ok" if name == "sum" else "EnforceNotMet at gradient",
        )
    for name in ("max", "min"):
        entries[f"reduce_{name}(x) · x float32[0?,3]"] = _refused(
            "the real op answers for nothing too", "ok", "EnforceNotMet at run"
        )
        entries[f"reduce_{name}(x, dim=0) · x float32[2,2] (nan)"] = _right(
            "whether nan wins depends on where it stands in the real op's vectors",
            _nan_wins(getattr(np, name)),
        )
    for axis, told in ((None, "reduce_prod(x) · "), (1, "reduce_prod(x, dim=1) · ")):
        entries[told + "x float32[2,3] (ties)"] = _right(
            "the real gradient divides the product by the factor, and 0 / 0 is nan",
            _product_gradient(axis),
        )
    entries["reduce_sum(x, dim=-3)"] = _refused(
        "the axis is not checked, and the process dies", "crash SIGABRT", "ValueError at build"
    )
    return entries


def _comparisons() -> dict[str, Differs]:
    functions = {
        "greater_equal(x, y)": np.greater_equal,
        "equal(x, y)": np.equal,
        "x > y": np.greater,
    }
    outer = "the real op does not broadcast both ways: it compares some pairs, in the shape of x"
    entries = {}
    for told, compare in functions.items():
        entries[f"{told} · x int32[3?,1], y int32[1?,4]"] = _right(
            outer, _broadcast(compare), report={"outs.out.shape": [-1, 4]}
        )
    return entries


def _broadcast(compare: Callable[[Array, Array], Array]) -> Truth:
    return lambda x, y: {"value/out": compare(x, y)}


def _elements() -> dict[str, Differs]:
    no_kernel = "the real op has no kernel for floats"
    entries = {
        f"x // 2 · x {dtype}": _right(
            no_kernel, lambda x: {"value/out": np.floor(x / 2)}, "EnforceNotMet at run"
        )
        for dtype in ("float32", "float64")
    }
    for dtype in ("float32", "float64"):
        entries[f"elementwise_floordiv(x, y) · x {dtype}"] = _right(
            no_kernel, lambda x, y: {"value/out": np.floor(x / y)}, "EnforceNotMet at run"
        )
    entries["x == True · x bool"] = _right(
        "True becomes an int32, which the real op does not compare with booleans",
        lambda x: {"value/out": x},
        "EnforceNotMet at run",
    )
    entries["cast(cast(x, 'int32'), 'float32') * x"] = _right(
        "the real gradient passes through integers, cut off to integers on its way",
        lambda x: {"gradient/x": np.trunc(x) * _incoming(x, *x.shape)},
    )
    entries["fill_constant([1], 'float32', float('inf'))"] = _right(
        "the real op reads the text 'inf' as 0",
        lambda: {"value/out": np.array([np.inf], "float32")},
    )
    entries["reshape(x, [-1, 4], inplace=True)"] = _right(
        "the real layer changes the declared shape of what it is given, so that nothing can be fed",
        lambda x: {"value/out": x.reshape(-1, 4)},
        "ValueError at run",
    )
    return entries


def _programs() -> dict[str, Differs]:
    hole = "only the sizes that a feed of lower rank has are compared"
    return {
        "feeding one size missing": _refused(hole, "ok", "ValueError at run"),
        "bool of a variable": _refused(
            "it is always True, so that `if variable` takes one branch unseen",
            "ok",
            "TypeError at run",
        ),
    }


DIFFERS: Mapping[str, Differs] = {
    **_reductions(),
    **_comparisons(),
    **_elements(),
    **_programs(),
}


def known_difference(name: str) -> Differs | None:
    """Return the entry that a snippet's name begins with."""
    return next((DIFFERS[prefix] for prefix in DIFFERS if name.startswith(prefix)), None)
