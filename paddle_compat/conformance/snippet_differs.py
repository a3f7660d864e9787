"""Where ours is meant to differ from real Paddle 1.8.5, snippet by snippet.

An entry holds for the snippets whose names begin with its key.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from paddle_compat.conformance import snippet_differs_networks, snippet_differs_tensor
from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs
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


def _samples(name: str) -> Truth:
    """Return a reduction over all axes but the first, with its gradient."""

    def truth(x: Array) -> Mapping[str, Array]:
        flat = x.reshape(x.shape[0], -1)
        value = getattr(np, name)(flat, axis=1).astype(x.dtype)
        column = value[:, None]
        local = {
            "sum": np.ones_like(flat),
            "mean": np.full_like(flat, 1 / flat.shape[1]),
            "max": (flat == column).astype(x.dtype),
            "min": (flat == column).astype(x.dtype),
            "prod": column / flat,
        }[name]
        incoming = _incoming(x, x.shape[0])[:, None]
        return {"value/out": value, "gradient/x": (local * incoming).reshape(x.shape)}

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
    garbage = "with every axis listed, the real op does not write its result"
    entries = {}
    for name in ("sum", "mean", "max", "min", "prod"):
        for axes, keep in (("[0, 1]", False), ("[1, 0], keep_dim=True", True), ("[-1, -2]", False)):
            entries[f"reduce_{name}(x, dim={axes}) · x float32[2,3]"] = _right(
                garbage, _whole(name, keep=keep), CHANCE
            )
        entries[f"reduce_{name}(x, keep_dim=True)"] = _right(
            "the real gradient takes the kept shape for a row: it raises, or for a sum is partly 0",
            _whole(name, keep=True),
            "ok" if name == "sum" else "EnforceNotMet at gradient",
        )
    for name in ("sum", "mean", "max", "min", "prod"):
        entries[f"reduce_{name}(x, dim=[1, 2, 3, 4])"] = _right(
            "of several axes of more than four dimensions, the real op does not reduce all",
            _samples(name),
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
        if told != "x > y":
            entries[f"{told} · x int32[3?,1], y int32[3?]"] = _right(outer, _broadcast(compare))
    entries["equal(x, y) · x float32[3], y float32[3] (nan)"] = _infinities(True)
    entries["not_equal(x, y) · x float32[3], y float32[3] (nan)"] = _infinities(False)
    return entries


def _infinities(equal: bool) -> Differs:
    compare = np.equal if equal else np.not_equal
    return _right(
        "floats are equal where they differ by less than 1e-8, and inf - inf is nan",
        _broadcast(compare),
    )


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
    all_ignored = (
        "ignore_index=-1, normalize=True) · x float32[1,3], label float32[1,3] (all ignored)"
    )
    entries[f"sigmoid_cross_entropy_with_logits(x, label, {all_ignored}"] = _right(
        "0 divided by a count of 0",
        lambda x, label: {"value/out": np.zeros_like(x), "gradient/x": np.zeros_like(x)},
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


def _batch_constants() -> dict[str, Differs]:
    reason = "beside a first size of -1 the real number becomes a float32 tensor, whatever x is"
    late = "EnforceNotMet at run"
    entries = {}
    for number in (2.5, 1):
        entries[f"{number} / x · x float64"] = _right(reason, _quotient(number), late)
        entries[f"{number} / x · x int"] = _right(
            reason, _whole_quotient(int(number)), "EnforceNotMet at run"
        )
    entries["2.0 ** x · x int"] = _right(reason, lambda x: {"value/out": 2**x}, late)
    entries["2.0 ** x · x float64"] = _right(
        reason,
        lambda x: {
            "value/out": 2**x,
            "gradient/x": 2**x * np.log(2) * _incoming(x, *x.shape),
        },
        late,
    )
    return entries


def _whole_quotient(number: int) -> Truth:
    return lambda x: {"value/out": number // x}


def _quotient(number: float) -> Truth:
    return lambda x: {
        "value/out": number / x,
        "gradient/x": -number / x**2 * _incoming(x, *x.shape),
    }


def _flattened() -> dict[str, Differs]:
    """Return the flattenings whose static shape multiplies an unknown size, as -1."""
    reason = "unknown sizes are multiplied as -1"
    entries = {}
    for told, unknown in (("[2?,3,4]", (0,)), ("[2?,3,4?]", (0, 2))):
        for axis in range(4):
            parts = (range(axis), range(axis, 3))
            real = [math.prod(-1 if i in unknown else (2, 3, 4)[i] for i in p) for p in parts]
            right = [
                -1 if set(p) & set(unknown) else math.prod((2, 3, 4)[i] for i in p) for p in parts
            ]
            if real == right:
                continue
            # By luck, two unknown sizes make a known one; nothing of that size can be fed.
            ending = "ValueError at gradient" if min(real) > 0 else "ok"
            name = "flatten(x)" if axis == 1 else f"flatten(x, axis={axis})"
            entries[f"{name} · x float32{told}"] = _right(
                reason, _flat(axis), ending, {"outs.out.shape": right}
            )
            if axis == 1:
                entries[f"flatten(x, axis=1, name='f') · x float32{told}"] = entries[
                    f"{name} · x float32{told}"
                ]
    return entries


def _flat(axis: int) -> Truth:
    return lambda x: {"value/out": x.reshape(math.prod(x.shape[:axis]), -1)}


def _shapes() -> dict[str, Differs]:
    return {
        **_flattened(),
        "gather(x, i) · x float32[3,2], i int32[1]": _refused(
            "an index beyond the rows reads whatever lies there", CHANCE, "EnforceNotMet at run"
        ),
        "stack([x, x]) · x bool": _right(
            "the real op has no kernel for booleans",
            lambda x: {"value/out": np.stack([x, x])},
            "EnforceNotMet at run",
        ),
        "transpose(x, [0, 2, -1])": _refused(
            "a negative dimension is not checked", "crash SIGABRT", "ValueError at build"
        ),
        "NumpyArrayInitializer(np.arange(6.0, dtype='float32').reshape(2, 3)) [3, 2]": _refused(
            "the parameter takes the array's shape, and fits no layer any more",
            "ok",
            "ValueError at build",
        ),
    }


def _normed(x: Array) -> Array:
    centred = x - x.mean(axis=2, keepdims=True)
    normed: Array = centred / np.sqrt((centred**2).mean(axis=2, keepdims=True) + 1e-5)
    return normed.astype(x.dtype)


def _windows() -> dict[str, Differs]:
    divides = "the real op divides by it, and the process dies"
    accepted = "the real op takes it, and answers for windows that hold nothing"
    refused = "ValueError at build"
    return {
        "conv2d(x, 4, 3, stride=0)": _refused(divides, "crash SIGFPE", refused),
        "conv2d(x, 0, 3)": _refused(divides, "crash SIGFPE", refused),
        "conv2d(x, 4, 3, dilation=0)": _refused(
            "the real op takes it, and reads one element for a whole filter", "ok", refused
        ),
        "pool2d(x, 2, 'max', 0)": _refused(divides, "crash SIGFPE", refused),
        "pool2d(x, 2, 'max', 1, 3)": _refused(accepted, "ok", refused),
        "pool2d(x, -2, 'max')": _refused(accepted, "ok", refused),
        "pool2d(x, 0, 'max')": _refused(accepted, "ok", refused),
        "group_norm(x, 2) · x float32[3,4]": _right(
            "of two dimensions, the real op reads what lies beyond",
            lambda x: {"value/out": _normed(x.reshape(3, 2, 2)).reshape(3, 4)},
            CHANCE,
        ),
        "group_norm(x, 2) · x float32[2,4,6]": _right(
            "three dimensions give numbers that were never computed",
            lambda x: {"value/out": _normed(x.reshape(2, 2, 12)).reshape(2, 4, 6)},
            CHANCE,
        ),
        "affine_channel(x) · ": _refused(
            "None is the default, and asserted against later",
            "AssertionError at build",
            "TypeError at build",
        ),
    }


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
    **_batch_constants(),
    **_shapes(),
    **_windows(),
    **_programs(),
    **snippet_differs_networks.DIFFERS,
    **snippet_differs_tensor.DIFFERS,
}


def known_difference(name: str, differs: Mapping[str, Differs] = DIFFERS) -> Differs | None:
    """Return the entry that a snippet's name begins with, under the id that reports give it."""
    for prefix, found in differs.items():
        if name.startswith(prefix):
            return replace(found, id=_identify(prefix))
    return None


def _identify(prefix: str) -> str:
    """Return what a difference is called: its layer, and a few digits that tell it from others."""
    layer = re.search(r"(\w+)\(", prefix)
    told = "operator" if layer is None else layer[1].replace("_", "-")
    digits = hashlib.sha256(prefix.encode()).hexdigest()[:6]
    return f"layer-{told}-{digits}"
