"""Names of 2019 and 2020 that newer Python and NumPy removed, and what to write instead."""

from __future__ import annotations

import collections.abc
import inspect
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any, NamedTuple

__all__ = ["REMOVED", "Removed"]


class Removed(NamedTuple):
    """A removed name: the release that removed it, what to write instead, how to restore it."""

    since: str
    instead: str
    restored: Callable[[], object]


def _same(since: str, module: str, name: str = "", instead: str = "") -> Removed:
    """Return a name that lives on as ``module.name``, or as the module."""

    def restored() -> object:
        found = import_module(module)
        return getattr(found, name) if name else found

    full = name if module == "builtins" else f"{module}.{name}".rstrip(".")
    return Removed(since, instead or full, restored)


def _function(since: str, function: Callable[..., object], instead: str) -> Removed:
    return Removed(since, instead, lambda: function)


class ArgSpec(NamedTuple):
    """What `getargspec` returns."""

    args: list[str]
    varargs: str | None
    keywords: str | None
    defaults: tuple[Any, ...] | None


def getargspec(func: Callable[..., object]) -> ArgSpec:
    """Return a function's positional parameters.

    Unlike the one of old it takes annotated functions, as Paddle's own, which had no annotations,
    are annotated here.
    """
    full = inspect.getfullargspec(func)
    if full.kwonlyargs:
        raise ValueError(
            f"getargspec: {func!r} has keyword-only parameters, which an ArgSpec cannot hold; "
            "write inspect.signature"
        )
    return ArgSpec(full.args, full.varargs, full.varkw, full.defaults)


def asscalar(a: Any) -> object:
    """Return the one element of an array as a Python scalar."""
    return a.item()


def asfarray(a: Any, dtype: Any = None) -> object:
    """Return an array of the dtype asked for, or of float64 where that is not inexact."""
    import numpy as np

    asked = np.dtype(np.float64 if dtype is None else dtype)
    return np.asarray(a, dtype=asked if np.issubdtype(asked, np.inexact) else np.float64)


def in1d(ar1: Any, ar2: Any, *args: Any, **kwargs: Any) -> object:
    """Return, flattened, which elements of the first array are in the second."""
    import numpy as np

    return np.isin(np.ravel(ar1), ar2, *args, **kwargs)


def msort(a: Any) -> object:
    """Return a copy sorted along the first axis."""
    import numpy as np

    return np.sort(a, axis=0)


def _numpy_builtins() -> dict[str, Removed]:
    names = {n: n for n in ("bool", "int", "float", "complex", "object", "str")}
    names |= {"long": "int", "unicode": "str"}
    return {old: _same("NumPy 1.24", "builtins", new) for old, new in names.items()}


def _numpy_aliases(since: str, names: dict[str, str]) -> dict[str, Removed]:
    return {old: _same(since, "numpy", new, f"np.{new}") for old, new in names.items()}


_NUMPY: dict[str, Removed] = {
    **_numpy_builtins(),
    **_numpy_aliases("NumPy 1.18", {"rank": "ndim"}),
    **_numpy_aliases(
        "NumPy 2.0",
        {
            "Inf": "inf",
            "Infinity": "inf",
            "NaN": "nan",
            "PINF": "inf",
            "alltrue": "all",
            "bool8": "bool_",
            "bytes0": "bytes_",
            "cfloat": "complex128",
            "clongfloat": "clongdouble",
            "complex_": "complex128",
            "cumproduct": "cumprod",
            "float_": "float64",
            "infty": "inf",
            "int0": "intp",
            "longcomplex": "clongdouble",
            "longfloat": "longdouble",
            "mat": "asmatrix",
            "object0": "object_",
            "product": "prod",
            "round_": "round",
            "singlecomplex": "complex64",
            "sometrue": "any",
            "str0": "str_",
            "string_": "bytes_",
            "uint0": "uintp",
            "unicode_": "str_",
            "void0": "void",
        },
    ),
    **_numpy_aliases("NumPy 2.4", {"trapz": "trapezoid"}),
    "NINF": Removed("NumPy 2.0", "-np.inf", lambda: -float("inf")),
    "NZERO": Removed("NumPy 2.0", "-0.0", lambda: -0.0),
    "PZERO": Removed("NumPy 2.0", "0.0", lambda: 0.0),
    "alen": _same("NumPy 1.23", "builtins", "len"),
    "asfarray": _function("NumPy 2.0", asfarray, "np.asarray(a, dtype=np.float64)"),
    "asscalar": _function("NumPy 1.23", asscalar, "a.item()"),
    "in1d": _function("NumPy 2.4", in1d, "np.isin"),
    "issubclass_": _same("NumPy 2.0", "builtins", "issubclass"),
    "msort": _function("NumPy 2.0", msort, "np.sort(a, axis=0)"),
}

REMOVED: dict[str, dict[str, Removed]] = {
    "base64": {
        "decodestring": _same("Python 3.9", "base64", "decodebytes"),
        "encodestring": _same("Python 3.9", "base64", "encodebytes"),
    },
    "collections": {
        name: _same("Python 3.10", "collections.abc", name)
        for name in collections.abc.__all__
        if name != "Buffer"  # younger than the removal
    },
    "fractions": {"gcd": _same("Python 3.9", "math", "gcd")},
    "inspect": {
        "ArgSpec": Removed("Python 3.11", "inspect.FullArgSpec", lambda: ArgSpec),
        "getargspec": _function("Python 3.11", getargspec, "inspect.getfullargspec"),
    },
    "numpy": _NUMPY,
    "os": {"errno": _same("Python 3.7", "errno")},
    "time": {
        # The processor's time on Unix, the wall's on Windows.
        "clock": _same(
            "Python 3.8",
            "time",
            "perf_counter" if sys.platform == "win32" else "process_time",
            "time.perf_counter, or time.process_time",
        )
    },
}
"""The removed names, by module."""
