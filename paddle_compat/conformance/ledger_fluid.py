"""The ledger's entries for ``paddle.fluid.layers.sigmoid_focal_loss``."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from paddle_compat.conformance.call import FLUID, Call, Json
from paddle_compat.conformance.quirk import Mask, Quirk, loses_gamma_term

__all__ = ["FLUID_QUIRKS"]

FIRST, LAST = "1.8.5", "2.4.2"


def _call(
    name: str,
    x: Any,
    label: Any,
    fg_num: Any = (1,),
    *,
    dtype: str = "float32",
    wrt: tuple[str, ...] = ("x",),
    mode: Literal["dygraph", "static"] = "dygraph",
    order: Literal[1, 2] = 1,
    **attrs: Json,
) -> Call:
    inputs = {
        "x": np.asarray(x, dtype),
        "label": np.asarray(label, "int32"),
        "fg_num": np.asarray(fg_num, "int32"),
    }
    return Call(name, FLUID, inputs, attrs, wrt, mode=mode, order=order)


def _infinite(call: Call) -> Mask:
    return np.asarray(np.isinf(call.inputs["x"]))


def _ignored_not_finite(call: Call) -> Mask:
    x = call.inputs["x"]
    return np.asarray(~np.isfinite(x) & np.broadcast_to(call.inputs["label"] == -1, x.shape))


def _negative_gamma(call: Call) -> Mask | bool:
    gamma = call.attrs.get("gamma", 2.0)
    if not isinstance(gamma, int | float) or gamma >= 0:
        return False
    return np.asarray(np.abs(call.inputs["x"]) > 16)


def _axes(call: Call) -> bool:
    return call.inputs["x"].ndim != 2


def _no_count(call: Call) -> bool:
    return call.inputs["fg_num"].size == 0


def _empty(call: Call) -> bool:
    return call.mode == "static" and call.inputs["x"].size == 0


def _none(call: Call) -> bool:
    return call.mode == "static" and None in call.attrs.values()


def _twice(call: Call) -> bool:
    return call.order == 2


def _half(call: Call) -> bool:
    return call.inputs["x"].dtype == np.float16


FLUID_QUIRKS = (
    Quirk(
        "fluid-ignored-not-finite",
        FIRST,
        LAST,
        "A row with label -1 gives nan where its logit is infinite or nan; ignored means 0.",
        _call("ignored, not finite", [[np.inf, np.nan, 1.0]], [[-1]]),
        paddle=np.nan,
        ours=0.0,
        index=(0, 1),
        excuse="nonfinite",
        domain=_ignored_not_finite,
    ),
    Quirk(
        "fluid-infinite-logit",
        FIRST,
        LAST,
        "An infinite logit gives nan in value and gradient; the limits exist.",
        _call("infinite", [[-np.inf, np.inf]], [[1]]),
        paddle=np.nan,
        ours=-0.25,
        part="x",
        index=(0, 0),
        excuse="nonfinite",
        domain=_infinite,
    ),
    Quirk(
        "fluid-negative-gamma",
        FIRST,
        LAST,
        "A negative gamma gives nan or inf on easy elements, 0^gamma x 0.",
        _call("negative gamma", [[20.0, -100.0]], [[1]], gamma=-1.0),
        paddle=np.nan,
        ours=0.25,
        index=(0, 0),
        excuse="any",
        domain=_negative_gamma,
    ),
    Quirk(
        "fluid-easy-positive",
        FIRST,
        LAST,
        "An easy positive loses its digits (1 - p cancels): in float32 the error is 8 % at 15, "
        "and from 17.33 on the value is 0. Inside the absolute tolerance: nothing is excused.",
        _call("easy positive", [[15.0]], [[1]]),
        paddle=6.61745e-21,
        ours=7.15629e-21,
        index=(0, 0),
        excuse="nothing",
    ),
    Quirk(
        "fluid-easy-negative",
        FIRST,
        LAST,
        "An easy negative's value is 0 below -36.74 (float32, gamma = 2: below -34.66). Inside "
        "the absolute tolerance: nothing is excused.",
        _call("easy negative", [[-40.0]], [[0]], gamma=0.0),
        paddle=0.0,
        ours=3.18627e-18,
        index=(0, 0),
        excuse="nothing",
    ),
    Quirk(
        "fluid-easy-negative-gradient",
        FIRST,
        LAST,
        "An easy negative's gradient loses its gamma term below -36.74: a third of the true "
        "value at gamma = 2. Inside the absolute tolerance: nothing is excused.",
        _call("easy negative", [[-40.0]], [[0]], dtype="float64"),
        paddle=5.75074e-53,
        ours=1.72522e-52,
        part="x",
        index=(0, 0),
        excuse="nothing",
    ),
    Quirk(
        "fluid-hard-negative-gradient",
        FIRST,
        LAST,
        "Where a confident false positive's p is about to round to 1, gamma * (1 - p) * log(1 - p) "
        "loses its digits: up to gamma x 5e-7 of the gradient in float32, near x = 17.",
        _call("hard negative", [[17.328966]], [[0]], gamma=5.0, alpha=0.0),
        paddle=1.0,
        ours=1.0000024,
        part="x",
        index=(0, 0),
        excuse="any",
        parts=("x",),
        domain=loses_gamma_term,
    ),
    Quirk(
        "fluid-one-axis",
        FIRST,
        LAST,
        "A 1-D x with a label of shape [1] divides by zero: the process dies of SIGFPE (with any "
        "other label EnforceNotMet).",
        _call("one axis", [0.5, 1.0], [1], wrt=()),
        paddle="SIGFPE",
        ours="ValueError",
        excuse="nothing",
    ),
    Quirk(
        "fluid-three-axes",
        FIRST,
        LAST,
        "A 3-D x is taken, with the second axis as the number of classes, and can read past the "
        "label; the layer is documented for 2-D, and we refuse the rest.",
        _call("three axes", np.zeros((2, 3, 1)), np.zeros((2, 3, 1)), wrt=()),
        paddle="float32[2, 3, 1]",
        ours="ValueError",
        excuse="outcome",
        domain=_axes,
    ),
    Quirk(
        "fluid-no-count",
        FIRST,
        LAST,
        "An empty fg_num is read all the same: dygraph mode divides by whatever lies there, a "
        "static program dies of SIGSEGV.",
        _call("no count", [[0.5]], [[1]], np.zeros(0), wrt=(), mode="static"),
        paddle="SIGSEGV",
        ours="ValueError",
        excuse="outcome",
        domain=_no_count,
    ),
    Quirk(
        "fluid-empty-static",
        FIRST,
        LAST,
        "No rows or no classes: dygraph mode gives [0, C], a static program's fetch gives None.",
        _call("no rows", np.zeros((0, 3)), np.zeros((0, 1)), wrt=(), mode="static"),
        paddle="NoResultError",
        ours="float32[0, 3]",
        excuse="outcome",
        domain=_empty,
    ),
    Quirk(
        "fluid-none-default-static",
        FIRST,
        LAST,
        "gamma=None or alpha=None silently means the default in a static program; dygraph mode "
        "raises.",
        _call("gamma None", [[0.5]], [[1]], wrt=(), mode="static", gamma=None),
        paddle="float32[1, 1]",
        ours="TypeError",
        excuse="outcome",
        domain=_none,
    ),
    Quirk(
        "fluid-double-backward",
        FIRST,
        LAST,
        "There is no second derivative.",
        _call("second derivative", [[0.5, -0.5]], [[1]], order=2),
        paddle="EnforceNotMet",
        ours="float32[1, 2]",
        excuse="outcome",
        domain=_twice,
    ),
    Quirk(
        "fluid-half",
        FIRST,
        LAST,
        "float16 x is refused; here it computes in float32 and comes back as float16.",
        _call("half", [[0.5]], [[1]], dtype="float16", mode="static"),
        paddle="TypeError",
        ours="float16[1, 1]",
        excuse="outcome",
        domain=_half,
    ),
)
