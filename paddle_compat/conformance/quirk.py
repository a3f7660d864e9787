"""What an entry of the ledger is, and when it excuses a difference."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from paddle_compat.conformance.call import FLUID, Array, Call, Outcome, loss_of

__all__ = ["Mask", "Quirk", "logits", "loses_gamma_term", "signature", "within"]

Mask: TypeAlias = npt.NDArray[np.bool_]
Domain: TypeAlias = Callable[[Call], "Mask | bool"]


@dataclass(frozen=True, eq=False)
class Quirk:
    """One known divergence of real Paddle.

    Attributes:
        id: its name, used in reports and tests.
        since: the first version that was measured to have it.
        until: the last one.
        summary: what Paddle does, and where.
        call: the reproduction.
        paddle: what Paddle gives: the number at `part` and `index`; or the exception's or
            signal's name; or dtype and shape, as ``float32[1]``.
        ours: what we give, in the same form; a number is also the true one.
        part: ``value``, or the input whose gradient it is.
        index: where in that array.
        excuse: what parity tests let pass inside the domain: ``nonfinite``, Paddle's nan and inf;
            ``any``, every number of Paddle's; ``outcome``, the whole call; ``nothing`` where
            Paddle stays within the tolerance and is only less exact.
        parts: the arrays that are affected; empty for all.
        domain: which elements (a mask of the logits' shape) or which calls (a bool) it affects.
    """

    id: str
    since: str
    until: str
    summary: str
    call: Call
    paddle: float | str
    ours: float | str
    excuse: Literal["nonfinite", "any", "outcome", "nothing"]
    part: str = "value"
    index: tuple[int, ...] = ()
    parts: tuple[str, ...] = ()
    domain: Domain = lambda call: False

    @property
    def face(self) -> str:
        """The function that has it."""
        return self.call.face

    def applies(self, call: Call, version: str) -> bool:
        """Tell whether the entry is about calls like this one, and about this version."""
        tensors = call.inputs.keys() >= {"x", "label", "fg_num"} or (
            call.inputs.keys() >= {"logit", "label"}
        )
        # What the function of real Paddle does shows in every face that it answers for.
        face = self.face in (call.face, loss_of(call.face))
        return face and tensors and within(version, self.since, self.until)

    def shown_by(self, outcome: Outcome, what: float | str) -> bool:
        """Tell whether an outcome of the reproduction is `what` (Paddle's or ours)."""
        if isinstance(what, str):
            return what in signature(outcome)
        if outcome.value is None:
            return False
        array = outcome.value if self.part == "value" else outcome.gradients[self.part]
        got = float(array[self.index])
        if isinstance(self.paddle, str) or isinstance(self.ours, str) or np.isnan(what):
            return got == what or (np.isnan(got) and np.isnan(what))
        # The entry's numbers are rounded; near one of them means far from the other.
        apart = abs(self.paddle - self.ours)
        return abs(got - what) <= 0.1 * (apart if np.isfinite(apart) else abs(what))


@lru_cache(maxsize=4096)
def within(version: str, since: str, until: str) -> bool:
    """Tell whether a version lies in a closed range."""

    def key(text: str) -> list[int]:
        return [int(part) for part in text.split(".")]

    return key(since) <= key(version) <= key(until)


def signature(outcome: Outcome) -> tuple[str, ...]:
    """Name an outcome: its dtype and shape, or its exception type with the bases, or its signal."""
    if outcome.value is not None:
        return (f"{outcome.value.dtype}{list(outcome.value.shape)}",)
    return (outcome.error, *outcome.bases)


def logits(call: Call) -> Array:
    """Return the logits of a call to either face."""
    return call.inputs["x" if call.face == FLUID else "logit"]


def loses_gamma_term(call: Call) -> Mask | bool:
    """Tell where Paddle's ``1 - p`` has lost what ``gamma * (1 - p) * CE`` would still show.

    p rounds to a multiple of eps/2 near 1, and the gradient takes that error times gamma and the
    loss, |x|. It shows above the tolerance only for a gamma of 2 and more, just before p becomes 1.
    """
    gamma = call.attrs.get("gamma", 2.0)
    x = logits(call)
    if not isinstance(gamma, int | float) or gamma < 2 or x.dtype.kind != "f":
        return False
    # Below the first bound gamma * |x| * eps / 2 is within the tolerance.
    first, last = (20, 20) if x.dtype == np.float32 else (60, 40)
    return np.asarray((np.abs(x) > first / gamma) & (np.abs(x) < last))
