"""Pickles that are made to harm, and files that are none."""

from __future__ import annotations

import io
import os
import pickle
import struct
import tarfile
import zipfile
from typing import Any

import numpy as np
import torch

from paddle_compat.checkpoints import dump_arrays, record_bytes

Array = np.ndarray[Any, Any]


class Reduces:
    """Is pickled as a call."""

    def __init__(self, function: Any, *arguments: Any) -> None:
        self.told = (function, arguments)

    def __reduce__(self) -> Any:
        return self.told


def built(made: bytes, state: bytes) -> bytes:
    """Return a pickle that gives a state to something."""
    return b"\x80\x02}X\x01\x00\x00\x00a" + made + state + b"bs."


def twice(made: bytes, times: int) -> bytes:
    """Return opcodes that make a nest: what is made, in pairs of pairs."""
    return made + b"q\x01h\x01\x86" * times


def repeated(item: bytes, times: int) -> bytes:
    """Return a pickle of a list that has the same opcodes many times."""
    return HEAD + b"](" + item * times + b"es."


def archive(kind: str) -> bytes:
    """Return an archive of zeros, far smaller than they are."""
    file = io.BytesIO()
    if kind == "tar":
        with tarfile.open(fileobj=file, mode="w:gz") as tar:
            entry = tarfile.TarInfo("__model__")
            entry.size = 2**22
            tar.addfile(entry, io.BytesIO(bytes(2**22)))
    else:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
            zipped.writestr("archive/data.pkl", bytes(2**22))
    return file.getvalue()


def saved_by_torch(**options: bool) -> bytes:
    """Return a file of torch's own."""
    file = io.BytesIO()
    torch.save({"w": torch.ones(2)}, file, **options)
    return file.getvalue()


def npz(array: Array) -> bytes:
    """Return an archive of numpy's."""
    file = io.BytesIO()
    np.savez(file, w=array)
    return file.getvalue()


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
    "array of records": pickle.dumps({"a": np.zeros(2, [("x", "f4")])}),
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
    "newobj with names": HEAD + b"cnumpy\ndtype\n)}\x92s.",
    "bytes by another name": HEAD + b"c__builtin__\nbytearray\n\x8a\x05\x00\x00\x00\x00\x01\x85Rs.",
    "extension of two bytes": HEAD + b"\x83\x01\x00s.",
    "extension of four bytes": HEAD + b"\x84\x01\x00\x00\x00s.",
    "persistent id of the stack": HEAD + b"N\x51s.",
    "buffer from outside": b"\x80\x05}X\x01\x00\x00\x00a\x97s.",
    "buffer that is locked": b"\x80\x05}X\x01\x00\x00\x00a"
    + b"\x96\x01\x00\x00\x00\x00\x00\x00\x00a\x98s.",
    "protocol 9": b"\x80\x09}.",
    "number of many digits": HEAD + b"L" + b"9" * 100_000 + b"L\ns.",
    "negative size": HEAD + b"\x8b\xff\xff\xff\xffs.",
    "memo of a huge index": HEAD + b"Nr\xff\xff\xff\xffj\xfe\xff\xff\xffs.",
    "eval of what is no array": HEAD + b"cbuiltins\neval\n(X\x04\x00\x00\x00data}tRs.",
    "eval of a function": HEAD
    + b"cbuiltins\neval\n(X\x04\x00\x00\x00data}X\x04\x00\x00\x00datacbuiltins\neval\nstRs.",
    "eval of another name": HEAD + b"cbuiltins\neval\n(X\x06\x00\x00\x00hacked}tRs.",
    "eval of another expression": pickle.dumps(
        {"a": Reduces(eval, "open('hacked', 'w')", {"data": np.ones(1)})}
    ),
    "eval with a number": pickle.dumps({"a": Reduces(eval, "data", {"data": 1})}),
    "eval with nothing": HEAD + b"cbuiltins\neval\n(X\x04\x00\x00\x00datatRs.",
    "exec": HEAD + b"cbuiltins\nexec\n(X\x04\x00\x00\x00passtRs.",
    "tuple of a text": HEAD + b"cbuiltins\ntuple\n(X\x04\x00\x00\x00datatRs.",
    "called with no tuple": HEAD + b"cbuiltins\ntuple\n]Rs.",
    "what is called is a value": HEAD + b"](tRs.",
    "appends to an array": HEAD + b"cnumpy.core.multiarray\n_reconstruct\n(NNNtRNas.",
    "key that takes forever": b"\x80\x02}" + twice(b"N\x85", 40) + b"Ns.",
    "keys that take forever": b"\x80\x02}(" + twice(b"N\x85", 40) + b"Nu.",
    "keys of protocol 0 that take forever": b"(" + twice(b"N\x85", 40) + b"Nd.",
    "set that takes forever": b"\x80\x04}X\x01\x00\x00\x00a\x8f(" + twice(b"N\x85", 40) + b"\x90s.",
    "frozen set that takes forever": HEAD + b"(" + twice(b"N\x85", 40) + b"\x91s.",
    "called set that takes forever": HEAD
    + b"cbuiltins\nset\n]"
    + twice(b"N\x85", 40)
    + b"a\x85Rs.",
    "ordered keys that take forever": HEAD
    + b"ccollections\nOrderedDict\n]"
    + twice(b"N\x85", 40)
    + b"N\x86a\x85Rs.",
    "keys of one hash": b"\x80\x02}("
    + b"".join(
        pickle.LONG1 + b"\x0b" + (k * (2**61 - 1)).to_bytes(11, "little") + b"N" for k in range(9)
    )
    + b"u.",
    "part whose name takes forever": HEAD + b"NsX\x15\x00\x00\x00UnpackBigParamInfor@@}"
    b"X\x01\x00\x00\x00w}(X\x06\x00\x00\x00slices]"
    + twice(b"N\x85", 40)
    + b"aX\x0b\x00\x00\x00OriginShape]uss.",
    "dtype whose name takes forever": HEAD
    + b"cnumpy\ndtype\n"
    + twice(b"N\x85", 40)
    + b"K\x00K\x01\x87Rs.",
    "order whose name takes forever": HEAD
    + b"cnumpy\ndtype\nX\x02\x00\x00\x00f4K\x00K\x01\x87R(K\x03"
    + twice(b"N\x85", 40)
    + b"tbs.",
    "shape whose name takes forever": HEAD
    + b"cnumpy.core.multiarray\n_reconstruct\n(NNNtR(K\x01"
    + twice(b"N\x85", 40)
    + b"cnumpy\ndtype\nX\x02\x00\x00\x00f4K\x00K\x01\x87R\x89X\x00\x00\x00\x00tbs.",
    "shape of many huge sizes": HEAD
    + b"cnumpy.core.multiarray\n_reconstruct\n(NNNtR(K\x01("
    + (b"\x8a\x08" + b"\xff" * 7 + b"\x3f") * 60_000
    + b"tcnumpy\ndtype\nX\x02\x00\x00\x00u1\x89\x88\x87R\x89X\x01\x00\x00\x00xtbs.",
    "a text encoded again and again": repeated(
        b"c_codecs\nencode\nX\x10\x27\x00\x00" + b"x" * 10_000 + b"q\x01\x85R0", 1
    )[:-3]
    + b"c_codecs\nencode\nq\x020"
    + b"h\x02h\x01\x85R" * 10_000
    + b"es.",
    "a list copied again and again": HEAD
    + b"]("
    + b"N" * 10_000
    + b"eq\x010cbuiltins\ntuple\nq\x020]("
    + b"h\x02h\x01\x85R" * 10_000
    + b"es.",
    "pairs copied again and again": HEAD
    + b"]("
    + b"".join(b"M" + struct.pack("<H", k) + b"N\x86" for k in range(2_000))
    + b"eq\x010ccollections\nOrderedDict\nq\x020]("
    + b"h\x02h\x01\x85R" * 2_000
    + b"es.",
    "an array again and again": HEAD
    + b"X\x10\x27\x00\x00"
    + b"x" * 10_000
    + b"q\x010cnumpy\ndtype\nX\x02\x00\x00\x00u1\x89\x88\x87Rq\x020]("
    + b"cnumpy.core.multiarray\n_reconstruct\n(NNNtR(K\x01M\x10\x27\x85h\x02\x89h\x01tb" * 1000
    + b"es.",
    "scalar of objects": HEAD
    + b"cnumpy.core.multiarray\nscalar\ncnumpy\ndtype\nX\x02\x00\x00\x00O8\x89\x88\x87RN\x86Rs.",
    "zip": archive("zip"),
    "zip of the end": archive("zip")[-22:],
    "tar and gzip": archive("tar"),
    "tar": bytes(512),
    "torch's": saved_by_torch(),
    "torch's of old": saved_by_torch(_use_new_zipfile_serialization=False),
    "numpy's": npz(np.ones(2)),
    "numpy's with objects": npz(np.array([None])),
    "numpy's array": b"\x93NUMPY\x01\x00v\x00{'descr': '<f8', 'shape': (2,)}",
    "safetensors": struct.pack("<Q", 8) + b'{"w":{}}',
    "text": b"weights of the model\n",
    "JSON": b'{"w": [1.0]}',
    "picture": b"\x89PNG\r\n\x1a\n" + bytes(30),
    "records": record_bytes(np.ones(2)),
    "parts that are larger": pickle.dumps(
        {
            **{f"part {number}": SHARED for number in range(9)},
            "UnpackBigParamInfor@@": {
                "w": {"OriginShape": (9000,), "slices": [f"part {number}" for number in range(9)]}
            },
        }
    ),
    "parts that are one": pickle.dumps(
        {
            "p": SHARED,
            "UnpackBigParamInfor@@": {"w": {"OriginShape": (9000,), "slices": ["p"] * 9}},
        }
    ),
    "parts of nothing": pickle.dumps({"UnpackBigParamInfor@@": {"w": 3}}),
    "empty": b"",
}
