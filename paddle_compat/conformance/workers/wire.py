"""Frames between an oracle and its worker: one JSON line, then the arrays as one npz.

Imported on both sides, so it keeps to the standard library, numpy and Python 3.8.
"""

import io
import json
import os
import sys
from typing import Any, BinaryIO, Callable, Dict, Optional, Tuple

import numpy as np

Header = Dict[str, Any]
Arrays = Dict[str, "np.ndarray[Any, Any]"]
Evaluate = Callable[[Header, Arrays], Arrays]


def write_frame(stream: BinaryIO, header: Header, arrays: Arrays) -> None:
    """Write one frame and flush it."""
    payload = io.BytesIO()
    named: Dict[str, Any] = dict(arrays)
    np.savez(payload, **named)
    body = payload.getvalue()
    line = json.dumps({"header": header, "bytes": len(body)})
    stream.write(line.encode("utf-8") + b"\n" + body)
    stream.flush()


def read_frame(stream: BinaryIO) -> Optional[Tuple[Header, Arrays]]:
    """Read one frame; None when the other side has closed the stream or died mid-frame."""
    line = stream.readline()
    if not line.endswith(b"\n"):
        return None
    meta = json.loads(line.decode("utf-8"))
    body = b""
    while len(body) < meta["bytes"]:
        piece = stream.read(meta["bytes"] - len(body))
        if not piece:
            return None
        body += piece
    with np.load(io.BytesIO(body), allow_pickle=False) as archive:
        return meta["header"], {name: archive[name] for name in archive.files}


def describe_error(error: BaseException) -> Header:
    """Tell an exception in words: its type, its bases and its message."""
    bases = [base.__name__ for base in type(error).__mro__[1:-1]]
    return {
        "kind": "error",
        "error": type(error).__name__,
        "bases": bases,
        "message": str(error),
    }


def answer(evaluate: Evaluate, header: Header, arrays: Arrays) -> Tuple[Header, Arrays]:
    """Evaluate one call; an exception is an answer too, a crash is left to the other side."""
    try:
        return {"kind": "ok"}, evaluate(header, arrays)
    except Exception as error:
        return describe_error(error), {}


def serve(version: str, evaluate: Evaluate) -> None:
    """Answer frames on stdin until it closes; what Paddle itself prints goes to stderr."""
    replies = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    write_frame(replies, {"kind": "ready", "version": version}, {})
    while True:
        frame = read_frame(sys.stdin.buffer)
        if frame is None:
            return
        write_frame(replies, *answer(evaluate, *frame))
