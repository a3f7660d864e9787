"""Hostile pickles run nothing, never hang, and take no more memory than their size accounts for."""

from __future__ import annotations

import codecs
import collections
import contextlib
import io
import pickle
import pickletools
import sys
import time
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import paddle_compat
from checkpoints.hostile import HOSTILE, LAUGHS
from paddle_compat.checkpoints import (
    DamagedFileError,
    dump_arrays,
    is_array,
    is_plain,
    load_arrays,
    load_value,
)

# What Python notes of a process that does more than to compute.
DEEDS = (
    *("open", "exec", "compile", "import", "pickle.find_class", "subprocess.", "socket."),
    *(
        "os.",
        "shutil.",
        "ctypes.",
        "marshal.",
        "code.__new__",
        "builtins.input",
        "function.__new__",
    ),
)
seen: list[str] | None = None


# Python imports a codec when it is first used.
for codec in ("ascii", "latin1", "raw_unicode_escape", "unicode_escape", "utf-8"):
    codecs.lookup(codec)


def note(event: str, arguments: Any) -> None:
    if seen is not None and event.startswith(DEEDS):
        seen.append(f"{event}{arguments}"[:200])


# There is no way to take it out again; it looks only while `seen` is a list.
sys.addaudithook(note)


@contextlib.contextmanager
def harmless(size: int) -> Iterator[None]:
    """Let nothing run, and take neither long nor much memory."""
    global seen
    traced = tracemalloc.is_tracing()
    if not traced:
        tracemalloc.start()
    tracemalloc.reset_peak()
    before, start = tracemalloc.get_traced_memory()[0], time.process_time()
    seen = []
    try:
        yield
    finally:
        deeds, seen = seen, None
        taken = tracemalloc.get_traced_memory()[1] - before
        spent = time.process_time() - start
        if not traced:
            tracemalloc.stop()
    assert deeds == []
    # A byte of a pickle may be an empty set, which takes 216; and each is made anew.
    assert taken < 200_000 + 800 * size
    assert spent < 3


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_and_runs_nothing(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    data = HOSTILE[name]
    with harmless(len(data)), pytest.raises(DamagedFileError, match="the file") as told:
        load_arrays(data, "the file")
    assert len(str(told.value)) < 500
    assert not list(tmp_path.iterdir())
    # Nothing is left behind in the reader either.
    assert load_arrays(dump_arrays({"w": np.ones(2)}), "it")["w"].tolist() == [1, 1]


def test_the_watch_sees_what_pickle_would_do() -> None:
    with pytest.raises(AssertionError), harmless(100):
        pickle.loads(pickle.dumps(collections.Counter()))
    with pytest.raises(AssertionError), harmless(100):
        list(range(100_000))
    with pytest.raises(AssertionError), harmless(100):
        compile("1", "", "eval")


@pytest.mark.parametrize("name", [name for name in HOSTILE if name not in ("records", "no dict")])
def test_load_refuses_hostile_files_too(name: str, tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(HOSTILE[name])
    with pytest.raises(DamagedFileError, match="file"):
        paddle_compat.load(str(path))


def test_a_list_of_lists_of_lists_is_no_bomb() -> None:
    found = load_arrays(pickle.dumps({"a": LAUGHS}), "it")
    assert found["a"][0] is found["a"][1]


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("reduce", r"it asks for \w+\.system, which .* may run code"),
        ("eval of another name", "it asks for eval, which may run code"),
        ("newobj", "it makes an instance of a class"),
        ("newobj with names", "it makes an instance of a class"),
        ("state of a dict", "it changes a dict"),
        ("state of a function", "it changes a _Name"),
        ("persistent id", "it refers to something outside of itself"),
        ("extension", "it refers to pickle's registry of extensions"),
        ("what is called is a value", "it calls what makes no value of parameters"),
        ("array type called", "it calls what makes no value of parameters"),
        ("a function inside", "a part of an array stands where a value should"),
        ("huge byte array", "it claims 1099511627776 bytes, and has"),
        ("huge shape", r"an array of uint8\[2147483647\] comes with 2 bytes"),
        ("shape of many huge sizes", "an array's shape is none"),
        ("strings", "an array's dtype is 'U1', which no parameter has"),
        ("itself", "its containers are more than 64 deep"),
        ("key that takes forever", "a key is no text and no number below .*, but tuple"),
        ("keys of one hash", r"a key is no text and no number below 2\*\*60, but int"),
        ("an array again and again", "what it makes is larger than it is"),
        ("parts that are larger", "the parts of its arrays are larger than it is"),
        ("torch's of old", "bytes follow its end"),
        ("no dict", "it holds a list, and not a dict by name"),
    ],
)
def test_a_refusal_says_what_was_asked_for(name: str, told: str) -> None:
    with pytest.raises(DamagedFileError, match=told):
        load_arrays(HOSTILE[name], "'x.pdparams'")


HELD = {
    "w": np.arange(6, dtype="float32").reshape(2, 3),
    "b": np.zeros(0, "int64"),
    "half": np.ones(1, "uint16"),
    "LR_Scheduler": {"last_epoch": 3, "last_lr": np.float64(0.1), "bound": [None, True, 2.5]},
    "pair": ("name", np.ones(2)),
    "order": collections.OrderedDict(a=1, b="x"),
    "set": {1, "x"},
    "StructuredToParameterName@@": {"w": "linear_0.w_0"},
}
VALID = [pickle.dumps(HELD, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
VALID.append(dump_arrays({"w": np.arange(5, dtype="float32"), "v": np.ones((2, 2), "bool")}))
PIECES = [opcode.code.encode("latin1") for opcode in pickletools.opcodes]
PIECES += [b"cos\nsystem\n", b"X\x06\x00\x00\x00hacked", b"\x8c\x02os\x8c\x06system\x93", b"(tR"]


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a valid file with some bytes changed, cut out, doubled, or put in."""
    data = draw(st.sampled_from(VALID))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(data)))
        end = draw(st.integers(place, min(len(data), place + 40)))
        piece = draw(
            st.one_of(
                st.binary(max_size=3),
                st.sampled_from(PIECES),
                st.just(data[place:end] * 2),
                st.just(data[end : end + 20]),
            )
        )
        data = data[:place] + piece + data[end if draw(st.booleans()) else place :]
    return data


def assert_plain(value: Any) -> None:
    assert is_array(value) or is_plain(value)
    if isinstance(value, dict):
        for key, item in value.items():
            assert isinstance(key, (str, bytes, int, float, type(None)))
            assert_plain(item)
    elif isinstance(value, (list, tuple)):
        for item in value:
            assert_plain(item)


@settings(max_examples=1500, deadline=None, suppress_health_check=list(HealthCheck))
@given(damaged())
@example(VALID[2])
def test_a_changed_file_is_refused_or_holds_plain_values(data: bytes) -> None:
    with harmless(len(data) + 1000):
        try:
            found = load_value(io.BytesIO(data), "it", alone=False)
        except DamagedFileError:
            return
    assert_plain(found)


@pytest.mark.parametrize("data", VALID, ids=range(len(VALID)))
def test_every_file_that_is_cut_off_is_refused(data: bytes) -> None:
    for end in range(len(data)):
        with pytest.raises(DamagedFileError, match="it is"):
            load_value(io.BytesIO(data[:end]), "it", alone=False)


@pytest.mark.parametrize("data", VALID, ids=range(len(VALID)))
def test_every_byte_may_be_another(data: bytes) -> None:
    for place in range(len(data)):
        for value in (0, 0x2E, data[place] ^ 1, 0xFF):
            changed = data[:place] + bytes([value]) + data[place + 1 :]
            with contextlib.suppress(DamagedFileError):
                assert_plain(load_value(io.BytesIO(changed), "it", alone=False))
