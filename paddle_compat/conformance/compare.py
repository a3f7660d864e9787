"""The one tolerance table, and the three-way comparison: the exact value, real Paddle, ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance import exact, quirk, quirks, scans
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Array, Call, Outcome, loss_of
from paddle_compat.conformance.exact import Quantity

__all__ = [
    "TOLERANCES",
    "ULPS",
    "Finding",
    "arrays_of",
    "compare",
    "compare_with_truth",
    "is_exact",
    "tolerance",
    "truth_of",
]

TOLERANCES: Mapping[tuple[str, str, str], float] = {
    (FLUID, "value", "float32"): 1e-6,
    (FLUID, "gradient", "float32"): 1.5e-6,
    (FLUID, "value", "float64"): 3e-15,
    (FLUID, "gradient", "float64"): 1e-14,
    (FUNCTIONAL, "value", "float32"): 1e-6,
    (FUNCTIONAL, "gradient", "float32"): 2e-6,
    (FUNCTIONAL, "value", "float64"): 3e-15,
    (FUNCTIONAL, "gradient", "float64"): 1e-14,
}
"""How far ours may be from Paddle, by face, quantity and dtype.

An absolute error, in units of the row's scale: its weight (alpha_t / normalizer x incoming
gradient), or the size of the terms that are added where that is larger. A relative error would
not do: on the easy side Paddle itself has no correct digit left, because ``1 - p`` cancels.
Measured over dense scans and every case here, the largest are 0.8, 1.1 (fluid) and 1.6 (functional)
e-6, and 1.5 and 8.3 e-15: what is left of Paddle's own error, ours being a few roundings.
"""

ULPS = 4.0
"""How many roundings ours may be off where Paddle happens to be closer to the exact value.

The rule is that ours is never further from the exact value than Paddle is. Two correct programs
round differently, though, and either is closer at half of all points; so a difference of a few
units in the last place of the terms that are added is no difference. A power multiplies the
relative error of its base by the exponent, so the few are ``ULPS * (1 + |gamma|)``; measured, ours
needs 2.7. Where Paddle is worse than that, ours has to be at least as good as Paddle. Below the
smallest normal number nothing is asked: whether subnormal results exist at all is the
processor's mode.
"""


def tolerance(face: str, part: str, dtype: np.dtype[Any]) -> float:
    """Look up the table; `part` is ``value`` or an input's name."""
    return TOLERANCES[loss_of(face), "value" if part == "value" else "gradient", dtype.name]


@dataclass(frozen=True, eq=False)
class Finding:
    """One disagreement.

    Attributes:
        call: the call's name.
        part: ``value``, the input whose gradient it is, or ``outcome``.
        rule: what was broken.
        detail: how, with the three numbers of the first element.
        bad: the elements that break it; None where it is about no element.
    """

    call: str
    part: str
    rule: str
    detail: str
    bad: npt.NDArray[np.bool_] | None = None

    def __str__(self) -> str:
        return f"{self.call} · {self.part}: {self.rule}: {self.detail}"


def _precision(call: Call, got: Array) -> np.dtype[Any]:
    """Return the dtype that was computed in: a float64 normalizer widens float32 losses later."""
    return min(got.dtype, quirk.logits(call).dtype, key=lambda dtype: dtype.itemsize)


def _scale(truth: Quantity) -> npt.NDArray[np.float64]:
    return np.maximum(truth.weight, truth.magnitude)


def _underflow(truth: Quantity, dtype: np.dtype[Any]) -> npt.NDArray[np.float64]:
    """Return what may be lost to a result, or a factor of it, below the smallest normal number."""
    return float(np.finfo(dtype).tiny) * np.maximum(truth.weight, 1.0)


def _first(
    call: Call, part: str, rule: str, bad: npt.NDArray[np.bool_], **numbers: Array
) -> list[Finding]:
    """Report the first bad element, and how many there are."""
    if not bad.any():
        return []
    index = tuple(int(i) for i in np.argwhere(bad)[0])
    told = ", ".join(f"{name} {array[index]!r}" for name, array in numbers.items())
    told = f"{int(bad.sum())} of {bad.size}; at {index}: {told}"
    return [Finding(call.name, part, rule, told, bad)]


def compare_with_truth(call: Call, part: str, got: Array, truth: Quantity) -> list[Finding]:
    """Hold one array of ours to the exact value: within the table, nan and inf where it has them.

    Everywhere: an element that Paddle gets wrong is no reason to look away.
    """
    if got.shape != truth.high.shape:
        return [Finding(call.name, part, "shape", f"ours {got.shape}, exact {truth.high.shape}")]
    bad = ~is_exact(call, part, got, truth)
    return _first(call, part, "ours is not the exact value", bad, ours=got, exact=truth.high)


def is_exact(call: Call, part: str, got: Array, truth: Quantity) -> npt.NDArray[np.bool_]:
    """Tell which elements of an array, anybody's, are the exact value to the table's tolerance."""
    with np.errstate(over="ignore", invalid="ignore"):
        dtype = _precision(call, got)
        bound = tolerance(call.face, part, dtype) * _scale(truth) + _underflow(truth, dtype)
        # Where the exact value overflows the dtype, infinity is its rounding.
        overflow = np.isinf(got) & (np.abs(truth.high) > np.finfo(got.dtype).max)
        near: npt.NDArray[np.bool_] = truth.error(got) <= np.nan_to_num(bound, nan=0.0)
    right: npt.NDArray[np.bool_] = near | overflow
    return right


def _compare_part(
    call: Call, part: str, got: Array, paddle: Array, truth: Quantity, excused: Array
) -> list[Finding]:
    """Compare one array of ours with Paddle's and with the exact one."""
    if got.dtype != paddle.dtype or got.shape != paddle.shape:
        detail = f"ours {got.dtype}{list(got.shape)}, Paddle {paddle.dtype}{list(paddle.shape)}"
        return [Finding(call.name, part, "dtype and shape", detail)]
    findings = compare_with_truth(call, part, got, truth)
    if findings:
        return findings
    numbers = {"ours": got, "Paddle": paddle, "exact": truth.high}
    with np.errstate(over="ignore", invalid="ignore"):
        scale = _scale(truth)
        distance = np.abs(got.astype(np.float64) - paddle.astype(np.float64))
        same = (got == paddle) | (np.isnan(got) & np.isnan(paddle))
        dtype = _precision(call, got)
        near = distance <= tolerance(call.face, part, dtype) * scale
        findings += _first(call, part, "ours is not Paddle's", ~(same | near | excused), **numbers)
        roundings = ULPS * (1 + abs(float(call.attrs.get("gamma", 2.0))))  # type: ignore[arg-type]
        few = roundings * np.finfo(dtype).eps * truth.magnitude + _underflow(truth, dtype)
        few = np.where(np.isfinite(few), few, 0.0)
        mine, theirs = truth.error(got), truth.error(paddle)
        worse = ~(mine <= np.maximum(theirs, few))
    rule = "ours is further from the exact value than Paddle is"
    return findings + _first(call, part, rule, worse, **numbers)


def compare(
    call: Call,
    ours: Outcome,
    paddle: Outcome,
    version: str,
    truth: exact.Truth | None = None,
    *,
    excuse: bool = True,
) -> list[Finding]:
    """Compare two outcomes of one call; an empty list is agreement.

    The ledger (`quirks`) excuses what is known of this version: an excused element need not be
    Paddle's, and is still held to the exact value.

    Args:
        call: what was asked.
        ours: what we answered.
        paddle: what real Paddle answered.
        version: its version.
        truth: the exact answer, where the caller has it already.
        excuse: False to be told what the ledger excuses too.
    """
    known = excuse and quirks.excuses_outcome(call, version)
    if paddle.value is not None and ours.value is not None:
        truth = truth or truth_of(call)
        theirs = ours if known else paddle
        return _compare_results(call, ours, theirs, version if excuse else None, truth)
    if known:
        return []
    if ours.kind == "ok" or paddle.kind == "ok":
        return [Finding(call.name, "outcome", "outcome", f"ours {ours}, Paddle {paddle}")]
    return _compare_errors(call, ours, paddle)


_PYTHON_ERRORS = frozenset({"TypeError", "ValueError"})


def _compare_errors(call: Call, ours: Outcome, paddle: Outcome) -> list[Finding]:
    """Bad input: ours has Paddle's type; TypeError or ValueError where Paddle's is neither."""
    kinds = _PYTHON_ERRORS & {ours.error, *ours.bases}
    wanted = _PYTHON_ERRORS & {paddle.error, *paddle.bases}
    same = ours.error == paddle.error
    if ours.message and (same or (kinds and (kinds & wanted or not wanted))):
        return []
    return [Finding(call.name, "outcome", "error", f"ours {ours}, Paddle {paddle}")]


@lru_cache(maxsize=2048)
def truth_of(call: Call) -> exact.Truth:
    """Evaluate a call once, however many versions of Paddle it is compared with."""
    return scans.truth(call) if scans.is_scan(call) else exact.evaluate(call)


def _compare_results(
    call: Call, ours: Outcome, paddle: Outcome, version: str | None, truth: exact.Truth
) -> list[Finding]:
    """Compare value and gradients; without a version the ledger excuses nothing."""
    findings: list[Finding] = []
    mine, theirs = arrays_of(ours), arrays_of(paddle)
    for part, quantity in {"value": truth.value, **truth.gradients}.items():
        if part not in mine or part not in theirs:
            missing = "Paddle" if part in mine else "ours"
            findings.append(Finding(call.name, part, "gradient", f"{missing} has none"))
            continue
        excused: Array = np.zeros(theirs[part].shape, np.bool_)
        if version is not None:
            excused = quirks.excused(call, part, theirs[part], version)
        findings += _compare_part(call, part, mine[part], theirs[part], quantity, excused)
    return findings


def arrays_of(outcome: Outcome) -> dict[str, Array]:
    """Return the value and the gradients of a result, by part."""
    assert outcome.value is not None
    return {"value": outcome.value, **outcome.gradients}
