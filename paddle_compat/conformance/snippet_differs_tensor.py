"""Where ours is meant to differ from real Paddle 1.8.5 in the layers of `layer_cases_tensor`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs
from paddle_compat.conformance.workers.fluid_program import cotangent

__all__ = ["DIFFERS"]

Truth = Callable[..., Mapping[str, Array]]
_LATE = "EnforceNotMet at run"


def _padded(x: Array) -> Mapping[str, Array]:
    value = np.pad(x, ((0, 0), (0, 0), (1, 0), (1, 0)))
    if x.dtype.kind != "f":
        return {"value/out": value}
    return {
        "value/out": value,
        "gradient/x": cotangent("out", value.shape, x.dtype)[:, :, 1:, 1:],
    }


def _twice(x: Array) -> Mapping[str, Array]:
    value = np.concatenate([x, x])
    if x.dtype.kind != "f":
        return {"value/out": value}
    incoming = cotangent("out", value.shape, x.dtype)
    rows = x.shape[0]
    return {"value/out": value, "gradient/x": incoming[:rows] + incoming[rows:]}


def _unstacked(x: Array) -> Mapping[str, Array]:
    rows = {f"value/{index}": row for index, row in enumerate(x)}
    gradient = [cotangent(str(index), row.shape, x.dtype) for index, row in enumerate(x)]
    return {**rows, "gradient/x": np.stack(gradient)}


def _ignoring(ignored: int) -> Truth:
    def truth(x: Array, i: Array) -> Mapping[str, Array]:
        shares = np.exp(x - x.max(1, keepdims=True))
        shares /= shares.sum(1, keepdims=True)
        hot = (np.arange(x.shape[1]) == i).astype(x.dtype)
        incoming = cotangent("out", i.shape, x.dtype)
        return {"gradient/x": (shares - hot) * incoming * (i != ignored)}

    return truth


def _smooth_l1(sigma: float, weighted: bool = False) -> Truth:
    width = float(np.float32(sigma))
    square = float(np.float32(width * width))

    def truth(x: Array, y: Array) -> Mapping[str, Array]:
        inside, outside = (np.abs(y), np.abs(x)) if weighted else (1.0, 1.0)
        difference = (x - y) * inside
        size = np.abs(difference)
        near = size < 1 / square
        loss = np.where(near, size * size * square / 2, size - 0.5 / square) * outside
        slope = np.where(near, difference * square, np.sign(difference)) * inside * outside
        gradient = slope * cotangent("out", (x.shape[0], 1), x.dtype)
        return {
            "value/out": loss.sum(1, keepdims=True),
            "gradient/x": gradient,
            "gradient/y": -gradient,
        }

    return truth


def _replaced(x: Array, i: Array, u: Array) -> Mapping[str, Array]:
    gradient = cotangent("out", x.shape, x.dtype)
    gradient[i] = 0
    return {"gradient/x": gradient}


def _backwards(x: Array) -> Mapping[str, Array]:
    gradient = np.zeros_like(x)
    gradient[4:0:-2] = cotangent("out", x[4:0:-2].shape, x.dtype)
    return {"value/out": x[4:0:-2], "gradient/x": gradient}


def _shapes() -> dict[str, Differs]:
    margins = "the real static shape does not know of margins that only a run tells"
    places = "the real static shape takes k for 1 where only a run tells it"
    copies = "the real static shape is [0, 0] where it is known"
    mirror = "a mirror image is not checked to be smaller than the image"
    single = "the result is of bools, and the real variable says it has the input's dtype"
    entries: dict[str, Differs] = {}
    for kind in ("float32", "int32"):
        entries[f"pad2d(x, assign(np.array([1, 0, 1, 0], 'int32'))) · x {kind}[2,3,4,5]"] = Differs(
            margins,
            "ValueError at gradient" if kind == "float32" else "ok",
            truth=_padded,
            report={"outs.out.shape": [2, 3, -1, -1]},
        )
    for kind in ("float32", "float64", "int32"):
        entries[f"pad2d(x, [9, 9, 9, 9], mode='reflect') · x {kind}"] = Differs(
            mirror, CHANCE, _LATE
        )
    for told, rows in (("float32[3,4]", 3), ("float64[3,4]", 3), ("float32[3?,4]", -1)):
        entries[f"list(topk(x, fill_constant([1], 'int32', 3))) · x {told}"] = Differs(
            places, report={f"outs.{key}.shape": [rows, -1] for key in (0, 1)}
        )
    for told in ("float32[3,4]", "float64[3,4]", "int64[3,4]", "float32[3?,4]"):
        rows = -1 if "?" in told else 6
        entries[f"expand_as(x, concat([x, x], axis=0)) · x {told}"] = Differs(
            copies,
            "ok" if told == "int64[3,4]" else "ValueError at gradient",
            truth=_twice,
            report={"outs.out.shape": [rows, 4]},
        )
    for name in ("has_nan", "has_inf"):
        entries[f"{name}(x)"] = Differs(single, report={"outs.out.dtype": "bool"})
    return entries


def _values() -> dict[str, Differs]:
    entries = {
        f"softmax_with_cross_entropy(x, i, ignore_index=1) · x {kind}": Differs(
            "on the CPU the real gradient goes on where the label is ignored",
            truth=_ignoring(1),
        )
        for kind in ("float32", "float64")
    }
    weights = "inside_weight=abs(y), outside_weight=abs(x), sigma=0.7"
    for told, truth in (
        ("", _smooth_l1(1.0)),
        (", sigma=3.0", _smooth_l1(3.0)),
        (f", {weights}", _smooth_l1(0.7, weighted=True)),
    ):
        entries[f"smooth_l1(x, y{told}) · x float64"] = Differs(
            "the real op has no kernel for float64", _LATE, truth=truth
        )
    entries["scatter(x, i, u, name='whole')"] = Differs(
        "the real gradient passes through rows that were replaced", truth=_replaced
    )
    entries["strided_slice(x, [0], [4], [0], [-2])"] = Differs(
        "backwards, the real op counts the steps from the end, and turns what it found round",
        truth=_backwards,
    )
    return entries


def _refusals() -> dict[str, Differs]:
    return {
        "unstack(x, 0, 3) · x float32[3?,4]": Differs(
            "an unknown size is taken for a number of bytes",
            "MemoryError at build",
            truth=_unstacked,
        ),
        "strided_slice(x, [5]": Differs(
            "the axis is not checked, and the process dies", "crash SIGFPE", "ValueError at build"
        ),
        "create_global_var([1], 1.5, 'float32')": Differs(
            "what nothing has set is fetched as None", "ok", "ValueError at run"
        ),
        "l2_normalize(x, axis=7)": Differs("the axis is not checked", "ok", "ValueError at build"),
    }


DIFFERS: Mapping[str, Differs] = {**_shapes(), **_values(), **_refusals()}
