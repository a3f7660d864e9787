"""Paddle's pickled files of parameters, ``.pdparams`` and ``.pdopt``, which run nothing."""

from __future__ import annotations

import io
import pickle
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from paddle_compat.checkpoints.damage import DamagedFileError
from paddle_compat.checkpoints.plain import Rebuild, check_key, is_array
from paddle_compat.checkpoints.unpickler import unpickle

__all__ = ["NAME_TABLE", "PARTS", "dump_arrays", "is_named", "load_arrays", "load_value"]

Array = np.ndarray[Any, Any]

NAME_TABLE = "StructuredToParameterName@@"
"""Where Paddle 2 notes which parameter each name of a layer's state stands for."""

PARTS = "UnpackBigParamInfor@@"
"""Where Paddle 2 notes how it cut large arrays into parts, for protocols 2 and 3."""


def load_value(file: io.BytesIO, source: str, *, alone: bool) -> Any:
    """Return what a pickled file holds, and leave it behind that.

    Args:
        file: what ``paddle.save`` of 2.x or ``fluid.save`` of 1.x (from Python 2 or 3) wrote.
        source: what the file is called in errors.
        alone: refuse more behind it: files of others begin with pickles of numbers.

    Returns:
        Arrays, numbers, texts, and plain containers of these. Arrays that Paddle 2 cut into parts
        are whole.

    Raises:
        DamagedFileError: it is cut off or no pickle, or names anything but an array.
    """
    size = len(file.getbuffer()) - file.tell()
    try:
        found = unpickle(file)
        more = len(file.getbuffer()) - file.tell()
        if alone and more:
            raise DamagedFileError(f"{more} bytes follow its end, as in no file of Paddle")
        if isinstance(found, dict):
            _join_parts(found, size)
        return found
    except DamagedFileError as error:
        raise DamagedFileError(f"{source} is not loaded: {error}") from None
    except MemoryError:
        raise DamagedFileError(f"{source} claims more memory than there is") from None
    except Exception as error:
        told = str(error)[:200] or type(error).__name__
        raise DamagedFileError(
            f"{source} is damaged or no pickled file of parameters: {told}"
        ) from None


def load_arrays(data: bytes | memoryview, source: str) -> dict[str, Any]:
    """Return what a pickled file of parameters holds, by name.

    Args:
        data: the whole file.
        source: what the file is called in errors.

    Returns:
        A dict as of `load_value`; a tensor that Paddle 2 saved with its name is an array.

    Raises:
        DamagedFileError: as of `load_value`, or it holds no dict.
    """
    found = load_value(io.BytesIO(data), source, alone=True)
    if not isinstance(found, dict):
        raise DamagedFileError(
            f"{source} is not loaded: it holds a {type(found).__name__}, and not a dict by name"
        )
    plain = Rebuild(lambda value: value[1] if is_named(value) else value, DamagedFileError)
    return dict(plain(found))


def is_named(value: Any) -> bool:
    """Tell whether a value is a tensor of Paddle 2 with its name."""
    return (
        type(value) is tuple
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], np.ndarray)
    )


def _join_parts(found: dict[Any, Any], size: int) -> None:
    """Put arrays together that Paddle 2 cut into parts."""
    parts = found.pop(PARTS, None)
    if parts is None:
        return
    left = size
    try:
        for name, told in parts.items():
            names, shape = told["slices"], told["OriginShape"]
            # A part's name is looked up, and the hash of a nest of tuples may take forever.
            pieces = [found.pop(check_key(part, KeyError)) for part in names]
            left -= sum(piece.nbytes for piece in pieces)
            if left < 0:
                raise DamagedFileError("the parts of its arrays are larger than it is")
            whole = np.concatenate([piece.reshape(-1) for piece in pieces])
            found[name] = whole.reshape([int(size) for size in shape])
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        if isinstance(error, DamagedFileError):
            raise
        raise DamagedFileError("the parts of its arrays do not fit together") from None


def dump_arrays(arrays: Mapping[str, Array]) -> bytes:
    """Return the pickled file of arrays by name that ``fluid.save`` of 1.8 writes.

    Any Python from 2.7 on, with any numpy, reads it: it is of protocol 2, and names numpy's module
    as it was called before numpy 2.

    Raises:
        TypeError: an array's dtype is none of numbers or booleans.
    """
    for name, array in arrays.items():
        if not is_array(array):
            raise TypeError(
                f"{name!r} cannot be saved: its dtype is {array.dtype}, which is no number's"
            )
    file = io.BytesIO()
    _Pickler(file, protocol=2).dump(dict(arrays))
    return file.getvalue()


_RECONSTRUCT = np.empty(0).__reduce__()[0]


class _Pickler(pickle._Pickler):
    """Python's own pickler, the one in Python, for arrays that every numpy reads."""

    if TYPE_CHECKING:
        write: Callable[[bytes], None]
        memoize: Callable[[Any], None]

    def save_global(self, obj: Any, name: str | None = None) -> None:
        if obj is _RECONSTRUCT:
            self.write(pickle.GLOBAL + b"numpy.core.multiarray\n_reconstruct\n")
            self.memoize(obj)
        else:
            super().save_global(obj, name)  # type: ignore[misc]
