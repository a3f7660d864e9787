"""Ours against real Paddle, live: 3.3.1 in this process, 1.8.5 in an interpreter of its own."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from hypothesis import HealthCheck, given, settings

from paddle_compat.conformance import cases, ours
from paddle_compat.conformance.bad_input import BadInput, bad_input
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Call
from paddle_compat.conformance.compare import compare
from paddle_compat.conformance.oracles import Oracle

from .strategies import fluid_calls, functional_calls

pytestmark = pytest.mark.live


def check(paddle: Oracle, calls: Iterable[Call]) -> None:
    asked = list(calls)
    assert asked, "nothing was asked"
    answers = zip(asked, ours.evaluate(asked), paddle.evaluate(asked), strict=True)
    findings = [
        str(finding)
        for call, mine, theirs in answers
        for finding in compare(call, mine, theirs, paddle.version)
    ]
    assert not findings, "\n".join(findings[:20])


drawn = settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("gamma", cases.GAMMAS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_fluid_grid_agrees_with_paddle(paddle_1: Oracle, dtype: str, gamma: float) -> None:
    check(paddle_1, cases.fluid_grid((gamma,), dtypes=(dtype,), random=64))


@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_fluid_batches_agree_with_paddle(paddle_1: Oracle, dtype: str) -> None:
    check(paddle_1, cases.fluid_batches((dtype,)))


def test_fluid_agrees_with_paddle_programs(paddle_1: Oracle) -> None:
    check(paddle_1, cases.fluid_grid((0.0, 1.5, 2.0), (0.25, 0.1), mode="static"))
    check(paddle_1, cases.fluid_batches(mode="static"))


@drawn
@given(call=fluid_calls())
def test_drawn_fluid_calls_agree_with_paddle(paddle_1: Oracle, call: Call) -> None:
    check(paddle_1, [call])


@pytest.mark.parametrize("gamma", cases.GAMMAS)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_functional_grid_agrees_with_paddle(paddle_3: Oracle, dtype: str, gamma: float) -> None:
    check(paddle_3, cases.functional_grid((gamma,), dtypes=(dtype,), random=64))


@pytest.mark.parametrize("shape", cases.SHAPES, ids=str)
@pytest.mark.parametrize("dtype", cases.DTYPES)
def test_functional_shapes_reductions_and_normalizers_agree_with_paddle(
    paddle_3: Oracle, dtype: str, shape: tuple[int, ...]
) -> None:
    check(paddle_3, cases.functional_reductions((shape,), (dtype,)))


def test_functional_agrees_with_paddle_programs(paddle_3: Oracle) -> None:
    check(paddle_3, cases.functional_grid((0.0, 1.5, 2.0), (0.25, 0.1), mode="static"))
    check(paddle_3, cases.functional_reductions(((), (5,), (4, 3)), mode="static"))


@drawn
@given(call=functional_calls())
def test_drawn_functional_calls_agree_with_paddle(paddle_3: Oracle, call: Call) -> None:
    check(paddle_3, [call])


def refused(paddle: Oracle, bad: BadInput) -> None:
    [theirs] = paddle.evaluate([bad.call])
    [mine] = ours.evaluate([bad.call])
    findings = compare(bad.call, mine, theirs, paddle.version)
    assert not findings, findings


# The calls that kill Paddle's process are kept away from this one: see the ledger's tests.
@pytest.mark.parametrize("bad", bad_input(FLUID), ids=lambda bad: bad.call.name)
def test_fluid_refuses_what_paddle_refuses(paddle_1: Oracle, bad: BadInput) -> None:
    refused(paddle_1, bad)


@pytest.mark.parametrize("bad", bad_input(FUNCTIONAL), ids=lambda bad: bad.call.name)
def test_functional_refuses_what_paddle_refuses(paddle_3: Oracle, bad: BadInput) -> None:
    refused(paddle_3, bad)
