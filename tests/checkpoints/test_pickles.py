"""Pickled parameters: arrays come through, and nothing that runs does."""

from __future__ import annotations

import collections
import contextlib
import os
import pickle
import pickletools
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from paddle_compat.checkpoints import DamagedFileError, dump_arrays, load_arrays

KINDS = ("bool", "int8", "uint8", "int16", "int32", "int64", "float16", "float32", "float64")
ARRAYS = st.dictionaries(
    st.text(max_size=5),
    st.sampled_from(KINDS).flatmap(
        lambda kind: arrays.arrays(kind, arrays.array_shapes(min_dims=0, max_dims=3, min_side=0))
    ),
    max_size=3,
)


def same(found: dict[str, Any], wanted: dict[str, np.ndarray]) -> None:
    assert list(found) == list(wanted)
    for name, array in wanted.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape)
        assert found[name].tobytes() == np.ascontiguousarray(array).tobytes()
        assert found[name].flags.writeable


@given(ARRAYS)
def test_what_is_written_is_read_here_and_by_pickle(wanted: dict[str, np.ndarray]) -> None:
    data = dump_arrays(wanted)
    same(load_arrays(data, "it"), wanted)
    same({name: array.copy() for name, array in pickle.loads(data).items()}, wanted)


def test_the_file_is_of_protocol_2_and_names_numpy_as_it_was() -> None:
    names = {
        argument
        for opcode, argument, _ in pickletools.genops(dump_arrays({"w": np.ones(2)}))
        if opcode.name == "GLOBAL"
    }
    assert names == {
        "numpy.core.multiarray _reconstruct",
        "numpy ndarray",
        "numpy dtype",
        "_codecs encode",
    }
    assert dump_arrays({}).startswith(b"\x80\x02")


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@given(wanted=ARRAYS)
def test_every_protocol_of_pickle_is_read(protocol: int, wanted: dict[str, np.ndarray]) -> None:
    same(load_arrays(pickle.dumps(wanted, protocol=protocol), "it"), wanted)


def test_plain_values_and_containers_come_through() -> None:
    held = {
        "names": collections.OrderedDict(a="b"),
        "list": [1, 2.5, True, None, "x", (1, 2)],
        "number": np.float32(2),
        "tensor": ("linear_0.w_0", np.ones(2)),
        "columns": np.asfortranarray(np.arange(6).reshape(2, 3)),
        "big": np.arange(3, dtype=">i4"),
    }
    found = load_arrays(pickle.dumps(held, protocol=2), "it")
    assert found["names"] == {"a": "b"}
    assert found["list"] == held["list"]
    assert found["number"] == np.float32(2)
    assert found["tensor"].tolist() == [1, 1]
    assert found["columns"].tolist() == [[0, 1, 2], [3, 4, 5]]
    assert found["big"].tolist() == [0, 1, 2]
    assert found["big"].dtype == np.dtype("int32")


def test_what_stands_in_a_file_twice_is_one() -> None:
    array = np.ones(3)
    found = load_arrays(pickle.dumps({"a": array, "b": array}), "it")
    assert found["a"] is found["b"]


def test_arrays_that_paddle_2_cut_into_parts_are_whole() -> None:
    held = {
        "w@@.0": np.arange(4.0),
        "w@@.1": np.arange(4.0, 6.0),
        "UnpackBigParamInfor@@": {"w": {"OriginShape": (2, 3), "slices": ["w@@.0", "w@@.1"]}},
    }
    found = load_arrays(pickle.dumps(held, protocol=2), "it")
    assert list(found) == ["w"]
    assert found["w"].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_a_file_that_is_cut_off_is_refused_at_every_byte() -> None:
    for data in (dump_arrays({"w": np.arange(5.0)}), pickle.dumps({"w": np.arange(5.0)})):
        for end in range(len(data)):
            with pytest.raises(DamagedFileError, match="it"):
                load_arrays(data[:end], "it")


@given(st.binary(max_size=60))
def test_foreign_bytes_are_refused(data: bytes) -> None:
    with contextlib.suppress(DamagedFileError):
        assert isinstance(load_arrays(data, "it"), dict)


@given(st.integers(0, 10**6), st.integers(0, 255))
def test_one_wrong_byte_runs_nothing(place: int, value: int) -> None:
    data = bytearray(dump_arrays({"w": np.arange(5, dtype="float32")}))
    data[place % len(data)] = value
    with contextlib.suppress(DamagedFileError):
        load_arrays(bytes(data), "it")


class Reduces:
    def __init__(self, function: Any, *arguments: Any) -> None:
        self.told = (function, arguments)

    def __reduce__(self) -> Any:
        return self.told


def built(made: bytes, state: bytes) -> bytes:
    """Return a pickle that gives a state to something."""
    return b"\x80\x02}X\x01\x00\x00\x00a" + made + state + b"bs."


HEAD = b"\x80\x02}X\x01\x00\x00\x00a"
LAUGHS: Any = []
for _ in range(60):
    LAUGHS = [LAUGHS, LAUGHS]
DEEP = b"\x80\x02}X\x01\x00\x00\x00a" + b"]" * 50_000 + b"a" * 49_999 + b"s."
ENDLESS: dict[str, Any] = {}
ENDLESS["a"] = ENDLESS
SHARED = np.zeros(1000)
WRITE = b"cbuiltins\nopen\n(X\x06\x00\x00\x00hackedX\x01\x00\x00\x00wtR"

HOSTILE = {
    "reduce": pickle.dumps({"a": Reduces(os.system, "touch hacked")}),
    "reduce of eval": pickle.dumps({"a": Reduces(eval, "open('hacked', 'w')")}),
    "protocol 0": b"(dS'a'\ncos\nsystem\n(S'touch hacked'\ntRs.",
    "inst": b"(dS'a'\n(S'touch hacked'\nios\nsystem\ns.",
    "obj": b"(dS'a'\n(cos\nsystem\nS'touch hacked'\nos.",
    "stack global": b"\x80\x04}\x8c\x01a\x8c\x02os\x8c\x06system\x93\x8c\x0ctouch hacked\x85Rs.",
    "dotted name": b"\x80\x04}\x8c\x01a\x8c\x05numpy\x8c\x0dndarray.tofile\x93s.",
    "open": b"\x80\x02}X\x01\x00\x00\x00a" + WRITE + b"s.",
    "numpy's own loader": b"\x80\x02}X\x01\x00\x00\x00acnumpy\nload\n(X\x06\x00\x00\x00hackedtRs.",
    "runstring": b"\x80\x02}X\x01\x00\x00\x00acnumpy.testing._private.utils\nrunstring\n)Rs.",
    "a module": b"\x80\x02}X\x01\x00\x00\x00acos\npath\ns.",
    "getattr": b"\x80\x02}X\x01\x00\x00\x00acbuiltins\ngetattr\ns.",
    "persistent id": b"(dS'a'\nPhacked\ns.",
    "extension": b"\x80\x02}X\x01\x00\x00\x00a\x82\x01s.",
    "state of a function": built(
        b"c_codecs\nencode\n", b"N}X\x0c\x00\x00\x00__defaults__K\x01s\x86"
    ),
    "state of a class": built(b"cnumpy\ndtype\n", b"N}X\x09\x00\x00\x00set_stateK\x01s\x86"),
    "state of a dict": built(b"}", b"}X\x01\x00\x00\x00bK\x01s"),
    "newobj": b"\x80\x02}X\x01\x00\x00\x00acnumpy\ndtype\n)\x81s.",
    "newobj of an array": HEAD + b"cnumpy\nndarray\n(\x8a\x05\x00\x00\x00\x00\x10tt\x81s.",
    "array type called": HEAD + b"cnumpy\nndarray\n\x8a\x06\x00\x00\x00\x00\x00\x10\x85Rs.",
    "array of objects": pickle.dumps({"a": np.array([Reduces(os.system, "touch hacked")])}),
    "records": pickle.dumps({"a": np.zeros(2, [("x", "f4")])}),
    "strings": pickle.dumps({"a": np.array(["x", "y"])}),
    "huge bytes": b"\x80\x04}\x8c\x01a\x8e" + struct.pack("<Q", 2**40) + b"s.",
    "huge byte array": b"\x80\x05}\x8c\x01a\x96" + struct.pack("<Q", 2**40) + b"s.",
    "huge text": b"\x80\x04}\x8c\x01a\x8d" + struct.pack("<Q", 2**40) + b"s.",
    "huge shape": dump_arrays({"a": np.zeros(2, "u1")}).replace(
        b"(K\x01K\x02", b"(K\x01J\xff\xff\xff\x7f"
    ),
    "no array in an array": HEAD + b"cnumpy.core.multiarray\n_reconstruct\n(tRs.",
    "many arrays of the same bytes": pickle.dumps(
        {"a": [Reduces(np.frombuffer, SHARED.tobytes(), "f8") for _ in range(9)]}
    ),
    "laughs": pickle.dumps({"a": LAUGHS, "b": Reduces(os.system, "touch hacked")}),
    "deep": DEEP,
    "itself": pickle.dumps(ENDLESS),
    "no dict": pickle.dumps([1, 2]),
    "a function": b"\x80\x02c_codecs\nencode\n.",
    "a function inside": b"\x80\x02}X\x01\x00\x00\x00ac_codecs\nencode\ns.",
    "zip": b"PK\x03\x04" + bytes(40),
    "tar": bytes(512),
    "parts that are larger": pickle.dumps(
        {
            "p": SHARED,
            "UnpackBigParamInfor@@": {"w": {"OriginShape": (9000,), "slices": ["p"] * 9}},
        }
    ),
    "parts of nothing": pickle.dumps({"UnpackBigParamInfor@@": {"w": 3}}),
    "empty": b"",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_runs_nothing(
    name: str, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DamagedFileError, match="the file"):
        load_arrays(HOSTILE[name], "the file")
    assert not list(tmp_path.iterdir())
    # Nothing is left behind in the reader either.
    same(load_arrays(dump_arrays({"w": np.ones(2)}), "it"), {"w": np.ones(2)})


def test_a_list_of_lists_of_lists_is_no_bomb() -> None:
    found = load_arrays(pickle.dumps({"a": LAUGHS}), "it")
    assert found["a"][0] is found["a"][1]


def test_the_refusal_says_what_was_asked_for() -> None:
    with pytest.raises(DamagedFileError, match=r"it asks for \w+\.system, which .* may run code"):
        load_arrays(HOSTILE["reduce"], "'x.pdparams'")


def test_an_array_of_objects_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="'w' cannot be saved: its dtype is object"):
        dump_arrays({"w": np.array([object()])})
