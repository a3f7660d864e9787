"""Paddle's descriptions of programs: what ``__model__`` and ``.pdmodel`` hold.

One protobuf message of blocks, each with variables and operators; the form is that of
``framework.proto``, which 1.x and 2.x share.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from paddle_compat.checkpoints.program_desc_wire import Field, Form, encode, parse

__all__ = [
    "AttrType",
    "Attribute",
    "BlockDesc",
    "OpDesc",
    "ProgramDesc",
    "VarDesc",
    "program_bytes",
    "read_program",
]

LOD_TENSOR = 7
"""The kind of a variable that is a tensor."""


class AttrType(enum.IntEnum):
    """What an operator's attribute holds; the numbers from FLOAT64S on are those of 2.x."""

    INT = 0
    FLOAT = 1
    STRING = 2
    INTS = 3
    FLOATS = 4
    STRINGS = 5
    BOOLEAN = 6
    BOOLEANS = 7
    BLOCK = 8
    LONG = 9
    BLOCKS = 10
    LONGS = 11
    FLOAT64S = 12
    VAR = 13
    VARS = 14
    FLOAT64 = 15
    SCALAR = 16
    SCALARS = 17


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute of an operator.

    Attributes:
        type: what it holds.
        value: a number, a text or a list of such; None for what only newer versions have.
    """

    type: AttrType
    value: Any


@dataclass(slots=True)
class OpDesc:
    """An operator.

    Attributes:
        type: its name.
        inputs: the names of the variables that it reads, by slot.
        outputs: those that it writes.
        attrs: its attributes by name.
    """

    type: str
    inputs: dict[str, list[str]] = field(default_factory=dict)
    outputs: dict[str, list[str]] = field(default_factory=dict)
    attrs: dict[str, Attribute] = field(default_factory=dict)

    @property
    def read(self) -> list[str]:
        """The names of the variables that it reads."""
        return [name for names in self.inputs.values() for name in names]

    @property
    def written(self) -> list[str]:
        """The names of the variables that it writes."""
        return [name for names in self.outputs.values() for name in names]


@dataclass(slots=True)
class VarDesc:
    """A variable.

    Attributes:
        name: its name.
        kind: the number of its kind; 7 is a tensor.
        dtype: the number of a tensor's dtype; None for what is no tensor.
        shape: a tensor's declared shape, -1 for unknown sizes.
        lod_level: how many levels of detail it is declared with.
        persistable: whether its value outlives a run.
        need_check_feed: whether what is fed is compared with the declaration.
    """

    name: str
    kind: int = LOD_TENSOR
    dtype: int | None = None
    shape: tuple[int, ...] = ()
    lod_level: int = 0
    persistable: bool = False
    need_check_feed: bool = False


@dataclass(slots=True)
class BlockDesc:
    """Variables and operators, in order; the first block is the program's own.

    Attributes:
        index: its number.
        parent: the number of the block that it is in; -1 for none.
        variables: by name.
        operators: in order.
        forward: the number of the block whose gradient it computes; -1 for none.
    """

    index: int = 0
    parent: int = -1
    variables: dict[str, VarDesc] = field(default_factory=dict)
    operators: list[OpDesc] = field(default_factory=list)
    forward: int = -1


@dataclass(slots=True)
class ProgramDesc:
    """A program.

    Attributes:
        blocks: one, and one more for every branch and loop.
        version: as 1008005 for 1.8.5; 0 where none is told.
    """

    blocks: list[BlockDesc]
    version: int = 0

    @property
    def feed_names(self) -> list[str]:
        """The names of the variables that are fed, in order of the columns."""
        return self._columns("feed", lambda op: op.outputs)

    @property
    def fetch_names(self) -> list[str]:
        """The names of the variables that are fetched, in order of the columns."""
        return self._columns("fetch", lambda op: op.inputs)

    def _columns(self, type: str, slots: Any) -> list[str]:
        found = []
        for place, op in enumerate(self.blocks[0].operators):
            if op.type == type:
                column = op.attrs.get("col")
                names = [name for names in slots(op).values() for name in names]
                found.append((column.value if column is not None else place, names))
        return [name for _, names in sorted(found, key=lambda item: item[0]) for name in names]


_TENSOR: Form = {
    1: Field("dtype", "int32", required=True),
    2: Field("shape", "int64", repeated=True),
}
_LOD_TENSOR: Form = {
    1: Field("tensor", "message", required=True, form=_TENSOR),
    2: Field("lod_level", "int32"),
}
_VAR_TYPE: Form = {
    1: Field("kind", "int32", required=True),
    2: Field("selected_rows", "message", form=_TENSOR),
    3: Field("lod_tensor", "message", form=_LOD_TENSOR),
    4: Field("tensor_array", "message", form=_LOD_TENSOR),
}
_VAR: Form = {
    1: Field("name", "string", required=True),
    2: Field("type", "message", required=True, form=_VAR_TYPE),
    3: Field("persistable", "bool"),
    4: Field("need_check_feed", "bool"),
}
_SLOT: Form = {
    1: Field("parameter", "string", required=True),
    2: Field("arguments", "string", repeated=True),
}
# Which field holds an attribute's value.
_VALUES: Mapping[AttrType, tuple[int, Field]] = {
    AttrType.INT: (3, Field("i", "int32")),
    AttrType.FLOAT: (4, Field("f", "float")),
    AttrType.STRING: (5, Field("s", "string")),
    AttrType.INTS: (6, Field("ints", "int32", repeated=True)),
    AttrType.FLOATS: (7, Field("floats", "float", repeated=True)),
    AttrType.STRINGS: (8, Field("strings", "string", repeated=True)),
    AttrType.BOOLEAN: (10, Field("b", "bool")),
    AttrType.BOOLEANS: (11, Field("bools", "bool", repeated=True)),
    AttrType.BLOCK: (12, Field("block_idx", "int32")),
    AttrType.LONG: (13, Field("l", "int64")),
    AttrType.BLOCKS: (14, Field("blocks_idx", "int32", repeated=True)),
    AttrType.LONGS: (15, Field("longs", "int64", repeated=True)),
    AttrType.FLOAT64S: (16, Field("float64s", "double", repeated=True)),
    AttrType.VAR: (17, Field("var_name", "string")),
    AttrType.VARS: (18, Field("vars_name", "string", repeated=True)),
    AttrType.FLOAT64: (19, Field("float64", "double")),
}
_ATTR: Form = {
    1: Field("name", "string", required=True),
    2: Field("type", "int32", required=True),
    **dict(_VALUES.values()),
}
_OP: Form = {
    1: Field("inputs", "message", repeated=True, form=_SLOT),
    2: Field("outputs", "message", repeated=True, form=_SLOT),
    3: Field("type", "string", required=True),
    4: Field("attrs", "message", repeated=True, form=_ATTR),
}
_BLOCK: Form = {
    1: Field("index", "int32", required=True),
    2: Field("parent", "int32", required=True),
    3: Field("vars", "message", repeated=True, form=_VAR),
    4: Field("ops", "message", repeated=True, form=_OP),
    5: Field("forward", "int32"),
}
_PROGRAM: Form = {
    1: Field("blocks", "message", repeated=True, required=True, form=_BLOCK),
    4: Field("version", "message", required=True, form={1: Field("version", "int64")}),
}
# What an attribute without a value stands for: protobuf leaves out empty lists.
_NOTHING: Mapping[str, Any] = {"int32": 0, "int64": 0, "float": 0.0, "double": 0.0, "bool": False}


def read_program(data: bytes | memoryview, source: str) -> ProgramDesc:
    """Return the program that a file describes; nothing of it is run.

    Args:
        data: the whole file.
        source: what the file is called in errors.

    Raises:
        DamagedFileError: it is no description of a program, or is cut off
            (`paddle_compat.checkpoints.DamagedFileError`).
    """
    found = parse(data, _PROGRAM, source)
    version = found["version"].get("version", 0)
    return ProgramDesc([_block(block) for block in found["blocks"]], version)


def program_bytes(program: ProgramDesc) -> bytes:
    """Return the bytes of a program, as real Paddle reads them.

    Args:
        program: a description.
    """
    blocks = [
        {
            "index": block.index,
            "parent": block.parent,
            "vars": [_var_message(variable) for variable in block.variables.values()],
            "ops": [_op_message(op) for op in block.operators],
            "forward": None if block.forward == -1 else block.forward,
        }
        for block in program.blocks
    ]
    return encode({"blocks": blocks, "version": {"version": program.version}}, _PROGRAM)


def _block(found: Mapping[str, Any]) -> BlockDesc:
    variables = map(_variable, found.get("vars", ()))
    return BlockDesc(
        found["index"],
        found["parent"],
        {variable.name: variable for variable in variables},
        list(map(_operator, found.get("ops", ()))),
        found.get("forward", -1),
    )


def _variable(found: Mapping[str, Any]) -> VarDesc:
    kind = found["type"]
    holder = kind.get("lod_tensor") or kind.get("tensor_array") or {}
    tensor = holder.get("tensor") or kind.get("selected_rows") or {}
    return VarDesc(
        found["name"],
        kind["kind"],
        tensor.get("dtype"),
        tuple(tensor.get("shape", ())),
        holder.get("lod_level", 0),
        found.get("persistable", False),
        found.get("need_check_feed", False),
    )


def _operator(found: Mapping[str, Any]) -> OpDesc:
    return OpDesc(
        found["type"],
        _slots(found.get("inputs", ())),
        _slots(found.get("outputs", ())),
        {attr["name"]: _attribute(attr) for attr in found.get("attrs", ())},
    )


def _slots(found: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    return {slot["parameter"]: list(slot.get("arguments", ())) for slot in found}


def _attribute(found: Mapping[str, Any]) -> Attribute:
    if found["type"] not in AttrType._value2member_map_:
        return Attribute(AttrType.SCALAR, None)
    kind = AttrType(found["type"])
    if kind not in _VALUES:
        return Attribute(kind, None)
    _, value = _VALUES[kind]
    nothing = [] if value.repeated else _NOTHING.get(value.kind, "")
    return Attribute(kind, found.get(value.name, nothing))


def _var_message(variable: VarDesc) -> dict[str, Any]:
    kind: dict[str, Any] = {"kind": variable.kind}
    if variable.dtype is not None:
        tensor = {"dtype": variable.dtype, "shape": variable.shape}
        kind["lod_tensor"] = {"tensor": tensor, "lod_level": variable.lod_level}
    return {
        "name": variable.name,
        "type": kind,
        "persistable": variable.persistable,
        "need_check_feed": variable.need_check_feed or None,
    }


def _op_message(op: OpDesc) -> dict[str, Any]:
    return {
        "inputs": _slot_messages(op.inputs),
        "outputs": _slot_messages(op.outputs),
        "type": op.type,
        "attrs": [
            {"name": name, "type": int(attr.type), _VALUES[attr.type][1].name: attr.value}
            for name, attr in op.attrs.items()
        ],
    }


def _slot_messages(slots: Mapping[str, Sequence[str]]) -> list[dict[str, Any]]:
    return [{"parameter": slot, "arguments": names} for slot, names in slots.items()]
