"""The ledger's entries for ``paddle.nn.functional.sigmoid_focal_loss``."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from paddle_compat.conformance import functional_domains as within
from paddle_compat.conformance.call import FUNCTIONAL, Array, Call, Json
from paddle_compat.conformance.quirk import Quirk, loses_gamma_term

__all__ = ["FUNCTIONAL_QUIRKS"]

FIRST, LAST = "2.6.2", "3.3.1"


def _call(
    name: str,
    logit: Any,
    label: Any,
    *,
    dtype: str = "float32",
    wrt: tuple[str, ...] = ("logit",),
    mode: Literal["dygraph", "static"] = "dygraph",
    order: Literal[1, 2] = 1,
    normalizer: Array | None = None,
    **attrs: Json,
) -> Call:
    inputs = {"logit": np.asarray(logit, dtype), "label": np.asarray(label, dtype)}
    if normalizer is not None:
        inputs["normalizer"] = normalizer
    attrs.setdefault("reduction", "none")
    return Call(name, FUNCTIONAL, inputs, attrs, wrt, mode=mode, order=order)


LONG = np.full((1, 10_000), 0.3)

FUNCTIONAL_QUIRKS = (
    Quirk(
        "functional-gradient-at-zero",
        "3.0.0",
        LAST,
        "At a logit of exactly +-0 the cross-entropy's gradient is -0.5 - y, not 0.5 - y: the "
        "result is off and can have the wrong sign.",
        _call("gradient at zero", [[0.0, -0.0]], [[0.0, 1.0]]),
        paddle=0.036215,
        ours=0.223715,
        part="logit",
        index=(0, 0),
        excuse="any",
        parts=("logit",),
        domain=within.at_zero,
    ),
    Quirk(
        "functional-one-axis",
        "3.3.1",
        LAST,
        "A 1-D logit in dygraph mode raises ValueError; 0-D, 2-D and static 1-D work.",
        _call("one axis", [0.5, -0.5], [1.0, 0.0]),
        paddle="ValueError",
        ours="float32[2]",
        excuse="outcome",
        domain=within.one_axis,
    ),
    Quirk(
        "functional-fractional-gamma-gradient",
        FIRST,
        LAST,
        "For 0 < gamma < 1 an easy element (1 - p_t rounds to 0: from |x| = 16.6355 in float32, "
        "36.74 in float64) has a gradient of nan, 0 x 0^(gamma - 1).",
        _call("fractional gamma", [[-20.0, 20.0]], [[0.0, 1.0]], gamma=0.5),
        paddle=np.nan,
        ours=1.052733e-13,
        part="logit",
        index=(0, 0),
        excuse="nonfinite",
        parts=("logit", "label"),
        domain=within.fractional_slope,
    ),
    Quirk(
        "functional-zero-gamma-gradient",
        FIRST,
        FIRST,
        "The same for gamma = 0: 0 x 0^-1.",
        _call("zero gamma", [[-20.0, 20.0]], [[0.0, 1.0]], gamma=0.0),
        paddle=np.nan,
        ours=1.545865e-09,
        part="logit",
        index=(0, 0),
        excuse="nonfinite",
        parts=("logit", "label"),
        domain=within.zero_slope,
    ),
    Quirk(
        "functional-label-gradient",
        FIRST,
        LAST,
        "The gradient with respect to the label leaves out the cross-entropy's own term, -x.",
        _call("label gradient", [[1.0, -2.0]], [[0.3, 0.6]], wrt=("label",)),
        paddle=-0.510690,
        ours=-0.721269,
        part="label",
        index=(0, 0),
        excuse="any",
        parts=("label",),
        domain=lambda call: True,
    ),
    Quirk(
        "functional-ignored-fractional-gamma",
        FIRST,
        LAST,
        "An ignored label with a gamma that is no integer gives nan in loss and gradient where "
        "x < -0.00995: 1 - p_t is 201 p - 100 there, a negative base.",
        _call("ignored, fractional gamma", [[-1.0, 1.0]], [[-100.0, 1.0]], gamma=1.5),
        paddle=np.nan,
        ours=0.0,
        index=(0, 0),
        excuse="nonfinite",
        domain=within.ignored_fractional,
    ),
    Quirk(
        "functional-ignored-not-finite",
        FIRST,
        LAST,
        "An ignored element with an infinite or nan logit gives nan.",
        _call("ignored, not finite", [[np.inf, np.nan]], [[-100.0, -100.0]]),
        paddle=np.nan,
        ours=0.0,
        index=(0, 1),
        excuse="nonfinite",
        domain=within.ignored_not_finite,
    ),
    Quirk(
        "functional-infinite-logit",
        FIRST,
        LAST,
        "An infinite logit gives nan in the gradient, and in the value unless that is inf.",
        _call("infinite", [[-np.inf, np.inf]], [[0.0, 0.0]]),
        paddle=np.nan,
        ours=0.75,
        part="logit",
        index=(0, 1),
        excuse="nonfinite",
        domain=within.infinite,
    ),
    Quirk(
        "functional-negative-gamma",
        FIRST,
        LAST,
        "A negative gamma on an easy element gives nan or inf, 0^gamma; gradients too.",
        _call("negative gamma", [[-20.0, 20.0]], [[0.0, 1.0]], gamma=-1.0),
        paddle=np.nan,
        ours=0.75,
        index=(0, 0),
        excuse="any",
        domain=within.negative_gamma,
    ),
    Quirk(
        "functional-float32-mean",
        FIRST,
        LAST,
        "The mean loses digits with its length. float32: relative error 6e-6 at 1e4 equal "
        "elements, 1e-4 at 1e5, 9e-4 at 1e7; float64: 5e-14 at 4e5. The sum does too, a "
        "hundredfold less.",
        _call("float32 mean", LONG, 0 * LONG, wrt=(), reduction="mean"),
        paddle=0.2114418,
        ours=0.2114428,
        excuse="any",
        parts=("value",),
        domain=within.long_reduction,
    ),
    Quirk(
        "functional-long-normalizer-gradient",
        FIRST,
        LAST,
        "The normalizer's gradient is a plain running sum: in float32 a relative error of 7e-5 at "
        "1e4 equal elements, 1e-3 at 1e5.",
        _call(
            "long normalizer",
            LONG,
            0 * LONG,
            normalizer=np.asarray(3, "float32"),
            wrt=("normalizer",),
            reduction="sum",
        ),
        paddle=-234.9522,
        ours=-234.9365,
        part="normalizer",
        excuse="any",
        parts=("normalizer",),
        domain=within.long,
    ),
    Quirk(
        "functional-static-alpha",
        FIRST,
        LAST,
        "In static mode alpha is rounded to float32 also for float64 logits; in dygraph mode it "
        "is not. (An alpha of 0.25 or 0.5 cannot tell.)",
        _call("static alpha", [[1.0]], [[1.0]], dtype="float64", mode="static", alpha=0.1),
        paddle=0.00226580578461,
        ours=0.00226580575085,
        index=(0, 0),
        excuse="any",
        domain=within.static_alpha,
    ),
    Quirk(
        "functional-easy-side-cancellation",
        FIRST,
        LAST,
        "On the easy side 1 - p_t cancels: at 15 float32 has no correct digit, from 16.64 on the "
        "value is 0. Inside the absolute tolerance, so nothing is excused.",
        _call("easy side", [[-17.0]], [[0.0]]),
        paddle=0.0,
        ours=5.321605e-23,
        index=(0, 0),
        excuse="nothing",
    ),
    Quirk(
        "functional-hard-side-gradient",
        FIRST,
        LAST,
        "Where a confident wrong p is about to round to 1, gamma * (1 - p) * CE loses its digits: "
        "up to gamma x 7e-7 of the gradient in float32, near |x| = 17 (float64: near 37).",
        _call("hard side", [[17.0]], [[0.0]], gamma=5.0),
        paddle=0.75,
        ours=0.7500025,
        part="logit",
        index=(0, 0),
        excuse="any",
        parts=("logit", "label"),
        domain=loses_gamma_term,
    ),
    Quirk(
        "functional-far-soft-label",
        FIRST,
        LAST,
        "With a soft label near 0 or 1 and a large logit, x - x y and 1 - p_t cancel: the value "
        "loses a factor of 1/y (or 1/(1 - y)) of its precision.",
        _call("far soft label", [[-1e30]], [[1e-3]], gamma=1.0),
        paddle=7.4949035e23,
        ours=7.4950008e23,
        index=(0, 0),
        excuse="any",
        parts=("value", "label", "normalizer"),
        domain=within.far_soft,
    ),
    Quirk(
        "functional-empty",
        FIRST,
        FIRST,
        "A logit without elements raises RuntimeError (3.x: sum 0, mean nan, none empty).",
        _call("empty", np.zeros((0, 3)), np.zeros((0, 3)), wrt=(), reduction="sum"),
        paddle="RuntimeError",
        ours="float32[]",
        excuse="outcome",
        domain=within.empty,
    ),
    Quirk(
        "functional-scalar-none",
        FIRST,
        FIRST,
        "A 0-D logit with reduction='none' comes back with shape [1] in dygraph mode.",
        _call("scalar, none", 0.5, 1.0),
        paddle="float32[1]",
        ours="float32[]",
        excuse="outcome",
        domain=within.scalar_none,
    ),
    Quirk(
        "functional-normalizer-dtype",
        FIRST,
        FIRST,
        "A normalizer of another dtype than the logit's is refused; 3.x computes with it.",
        _call("normalizer dtype", [[0.5]], [[1.0]], normalizer=np.asarray(2, "int64")),
        paddle="ValueError",
        ours="float32[1, 1]",
        excuse="outcome",
        domain=within.mixed_normalizer,
    ),
    Quirk(
        "functional-static-normalizer-dtype",
        FIRST,
        LAST,
        "A static program refuses a normalizer of integers; eagerly 3.x computes with it.",
        _call(
            "static normalizer", [[0.5]], [[1.0]], normalizer=np.asarray(2, "int64"), mode="static"
        ),
        paddle="TypeError",
        ours="float32[1, 1]",
        excuse="outcome",
        domain=lambda call: call.mode == "static" and within.mixed_normalizer(call),
    ),
    Quirk(
        "functional-hyper-no-number",
        FIRST,
        FIRST,
        "gamma or alpha that is None, and gamma='2', give nan in every element; 3.x raises "
        "TypeError, as we do.",
        _call("gamma None", [[0.5]], [[1.0]], gamma=None, wrt=()),
        paddle=np.nan,
        ours="TypeError",
        index=(0, 0),
        excuse="outcome",
        domain=within.no_number,
    ),
    Quirk(
        "functional-double-backward",
        FIRST,
        LAST,
        "There is no second derivative: RuntimeError.",
        _call("second derivative", [[0.5, -0.5]], [[1.0, 0.0]], order=2),
        paddle="RuntimeError",
        ours="float32[1, 2]",
        excuse="outcome",
        domain=within.twice,
    ),
    Quirk(
        "functional-half",
        FIRST,
        LAST,
        "float16 logits are refused; here they compute in float32 and come back as float16.",
        _call("half", [[0.5]], [[1.0]], dtype="float16"),
        paddle="RuntimeError",
        ours="float16[1, 1]",
        excuse="outcome",
        domain=within.half,
    ),
)
