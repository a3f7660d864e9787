"""The sweep finds what it is there to find: faults planted in the answers do not pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from types import TracebackType

import numpy as np
import pytest

from paddle_compat.conformance import ours, sweep
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Array, Call, Outcome
from paddle_compat.conformance.oracles import Oracle, OracleUnavailable

Fault = Callable[[Call, dict[str, Array]], None]
answer = ours.evaluate


def _with(fault: Fault) -> Callable[[Iterable[Call]], list[Outcome]]:
    """Return our own answers with a fault in them."""

    def evaluate(calls: Iterable[Call]) -> list[Outcome]:
        outcomes = []
        for call in calls:
            [outcome] = answer([call])
            assert outcome.value is not None
            parts = {"value": outcome.value.copy()}
            parts |= {name: array.copy() for name, array in outcome.gradients.items()}
            fault(call, parts)
            value = parts.pop("value")
            outcomes.append(replace(outcome, value=value, gradients=parts))
        return outcomes

    return evaluate


class FaultyPaddle:
    """An oracle that answers as we do, but for a fault."""

    version = "3.3.1"

    def __init__(self, fault: Fault) -> None:
        self.evaluate = _with(fault)

    def __enter__(self) -> FaultyPaddle:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        return None


def _logits(call: Call) -> Array:
    return call.inputs["x" if call.face == FLUID else "logit"]


def _relative(part: str, size: float, where: Callable[[Array], Array]) -> Fault:
    def fault(call: Call, parts: dict[str, Array]) -> None:
        name = part if part in parts else next(iter(parts.keys() - {"value"}))
        parts[name][where(_logits(call))] *= np.float32(1 + size)

    return fault


def _put(part: str, value: float, where: Callable[[Array], Array]) -> Fault:
    def fault(call: Call, parts: dict[str, Array]) -> None:
        name = part if part in parts else next(iter(parts.keys() - {"value"}))
        parts[name][where(_logits(call))] = value

    return fault


BITS = np.arange(0x3F000000, 0x42B20000, 40009, dtype=np.uint32)
ONE = BITS[300:301].view(np.float32)[0]
FAULTS = {
    "a value off by 3e-6": _relative("value", 3e-6, lambda x: x == ONE),
    "a gradient off by 3e-6": _relative("gradient", 3e-6, lambda x: x == -ONE),
    "a nan": _put("gradient", np.nan, lambda x: x == ONE),
    "an infinity": _put("value", np.inf, lambda x: x == ONE),
    "a sign": _relative("gradient", -2.0, lambda x: x == ONE),
}


@pytest.mark.parametrize("face", [FUNCTIONAL, FLUID])
@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_sweep_finds_a_single_wrong_element_of_ours(
    face: str, fault: Fault, monkeypatch: pytest.MonkeyPatch
) -> None:
    clean, faulty = sweep.Sweep(face), sweep.Sweep(face)
    clean.run(BITS)
    monkeypatch.setattr(ours, "evaluate", _with(fault))
    faulty.run(BITS)
    assert clean.findings == []
    assert faulty.findings
    assert all("ours is not the exact value" in finding for finding in faulty.findings)
    assert f"{ONE:.5g}"[:4] in faulty.findings[0]


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS.keys())
def test_sweep_finds_a_single_element_that_is_not_paddles(fault: Fault) -> None:
    checked = sweep.Sweep(FUNCTIONAL, FaultyPaddle(fault))
    checked.run(BITS)
    assert checked.findings
    assert all("ours is not Paddle's" in finding for finding in checked.findings)


def test_sweep_lets_pass_what_the_ledger_excuses_and_counts_it() -> None:
    at_zero = _relative("gradient", 1.0, lambda x: x == 0)
    checked = sweep.Sweep(FUNCTIONAL, FaultyPaddle(at_zero))
    checked.run(np.arange(3, dtype=np.uint32))
    assert checked.findings == []
    # Both zeros, once for each label.
    assert [checked.tallies[label, "logit"].excused for label in (0, 1)] == [2, 2]
    assert [checked.tallies[label, "value"].excused for label in (0, 1)] == [0, 0]


def test_sweep_finds_where_ours_is_further_from_the_exact_value_than_paddle(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # 14 roundings: inside the tolerance, and more than the rule allows.
    monkeypatch.setattr(
        ours, "evaluate", _with(_relative("gradient", 14 * 2.0**-23, lambda x: x == ONE))
    )
    checked = sweep.Sweep(FUNCTIONAL, FaultyPaddle(lambda call, parts: None))
    checked.run(BITS)
    assert checked.findings
    assert all("ours is further from the exact value" in found for found in checked.findings)


@pytest.mark.parametrize("face", [FUNCTIONAL, FLUID])
def test_nan_logits_must_give_nan(face: str, monkeypatch: pytest.MonkeyPatch) -> None:
    bits = np.arange(0x7F800001, 0x7F800100, dtype=np.uint32)
    checked = sweep.Sweep(face)
    checked.run(bits)
    assert checked.findings == []
    assert checked.tallies[0, "value"].elements == 2 * len(bits)
    monkeypatch.setattr(ours, "evaluate", _with(_put("gradient", 0.0, np.isnan)))
    checked.run(bits)
    assert any("nan logits do not give nan" in finding for finding in checked.findings)


def test_more_failures_than_are_judged_are_still_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ours, "evaluate", _with(_relative("value", 1e-3, lambda x: x > 0)))
    checked = sweep.Sweep(FUNCTIONAL)
    checked.run(BITS)
    assert any("not judged" in finding for finding in checked.findings)


def test_an_error_ends_the_sweep(monkeypatch: pytest.MonkeyPatch) -> None:
    refusal = Outcome("error", error="ValueError", message="no")
    monkeypatch.setattr(ours, "evaluate", lambda calls: [refusal])
    with pytest.raises(RuntimeError, match="paddle_compat does not answer: ValueError: no"):
        sweep.Sweep(FLUID).run(BITS)


@pytest.mark.parametrize(("first", "last", "stride"), [(0, 1 << 20, 7), (0x7F7FFF00, 1 << 31, 101)])
def test_chunks_are_the_whole_range_and_keep_nan_apart(first: int, last: int, stride: int) -> None:
    pieces = list(sweep.chunks(first, last, stride))
    np.testing.assert_array_equal(np.concatenate(pieces), np.arange(first, last, stride))
    for piece in pieces:
        nan = np.isnan(piece.view(np.float32))
        assert nan.all() or not nan.any()


def test_all_bit_patterns_are_two_signs_of_the_complete_range() -> None:
    patterns = np.arange(0, 1 << 32, 1_000_003, dtype=np.uint32)
    magnitudes = np.abs(patterns.view(np.float32)).view(np.uint32)
    assert int(magnitudes.max()) < sweep.COMPLETE
    np.testing.assert_array_equal(magnitudes, patterns & 0x7FFFFFFF)


def test_landmarks_hold_zero_infinity_and_nan() -> None:
    values = np.concatenate(list(sweep.landmarks(2))).view(np.float32)
    assert {0.0, np.inf, 1.0} <= set(values.tolist())
    assert np.isnan(values).any()


def test_command_prints_the_table_and_exits_with_0(capsys: pytest.CaptureFixture[str]) -> None:
    assert sweep.main(["--stride", "30000001", "--oracle", "none"]) == 0
    printed = capsys.readouterr().out
    assert "functional" in printed
    assert "ours-exact" in printed
    assert printed.endswith("\n0 findings\n")


def test_command_exits_with_1_after_a_finding(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ours, "evaluate", _with(_put("value", 1.0, lambda x: x == -1.0)))
    arguments = ["--stride", "30000001", "--oracle", "none", "--face", "functional"]
    assert sweep.main(arguments) == 1
    assert "label 0 at np.float32(-1.0)" in capsys.readouterr().out


def test_command_exits_with_2_without_its_oracle(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(version: str, *, in_process: bool) -> Oracle:
        raise OracleUnavailable(f"there is no Paddle {version}")

    monkeypatch.setattr(sweep, "open_oracle", absent)
    assert sweep.main(["--oracle", "1.8.5", "--stride", "1000000007"]) == 2
    assert capsys.readouterr().err == "error: there is no Paddle 1.8.5\n"
