"""Paddle's pickled files of parameters, ``.pdparams`` and ``.pdopt``, read without trusting them.

A pickle is a program, and loading a file with Python's own `pickle.load` runs it. Files of
parameters need next to nothing of that: plain containers, strings, numbers and arrays. The
unpickler here admits that and no other name.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from paddle_compat.checkpoints.damage import DamagedFileError

__all__ = ["dump_arrays", "load_arrays"]

Array = np.ndarray[Any, Any]
# The dtypes of numbers, as numpy writes them: a letter and a number of bytes.
_KINDS = "biufc"
_SIZES = ("1", "2", "4", "8", "16")


def load_arrays(data: bytes | memoryview, source: str) -> dict[str, Any]:
    """Return what a pickled file of parameters holds.

    Args:
        data: the whole file, written by ``fluid.save`` of 1.x (from Python 2 or 3), or by
            ``paddle.save`` of a state in 2.x.
        source: what the file is called in errors.

    Returns:
        A dict by name; arrays, numbers, strings and plain containers of these.

    Raises:
        DamagedFileError: it is cut off or no pickle, holds no dict, or names anything but an array.
    """
    try:
        found = _Unpickler(data).load()
        if not isinstance(found, dict):
            raise DamagedFileError(f"it holds a {type(found).__name__}, and not a dict by name")
        plain = _Plain().of(found)
        _join_parts(plain, len(data))
        return dict(plain)
    except DamagedFileError as error:
        raise DamagedFileError(f"{source} is not loaded: {error}") from None
    except MemoryError:
        raise DamagedFileError(f"{source} claims more memory than there is") from None
    except Exception as error:
        raise DamagedFileError(
            f"{source} is damaged or no pickled file of parameters: {error or type(error).__name__}"
        ) from None


class _Plain:
    """Turns what was unpickled into what its reader expects, every object once."""

    def __init__(self) -> None:
        # What stands in a file twice stays one: copies of copies would have no end.
        self._done: dict[int, Any] = {}
        self._held: list[Any] = []

    def of(self, value: Any) -> Any:
        """Return a value without anything of the unpickler's."""
        if id(value) not in self._done:
            made = self._made(value)
            self._held.append(value)
            self._done[id(value)] = made
        return self._done[id(value)]

    def _made(self, value: Any) -> Any:
        if isinstance(value, _Blank):
            return value.finished()
        if isinstance(value, (_Kind, _ArrayType)) or callable(value):
            raise DamagedFileError("a part of an array stands where a value should")
        if isinstance(value, tuple) and len(value) == 2 and isinstance(value[1], _Blank):
            # Paddle 2's tensors outside of states: the name and the array.
            return self.of(value[1])
        if isinstance(value, dict):
            return {_text(key): self.of(item) for key, item in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return type(value)(self.of(item) for item in value)
        return value


def _text(name: Any) -> Any:
    return name.decode("latin1") if isinstance(name, bytes) else name


def _join_parts(found: dict[Any, Any], size: int) -> None:
    """Put arrays together that Paddle 2 cuts into parts where they are large."""
    parts = found.pop("UnpackBigParamInfor@@", None)
    if parts is None:
        return
    left = size
    try:
        for name, told in parts.items():
            pieces = [found.pop(part) for part in told["slices"]]
            left -= sum(piece.nbytes for piece in pieces)
            if left < 0:
                raise DamagedFileError("the parts of its arrays are larger than it is")
            whole = np.concatenate([piece.reshape(-1) for piece in pieces])
            found[name] = whole.reshape(told["OriginShape"])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, DamagedFileError):
            raise
        raise DamagedFileError("the parts of its arrays do not fit together") from None


class _Blank:
    """An array on its way: numpy pickles an empty one, and then its state."""

    def __init__(self, budget: _Budget) -> None:
        self._budget = budget
        self._array: Array | None = None

    def set_state(self, state: Any) -> None:
        """Take the shape, the dtype, the order and the bytes."""
        if not isinstance(state, tuple) or len(state) != 5:
            raise DamagedFileError("an array's state is not numpy's")
        _, shape, kind, fortran, data = state
        if not isinstance(kind, _Kind) or not isinstance(shape, tuple):
            raise DamagedFileError("an array's state is not numpy's")
        if isinstance(data, str):
            data = data.encode("latin1")
        if not isinstance(data, (bytes, bytearray)):
            raise DamagedFileError("an array's elements are no bytes")
        if not all(isinstance(size, int) and size >= 0 for size in shape):
            raise DamagedFileError(f"an array's shape is {shape}")
        wanted = math.prod(shape) * kind.dtype.itemsize
        if wanted != len(data):
            raise DamagedFileError(
                f"an array of {kind.dtype}{list(shape)} comes with {len(data)} bytes"
            )
        self._budget.spend(wanted)
        array = np.frombuffer(data, kind.dtype).reshape(shape, order="F" if fortran else "C")
        self._array = np.array(array, kind.dtype.newbyteorder("="), order="C")

    def finished(self) -> Array:
        """Return the array."""
        if self._array is None:
            raise DamagedFileError("an array has no elements and no shape")
        return self._array


class _Kind:
    """A dtype on its way: its letter and size, and then its byte order."""

    def __init__(self, letter: Any, align: Any = False, copy: Any = False) -> None:
        letter = _text(letter)
        if not isinstance(letter, str) or letter[:1] not in _KINDS or letter[1:] not in _SIZES:
            raise DamagedFileError(f"an array's dtype is {letter!r}, which no parameter has")
        self.dtype = np.dtype(letter)

    def set_state(self, state: Any) -> None:
        """Take the byte order."""
        order = _text(state[1]) if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "=", "|"):
            raise DamagedFileError(f"a dtype's byte order is {order!r}")
        self.dtype = self.dtype.newbyteorder(order)


class _ArrayType:
    """What ``numpy.ndarray`` is read as: a word that says nothing, and makes nothing."""


class _Budget:
    """How many bytes all arrays may have together: no more than the file."""

    def __init__(self, size: int) -> None:
        self._left = size

    def spend(self, size: int) -> None:
        """Count an array."""
        self._left -= size
        if self._left < 0:
            raise DamagedFileError("its arrays are larger than it is")


class _Unpickler(pickle._Unpickler):
    """Python's own unpickler, the one in Python, with nothing to call but what is admitted."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)
    if TYPE_CHECKING:
        stack: list[Any]
        read: Callable[[int], bytes]
        append: Callable[[Any], None]

    def __init__(self, data: bytes | memoryview) -> None:
        super().__init__(io.BytesIO(data), encoding="latin1", errors="strict")
        self._size = len(data)
        self._budget = _Budget(self._size)
        self._admitted: dict[tuple[str, str], Any] = {
            ("numpy", "ndarray"): _ArrayType(),
            ("numpy", "dtype"): _Kind,
            ("_codecs", "encode"): _encode,
            ("__builtin__", "bytes"): _no_bytes,
            ("builtins", "bytes"): _no_bytes,
            ("collections", "OrderedDict"): dict,
        }
        for core in ("numpy.core", "numpy._core"):
            self._admitted[f"{core}.multiarray", "_reconstruct"] = self._reconstruct
            self._admitted[f"{core}.multiarray", "scalar"] = _scalar
            self._admitted[f"{core}.numeric", "_frombuffer"] = self._from_buffer

    def find_class(self, module: str, name: str) -> Any:
        found = self._admitted.get((module, name))
        if found is None:
            raise DamagedFileError(
                f"it asks for {module}.{name}, which no file of parameters needs, and which may "
                "run code"
            )
        return found

    def _reconstruct(self, kind: Any, shape: Any, letter: Any) -> _Blank:
        return _Blank(self._budget)

    def _from_buffer(self, data: Any, kind: Any, shape: Any, order: Any) -> _Blank:
        """Return the arrays of protocol 5."""
        blank = _Blank(self._budget)
        blank.set_state((1, shape, kind, order == "F", data))
        return blank

    def persistent_load(self, pid: Any) -> Any:
        raise DamagedFileError("it refers to something outside of itself")

    def get_extension(self, code: Any) -> Any:
        raise DamagedFileError("it refers to pickle's registry of extensions")

    def load_build(self) -> None:
        """Give a state to what takes one, and to nothing else: functions have attributes too."""
        state = self.stack.pop()
        made = self.stack[-1]
        if not isinstance(made, (_Blank, _Kind)):
            raise DamagedFileError(f"it changes a {type(made).__name__}")
        made.set_state(state)

    dispatch[pickle.BUILD[0]] = load_build

    def load_bytearray8(self) -> None:
        """Read bytes, once there are known to be as many as are claimed."""
        (size,) = struct.unpack("<Q", self.read(8))
        if size > self._size:
            raise DamagedFileError(f"it claims {size} bytes, and has {self._size}")
        self.append(bytearray(self.read(size)))

    dispatch[pickle.BYTEARRAY8[0]] = load_bytearray8


def _scalar(kind: Any, data: Any) -> Any:
    data = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(kind, _Kind) or not isinstance(data, bytes):
        raise DamagedFileError("a number's state is not numpy's")
    if len(data) != kind.dtype.itemsize:
        raise DamagedFileError("a number's bytes are not as many as its dtype has")
    return np.frombuffer(data, kind.dtype)[0]


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """Return protocol 2's bytes, which it has no form of its own for."""
    if not isinstance(text, str) or encoding != "latin1":
        raise DamagedFileError("bytes that are not as pickle writes them")
    return text.encode("latin1")


def _no_bytes() -> bytes:
    return b""


def dump_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Return the pickled file of arrays by name that ``fluid.save`` of 1.8 writes.

    Any Python from 2.7 on, with any numpy, reads it: it is of protocol 2, and names numpy's module
    as it was called before numpy 2.

    Raises:
        TypeError: an array's dtype is none of numbers or booleans.
    """
    parts = [b"\x80\x02}("]
    for name, array in arrays.items():
        parts += [_unicode(name), *_array_parts(name, array)]
    parts.append(b"u.")
    return b"".join(parts)


def _array_parts(name: str, array: Array) -> Iterator[bytes]:
    """Yield the opcodes that make an array, as numpy's `__reduce__` tells them."""
    dtype = array.dtype
    if dtype.kind not in _KINDS:
        raise TypeError(f"{name!r} cannot be saved: its dtype is {dtype}, which is no number's")
    letter = f"{dtype.kind}{dtype.itemsize}"
    order = b"|" if dtype.itemsize == 1 else b"<"
    little = np.ascontiguousarray(array, dtype.newbyteorder("<"))
    yield b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
    yield _bytes(b"b") + b"\x87R(K\x01("
    yield b"".join(_number(size) for size in array.shape) + b"t"
    yield b"cnumpy\ndtype\n" + _unicode(letter) + b"K\x00K\x01\x87R(K\x03"
    yield _unicode(order.decode()) + b"NNN" + _number(-1) + _number(-1) + b"K\x00tb\x89"
    yield _bytes(little.tobytes()) + b"tb"


def _unicode(text: str) -> bytes:
    data = text.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(data)) + data


def _bytes(data: bytes) -> bytes:
    if not data:
        return b"c__builtin__\nbytes\n)R"
    return b"c_codecs\nencode\n" + _unicode(data.decode("latin1")) + _unicode("latin1") + b"\x86R"


def _number(number: int) -> bytes:
    if -(2**31) <= number < 2**31:
        return b"J" + struct.pack("<i", number)
    return b"\x8a\x09" + number.to_bytes(9, "little", signed=True)
