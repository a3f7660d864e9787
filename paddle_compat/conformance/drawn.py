"""Calls that are drawn from a seed: what nobody thought of asking, and the same again on demand."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from paddle_compat.conformance.call import FLUID, FUNCTIONAL, MODULE, Array, Call, Json
from paddle_compat.conformance.cases import FINITE

__all__ = ["COUNT", "calls"]

COUNT = 40
"""How many calls are drawn of each face."""


def calls(face: str, seed: int, count: int = COUNT) -> Iterator[Call]:
    """Yield calls that both sides accept: the same ones for a face and a seed."""
    drawers = {FLUID: _fluid, FUNCTIONAL: _functional, MODULE: _module}
    for number in range(count):
        key = [seed, number, *face.encode()]
        yield drawers[face](f"drawn {seed}.{number}", np.random.default_rng(key))


def _values(rng: np.random.Generator, shape: tuple[int, ...], dtype: str) -> Array:
    """Draw logits of every size, a few of them special."""
    spread = rng.choice([1.0, 8.0, 125.0])
    values = spread * rng.uniform(-1, 1, shape)
    special = rng.choice([sign * value for value in FINITE for sign in (1.0, -1.0)], shape)
    return np.asarray(np.where(rng.random(shape) < 0.1, special, values), dtype)


def _hyper(rng: np.random.Generator, largest: float = 1.5) -> dict[str, Json]:
    gamma = rng.choice([rng.uniform(0, 5), 2.0, 1.0, 0.0])
    return {"gamma": float(np.float32(gamma)), "alpha": float(np.float32(rng.uniform(0, largest)))}


def _told(name: str, array: Array, attrs: dict[str, Json]) -> str:
    hyper = (
        f"{key}={value:.4g}" if isinstance(value, float) else f"{key}={value}"
        for key, value in attrs.items()
    )
    return f"{name} ({', '.join([f'{array.dtype}{list(array.shape)}', *hyper])})"


def _fluid(name: str, rng: np.random.Generator) -> Call:
    dtype = str(rng.choice(["float32", "float64"]))
    rows, classes = int(rng.integers(1, 12)), int(rng.integers(1, 6))
    x = _values(rng, (rows, classes), dtype)
    label = rng.integers(-2, classes + 2, (rows, 1)).astype(np.int32)
    inputs = {"x": x, "label": label, "fg_num": rng.integers(-2, 50, 1).astype(np.int32)}
    attrs = _hyper(rng)
    incoming = rng.uniform(-4, 4, x.shape).astype(dtype) if rng.random() < 0.5 else None
    return Call(_told(name, x, attrs), FLUID, inputs, attrs, ("x",), incoming)


def _dense(rng: np.random.Generator, dtype: str, reduction: str) -> dict[str, Array]:
    shape = tuple(int(size) for size in rng.integers(1, 4, rng.choice([0, 2, 3, 4])))
    logit = _values(rng, shape, dtype)
    if reduction != "none":
        # One special value would hide the rest of a sum.
        logit = np.asarray(rng.uniform(-14, 14, shape), dtype)
    label = np.asarray(rng.choice([0.0, 1.0, 0.3, 0.75], shape), dtype)
    return {"logit": logit, "label": label}


def _functional(name: str, rng: np.random.Generator) -> Call:
    dtype = str(rng.choice(["float32", "float64"]))
    reduction = str(rng.choice(["sum", "mean", "none"]))
    inputs = _dense(rng, dtype, reduction)
    wrt: tuple[str, ...] = ("logit",)
    if rng.random() < 0.5:
        inputs["normalizer"] = np.asarray(rng.uniform(0.5, 64), dtype)
        wrt = ("logit", "normalizer")
    attrs: dict[str, Json] = {**_hyper(rng), "reduction": reduction}
    return Call(_told(name, inputs["logit"], attrs), FUNCTIONAL, inputs, attrs, wrt)


def _module(name: str, rng: np.random.Generator) -> Call:
    dtype = str(rng.choice(["float32", "float64"]))
    reduction = str(rng.choice(["sum", "mean", "none"]))
    inputs = _dense(rng, dtype, reduction)
    # The module takes no alpha that would make a weight negative.
    attrs: dict[str, Json] = {**_hyper(rng, 1.0), "reduction": reduction}
    return Call(_told(name, inputs["logit"], attrs), MODULE, inputs, attrs, ("logit",))
