"""Protobuf's wire format, for messages of a known form: read and written with struct alone."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from paddle_compat.checkpoints.damage import DamagedFileError

__all__ = ["Field", "Form", "encode", "parse"]

_VARINT, _EIGHT, _BYTES, _FOUR = 0, 1, 2, 5
_SIZES = {_EIGHT: 8, _FOUR: 4}
_LONGEST_VARINT = 10
_KINDS = {
    "int32": _VARINT,
    "int64": _VARINT,
    "bool": _VARINT,
    "float": _FOUR,
    "double": _EIGHT,
    "string": _BYTES,
    "bytes": _BYTES,
    "message": _BYTES,
}
_FORMS = {"float": "<f", "double": "<d"}


@dataclass(frozen=True)
class Field:
    """A field of a message.

    Attributes:
        name: what it is called here.
        kind: int32, int64, bool, float, double, string, bytes or message.
        repeated: whether there may be several.
        required: whether there must be one.
        form: the message's own fields, for a message.
    """

    name: str
    kind: str
    repeated: bool = False
    required: bool = False
    form: Form | None = None


Form = Mapping[int, Field]
"""A message's fields by number; others are passed over."""


def parse(data: bytes | memoryview, form: Form, source: str) -> dict[str, Any]:
    """Return a message's fields by name: lists where they are repeated, absent ones left out.

    A message goes as deep as its form does, and nothing that is claimed is made before it was
    found in the data.

    Args:
        data: the message.
        form: its fields.
        source: what it is called in errors.

    Raises:
        DamagedFileError: it is no such message, or is cut off.
    """
    return _parse(_Reader(memoryview(data).cast("B"), source), form, len(data), "")


class _Reader:
    """A place in the data, and what is said where that is wrong."""

    def __init__(self, data: memoryview, source: str) -> None:
        self.data = data
        self.at = 0
        self.source = source

    def damage(self, why: str, path: str) -> DamagedFileError:
        inside = f" in {path}" if path else ""
        return DamagedFileError(
            f"{self.source} is damaged or no program, at byte {self.at}{inside}: {why}"
        )

    def varint(self, end: int, path: str) -> int:
        """Return an unsigned number of 64 bits."""
        number = 0
        data, at = self.data, self.at
        for count in range(_LONGEST_VARINT):
            if at >= end:
                raise self.damage("a number is cut off", path)
            byte = data[at]
            at += 1
            number |= (byte & 0x7F) << (7 * count)
            if byte < 0x80:
                self.at = at
                return number & 0xFFFF_FFFF_FFFF_FFFF
        raise self.damage("a number goes on for more than 10 bytes", path)

    def take(self, size: int, end: int, path: str) -> memoryview:
        if size > end - self.at:
            raise self.damage(f"{size} bytes are claimed, and {end - self.at} are left", path)
        taken = self.data[self.at : self.at + size]
        self.at += size
        return taken


def _parse(reader: _Reader, form: Form, end: int, path: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while reader.at < end:
        tag = reader.varint(end, path)
        number, wire = tag >> 3, tag & 7
        field = form.get(number)
        if field is None or number == 0:
            _skip(reader, number, wire, end, path)
            continue
        inside = f"{path}.{field.name}" if path else field.name
        if field.repeated:
            values = found.setdefault(field.name, [])
            if wire == _BYTES and _KINDS[field.kind] != _BYTES:
                stop = reader.varint(end, inside)
                if stop > end - reader.at:
                    raise reader.damage(f"{stop} bytes of numbers are claimed", inside)
                stop += reader.at
                while reader.at < stop:
                    values.append(_value(reader, field, stop, inside))
                continue
            inside = f"{inside}[{len(values)}]"
        if wire != _KINDS[field.kind]:
            raise reader.damage(f"a {field.kind} is due, and here stands wire type {wire}", inside)
        value = _value(reader, field, end, inside)
        if field.repeated:
            values.append(value)
        else:
            found[field.name] = value
    for field in form.values():
        if field.required and field.name not in found:
            raise reader.damage(f"there is no {field.name}", path)
    return found


def _value(reader: _Reader, field: Field, end: int, path: str) -> Any:
    kind = field.kind
    if kind in ("int32", "int64"):
        number = reader.varint(end, path)
        bits = 32 if kind == "int32" else 64
        number &= (1 << bits) - 1
        return number - (1 << bits) if number >> (bits - 1) else number
    if kind == "bool":
        return reader.varint(end, path) != 0
    if kind in _FORMS:
        (real,) = struct.unpack(_FORMS[kind], reader.take(_SIZES[_KINDS[kind]], end, path))
        return real
    size = reader.varint(end, path)
    if kind == "message":
        if size > end - reader.at:
            raise reader.damage(f"{size} bytes are claimed, and {end - reader.at} are left", path)
        assert field.form is not None
        return _parse(reader, field.form, reader.at + size, path)
    data = bytes(reader.take(size, end, path))
    if kind == "bytes":
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        raise reader.damage("a text is no UTF-8", path) from None


def _skip(reader: _Reader, number: int, wire: int, end: int, path: str) -> None:
    """Pass over a field that is not known; newer versions have more."""
    if number == 0:
        raise reader.damage("a field of number 0, which none has", path)
    if wire == _VARINT:
        reader.varint(end, path)
    elif wire in _SIZES:
        reader.take(_SIZES[wire], end, path)
    elif wire == _BYTES:
        reader.take(reader.varint(end, path), end, path)
    else:
        raise reader.damage(f"a field of wire type {wire}, which programs do not have", path)


def encode(message: Mapping[str, Any], form: Form) -> bytes:
    """Return the bytes of a message: undoes `parse`; fields that are None are left out."""
    return b"".join(_encoded(message, form))


def _encoded(message: Mapping[str, Any], form: Form) -> Iterator[bytes]:
    for number in sorted(form):
        field = form[number]
        value = message.get(field.name)
        if value is None:
            continue
        values: Iterable[Any] = value if field.repeated else (value,)
        tag = _varint(number << 3 | _KINDS[field.kind])
        for one in values:
            yield tag
            yield _bytes_of(one, field)


def _bytes_of(value: Any, field: Field) -> bytes:
    kind = field.kind
    if kind in ("int32", "int64", "bool"):
        return _varint(int(value) & 0xFFFF_FFFF_FFFF_FFFF)
    if kind in _FORMS:
        return struct.pack(_FORMS[kind], value)
    if kind == "message":
        assert field.form is not None
        data = encode(value, field.form)
    else:
        data = value if kind == "bytes" else value.encode()
    return _varint(len(data)) + data


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)
