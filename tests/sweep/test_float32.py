"""Every float32 as logit: a prime stride here, all of them with ``-m sweep``."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pytest

from paddle_compat.conformance.call import FLUID, FUNCTIONAL
from paddle_compat.conformance.oracles import Oracle
from paddle_compat.conformance.sweep import COMPLETE, Sweep, chunks, landmarks, main, table

GAMMAS = (0.0, 0.5, 1.0, 1.5, 3.0, 5.0)


def _run(sweep: Sweep, stride: int, size: int = 1 << 16, reach: int = 2048) -> Sweep:
    """Run a strided sweep, so many magnitudes a call; everything it found fails the test.

    The landmarks are one call: with the usual reach large enough to be evaluated in blocks.
    """
    pieces: Iterable[np.ndarray[tuple[int], np.dtype[np.uint32]]] = [
        *landmarks(reach),
        *chunks(0, COMPLETE, stride, size),
    ]
    for bits in pieces:
        sweep.run(bits)
        # One is enough, and a broken kernel has millions.
        assert not sweep.findings, sweep.findings[:10]
    print(table([sweep]))
    return sweep


def _accurate(sweep: Sweep, roundings: float) -> None:
    """Assert the relative accuracy, in float32 epsilons, which is far tighter than the table."""
    assert sum(tally.elements for tally in sweep.tallies.values()) > 1000
    for tally in sweep.tallies.values():
        assert tally.relative <= roundings
        assert tally.error <= roundings * 2.0**-23


@pytest.mark.parametrize("face", [FUNCTIONAL, FLUID])
def test_every_logit_has_the_exact_value(face: str) -> None:
    _accurate(_run(Sweep(face), 503), 5.0)


@pytest.mark.parametrize("gamma", [0.5, 2.0])
@pytest.mark.parametrize("face", [FUNCTIONAL, FLUID])
def test_every_logit_has_the_exact_value_in_small_tensors(face: str, gamma: float) -> None:
    """A few thousand elements are evaluated at once, not in blocks."""
    _accurate(_run(Sweep(face, gamma=gamma), 10007, 1 << 10, 64), 5.0)


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("face", [FUNCTIONAL, FLUID])
def test_every_logit_has_the_exact_value_at_other_gammas(face: str, gamma: float) -> None:
    _accurate(_run(Sweep(face, gamma=gamma), 30011), 4.0 + gamma)


@pytest.mark.parametrize("alpha", [0.0, 1.0, 0.9])
@pytest.mark.parametrize("face", [FUNCTIONAL, FLUID])
def test_every_logit_has_the_exact_value_at_other_alphas(face: str, alpha: float) -> None:
    _accurate(_run(Sweep(face, alpha=alpha), 100003), 6.0)


@pytest.mark.live
def test_every_logit_agrees_with_paddle_3(paddle_3: Oracle) -> None:
    sweep = _run(Sweep(FUNCTIONAL, paddle_3), 503)
    # The ledger explains a handful of places: zero, and the end of the range.
    assert sweep.tallies[0, "value"].apart <= 6e-7
    assert sweep.tallies[1, "logit"].apart <= 6e-7


@pytest.mark.live
@pytest.mark.parametrize("gamma", GAMMAS)
def test_every_logit_agrees_with_paddle_3_at_other_gammas(paddle_3: Oracle, gamma: float) -> None:
    _run(Sweep(FUNCTIONAL, paddle_3, gamma=gamma), 30011)


@pytest.mark.live
@pytest.mark.parametrize("gamma", [0.5, 1.5, 2.0, 5.0])
def test_every_logit_agrees_with_paddle_1(paddle_1: Oracle, gamma: float) -> None:
    _run(Sweep(FLUID, paddle_1, gamma=gamma), 30011)


@pytest.mark.sweep
@pytest.mark.live
@pytest.mark.parametrize(("face", "paddle"), [("functional", "paddle_3"), ("fluid", "paddle_1")])
def test_all_float32_logits(request: pytest.FixtureRequest, face: str, paddle: str) -> None:
    version = request.getfixturevalue(paddle).version
    assert main(["--complete", "--oracle", version, "--face", face]) == 0
