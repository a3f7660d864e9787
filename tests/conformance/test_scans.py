"""The scans behind the plots: what they cover, what is recorded of them, the curves they give."""

from __future__ import annotations

import math
import time

import numpy as np
import pytest

from paddle_compat.conformance import cases, exact, ours, scans
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Array, Call, Outcome
from paddle_compat.conformance.compare import compare, compare_with_truth
from paddle_compat.conformance.oracles import Oracle
from paddle_compat.conformance.record import VERSIONS
from paddle_compat.conformance.vectors_file import Vectors, load
from paddle_compat.conformance.verify.model import Curve, joined


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return load(scans.VECTORS)


@pytest.fixture(scope="module")
def answers(vectors: Vectors) -> dict[int, Outcome]:
    return dict(enumerate(ours.evaluate(vectors.calls)))


@pytest.fixture(scope="module")
def curves(vectors: Vectors, answers: dict[int, Outcome]) -> tuple[Curve, ...]:
    return joined(
        curve
        for version, outcomes in vectors.outcomes.items()
        for index, paddle in outcomes.items()
        for curve in scans.curves(vectors.calls[index], answers[index], paddle, version)
    )


def _one(curves: tuple[Curve, ...], version: str, **wanted: object) -> Curve:
    [curve] = [
        curve
        for curve in curves
        if curve.version == version and wanted.items() <= vars(curve).items()
    ]
    return curve


def test_points_rise_and_show_both_zeros_and_the_walls() -> None:
    points = scans.points()
    assert (np.diff(points) >= 0).all()
    assert points[0] == -40
    assert points[-1] == 40
    zeros = points[points == 0]
    assert np.signbit(zeros).tolist() == [True, False]
    assert (points.astype(np.float32) == points).all()
    for wall in (24 * math.log(2), 53 * math.log(2)):
        assert any(wall - 0.02 < point < wall for point in points)
        assert any(wall < point < wall + 0.02 for point in points)


@pytest.mark.parametrize("face", [FLUID, FUNCTIONAL])
def test_every_gamma_is_scanned_in_both_dtypes_with_both_labels(face: str) -> None:
    calls = [call for call in scans.scan_calls(face) if call.wrt]
    logit = "x" if face == FLUID else "logit"
    seen = {(call.inputs[logit].dtype.name, call.attrs["gamma"]) for call in calls}
    assert seen == {(dtype, gamma) for dtype in cases.DTYPES for gamma in cases.GAMMAS}
    for call in calls:
        assert set(call.inputs["label"].flat) == {0, 1}
        assert call.inputs[logit].size == 2 * len(scans.points())


def test_recording_is_of_the_scans_of_every_version_and_small(vectors: Vectors) -> None:
    asked = [call for face in (FLUID, FUNCTIONAL) for call in scans.scan_calls(face)]
    for recorded, call in zip(vectors.calls, asked, strict=True):
        assert recorded.to_wire()[0] == call.to_wire()[0]
        for name, array in call.inputs.items():
            assert recorded.inputs[name].tobytes() == array.tobytes()
    assert tuple(vectors.builds) == VERSIONS
    files = (scans.VECTORS, scans.VECTORS.with_suffix(".npz"))
    assert sum(path.stat().st_size for path in files) < 300 * 1024


@pytest.mark.parametrize("version", VERSIONS)
def test_ours_agrees_with_the_recorded_scans(
    vectors: Vectors, answers: dict[int, Outcome], version: str
) -> None:
    for index, paddle in vectors.outcomes[version].items():
        call = vectors.calls[index]
        assert not compare(call, answers[index], paddle, version, scans.truth(call)), call.name


@pytest.mark.live
@pytest.mark.parametrize("fixture", ["paddle_1", "paddle_3"])
def test_a_live_paddle_answers_the_scans_as_recorded(
    vectors: Vectors, request: pytest.FixtureRequest, fixture: str
) -> None:
    paddle: Oracle = request.getfixturevalue(fixture)
    pairs = vectors.of(paddle.version)
    live = paddle.evaluate([call for call, _ in pairs])
    for (call, recorded), given in zip(pairs, live, strict=True):
        assert recorded.value is not None
        assert given.value is not None
        for kept, now in ((recorded.value, given.value), *_gradients(recorded, given)):
            # Another processor rounds otherwise.
            assert np.allclose(kept, now, rtol=1e-4, atol=1e-6, equal_nan=True), call.name


def _gradients(one: Outcome, other: Outcome) -> list[tuple[Array, Array]]:
    assert one.gradients.keys() == other.gradients.keys()
    return [(one.gradients[name], other.gradients[name]) for name in one.gradients]


def test_exact_values_of_all_scans_take_seconds() -> None:
    calls = [call for face in (FLUID, FUNCTIONAL) for call in scans.scan_calls(face)]
    start = time.process_time()
    for call in calls:
        scans.truth(call)
    assert time.process_time() - start < 6


def test_exact_mean_is_the_one_of_all_its_elements() -> None:
    call = scans.scan_calls(FUNCTIONAL)[-len(scans.LENGTHS)]
    assert call.inputs["logit"].size == scans.LENGTHS[0]
    assert scans.truth(call).value.high == exact.evaluate(call).value.high


def test_a_call_that_is_no_scan_has_no_curve() -> None:
    one = np.ones((1, 1), np.float32)
    call = Call("hyper", FUNCTIONAL, {"logit": one, "label": one})
    assert scans.curves(call, Outcome("ok", one), Outcome("ok", one), "3.3.1") == []
    with pytest.raises(ValueError, match="'hyper' is no scan"):
        scans.truth(call)
    assert scans.scan_calls("nn.functional.relu") == []


def test_recorded_scans_are_known_as_such(vectors: Vectors) -> None:
    assert all(scans.is_scan(call) for call in vectors.calls)


def test_no_result_gives_no_curve(vectors: Vectors) -> None:
    call, paddle = vectors.of("3.3.1")[0]
    crash = Outcome("crash", error="SIGSEGV")
    assert scans.curves(call, crash, paddle, "3.3.1") == []
    assert scans.curves(call, paddle, crash, "3.3.1") == []


@pytest.mark.parametrize(("version", "wrong"), [("2.6.2", False), ("3.0.0", True), ("3.3.1", True)])
def test_curves_show_the_gradient_at_zero_of_paddle_3(
    curves: tuple[Curve, ...], version: str, wrong: bool
) -> None:
    curve = _one(curves, version, part="gradient", gamma=2.0, label=0.0, dtype="float32")
    at_zero = [index for index, x in enumerate(curve.x) if x == 0]
    assert len(at_zero) == 2
    for index in at_zero:
        paddle, mine = curve.paddle[index], curve.ours[index]
        assert paddle is not None
        assert mine is not None
        assert mine < 1e-7
        assert (abs(paddle - 0.1875) < 1e-3) == wrong, "the ledger's 0.2237 - 0.0362"


@pytest.mark.parametrize(
    ("dtype", "label", "bits"),
    [("float32", 1.0, 24), ("float32", 0.0, 25), ("float64", 1.0, 53), ("float64", 0.0, 54)],
)
def test_curves_show_the_wall_of_small_gammas_where_it_is(
    curves: tuple[Curve, ...], dtype: str, label: float, bits: int
) -> None:
    wall = bits * math.log(2)
    for version in VERSIONS[1:]:
        curve = _one(curves, version, part="gradient", gamma=0.5, label=label, dtype=dtype)
        assert None not in curve.ours
        for x, paddle in zip(curve.x, curve.paddle, strict=True):
            easy = x if label else -x
            assert (paddle is None) == (easy > wall), x


def test_curves_show_the_drift_of_the_mean(curves: tuple[Curve, ...]) -> None:
    curve = _one(curves, "3.3.1", axis="elements")
    assert curve.x == scans.LENGTHS
    mine, paddle = (np.array(errors, float) for errors in (curve.ours, curve.paddle))
    assert (mine < 1e-8).all()
    assert paddle[-1] > 1e-5
    assert paddle[0] < 1e-8


def test_a_fault_of_ours_moves_our_curve_alone(vectors: Vectors) -> None:
    call, paddle = vectors.of("1.8.5")[0]
    [right] = ours.evaluate([call])
    assert right.value is not None
    moved = right.value + np.float32(0.125)
    wrong = Outcome("ok", moved, right.gradients)
    [sound] = [c for c in scans.curves(call, right, paddle, "1.8.5") if _value_of_0(c)]
    [faulty] = [c for c in scans.curves(call, wrong, paddle, "1.8.5") if _value_of_0(c)]
    assert faulty.paddle == sound.paddle
    assert all(error is not None and error > 0.12 for error in faulty.ours)
    assert compare_with_truth(call, "value", moved, scans.truth(call).value)


def _value_of_0(curve: Curve) -> bool:
    return curve.part == "value" and curve.label == 0


def test_pieces_join_in_rising_order() -> None:
    piece = Curve(
        "f", "3.3.1", "float32", 2.0, 0.0, "value", "elements", (30.0,), (1.0,), (0.0,), (None,)
    )
    first = Curve(
        "f", "3.3.1", "float32", 2.0, 0.0, "value", "elements", (10.0,), (1.0,), (0.5,), (0.0,)
    )
    other = Curve(
        "f", "3.0.0", "float32", 2.0, 0.0, "value", "elements", (10.0,), (1.0,), (0.5,), (0.0,)
    )
    whole, alone = joined([piece, other, first])[0], joined([piece, other, first])[1]
    assert (whole.x, whole.ours, whole.paddle) == ((10.0, 30.0), (0.5, 0.0), (0.0, None))
    assert alone == other
