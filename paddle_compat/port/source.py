"""A file of Python source: its bytes, its text, and the places in it.

Nothing is normalised. What `Source.encode` is given back comes out with the encoding (PEP 263), the
byte order mark and the line endings that the file had.
"""

from __future__ import annotations

import codecs
import io
import re
import tokenize
from bisect import bisect_right
from functools import cached_property
from typing import NamedTuple

__all__ = ["Source", "SourceError", "Span"]

_LINE_END = re.compile(r"\r\n|\r|\n")


class Span(NamedTuple):
    """A stretch of a text, as offsets in characters; the end is not part of it."""

    start: int
    end: int


class SourceError(ValueError):
    """A file that is no Python 3 source.

    Attributes:
        reason: what is wrong with it.
        line: where, counted from 1.
        column: where in that line, in characters, counted from 1.
    """

    def __init__(self, reason: str, line: int = 1, column: int = 1) -> None:
        self.reason, self.line, self.column = reason, line, column
        super().__init__(f"{line}:{column}: {reason}")


class Source:
    """The text of a file, and how it was written down.

    Args:
        data: the file's bytes, or a text of which nothing is known.

    Raises:
        SourceError: the bytes are not what their encoding says, or name none that there is.
    """

    def __init__(self, data: bytes | str) -> None:
        self.mark = b""
        self.encoding = "utf-8"
        if isinstance(data, bytes):
            if data.startswith(codecs.BOM_UTF8):
                self.mark, data = codecs.BOM_UTF8, data[len(codecs.BOM_UTF8) :]
            self.encoding = _encoding(self.mark + data)
            self.text = _decoded(data, self.encoding)
        else:
            self.text = data

    def encode(self, text: str) -> bytes:
        """Return a text as this file's bytes.

        Raises:
            UnicodeEncodeError: the encoding has no such character.
        """
        return self.mark + text.encode(self.encoding)

    @cached_property
    def newline(self) -> str:
        """The line ending of the first line."""
        found = _LINE_END.search(self.text)
        return found.group() if found else "\n"

    @cached_property
    def starts(self) -> list[int]:
        """Where each line starts, by Python's own idea of a line."""
        return [0, *(found.end() for found in _LINE_END.finditer(self.text))]

    def position(self, offset: int) -> tuple[int, int]:
        """Return line and column of an offset, both counted from 1."""
        line = bisect_right(self.starts, offset)
        return line, offset - self.starts[line - 1] + 1

    def offset(self, line: int, utf8_column: int) -> int:
        """Return the offset of a place as `ast` gives it: a line, and bytes of UTF-8 in it."""
        start = self.starts[line - 1]
        if self._ascii:
            return start + utf8_column
        before = self.line(line).encode("utf-8", "surrogatepass")[:utf8_column]
        return start + len(before.decode("utf-8", "surrogatepass"))

    def line(self, number: int) -> str:
        """Return a line, counted from 1, with its ending."""
        end = self.starts[number] if number < len(self.starts) else len(self.text)
        return self.text[self.starts[number - 1] : end]

    @cached_property
    def _ascii(self) -> bool:
        return self.text.isascii()


def _encoding(data: bytes) -> str:
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    except SyntaxError as error:
        raise SourceError(f"unknown or contradictory encoding: {error.msg}") from error
    return "utf-8" if encoding == "utf-8-sig" else encoding


def _decoded(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        before = data[: error.start].decode(encoding, "replace")
        line, column = Source(before).position(len(before))
        raise SourceError(
            f"byte 0x{data[error.start]:02x} is not {encoding}; a '# -*- coding: ... -*-' line at "
            "the top says what it is",
            line,
            column,
        ) from error
