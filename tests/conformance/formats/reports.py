"""Reports to try the formats on: one of each kind of result, and drawn ones."""

from __future__ import annotations

import math
from typing import Any, get_args

from hypothesis import strategies as st

from paddle_compat.conformance.verify.model import (
    STATUSES,
    Blame,
    Curve,
    Environment,
    Mismatch,
    Report,
    Result,
)

__all__ = ["ENVIRONMENT", "HOSTILE", "many", "reports", "sample"]

ENVIRONMENT = Environment("0.1.0", "2.9.0", "3.11.4", "Linux x86_64")
LOSS = "nn.functional.sigmoid_focal_loss"
LAYER = "fluid.layers.relu"

HOSTILE = "</script><script>alert(1)</script> & <b>\"'` %0A::error::\n| \x00\x1b\ud800 ]]> -->"
"""A name in which every format finds something to trip over."""


def _again(case: str, version: str) -> str:
    return f"paddle-compat verify --against {version} -- '{case}'"


def _result(case: str, api: str, version: str, status: Any, **more: Any) -> Result:
    return Result(case, api, version, status, reproduce=_again(case, version), **more)


def sample() -> Report:
    """Return a report with a result of every status, and numbers of every kind."""
    wrong = Mismatch(
        part="logit",
        rule="ours is not the exact value",
        detail="3 of 20; at (0, 1): ours 0.25, Paddle 0.125, exact 0.125",
        blame="ours",
        reference="exact",
        elements=3,
        index=(0, 1),
        ours=0.25,
        paddle=0.125,
        exact=0.125,
        error_ours=0.125,
        error_paddle=0.0,
        ulp_ours=8388608.0,
        ulp_paddle=0.0,
    )
    nan = Mismatch(
        part="logit",
        rule="ours is not Paddle's",
        detail="1 of 20; at (0, 0): ours 1e-13, Paddle nan, exact 1e-13",
        blame="paddle",
        reference="exact",
        elements=1,
        index=(0, 0),
        ours=1e-13,
        paddle=math.nan,
        exact=1e-13,
        error_ours=0.0,
        error_paddle=math.inf,
        ulp_ours=0.5,
        ulp_paddle=math.inf,
    )
    error = Mismatch("outcome", "error", "ours ValueError, Paddle float32[2]", "both")
    quirk = "functional-fractional-gamma-gradient"
    results = (
        _result(f"{LOSS}::grid", LOSS, "2.6.2", "pass"),
        _result(f"{LOSS}::grid", LOSS, "3.3.1", "fail", mismatches=(wrong, error)),
        _result(
            f"{LOSS}::gamma 0.5",
            LOSS,
            "3.3.1",
            "waived",
            waivers=(quirk,),
            mismatches=(nan,),
            reason="Paddle's gradient is nan",
        ),
        _result(f"{LAYER}::relu 1", LAYER, "1.8.5", "pass"),
        _result(f"{LAYER}::relu 2", LAYER, "1.8.5", "pass"),
        _result(
            f"{LAYER}::{HOSTILE}", LAYER, "1.8.5", "unsupported", reason=f"not recorded: {HOSTILE}"
        ),
    )
    curve = Curve(
        LOSS,
        "3.3.1",
        "float32",
        0.5,
        1.0,
        "gradient",
        "logit",
        (-1.0, -0.0, 0.0, 20.0),
        (0.5, 0.25, 0.25, 1e-13),
        (1e-9, 0.0, 0.0, 1e-20),
        (2e-9, 0.1875, 0.1875, None),
    )
    mean = Curve(
        LOSS, "3.3.1", "float32", 2.0, 0.0, "value", "elements", (10.0,), (0.2,), (7e-9,), (8e-9,)
    )
    return Report(
        ENVIRONMENT,
        "recorded",
        {"1.8.5": "paddlepaddle-1.8.5-cp38-cp38-manylinux1_x86_64.whl", "2.6.2": "", "3.3.1": ""},
        (),
        7,
        results,
        (curve, mean),
        {quirk: "For 0 < gamma < 1 an easy element has a gradient of nan."},
    )


def many(passed: int, failed: int = 0) -> Report:
    """Return a report of thousands of cases."""
    found = sample().results[1].mismatches
    results = [
        _result(f"{LAYER}::relu of some input number {i}", LAYER, "1.8.5", "pass")
        for i in range(passed)
    ]
    results += [
        _result(f"{LAYER}::wrong {i}", LAYER, "1.8.5", "fail", mismatches=found)
        for i in range(failed)
    ]
    return Report(ENVIRONMENT, "recorded", {"1.8.5": ""}, (), 0, tuple(results))


_floats = st.floats()
_maybe = st.none() | _floats
_words = st.text(max_size=20)
_positions = st.tuples(st.integers(0, 99)) | st.just(())
_mismatches = st.builds(
    Mismatch,
    part=_words,
    rule=_words,
    detail=_words,
    blame=st.sampled_from(get_args(Blame)),
    reference=st.sampled_from(["exact", "declared", "recorded", "paddle"]),
    elements=st.integers(0, 10**6),
    index=_positions,
    **dict.fromkeys(
        ("ours", "paddle", "exact", "error_ours", "error_paddle", "ulp_ours", "ulp_paddle"), _maybe
    ),
)


def _tuples(items: st.SearchStrategy[Any], least: int = 0) -> st.SearchStrategy[Any]:
    return st.lists(items, min_size=least, max_size=3).map(tuple)


_versions = st.sampled_from(["1.8.5", "2.6.2", "3.3.1"])


def _with_status(status: str) -> st.SearchStrategy[Result]:
    return st.builds(
        Result,
        case=_words,
        api=_words,
        version=_versions,
        status=st.just(status),
        waivers=_tuples(_words, 1) if status == "waived" else st.just(()),
        mismatches=_tuples(_mismatches, int(status == "fail")),
        reason=_words,
        reproduce=_words,
    )


@st.composite
def _curves(draw: st.DrawFn) -> Curve:
    size = draw(st.integers(0, 4))

    def array(item: st.SearchStrategy[Any]) -> Any:
        return tuple(draw(st.lists(item, min_size=size, max_size=size)))

    return Curve(
        draw(_words),
        draw(_versions),
        draw(st.sampled_from(["float32", "float64"])),
        draw(_floats),
        draw(_floats),
        draw(st.sampled_from(["value", "gradient"])),
        draw(st.sampled_from(["logit", "elements"])),
        array(_floats),
        array(_floats),
        array(_maybe),
        array(_maybe),
    )


reports = st.builds(
    Report,
    environment=st.builds(Environment, _words, _words, _words, _words),
    against=st.sampled_from(["recorded", "live"]),
    builds=st.dictionaries(_versions, _words),
    patterns=_tuples(_words),
    seed=st.integers(-(2**63), 2**63),
    results=_tuples(st.one_of([_with_status(status) for status in STATUSES])),
    curves=_tuples(_curves()),
    waivers=st.dictionaries(_words, _words, max_size=3),
    stopped=st.sampled_from(["", "budget", "interrupted"]),
)
"""Reports with nan, infinities, and text of every kind."""
