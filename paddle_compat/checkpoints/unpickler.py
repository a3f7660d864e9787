"""Python's unpickler with nothing to call: pickles of arrays and plain values.

A pickle is a program, and loading a file with Python's own `pickle.load` runs it. Files of
parameters need next to nothing of that: plain containers, strings, numbers and arrays. The
unpickler here makes these, and refuses every other name.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from paddle_compat.checkpoints.damage import DamagedFileError
from paddle_compat.checkpoints.plain import KINDS, Rebuild, check_key, is_plain

__all__ = ["unpickle"]

Array = np.ndarray[Any, Any]
# A dtype is one of `KINDS` and a number of bytes.
_SIZES = ("1", "2", "4", "8", "16")
_MOST_DIMENSIONS = 64
_ARRAYS = ("numpy.core", "numpy._core")
_BUILTINS = ("builtins", "__builtin__")


def unpickle(file: io.BytesIO) -> Any:
    """Return what a pickle holds, and leave the file behind it.

    Raises:
        DamagedFileError: it asks for something else than arrays and plain values.
        Exception: as Python's unpickler, for what is no pickle.
    """
    size = len(file.getbuffer()) - file.tell()
    return Rebuild(_value, DamagedFileError)(_Unpickler(file, size).load())


def _value(made: Any) -> Any:
    """Return a value without anything of the unpickler's."""
    if isinstance(made, _Blank):
        return made.finished()
    if is_plain(made):
        return made
    raise DamagedFileError("a part of an array stands where a value should")


class _Budget:
    """How many bytes or elements may be made by copying: no more than the file has bytes.

    A pickle can name a thing of its own again for a few bytes, and have it copied each time.
    """

    def __init__(self, size: int) -> None:
        self._left = size

    def spend(self, size: int) -> None:
        """Count a copy."""
        self._left -= size
        if self._left < 0:
            raise DamagedFileError("what it makes is larger than it is")


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
        if len(shape) > _MOST_DIMENSIONS or not all(
            isinstance(size, int) and 0 <= size < 2**63 for size in shape
        ):
            raise DamagedFileError("an array's shape is none")
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
        if not isinstance(letter, str) or letter[:1] not in KINDS or letter[1:] not in _SIZES:
            told = repr(letter[:20]) if isinstance(letter, str) else type(letter).__name__
            raise DamagedFileError(f"an array's dtype is {told}, which no parameter has")
        self.dtype = np.dtype(letter)

    def set_state(self, state: Any) -> None:
        """Take the byte order."""
        order = state[1] if isinstance(state, tuple) and len(state) > 1 else None
        if order not in ("<", ">", "=", "|"):
            raise DamagedFileError("a dtype's byte order is none")
        self.dtype = self.dtype.newbyteorder(order)


@dataclass(frozen=True, eq=False)
class _Name:
    """What a pickle names: a word, and what is made where the pickle calls it."""

    make: Callable[..., Any] | None = None


class _Unpickler(pickle._Unpickler):
    """Python's own unpickler, the one in Python, with nothing to call but what is admitted."""

    dispatch: ClassVar[dict[int, Callable[[Any], None]]] = dict(pickle._Unpickler.dispatch)
    if TYPE_CHECKING:
        stack: list[Any]
        read: Callable[[int], bytes]
        append: Callable[[Any], None]
        pop_mark: Callable[[], list[Any]]

    def __init__(self, file: io.BytesIO, size: int) -> None:
        super().__init__(file, encoding="latin1", errors="strict")
        self._size = size
        self._arrays, self._texts, self._items = (_Budget(size) for _ in range(3))
        self._admitted = {
            ("numpy", "ndarray"): _Name(),
            ("numpy", "dtype"): _Name(_Kind),
            ("_codecs", "encode"): _Name(self._encode),
            ("collections", "OrderedDict"): _Name(self._ordered),
        }
        for core in _ARRAYS:
            self._admitted[f"{core}.multiarray", "_reconstruct"] = _Name(self._reconstruct)
            self._admitted[f"{core}.multiarray", "scalar"] = _Name(_scalar)
            self._admitted[f"{core}.numeric", "_frombuffer"] = _Name(self._from_buffer)
        for builtins in _BUILTINS:
            self._admitted[builtins, "bytes"] = _Name(_no_bytes)
            self._admitted[builtins, "complex"] = _Name(_complex)
            self._admitted[builtins, "eval"] = _Name(_data)
            self._admitted[builtins, "frozenset"] = _Name(self._frozen_set)
            self._admitted[builtins, "set"] = _Name(self._set)
            self._admitted[builtins, "tuple"] = _Name(self._tuple)

    def find_class(self, module: str, name: str) -> Any:
        found = self._admitted.get((module, name))
        if found is None:
            raise DamagedFileError(
                f"it asks for {f'{module}.{name}'[:200]}, which no file of parameters needs, and "
                "which may run code"
            )
        return found

    def _call(self, named: Any, arguments: Any) -> Any:
        """Make what a name stands for; everything that a pickle calls is called here."""
        if not isinstance(named, _Name) or named.make is None or not isinstance(arguments, tuple):
            raise DamagedFileError("it calls what makes no value of parameters")
        return named.make(*arguments)

    def load_reduce(self) -> None:
        """Call a name, with a tuple."""
        arguments = self.stack.pop()
        self.stack[-1] = self._call(self.stack[-1], arguments)

    dispatch[pickle.REDUCE[0]] = load_reduce

    def _instantiate(self, named: Any, arguments: Any) -> None:
        """Call a name as protocols 0 and 1 do."""
        self.append(self._call(named, tuple(arguments)))

    def load_newobj(self) -> None:
        """Refuse instances of classes: no value of parameters is one."""
        raise DamagedFileError("it makes an instance of a class")

    dispatch[pickle.NEWOBJ[0]] = load_newobj
    dispatch[pickle.NEWOBJ_EX[0]] = load_newobj

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

    def load_setitem(self) -> None:
        """Put an item into a dict."""
        value, key = self.stack.pop(), self.stack.pop()
        _fill(self.stack[-1], [key, value])

    dispatch[pickle.SETITEM[0]] = load_setitem

    def load_setitems(self) -> None:
        """Put items into a dict."""
        items = self.pop_mark()
        _fill(self.stack[-1], items)

    dispatch[pickle.SETITEMS[0]] = load_setitems

    def load_dict(self) -> None:
        """Make a dict of protocol 0."""
        made: dict[Any, Any] = {}
        _fill(made, self.pop_mark())
        self.append(made)

    dispatch[pickle.DICT[0]] = load_dict

    def load_additems(self) -> None:
        """Put elements into a set."""
        items = self.pop_mark()
        if not isinstance(self.stack[-1], set):
            raise DamagedFileError("it adds elements to what is no set")
        self.stack[-1].update(_key(item) for item in items)

    dispatch[pickle.ADDITEMS[0]] = load_additems

    def load_frozenset(self) -> None:
        """Make a set that stays as it is."""
        self.append(frozenset(_key(item) for item in self.pop_mark()))

    dispatch[pickle.FROZENSET[0]] = load_frozenset

    def _reconstruct(self, kind: Any, shape: Any, letter: Any) -> _Blank:
        return _Blank(self._arrays)

    def _from_buffer(self, data: Any, kind: Any, shape: Any, order: Any) -> _Blank:
        """Return the arrays of protocol 5."""
        blank = _Blank(self._arrays)
        blank.set_state((1, shape, kind, order == "F", data))
        return blank

    def _encode(self, text: Any, encoding: Any = "latin1") -> bytes:
        """Return protocol 2's bytes, which it has no form of its own for."""
        if not isinstance(text, str) or encoding != "latin1":
            raise DamagedFileError("bytes that are not as pickle writes them")
        self._texts.spend(len(text))
        return text.encode("latin1")

    def _ordered(self, items: Any = ()) -> OrderedDict[Any, Any]:
        """Return an ordered dict; Python 2 pickles it with a list of pairs."""
        made: OrderedDict[Any, Any] = OrderedDict()
        for pair in self._elements(items):
            if not isinstance(pair, (list, tuple)) or len(pair) != 2:
                raise DamagedFileError("an ordered dict's items are no pairs")
            _fill(made, list(pair))
        return made

    def _elements(self, items: Any) -> Iterable[Any]:
        """Return what a container is made of."""
        if not isinstance(items, (list, tuple)):
            raise DamagedFileError("a container is not made of a list")
        self._items.spend(len(items))
        return items

    def _tuple(self, items: Any = ()) -> tuple[Any, ...]:
        return tuple(self._elements(items))

    def _set(self, items: Any = ()) -> set[Any]:
        return {_key(item) for item in self._elements(items)}

    def _frozen_set(self, items: Any = ()) -> frozenset[Any]:
        return frozenset(self._set(items))


def _key(key: Any) -> Any:
    """Return a key before it is hashed: the hash of a nest of tuples may take forever."""
    return check_key(key, DamagedFileError)


def _fill(made: Any, items: list[Any]) -> None:
    """Put keys and values, in turns, into a dict."""
    if not isinstance(made, dict):
        raise DamagedFileError(f"it puts items into a {type(made).__name__}")
    for key, value in zip(items[::2], items[1::2], strict=True):
        made[_key(key)] = value


def _scalar(kind: Any, data: Any) -> Any:
    data = data.encode("latin1") if isinstance(data, str) else data
    if not isinstance(kind, _Kind) or not isinstance(data, bytes):
        raise DamagedFileError("a number's state is not numpy's")
    if len(data) != kind.dtype.itemsize:
        raise DamagedFileError("a number's bytes are not as many as its dtype has")
    return np.frombuffer(data, kind.dtype)[0]


def _complex(real: Any, imaginary: Any) -> complex:
    if not isinstance(real, float) or not isinstance(imaginary, float):
        raise DamagedFileError("a complex number's parts are none")
    return complex(real, imaginary)


def _data(expression: Any, names: Any) -> _Blank:
    """Return the array of Paddle 2's static tensors: its pickles evaluate 'data', which it is.

    Nothing else is evaluated, and this is not either.
    """
    if expression == "data" and isinstance(names, dict) and list(names) == ["data"]:
        array = names["data"]
        if isinstance(array, _Blank):
            return array
    raise DamagedFileError("it asks for eval, which may run code")


def _no_bytes() -> bytes:
    return b""
