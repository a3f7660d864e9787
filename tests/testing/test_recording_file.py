"""The file: the same bytes for the same content, whole or as before, and damage is told."""

from __future__ import annotations

import ast
import io
import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_compat.testing import DamagedFileError, read, recorder
from paddle_compat.testing.recorder import Case, Leaf, Lod
from testing.made import EXAMPLE, case_of, floats
from testing.strategies import trees

SOURCE = Path(recorder.__file__).read_text(encoding="utf-8")


def equal(one: Any, other: Any) -> bool:
    """Tell whether two trees are the same, to the bits."""
    if isinstance(one, Leaf):
        return (
            isinstance(other, Leaf)
            and (one.dtype, one.lod) == (other.dtype, other.lod)
            and one.data.dtype == other.data.dtype
            and one.data.shape == other.data.shape
            and one.data.tobytes() == other.data.tobytes()
        )
    if isinstance(one, dict):
        return list(one) == list(other) and all(equal(one[key], other[key]) for key in one)
    if isinstance(one, (list, tuple)):
        same = isinstance(other, type(one)) and len(one) == len(other)
        return same and all(map(equal, one, other))
    return type(one) is type(other) and (one == other or (one != one and other != other))


@settings(deadline=None)
@given(tree=trees)
def test_what_is_written_is_read(tree: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("file") / "one.npz"
    frozen = recorder.freeze(tree)
    recorder.write(path, [Case(name="one", args=[frozen], names=["x"], outputs=frozen)])
    [case] = read(path)
    assert equal(case.args, [frozen])
    assert equal(case.outputs, frozen)
    assert recorder.dumps([case]) == path.read_bytes()


def test_levels_of_detail_are_kept(tmp_path: Path) -> None:
    lod = Lod(np.ones((3, 2), "float32"), [[1, 2]])
    recorder.write(tmp_path / "a.npz", [recorder.request("a.py:f", {"x": lod})])
    assert read(tmp_path / "a.npz")[0].kwargs["x"].lod == ((1, 2),)


def test_equal_content_is_equal_bytes_and_stored_once() -> None:
    cases = [case_of(lambda x: x + 1, {"x": floats(3, 2)}, name) for name in "ab"]
    data = recorder.dumps(cases)
    assert data == recorder.dumps([case_of(lambda x: x + 1, {"x": floats(3, 2)}, n) for n in "ab"])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        names = archive.namelist()
        assert {info.date_time for info in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
    assert names == ["header.json", *(f"arrays/{i}.npy" for i in range(4))]


def test_numpy_reads_the_arrays() -> None:
    with np.load(EXAMPLE, allow_pickle=False) as archive:
        header = json.loads(archive["header.json"])
        assert header["format"] == "paddle-recording"
        assert header["version"] == recorder.FORMAT_VERSION
        assert all(archive[name].dtype.kind in "fiub" for name in archive.files[1:])


def test_the_example_is_what_rewriting_it_gives() -> None:
    assert recorder.dumps(read(EXAMPLE)) == EXAMPLE.read_bytes()


def parts() -> dict[str, bytes]:
    """Return the entries of a small recording."""
    data = recorder.dumps([case_of(lambda x: x + 1, {"x": floats(3, 2)})])
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(entries: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    """Return entries as an archive."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        for name, body in entries.items():
            archive.writestr(name, body)
    return stream.getvalue()


def partly_compressed() -> bytes:
    """Return a recording of which one array is compressed, with less gain than heads take."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, body in parts().items():
            archive.writestr(name, body, 8 if name == "arrays/0.npy" else 0)
    return stream.getvalue()


def with_header(**changes: Any) -> bytes:
    entries = parts()
    header = {**json.loads(entries["header.json"]), **changes}
    return packed({**entries, "header.json": json.dumps(header).encode()})


def with_field(field: str, node: Any) -> bytes:
    [case] = json.loads(parts()["header.json"])["cases"]
    return with_header(cases=[{**case, field: node}])


def with_array(change: tuple[bytes, bytes]) -> bytes:
    entries = parts()
    return packed({**entries, "arrays/0.npy": entries["arrays/0.npy"].replace(*change)})


def nested(depth: int) -> bytes:
    text = '{"list": [' * depth + "]}" * depth
    entries = parts()
    header = entries["header.json"].decode()
    return packed(
        {
            **entries,
            "header.json": header.replace(
                '"paddle": {', f'"outputs": {text},"paddle": {{', 1
            ).encode(),
        }
    )


HOSTILE = {
    "nothing": b"",
    "text": b"no recording",
    "a pickle": b"\x80\x04\x95\x0c\x00\x00\x00\x00\x00\x00\x00\x8c\x08builtins\x94.",
    "an empty archive": packed({}),
    "an npz of numpy's": packed({"x.npy": parts()["arrays/0.npy"]}),
    "compressed": packed(parts(), zipfile.ZIP_DEFLATED),
    "partly compressed": partly_compressed(),
    "another format": with_header(format="another"),
    "a later version": with_header(version=recorder.FORMAT_VERSION + 1),
    "no version": with_header(version=None),
    "no cases": with_header(cases=None),
    "a case twice": with_header(cases=json.loads(parts()["header.json"])["cases"] * 2),
    "no list": with_field("args", {"value": 3}),
    "an unknown field": with_field("unknown", {"value": 3}),
    "an unknown node": with_field("outputs", {"object": 3}),
    "an array that is not there": with_field("outputs", {"array": 99, "dtype": "float32"}),
    "another dtype": with_field("outputs", {"array": 0, "dtype": "float64"}),
    "no dtype": with_field("outputs", {"array": 0, "dtype": "object"}),
    "lengths that are none": with_field(
        "outputs", {"array": 0, "dtype": "float32", "lod": [["x"]]}
    ),
    "an error that is none": with_field("error", {"dict": [["type", {"value": "KeyError"}]]}),
    "a value that is none": with_field("outputs", {"value": [1]}),
    "a float that is none": with_field("outputs", {"float": "one"}),
    "objects": with_array((b"'<f4'", b"'|O' ")),
    "a huge shape": with_array((b"(3, 2)", b"(9**9,)")),
    "a large shape": with_array((b"(3, 2)", b"(9, 2)")),
    "a negative shape": with_array((b"(3, 2)", b"(3,-2)")),
    "an array that is no npy": packed({**parts(), "arrays/0.npy": b"\x93NUM"}),
    "a missing array": packed({k: v for k, v in parts().items() if k != "arrays/1.npy"}),
    "a deep tree": nested(100_000),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_recording_is_refused(name: str, tmp_path: Path) -> None:
    path = tmp_path / "bad.npz"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(DamagedFileError, match=r"bad\.npz: not a recording"):
        read(path)


def test_a_later_version_says_which() -> None:
    with pytest.raises(
        recorder.RecordingError, match="it is of version 2 of the format; this reads 1"
    ):
        recorder._load(HOSTILE["a later version"])


@settings(deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_file_that_is_cut_off_is_refused(
    share: float, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("cut") / "bad.npz"
    whole = EXAMPLE.read_bytes()
    path.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(DamagedFileError):
        read(path)


@settings(deadline=None)
@given(data=st.data())
def test_a_flipped_byte_is_refused_or_harmless(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    path = tmp_path_factory.mktemp("flip") / "bad.npz"
    whole = bytearray(packed(parts()))
    position = data.draw(st.integers(0, len(whole) - 1))
    whole[position] ^= data.draw(st.integers(1, 255))
    path.write_bytes(whole)
    try:
        [case] = read(path)
    except DamagedFileError:
        return
    # What the archive does not check are dates, modes and the like.
    assert recorder.dumps([case]) == recorder.dumps(recorder._load(packed(parts())))


def test_a_failed_write_leaves_the_old_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npz"
    recorder.write(path, [])
    before = path.read_bytes()

    def fail(*_: object) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="no space left"):
        recorder.write(path, [Case(name="one")])
    assert path.read_bytes() == before
    assert [p.name for p in tmp_path.iterdir()] == ["a.npz"]


def test_inputs_that_cannot_be_recorded_are_refused() -> None:
    with pytest.raises(TypeError, match=r"input\['x'\] is set; inputs are arrays, numbers"):
        recorder.request("a.py:f", {"x": {1, 2}})
    with pytest.raises(TypeError, match="an array is complex64; recordings hold bool, uint8"):
        recorder.request("a.py:f", {"x": np.ones(2, "complex64")})
    with pytest.raises(TypeError, match="an array is object"):
        recorder.request("a.py:f", [np.array([None])])


def test_the_recorder_is_one_file_for_python_3_6() -> None:
    tree = ast.parse(SOURCE, feature_version=(3, 6))
    imported = {
        name.partition(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, (ast.Import, ast.ImportFrom))
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [a.name for a in node.names]
        )
        if name
    }
    assert imported - set(sys.stdlib_module_names) == {"numpy"}


def test_the_command_prints_the_recorder() -> None:
    command = [sys.executable, "-m", "paddle_compat.testing", "recorder"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == SOURCE
