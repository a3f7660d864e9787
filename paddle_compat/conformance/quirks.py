"""The ledger: every known place where real Paddle and this library differ on purpose.

An entry is there because Paddle's answer is nan, kills the process, contradicts another version of
Paddle, or is further from the exact value than any tolerance. For each one a test shows that real
Paddle still does it and that we do not: when Paddle changes, that test says so. Parity tests ask
`excused`; they never widen a tolerance.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from paddle_compat.conformance.call import Array, Call
from paddle_compat.conformance.ledger_fluid import FLUID_QUIRKS
from paddle_compat.conformance.ledger_functional import FUNCTIONAL_QUIRKS
from paddle_compat.conformance.quirk import Mask, Quirk, logits

__all__ = ["LEDGER", "SUMMARIES", "Quirk", "excused", "excuses_outcome"]

LEDGER: tuple[Quirk, ...] = (*FLUID_QUIRKS, *FUNCTIONAL_QUIRKS)

SUMMARIES: Mapping[str, str] = {quirk.id: quirk.summary for quirk in LEDGER}
"""What each entry is about, by id."""


def excuses_outcome(call: Call, version: str, ledger: Iterable[Quirk] = LEDGER) -> bool:
    """Tell whether the ledger knows that Paddle treats this whole call differently."""
    return any(
        quirk.excuse == "outcome" and quirk.applies(call, version) and quirk.domain(call) is True
        for quirk in ledger
    )


def excused(
    call: Call, part: str, paddle: Array, version: str, ledger: Iterable[Quirk] = LEDGER
) -> Mask:
    """Return where one array of Paddle's need not be ours.

    Args:
        call: the call that was answered.
        part: ``value``, or the input whose gradient the array is.
        paddle: Paddle's array.
        version: Paddle's version.
        ledger: the entries that may excuse it.
    """
    excuse = np.zeros(paddle.shape, dtype=np.bool_)
    for quirk in ledger:
        if quirk.excuse in ("outcome", "nothing") or not quirk.applies(call, version):
            continue
        if quirk.parts and part not in quirk.parts:
            continue
        mask = _fold(call, quirk.domain(call), paddle.shape)
        excuse |= mask & ~np.isfinite(paddle) if quirk.excuse == "nonfinite" else mask
    return excuse


def _fold(call: Call, mask: Mask | bool, shape: tuple[int, ...]) -> Mask:
    """Carry a mask over the logits to an array that may be broadcast or summed from them."""
    whole: Mask = np.broadcast_to(np.asarray(mask, dtype=np.bool_), logits(call).shape)
    if whole.shape == shape:
        return whole
    try:
        return np.broadcast_to(whole, shape)
    except ValueError:
        pass
    # A sum or a normalizer's gradient: one affected ingredient affects it.
    while whole.ndim > len(shape):
        whole = np.asarray(whole.any(axis=0))
    return np.broadcast_to(whole if whole.shape == shape else whole.any(), shape)
