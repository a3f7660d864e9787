"""Compares what two runs of one script dumped; and dumps with recordings that hold their digest.

A dump has histories (a value a step) under their names, and every parameter twice:
``initial NAME`` and ``trained NAME``; perhaps other state, ``trained NAME`` alone.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

Arrays = dict[str, npt.NDArray[Any]]
INITIAL, TRAINED = "initial ", "trained "
SAMPLES = 4
# The C++ library's normal distribution calls log and sqrt: their last bit is not standardized.
NORMAL_ULP = 2


def assert_same_start(ours: Arrays, real: Arrays, normal: Callable[[str], bool]) -> None:
    """Assert that every initial parameter is real Paddle's, bit by bit.

    Args:
        ours: one dump.
        real: the other dump.
        normal: tells by name which parameters are drawn from a normal distribution; these may
            differ in their last bits.
    """
    assert list(ours) == list(real)
    for name in filter(lambda name: name.startswith(INITIAL), real):
        assert ours[name].dtype == real[name].dtype, name
        assert ours[name].shape == real[name].shape, name
        if normal(name.removeprefix(INITIAL)):
            np.testing.assert_array_max_ulp(ours[name], real[name], NORMAL_ULP)
        else:
            np.testing.assert_array_equal(ours[name], real[name], name, strict=True)


def assert_same_training(ours: Arrays, real: Arrays, tolerance: float) -> None:
    """Assert that every step's values and every trained parameter agree."""
    assert list(ours) == list(real)
    for name in filter(lambda name: not name.startswith(INITIAL), real):
        np.testing.assert_allclose(
            ours[name], real[name], tolerance, tolerance, err_msg=name, strict=True
        )
    moved = [
        name
        for name in real
        if name.startswith(TRAINED)
        and INITIAL + name.removeprefix(TRAINED) in real
        and not np.array_equal(real[name], real[INITIAL + name.removeprefix(TRAINED)])
    ]
    assert moved, "nothing was trained, so nothing was compared"


def digest(arrays: Arrays) -> dict[str, Any]:
    """Return what is recorded of a dump: histories whole, of a parameter its hash and samples."""
    found: dict[str, Any] = {}
    for name, array in arrays.items():
        if name.startswith((INITIAL, TRAINED)):
            found[name] = {
                "dtype": str(array.dtype),
                "shape": str(array.shape),
                "sum of absolute values": hexadecimal(
                    np.abs(array.astype("float64")).sum().reshape(1)
                ),
                "samples": hexadecimal(samples(array)),
            }
            if name.startswith(INITIAL):
                found[name]["sha256"] = hashlib.sha256(array.tobytes()).hexdigest()
        else:
            found[name] = hexadecimal(array)
    return found


def samples(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Return a few elements, from the first to the last."""
    chosen = np.linspace(0, array.size - 1, min(SAMPLES, array.size)).astype(int)
    return np.take(array, chosen)


def assert_as_recorded(
    arrays: Arrays, recorded: dict[str, Any], tolerance: float, normal: Callable[[str], bool]
) -> None:
    """Assert that a dump agrees with a recording, as far as that goes."""
    assert list(arrays) == list(recorded)
    ours = digest(arrays)
    for name, wanted in recorded.items():
        found = ours[name]
        if not isinstance(wanted, dict):
            np.testing.assert_allclose(numbers(found), numbers(wanted), tolerance, err_msg=name)
            continue
        exact = name.startswith(INITIAL) and not normal(name.removeprefix(INITIAL))
        keys = ("dtype", "shape", "sha256") if exact else ("dtype", "shape")
        assert {key: found[key] for key in keys} == {key: wanted[key] for key in keys}, name
        for key in ("samples", "sum of absolute values"):
            np.testing.assert_allclose(
                numbers(found[key]), numbers(wanted[key]), tolerance, tolerance, err_msg=name
            )


def hexadecimal(array: npt.NDArray[Any]) -> str:
    """Write numbers with all their bits."""
    return " ".join(float(value).hex() for value in array.ravel())


def numbers(text: str) -> list[float]:
    """Read what `hexadecimal` wrote."""
    return [float.fromhex(value) for value in text.split()]


def load(path: Path) -> dict[str, Any]:
    """Read a recording."""
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def save(path: Path, recording: dict[str, Any]) -> None:
    """Write a recording."""
    path.write_text(json.dumps(recording, indent=1) + "\n", encoding="utf-8")
