"""Pickled parameters: arrays come through, and nothing that runs does."""

from __future__ import annotations

import collections
import contextlib
import pickle
import pickletools
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


def test_an_array_of_objects_cannot_be_written() -> None:
    with pytest.raises(TypeError, match="'w' cannot be saved: its dtype is object"):
        dump_arrays({"w": np.array([object()])})
