"""Ours against the recorded answers of real Paddle: what runs where there is no Paddle."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_compat.conformance import ours, record
from paddle_compat.conformance.call import FACES, Call, Outcome
from paddle_compat.conformance.compare import compare
from paddle_compat.conformance.oracles import Oracle
from paddle_compat.conformance.vectors_file import VECTORS, Recording, Vectors, load, save


@pytest.fixture(scope="module")
def vectors() -> Vectors:
    return load()


@pytest.fixture(scope="module")
def answers(vectors: Vectors) -> dict[int, Outcome]:
    return dict(enumerate(ours.evaluate(vectors.calls)))


@pytest.mark.parametrize("version", record.VERSIONS)
def test_ours_agrees_with_the_recording(
    vectors: Vectors, answers: dict[int, Outcome], version: str
) -> None:
    recorded = vectors.outcomes[version]
    assert len(recorded) > 100
    findings = [
        str(finding)
        for index, theirs in recorded.items()
        for finding in compare(vectors.calls[index], answers[index], theirs, version)
    ]
    assert not findings, "\n".join(findings[:20])


def test_recording_is_of_the_calls_that_would_be_recorded_now(vectors: Vectors) -> None:
    asked = [call for face in FACES for call in record.calls_of(face)]
    assert [call.name for call in vectors.calls] == [call.name for call in asked]
    for recorded, call in zip(vectors.calls, asked, strict=True):
        header, arrays = call.to_wire()
        kept_header, kept = recorded.to_wire()
        assert kept_header == header
        assert {n: a.tobytes() for n, a in kept.items()} == {
            n: a.tobytes() for n, a in arrays.items()
        }


def test_recording_tells_which_wheels_it_is_of(vectors: Vectors) -> None:
    assert tuple(vectors.builds) == record.VERSIONS
    for version, build in vectors.builds.items():
        assert build.wheel.startswith(f"paddlepaddle-{version}-")
        assert len(bytes.fromhex(build.sha256)) == 32


def test_recording_is_small() -> None:
    size = sum(path.stat().st_size for path in (VECTORS, VECTORS.with_suffix(".npz")))
    assert size < 600 * 1024


def test_saving_what_was_loaded_gives_the_same_content(vectors: Vectors, tmp_path: Path) -> None:
    save(vectors, tmp_path / "again.json")
    assert (tmp_path / "again.json").read_bytes() == VECTORS.read_bytes()
    again = load(tmp_path / "again.json")
    for version in record.VERSIONS:
        for (_, one), (_, other) in zip(vectors.of(version), again.of(version), strict=True):
            assert _bits(one) == _bits(other)


def _bits(outcome: Outcome) -> tuple[object, ...]:
    header, arrays = outcome.to_wire()
    return str(header), {n: (a.dtype.str, a.shape, a.tobytes()) for n, a in arrays.items()}


def test_recording_one_version_keeps_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, vectors: Vectors
) -> None:
    save(vectors, tmp_path / "focal.json")
    fresh = Vectors({"3.3.1": Recording("new.whl", "00")}, vectors.calls)
    fresh.outcomes["3.3.1"] = vectors.outcomes["3.3.1"]
    monkeypatch.setattr(record, "record", lambda versions: fresh)
    assert record.main(["--versions", "3.3.1", "--out", str(tmp_path / "focal.json")]) == 0
    merged = load(tmp_path / "focal.json")
    assert set(merged.builds) == set(record.VERSIONS)
    assert merged.builds["3.3.1"].wheel == "new.whl"
    assert len(merged.outcomes["1.8.5"]) == len(vectors.outcomes["1.8.5"])


def test_recording_one_version_of_other_calls_is_refused(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    vectors: Vectors,
    capsys: pytest.CaptureFixture[str],
) -> None:
    save(vectors, tmp_path / "focal.json")
    fresh = Vectors({"3.3.1": Recording("new.whl", "00")}, vectors.calls[:-1], {"3.3.1": {}})
    monkeypatch.setattr(record, "record", lambda versions: fresh)
    assert record.main(["--versions", "3.3.1", "--out", str(tmp_path / "focal.json")]) == 2
    assert "record every version" in capsys.readouterr().err


@pytest.mark.live
def test_paddle_1_still_answers_as_recorded(paddle_1: Oracle, vectors: Vectors) -> None:
    _still(paddle_1, vectors)


@pytest.mark.live
def test_paddle_3_still_answers_as_recorded(paddle_3: Oracle, vectors: Vectors) -> None:
    _still(paddle_3, vectors)


def _still(paddle: Oracle, vectors: Vectors) -> None:
    """Hold a live Paddle to the recording: the same outcome, and numbers as near as ours are."""
    pairs = vectors.of(paddle.version)
    calls: list[Call] = [call for call, _ in pairs]
    for (call, recorded), live in zip(pairs, paddle.evaluate(calls), strict=True):
        assert (live.kind, live.error) == (recorded.kind, recorded.error), call.name
        assert _close(recorded, live), call.name


def _close(recorded: Outcome, live: Outcome) -> bool:
    """Tell whether two results are the same but for another processor's rounding."""
    one, other = recorded.to_wire()[1], live.to_wire()[1]
    return one.keys() == other.keys() and all(
        one[name].shape == other[name].shape
        and np.allclose(one[name], other[name], rtol=1e-5, atol=1e-6, equal_nan=True)
        for name in one
    )
