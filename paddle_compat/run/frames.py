"""Which frames are the script's: where a name is used, and tracebacks without the runner."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType, TracebackType

from paddle_compat.errors import UnsupportedAPIError, UnsupportedImportError

__all__ = ["tidy", "using_line"]

_RUNNER = f"{Path(__file__).parent}{os.sep}"
_FINDER = f"{_RUNNER}aliases.py"
_LIBRARY = f"{Path(__file__).parents[1]}{os.sep}"


def _is_runner(filename: str) -> bool:
    return filename.startswith(_RUNNER)


def _is_import(filename: str) -> bool:
    return filename.startswith("<frozen importlib") or filename == importlib.__file__


def _is_runner_or_import(filename: str) -> bool:
    return _is_runner(filename) or _is_import(filename)


def _is_library(filename: str) -> bool:
    return filename.startswith(_LIBRARY) or _is_import(filename)


def using_line() -> str:
    """Return the innermost line that is neither ours nor the import system's, as ``file:line``."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None and _is_library(frame.f_code.co_filename):
        frame = frame.f_back
    return "an unknown line" if frame is None else _at(frame.f_code.co_filename, frame.f_lineno)


def tidy(error: BaseException) -> None:
    """Take the runner's frames out of an exception's tracebacks, and of those it is chained to.

    An `UnsupportedAPIError` loses every frame of this library, and is told the line that used the
    name.
    """
    todo: list[BaseException | None] = [error]
    seen: set[int] = set()
    while todo:
        current = todo.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        if isinstance(current, (UnsupportedAPIError, UnsupportedImportError)):
            dropped = _is_library
        else:
            # Python itself takes the import system's frames out, but for those around our finder.
            files = [t.tb_frame.f_code.co_filename for t in _walk(current.__traceback__)]
            dropped = _is_runner_or_import if _FINDER in files else _is_runner
        shown = current.__traceback__ = _without(current.__traceback__, dropped)
        if isinstance(current, UnsupportedAPIError) and shown is not None:
            *_, innermost = _walk(shown)
            where = _at(innermost.tb_frame.f_code.co_filename, innermost.tb_lineno)
            current.args = (f"{current} Used at {where}",)
        todo += [current.__cause__, current.__context__, *getattr(current, "exceptions", ())]


def _walk(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


def _without(
    traceback: TracebackType | None, dropped: Callable[[str], bool]
) -> TracebackType | None:
    kept = [t for t in _walk(traceback) if not dropped(t.tb_frame.f_code.co_filename)]
    rebuilt: TracebackType | None = None
    for t in reversed(kept):
        rebuilt = TracebackType(rebuilt, t.tb_frame, t.tb_lasti, t.tb_lineno)
    return rebuilt


def _at(filename: str, line: int) -> str:
    return f"{filename}:{line}"
