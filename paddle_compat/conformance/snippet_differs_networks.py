"""Where ours is meant to differ from real Paddle 1.8.5 in the layers of `layer_cases_networks`."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs
from paddle_compat.conformance.workers.fluid_program import cotangent

__all__ = ["DIFFERS"]


_NAMED_SLOPE = "'all', param_attr=ParamAttr(name='slope', initializer=initializer.Constant(0.1)))"


def _prelu(slope: float) -> Callable[[Array], Mapping[str, Array]]:
    def truth(x: Array) -> Mapping[str, Array]:
        incoming = cotangent("out", x.shape, x.dtype)
        return {
            "value/out": np.where(x > 0, x, slope * x),
            "gradient/x": incoming * np.where(x > 0, 1, slope),
        }

    return truth


def _elu(x: Array) -> Mapping[str, Array]:
    slope = np.where(x > 0, 1, np.exp(np.minimum(x, 0)))
    return {"gradient/x": (cotangent("out", x.shape, x.dtype) * slope).astype(x.dtype)}


def _selu(scale: float, alpha: float) -> Differs:
    scale, alpha = float(np.float32(scale)), float(np.float32(alpha))

    def truth(x: Array) -> Mapping[str, Array]:
        slope = scale * np.where(x > 0, 1, alpha * np.exp(np.minimum(x, 0)))
        return {"gradient/x": cotangent("out", x.shape, x.dtype) * slope}

    reason = "the real gradient takes scale * alpha from the result again, rounded to float32"
    return Differs(reason, truth=truth)


def _activations() -> dict[str, Differs]:
    single = "the real parameter is float32, and no kernel takes it with a float64 input"
    overflow = "the real gradient is e^x, inf, times 0, where x is large"
    default = _selu(1.0507009873554804934193349852946, 1.6732632423543772848170429916717)
    entries = {
        f"prelu(x, {told}": Differs(single, "EnforceNotMet at run", truth=_prelu(slope))
        for told, slope in (
            ("'all') · x float64", 0.25),
            ("mode='element') · x float64", 0.25),
            (f"{_NAMED_SLOPE} · x float64", float(np.float32(0.1))),
        )
    }
    for dtype in ("float32", "float64"):
        entries[f"elu(x) · x {dtype}[12] (edges)"] = Differs(overflow, truth=_elu)
    entries["selu(x) · x float64"] = default
    entries["selu(x, scale=1.5, alpha=0.7) · x float64"] = _selu(1.5, 0.7)
    entries["maxout(x, 2) · x float32[3,4]"] = Differs(
        "the real op reads dimensions that are not there",
        CHANCE,
        "ValueError at build",
    )
    return entries


def _pictures() -> dict[str, Differs]:
    refused = "ValueError at build"
    return {
        "pixel_shuffle(x, 2) · x float32[2?,4,3?,5?]": Differs(
            "the real op multiplies the -1 of an unknown size",
            report={"outs.out.shape": [-1, 1, -1, -1]},
        ),
        "conv2d_transpose(x, 3, filter_size=3, groups=3) · x float32[2,4,3,5]": Differs(
            "the real op leaves channels out where groups do not divide them", "ok", refused
        ),
        "unfold(x, 9) · x float32[2,4,3,5]": Differs(
            "the real op takes a negative number of windows", "ok", refused
        ),
        "layer_norm(x, begin_norm_axis=4)": Differs(
            "the real layer multiplies no sizes, and Python complains of that",
            "TypeError at build",
            refused,
        ),
    }


DIFFERS: Mapping[str, Differs] = {**_activations(), **_pictures()}
