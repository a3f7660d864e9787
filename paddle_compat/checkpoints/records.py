"""Paddle's records of tensors: what 1.x's `save_params` and its kin write.

A record is, little-endian: a u32 version 0; a u64 number of levels of detail, and each level as a
u64 number of bytes and u64 offsets; a u32 version 0; an i32 size of a description and the
description, a protobuf message with the dtype in field 1 and each size of the shape in field 2;
then the elements. Records of one file follow each other.
"""

from __future__ import annotations

import math
import os
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddle_compat.atomic import is_left_behind
from paddle_compat.checkpoints.damage import DamagedFileError

__all__ = ["Record", "read_directory", "read_record", "read_records", "record_bytes"]

Array = np.ndarray[Any, Any]

_DTYPES: Mapping[int, np.dtype[Any]] = {
    0: np.dtype("?"),
    1: np.dtype("<i2"),
    2: np.dtype("<i4"),
    3: np.dtype("<i8"),
    4: np.dtype("<f2"),
    5: np.dtype("<f4"),
    6: np.dtype("<f8"),
    20: np.dtype("u1"),
    21: np.dtype("i1"),
    # From 2.x on; the first holds the bits of bfloat16 numbers, as Paddle's own arrays do.
    22: np.dtype("<u2"),
    23: np.dtype("<c8"),
    24: np.dtype("<c16"),
}
_CODES = {dtype.newbyteorder("="): code for code, dtype in _DTYPES.items()}
# More than any tensor has; a claim of more is damage.
_MOST_LEVELS = 64
_MOST_DIMENSIONS = 64


@dataclass(frozen=True, eq=False)
class Record:
    """A tensor of a file.

    Attributes:
        array: its values, a copy.
        lod: its levels of detail as offsets, [[0, 2, 5]]; [] for none.
    """

    array: Array
    lod: list[list[int]]


def record_bytes(array: Array, lod: Sequence[Sequence[int]] = ()) -> bytes:
    """Return the record of a tensor.

    Args:
        array: of a dtype that Paddle has; uint16 stands for bfloat16.
        lod: levels of detail as offsets.

    Raises:
        TypeError: Paddle has no such dtype.
    """
    code = _CODES.get(array.dtype.newbyteorder("="))
    if code is None:
        raise TypeError(
            f"a tensor of {array.dtype} cannot be saved; Paddle has "
            + ", ".join(str(dtype) for dtype in _CODES)
        )
    parts = [struct.pack("<IQ", 0, len(lod))]
    for level in lod:
        parts.append(struct.pack(f"<Q{len(level)}Q", 8 * len(level), *level))
    description = b"\x08" + _varint(code)
    description += b"".join(b"\x10" + _varint(size) for size in array.shape)
    parts.append(struct.pack("<Ii", 0, len(description)))
    parts.append(description)
    parts.append(np.ascontiguousarray(array, dtype=_DTYPES[code]).tobytes())
    return b"".join(parts)


def _varint(number: int) -> bytes:
    data = bytearray()
    while number > 0x7F:
        data.append(number & 0x7F | 0x80)
        number >>= 7
    data.append(number)
    return bytes(data)


def read_record(data: bytes | memoryview, source: str) -> Record:
    """Return the one tensor of a file.

    Args:
        data: the whole file.
        source: what the file is called in errors.

    Raises:
        DamagedFileError: it is no record, or is cut off, or goes on behind its record.
    """
    reader = _Reader(memoryview(data), source)
    record = _record(reader)
    reader.expect_end()
    return record


def read_directory(root: Path, names: Iterable[str] | None = None) -> dict[str, Record]:
    """Return the tensors of a directory that holds one file for each.

    Args:
        root: the directory.
        names: the tensors' names, which are the files'; None for all files, in the directories
            within too.

    Raises:
        DamagedFileError: one of the files is no record.
        OSError: one cannot be read.
    """
    if names is None:
        files = sorted(p for p in root.rglob("*") if p.is_file() and not is_left_behind(p))
        names = [path.relative_to(root).as_posix() for path in files]
    return {
        name: read_record((root / name).read_bytes(), repr(os.fspath(root / name)))
        for name in names
    }


def read_records(data: bytes | memoryview, names: Sequence[str], source: str) -> dict[str, Record]:
    """Return the tensors of a file that holds several, by the names that they were saved under.

    Args:
        data: the whole file.
        names: the tensors' names in the file's order, which is that of the sorted names.
        source: what the file is called in errors.

    Raises:
        DamagedFileError: it holds another number of records, or is cut off.
    """
    reader = _Reader(memoryview(data), source)
    found: dict[str, Record] = {}
    for name in names:
        if reader.at_end:
            raise DamagedFileError(
                f"{source} holds {len(found)} tensors, and {len(names)} are wanted: {name!r} is "
                "not there; load the variables that were saved, with vars= or the same program"
            )
        found[name] = _record(reader)
    reader.expect_end()
    return found


class _Reader:
    """Takes a file apart; what is claimed is compared with what is there before it is used."""

    def __init__(self, data: memoryview, source: str) -> None:
        self._data = data
        self._at = 0
        self._source = source

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

    def take(self, size: int, what: str) -> memoryview:
        """Return the next bytes."""
        if size > len(self._data) - self._at:
            raise self.damage(
                f"{what} needs {size} bytes, and {len(self._data) - self._at} are left"
            )
        taken = self._data[self._at : self._at + size]
        self._at += size
        return taken

    def number(self, form: str, what: str) -> int:
        """Return the next number, in a format of `struct`."""
        (number,) = struct.unpack(form, self.take(struct.calcsize(form), what))
        return int(number)

    def expect_end(self) -> None:
        """Refuse what stands behind the last record."""
        if not self.at_end:
            raise self.damage(
                f"{len(self._data) - self._at} bytes follow the last tensor that is wanted; a file "
                "of several tensors is loaded with filename=, and with all of its variables"
            )

    def damage(self, why: str) -> DamagedFileError:
        return DamagedFileError(
            f"{self._source} is damaged or no file of tensors, at byte {self._at}: {why}"
        )


def _record(reader: _Reader) -> Record:
    version = reader.number("<I", "a version")
    if version != 0:
        raise reader.damage(f"a tensor begins with version 0, and here stands {version}")
    count = reader.number("<Q", "the number of levels of detail")
    if count > _MOST_LEVELS:
        raise reader.damage(f"{count} levels of detail")
    lod = []
    for _ in range(count):
        size = reader.number("<Q", "the size of a level")
        if size % 8:
            raise reader.damage(f"a level of {size} bytes, which are no offsets of 8 bytes")
        level = reader.take(size, "a level of detail")
        lod.append(list(struct.unpack(f"<{size // 8}Q", level)))
    version = reader.number("<I", "a version")
    if version != 0:
        raise reader.damage(f"a description begins with version 0, and here stands {version}")
    size = reader.number("<i", "the size of a description")
    if size < 0:
        raise reader.damage(f"a description of {size} bytes")
    dtype, shape = _description(reader, bytes(reader.take(size, "a description")))
    elements = math.prod(shape)
    data = reader.take(elements * dtype.itemsize, f"a tensor of {dtype}{list(shape)}")
    try:
        array = np.frombuffer(data, dtype, elements).reshape(shape)
    except ValueError:
        raise reader.damage(f"a tensor of shape {list(shape)}") from None
    return Record(array.astype(dtype.newbyteorder("="), copy=True), lod)


def _description(reader: _Reader, data: bytes) -> tuple[np.dtype[Any], tuple[int, ...]]:
    """Return the dtype and shape that a protobuf message tells."""
    code, shape = -1, []
    for field, number in _fields(reader, data):
        if field == 1:
            code = number
        elif field == 2:
            shape.append(number)
    if code not in _DTYPES:
        raise reader.damage(f"a tensor's dtype has the number {code}, which none has")
    if len(shape) > _MOST_DIMENSIONS or min(shape, default=0) < 0:
        raise reader.damage(f"a tensor of shape {shape[:_MOST_DIMENSIONS]}")
    return _DTYPES[code], tuple(shape)


def _fields(reader: _Reader, data: bytes) -> Iterator[tuple[int, int]]:
    """Go through a message's numbers, packed or not; it has nothing else."""
    at = 0
    while at < len(data):
        tag, at = _read_varint(reader, data, at)
        field, kind = tag >> 3, tag & 7
        if kind == 0:
            number, at = _read_varint(reader, data, at)
            yield field, number
        elif kind == 2:
            size, at = _read_varint(reader, data, at)
            end = at + size
            if size < 0 or end > len(data):
                raise reader.damage("a description that is cut off")
            while at < end:
                number, at = _read_varint(reader, data, at)
                yield field, number
        else:
            raise reader.damage(f"a description with a field of kind {kind}")


def _read_varint(reader: _Reader, data: bytes, at: int) -> tuple[int, int]:
    """Return a signed number and where it ends."""
    number = 0
    for shift in range(0, 70, 7):
        if at >= len(data):
            break
        byte = data[at]
        at += 1
        number |= (byte & 0x7F) << shift
        if byte < 0x80:
            number &= (1 << 64) - 1
            return (number - (1 << 64) if number >> 63 else number), at
    raise reader.damage("a description whose numbers are cut off")
