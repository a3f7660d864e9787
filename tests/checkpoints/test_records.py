"""Records of tensors: what is written is read, and nothing that is damaged is."""

from __future__ import annotations

import contextlib
import struct
import tracemalloc

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from checkpoints.hostile import HOSTILE
from paddle_compat.checkpoints import DamagedFileError, read_record, read_records, record_bytes

KINDS = (
    *("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64"),
    *("uint16", "complex64", "complex128"),
)
ANY = st.sampled_from(KINDS).flatmap(
    lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=4, min_side=0))
)


@given(ANY, st.lists(st.lists(st.integers(0, 2**40), max_size=4), max_size=3))
def test_what_is_written_is_read(array: np.ndarray, lod: list[list[int]]) -> None:
    found = read_record(record_bytes(array, lod), "it")
    assert found.lod == lod
    assert (found.array.dtype, found.array.shape) == (array.dtype, array.shape)
    assert found.array.tobytes() == np.ascontiguousarray(array).tobytes()


def test_a_record_is_as_paddle_writes_it() -> None:
    array = np.array([[1.0, 2.0]], "float32")
    assert record_bytes(array, [[0, 1]]) == (
        struct.pack("<IQQ2Q", 0, 1, 16, 0, 1)
        + struct.pack("<Ii", 0, 6)
        + b"\x08\x05\x10\x01\x10\x02"
        + array.tobytes()
    )


@pytest.mark.parametrize(
    ("kind", "number"),
    [
        *(("bool", 0), ("int16", 1), ("int32", 2), ("int64", 3), ("float16", 4), ("float32", 5)),
        *(("float64", 6), ("uint8", 20), ("int8", 21)),
        *(("uint16", 22), ("complex64", 23), ("complex128", 24)),
    ],
)
def test_a_dtype_has_paddles_number(kind: str, number: int) -> None:
    assert record_bytes(np.zeros([], kind))[16:22] == struct.pack("<i", 2) + bytes([8, number])


def test_a_transposed_array_is_written_in_order() -> None:
    array = np.arange(6.0).reshape(2, 3).T
    assert (read_record(record_bytes(array), "it").array == array).all()


def test_packed_sizes_are_read_too() -> None:
    record = struct.pack("<IQIi", 0, 0, 0, 6) + b"\x08\x05\x12\x02\x01\x02" + bytes(8)
    assert read_record(record, "it").array.shape == (1, 2)


@pytest.mark.parametrize("lod", [[], [[0, 2]]])
def test_a_record_that_is_cut_off_is_refused_at_every_byte(lod: list[list[int]]) -> None:
    data = record_bytes(np.arange(6, dtype="float32").reshape(2, 3), lod)
    for end in range(len(data)):
        with pytest.raises(DamagedFileError, match="at byte"):
            read_record(data[:end], "it")


@given(st.binary(max_size=80))
def test_foreign_bytes_are_refused_or_are_a_record(data: bytes) -> None:
    try:
        found = read_record(data, "it")
    except DamagedFileError:
        return
    assert len(record_bytes(found.array, found.lod)) <= len(data)


@given(st.integers(0, 33), st.integers(0, 255))
def test_one_wrong_byte_never_does_worse_than_an_error(place: int, value: int) -> None:
    data = bytearray(record_bytes(np.arange(4, dtype="int16"), [[0, 4]]))
    data[place % len(data)] = value
    with contextlib.suppress(DamagedFileError):
        assert read_record(bytes(data), "it").array.nbytes <= len(data)


VALID = (
    record_bytes(np.arange(6, dtype="float32").reshape(2, 3), [[0, 1, 2], [0, 4, 6]]),
    record_bytes(np.zeros((0, 300), "int64")) + record_bytes(np.ones(70, "uint8"), [[0, 70]]),
)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(VALID), st.data())
def test_a_changed_file_is_refused_or_holds_no_more_than_it(
    data: bytes, draw: st.DataObject
) -> None:
    for _ in range(draw.draw(st.integers(1, 4))):
        place = draw.draw(st.integers(0, len(data)))
        end = draw.draw(st.integers(place, len(data)))
        data = data[:place] + draw.draw(st.binary(max_size=8)) + data[end:]
    tracemalloc.start()
    try:
        found = read_records(data, ["a", "b"], "it")
        assert sum(record.array.nbytes for record in found.values()) <= len(data)
    except DamagedFileError:
        pass
    finally:
        taken = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert taken < 100_000 + 20 * len(data)


def sized(*shape: int) -> bytes:
    """Return a record of no elements that claims a shape."""
    sizes = b"".join(b"\x10" + varint(size) for size in shape)
    return struct.pack("<IQIi", 0, 0, 0, 2 + len(sizes)) + b"\x08\x05" + sizes


def varint(number: int) -> bytes:
    return bytes([number & 0x7F | 0x80]) + varint(number >> 7) if number > 0x7F else bytes([number])


@pytest.mark.parametrize(
    "shape", [(0, 2**62), (2**62, 2**62, 0), (0,) * 65, (2**62,), (2**32, 2**32), (2**63 - 1, 0)]
)
def test_shapes_that_no_array_has_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(DamagedFileError, match="it is damaged"):
        read_record(sized(*shape), "it")


@pytest.mark.parametrize("name", HOSTILE)
def test_files_of_other_kinds_are_refused(name: str) -> None:
    if name != "records":
        with pytest.raises(DamagedFileError, match="it is damaged or no file of tensors"):
            read_record(HOSTILE[name], "it")


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"\x80\x02}q\x00.", "version"),
        (struct.pack("<IQ", 1, 0), "version 0, and here stands 1"),
        (struct.pack("<IQ", 0, 2**60), "levels of detail"),
        (struct.pack("<IQQ", 0, 1, 2**60), "needs 1152921504606846976 bytes, and 0 are left"),
        (struct.pack("<IQQ", 0, 1, 7) + bytes(7), "no offsets"),
        (struct.pack("<IQIi", 0, 0, 7, 0), "version 0, and here stands 7"),
        (struct.pack("<IQIi", 0, 0, 0, -1), "a description of -1 bytes"),
        (struct.pack("<IQIi", 0, 0, 0, 2) + b"\x08\x63", "number 99"),
        (struct.pack("<IQIi", 0, 0, 0, 2) + b"\x0d\x05", "field of kind 5"),
        (struct.pack("<IQIi", 0, 0, 0, 3) + b"\x08\x05\x90", "cut off"),
        (
            struct.pack("<IQIi", 0, 0, 0, 13) + b"\x08\x05\x10" + b"\xff" * 9 + b"\x01",
            r"shape \[-1\]",
        ),
        (
            struct.pack("<IQIi", 0, 0, 0, 14) + (b"\x08\x05" + b"\x10\xff\xff\xff\xff\x0f" * 2),
            "are left",
        ),
        (record_bytes(np.zeros(2)) + b"more", "4 bytes follow"),
    ],
)
def test_damage_is_told(data: bytes, told: str) -> None:
    with pytest.raises(DamagedFileError, match=told):
        read_record(data, "it")


def test_a_file_of_several_holds_as_many_as_are_wanted() -> None:
    data = record_bytes(np.zeros(2)) + record_bytes(np.ones(3, "int32"))
    found = read_records(data, ["a", "b"], "it")
    assert found["a"].array.tolist() == [0, 0]
    assert found["b"].array.tolist() == [1, 1, 1]
    with pytest.raises(DamagedFileError, match="holds 2 tensors, and 3 are wanted: 'c'"):
        read_records(data, ["a", "b", "c"], "it")
    with pytest.raises(DamagedFileError, match="follow the last tensor"):
        read_records(data, ["a"], "it")


def test_a_dtype_that_paddle_lacks_is_refused() -> None:
    with pytest.raises(TypeError, match="uint32 cannot be saved; Paddle has bool, int16"):
        record_bytes(np.zeros(1, "uint32"))
