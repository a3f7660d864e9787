"""Descriptions of programs: what is written is read, and nothing that is damaged is."""

from __future__ import annotations

import math
import tracemalloc
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_compat.checkpoints import DamagedFileError, read_inference_model
from paddle_compat.checkpoints.program_desc import (
    Attribute,
    AttrType,
    BlockDesc,
    OpDesc,
    ProgramDesc,
    VarDesc,
    program_bytes,
    read_program,
)

RECORDED = Path(__file__).parents[1] / "fluid" / "inference_models_of_paddle_1.8.5"
NEWER = Path(__file__).parents[1] / "fluid" / "inference_model_of_paddle_2.6.2"

INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
FLOAT = st.floats(width=32, allow_nan=False)
TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
VALUES = {
    AttrType.INT: INT32,
    AttrType.FLOAT: FLOAT,
    AttrType.STRING: TEXT,
    AttrType.INTS: st.lists(INT32, max_size=4),
    AttrType.FLOATS: st.lists(FLOAT, max_size=4),
    AttrType.STRINGS: st.lists(TEXT, max_size=4),
    AttrType.BOOLEAN: st.booleans(),
    AttrType.BOOLEANS: st.lists(st.booleans(), max_size=4),
    AttrType.BLOCK: INT32,
    AttrType.LONG: INT64,
    AttrType.BLOCKS: st.lists(INT32, max_size=4),
    AttrType.LONGS: st.lists(INT64, max_size=4),
    AttrType.FLOAT64S: st.lists(st.floats(allow_nan=False), max_size=4),
    AttrType.FLOAT64: st.floats(allow_nan=False),
}
ATTRIBUTES = st.sampled_from(list(VALUES)).flatmap(
    lambda kind: st.builds(Attribute, st.just(kind), VALUES[kind])
)
SLOTS = st.dictionaries(TEXT, st.lists(TEXT, max_size=3), max_size=3)
OPERATORS = st.builds(OpDesc, TEXT, SLOTS, SLOTS, st.dictionaries(TEXT, ATTRIBUTES, max_size=4))
VARIABLES = st.builds(
    VarDesc,
    TEXT,
    st.just(7),
    st.integers(0, 21),
    st.lists(INT64, max_size=4).map(tuple),
    st.integers(0, 3),
    st.booleans(),
    st.booleans(),
)
BLOCKS = st.builds(
    BlockDesc,
    INT32,
    INT32,
    st.lists(VARIABLES, max_size=4).map(lambda found: {one.name: one for one in found}),
    st.lists(OPERATORS, max_size=3),
    INT32,
)
PROGRAMS = st.builds(ProgramDesc, st.lists(BLOCKS, min_size=1, max_size=2), INT64)


@given(PROGRAMS)
@settings(max_examples=60)
def test_what_is_written_is_read(program: ProgramDesc) -> None:
    assert read_program(program_bytes(program), "it") == program


def test_a_program_is_as_protobuf_writes_it() -> None:
    op = OpDesc("relu", {"X": ["a"]}, {}, {"axis": Attribute(AttrType.INT, -1)})
    program = ProgramDesc([BlockDesc(0, -1, {}, [op])], 3)
    minus_one = b"\xff" * 9 + b"\x01"
    attr = b"\x0a\x04axis" + b"\x10\x00" + b"\x18" + minus_one
    described = b"\x0a\x06\x0a\x01X\x12\x01a" + b"\x1a\x04relu" + b"\x22\x13" + attr
    block = b"\x08\x00" + b"\x10" + minus_one + b"\x22" + bytes([len(described)]) + described
    expected = b"\x0a" + bytes([len(block)]) + block + b"\x22\x02\x08\x03"
    assert program_bytes(program) == expected


@pytest.mark.parametrize("path", sorted(RECORDED.glob("*/__model__")), ids=lambda p: p.parent.name)
def test_real_paddles_programs_are_read_and_written(path: Path) -> None:
    program = read_program(path.read_bytes(), "it")
    assert program.version == 1008005
    assert program.feed_names
    assert read_program(program_bytes(program), "it") == program


def test_a_program_that_is_cut_off_is_refused_at_every_byte() -> None:
    op = OpDesc("relu", {"X": ["a"]}, {"Out": ["b"]}, {"x": Attribute(AttrType.FLOATS, [1.0])})
    variable = VarDesc("a", dtype=5, shape=(-1, 3), lod_level=1)
    data = program_bytes(ProgramDesc([BlockDesc(0, -1, {"a": variable}, [op])], 1008005))
    for end in range(len(data)):
        with pytest.raises(DamagedFileError, match="at byte"):
            read_program(data[:end], "it")


@pytest.mark.parametrize("model", ["classifier", "ssd"])
def test_real_paddles_programs_that_are_cut_off_are_refused(model: str) -> None:
    data = (RECORDED / model / "__model__").read_bytes()
    for end in range(0, len(data), 101):
        with pytest.raises(DamagedFileError, match=r"it is damaged or no program, at byte \d+"):
            read_program(data[:end], "it")


@given(st.binary(max_size=120))
def test_foreign_bytes_are_refused_or_are_a_program(data: bytes) -> None:
    try:
        program = read_program(data, "it")
    except DamagedFileError:
        return
    assert isinstance(program, ProgramDesc)


def varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    return bytes([*data, number])


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "there is no blocks"),
        (b"\x0a" + varint(2**62), "bytes are claimed, and 0 are left"),
        (b"\x0a\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", "more than 10 bytes"),
        (b"\x0b", "blocks.*a message is due, and here stands wire type 3"),
        (b"\x7b\x7b\x7b", "wire type 3, which programs do not have"),
        (b"\x08\x01", "a message is due, and here stands wire type 0"),
        (b"\x0a\x00", r"in blocks\[0\]: there is no index"),
        (b"\x0a\x04\x08\x00\x10\x00", "there is no version"),
        (b"\x0a\x08\x08\x00\x10\x00\x22\x02\x1a\x50", r"in blocks\[0\]\.ops\[0\]\.type: 80 bytes"),
        (b"\x0a\x09\x08\x00\x10\x00\x22\x03\x1a\x01\xff", r"ops\[0\]\.type: a text is no UTF-8"),
        # A text, and a number, that go on behind the end of the message that they are in.
        (b"\x0a\x08\x08\x00\x10\x00\x22\x02\x1a\x01\x22\x00", r"type: 1 bytes are claimed, and 0"),
        (b"\x0a\x03\x08\x00\x10\x01\x22\x02\x08\x01", r"parent: a number is cut off"),
        (b"\x00\x00", "a field of number 0"),
        (b"PK\x03\x04" + bytes(30), "a field of number 0"),
        (b"\x80\x02}q\x00.", "is damaged or no program"),
    ],
)
def test_damage_is_named_with_its_place(data: bytes, why: str) -> None:
    with pytest.raises(DamagedFileError, match=why):
        read_program(data, "it")


def test_messages_within_messages_end_where_the_form_does() -> None:
    """A field that is not known is passed over, however deep it pretends to be."""
    deep = b""
    for _ in range(2000):
        deep = b"\x52" + varint(len(deep)) + deep
    whole = program_bytes(ProgramDesc([BlockDesc()], 1))
    assert read_program(whole + deep, "it") == read_program(whole, "it")


def test_claims_take_no_memory() -> None:
    huge = b"\x0a" + varint(2**40) + bytes(50)
    packed = b"\x08\x00\x10\x00\x22\x0e\x22\x0c\x0a\x01x\x10\x03\x32" + varint(2**34)
    tracemalloc.start()
    for data in (huge, b"\x0a" + bytes([len(packed)]) + packed):
        with pytest.raises(DamagedFileError):
            read_program(data, "it")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 100_000


def test_what_newer_versions_have_is_passed_over() -> None:
    """An attribute of a type that only 2.x has, and fields that it added."""
    model = read_inference_model(NEWER, "model.pdmodel", "model.pdiparams")
    assert model.feed_names == ["x"]
    assert model.fetch_names == ["save_infer_model/scale_0.tmp_0"]
    assert model.operators[:4] == ["conv2d", "reshape2", "elementwise_add", "batch_norm"]
    assert model.parameters["conv2d_0.w_0"].shape == (4, 3, 3, 3)
    assert model.program.version == 2006002


def test_numbers_that_do_not_fit_are_cut_as_protobuf_cuts_them() -> None:
    attr = b"\x0a\x01x\x10\x00\x18" + varint(2**32 + 5)
    op = b"\x1a\x01r\x22" + bytes([len(attr)]) + attr
    block = b"\x08\x00\x10\x00\x22" + bytes([len(op)]) + op
    data = b"\x0a" + bytes([len(block)]) + block + b"\x22\x02\x08\x01"
    assert read_program(data, "it").blocks[0].operators[0].attrs["x"].value == 5


def test_floats_are_single() -> None:
    op = OpDesc("x", attrs={"x": Attribute(AttrType.FLOAT, 0.1)})
    program = ProgramDesc([BlockDesc(operators=[op])], 1)
    found = read_program(program_bytes(program), "it").blocks[0].operators[0].attrs["x"].value
    assert math.isclose(found, 0.1, rel_tol=1e-7)
    assert found != 0.1


def test_columns_tell_the_order_of_feeds_and_fetches() -> None:
    def column(place: int) -> dict[str, Attribute]:
        return {"col": Attribute(AttrType.INT, place)}

    operators = [
        OpDesc("feed", {"X": ["feed"]}, {"Out": ["second"]}, column(1)),
        OpDesc("feed", {"X": ["feed"]}, {"Out": ["first"]}, column(0)),
        OpDesc("fetch", {"X": ["b"]}, {"Out": ["fetch"]}, column(1)),
        OpDesc("fetch", {"X": ["a"]}, {"Out": ["fetch"]}, column(0)),
    ]
    program = ProgramDesc([BlockDesc(operators=operators)])
    assert (program.feed_names, program.fetch_names) == (["first", "second"], ["a", "b"])
