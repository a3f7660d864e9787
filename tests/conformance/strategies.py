"""Hypothesis strategies for calls that both sides accept."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Array, Call, Json
from paddle_compat.conformance.cases import ALPHAS, FINITE, GAMMAS, NOT_FINITE

_DTYPES: list[np.dtype[Any]] = [np.dtype(np.float32), np.dtype(np.float64)]
DTYPES = st.sampled_from(_DTYPES)


def _floats(low: float, high: float, dtype: np.dtype[Any]) -> st.SearchStrategy[float]:
    width: Any = 8 * dtype.itemsize
    return st.floats(low, high, width=width)


def logit_values(dtype: np.dtype[Any]) -> st.SearchStrategy[float]:
    """Draw ordinary logits, the grid's special ones, and everything up to where both saturate."""
    special = [float(dtype.type(sign * v)) for v in FINITE for sign in (1, -1)] + list(NOT_FINITE)
    return st.one_of(_floats(-8, 8, dtype), _floats(-125, 125, dtype), st.sampled_from(special))


def gammas() -> st.SearchStrategy[float]:
    """Draw the listed exponents and any other in their range, as the float32 that Paddle keeps."""
    return st.one_of(st.sampled_from(GAMMAS), st.floats(0, 5, width=32))


def alphas() -> st.SearchStrategy[float]:
    """Draw the listed weights and any other in their range."""
    return st.one_of(st.sampled_from(ALPHAS), st.floats(0, 1.5, width=32))


def _cotangent(draw: st.DrawFn, shape: tuple[int, ...], dtype: np.dtype[Any]) -> Array | None:
    if draw(st.booleans()):
        return None
    return draw(hnp.arrays(dtype, shape, elements=_floats(-4, 4, dtype)))


@st.composite
def fluid_calls(draw: st.DrawFn) -> Call:
    """Draw a call of the fluid loss."""
    dtype = draw(DTYPES)
    rows, classes = draw(st.integers(0, 6)), draw(st.integers(1, 5))
    x = draw(hnp.arrays(dtype, (rows, classes), elements=logit_values(dtype)))
    kinds = st.one_of(st.integers(-3, classes + 2), st.sampled_from([-100, 2**31 - 1, -(2**31)]))
    label = draw(hnp.arrays(np.int32, (rows, 1), elements=kinds))
    fg_num = draw(hnp.arrays(np.int32, (1,), elements=st.integers(-2, 50)))
    attrs = {"gamma": draw(gammas()), "alpha": draw(alphas())}
    inputs = {"x": x, "label": label, "fg_num": fg_num}
    return Call("drawn", FLUID, inputs, attrs, ("x",), _cotangent(draw, x.shape, dtype))


@st.composite
def functional_calls(draw: st.DrawFn) -> Call:
    """Draw a call of the 2.x loss: dense labels, any shape, normalizer and reduction."""
    dtype = draw(DTYPES)
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=6, min_side=0, max_side=3))
    reduction = draw(st.sampled_from(["sum", "mean", "none"]))
    # One nan would hide the rest of a sum: the special values belong to the elementwise result.
    values = logit_values(dtype) if reduction == "none" else _floats(-14, 14, dtype)
    logit = draw(hnp.arrays(dtype, shape, elements=values))
    labels = st.one_of(st.sampled_from([0.0, 1.0, -100.0]), _floats(0.0625, 0.9375, dtype))
    label = draw(hnp.arrays(dtype, shape, elements=labels))
    inputs = {"logit": logit, "label": label}
    wrt: tuple[str, ...] = ("logit",)
    out = shape if reduction == "none" else ()
    sizes = [(), (1,)] + ([shape[-1:]] if shape else [])
    if draw(st.booleans()):
        size = draw(st.sampled_from(sizes))
        inputs["normalizer"] = draw(hnp.arrays(dtype, size, elements=_floats(0.5, 64, dtype)))
        wrt = ("logit", "normalizer")
        if reduction == "none":
            out = np.broadcast_shapes(shape, size)
    attrs: dict[str, Json] = {"gamma": draw(gammas()), "alpha": draw(alphas())}
    attrs["reduction"] = reduction
    return Call("drawn", FUNCTIONAL, inputs, attrs, wrt, _cotangent(draw, out, dtype))
