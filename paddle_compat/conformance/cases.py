"""The calls that conformance is checked with: the same ones on every machine."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any, Literal

import numpy as np

from paddle_compat.conformance.call import FLUID, FUNCTIONAL, MODULE, Array, Call, Json

__all__ = [
    "ALPHAS",
    "DTYPES",
    "GAMMAS",
    "SHAPES",
    "fluid_batches",
    "fluid_grid",
    "functional_grid",
    "functional_reductions",
    "grid_logits",
    "module_calls",
    "recorded",
]

GAMMAS = (0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0)
ALPHAS = (0.0, 0.1, 0.25, 0.5, 1.0, 1.5)
DTYPES = ("float32", "float64")
Mode = Literal["dygraph", "static"]

FINITE = (0.0, 1e-38, 1e-45, 17.0, 20.0, 37.5, 87.0, 88.0, 89.0, 104.0, 1000.0, 1e30)
"""Both signs of each are in the grid: zeros, subnormals, and where float32 and float64 run out."""
NOT_FINITE = (np.inf, -np.inf, np.nan)

SHAPES = (
    (),
    (1,),
    (5,),
    (0,),
    (4, 3),
    (0, 3),
    (3, 0),
    (1, 1),
    (2, 3, 2),
    (2, 0, 3),
    (2, 1, 2, 2),
    (1, 2, 2, 1, 2),
    (2, 1, 2, 1, 2, 2),
)

INT_MIN, INT_MAX = -(2**31), 2**31 - 1


def _rng(*key: object) -> np.random.Generator:
    """Return a generator that depends on what it is for, and on nothing else."""
    return np.random.default_rng(list(" ".join(map(str, key)).encode()))


def grid_logits(dtype: str, *, random: int = 8, not_finite: bool = True) -> Array:
    """Return the special logits of both signs, and random ones at scales 1 and 10."""
    special = [sign * value for value in FINITE for sign in (1.0, -1.0)]
    if not_finite:
        special += NOT_FINITE
    rng = _rng("logits", dtype)
    scaled = [scale * rng.standard_normal(random) for scale in (1.0, 10.0)]
    return np.concatenate([np.asarray(special), *scaled]).astype(dtype)


def _fluid(
    what: str,
    x: Array,
    label: Array,
    fg_num: int | tuple[int, ...],
    *,
    attrs: dict[str, Json] | None = None,
    mode: Mode = "dygraph",
    cotangent: Array | None = None,
) -> Call:
    attrs = attrs or {}
    inputs = {
        "x": x,
        "label": label.astype(np.int32).reshape(-1, 1),
        "fg_num": np.array(fg_num, np.int32).reshape(-1),
    }
    told = ", ".join([f"{x.dtype}{list(x.shape)}", *(f"{k}={v}" for k, v in attrs.items()), mode])
    return Call(f"fluid {what} ({told})", FLUID, inputs, attrs, ("x",), cotangent, mode)


def fluid_grid(
    gammas: tuple[float, ...] = GAMMAS,
    alphas: tuple[float, ...] = ALPHAS,
    dtypes: tuple[str, ...] = DTYPES,
    *,
    random: int = 8,
    mode: Mode = "dygraph",
) -> Iterator[Call]:
    """Yield every grid logit as a positive, as a negative under every kind of label, and ignored.

    One call a hyper-parameter pair. Half of them have an incoming gradient other than one.
    """
    background = itertools.cycle([0, 1, 4, 5, -2, -100, INT_MIN, INT_MAX])
    counts = itertools.cycle([1, 3, 0, -7, 1000])
    for dtype in dtypes:
        values = grid_logits(dtype, random=random)
        for index, (gamma, alpha) in enumerate(itertools.product(gammas, alphas)):
            x = np.repeat(values, 3)[:, None] * np.ones(3, dtype)
            label = np.array([k for _ in values for k in (2, -1, next(background))])
            cotangent = None
            if index % 2:
                cotangent = _rng("in", dtype, index).standard_normal(x.shape).astype(dtype)
            attrs: dict[str, Json] = {"gamma": gamma, "alpha": alpha}
            count = next(counts)
            yield _fluid("grid", x, label, count, attrs=attrs, mode=mode, cotangent=cotangent)


def fluid_batches(dtypes: tuple[str, ...] = DTYPES, *, mode: Mode = "dygraph") -> Iterator[Call]:
    """Yield batches as a detector has them: shapes, foreground counts, unusual hyper-parameters."""
    for dtype in dtypes:
        for rows, classes in ((1, 1), (1, 80), (64, 1), (40, 20), (0, 3), (3, 0)):
            rng = _rng("batch", dtype, rows, classes)
            x = (4 * rng.standard_normal((rows, classes))).astype(dtype)
            label = rng.integers(-1, classes + 2, rows)
            if mode == "dygraph" or x.size:
                yield _fluid("batch", x, label, max(int((label > 0).sum()), 1), mode=mode)
        rng = _rng("detector", dtype)
        x = (3 * rng.standard_normal((12, 4))).astype(dtype)
        label = rng.integers(-1, 6, 12)
        for fg_num in (INT_MIN, 0, 1, 2, 7, 10**6, INT_MAX, (5, 2)):
            yield _fluid(f"fg_num {fg_num}", x, label, fg_num, mode=mode)
        unusual: tuple[dict[str, Json], ...] = (
            {},
            {"gamma": 2, "alpha": 1},
            {"gamma": True, "alpha": False},
            {"gamma": 0.1, "alpha": 0.3},
            {"gamma": 1e-3, "alpha": -1.0},
            {"gamma": 10.0, "alpha": 2.0},
            {"gamma": -0.5},
        )
        for attrs in unusual:
            yield _fluid("hyper", x, label, 3, attrs=attrs, mode=mode)


def _functional(
    what: str,
    logit: Array,
    label: Array,
    normalizer: Array | None = None,
    *,
    attrs: dict[str, Json] | None = None,
    wrt: tuple[str, ...] = ("logit", "label"),
    mode: Mode = "dygraph",
    cotangent: Array | None = None,
) -> Call:
    attrs = attrs or {}
    inputs = {"logit": logit, "label": label}
    words = [f"{logit.dtype}{list(logit.shape)}", *(f"{k}={v}" for k, v in attrs.items()), mode]
    if normalizer is not None:
        inputs["normalizer"] = normalizer
        wrt = (*wrt, "normalizer") if normalizer.dtype.kind == "f" else wrt
        words.append(f"normalizer {normalizer.dtype}{list(normalizer.shape)}")
    told = ", ".join(words)
    return Call(f"functional {what} ({told})", FUNCTIONAL, inputs, attrs, wrt, cotangent, mode)


LABELS = (0.0, 1.0, 0.5, 0.3, 1e-3, 1.0 - 2.0**-10, -100.0, -100.5)


def functional_grid(
    gammas: tuple[float, ...] = GAMMAS,
    alphas: tuple[float, ...] = ALPHAS,
    dtypes: tuple[str, ...] = DTYPES,
    *,
    labels: tuple[float, ...] = LABELS,
    random: int = 8,
    mode: Mode = "dygraph",
) -> Iterator[Call]:
    """Yield every grid logit under every label, hard, soft and ignored, one result an element."""
    for dtype in dtypes:
        values = grid_logits(dtype, random=random)
        for index, (gamma, alpha) in enumerate(itertools.product(gammas, alphas)):
            logit = np.repeat(values[:, None], len(labels), axis=1)
            label = np.broadcast_to(np.asarray(labels, dtype), logit.shape).copy()
            cotangent = None
            if index % 2:
                cotangent = _rng("in", dtype, index).standard_normal(logit.shape).astype(dtype)
            attrs: dict[str, Json] = {"gamma": gamma, "alpha": alpha, "reduction": "none"}
            yield _functional(
                "grid", logit, label, attrs=attrs, wrt=("logit",), mode=mode, cotangent=cotangent
            )


def _normalizers(shape: tuple[int, ...], dtype: str) -> Iterator[Array | None]:
    """Yield a normalizer of every kind that fits a logit of this shape."""
    yield None
    yield np.asarray(3.5, dtype)
    yield np.asarray([0.25], dtype)
    yield np.asarray(4, "int64")
    yield np.asarray(-2.0, dtype)
    # Another floating dtype: 0-D leaves the result's, [1] promotes it.
    yield np.asarray(1.5, "float64")
    yield np.asarray([1.5], "float64")
    if shape and shape[-1] != 1:
        yield np.linspace(0.5, 2.0, shape[-1]).astype(dtype)
    if shape and shape[-1] == 1:
        # Broadcasting grows the result.
        yield np.asarray([1.0, 2.0, 4.0], dtype)


def _result_dtype(logit: Array, normalizer: Array | None) -> np.dtype[Any]:
    """Return the dtype of the loss: a 0-D normalizer widens only a 0-D logit."""
    if normalizer is None or normalizer.dtype.kind != "f" or normalizer.ndim < min(logit.ndim, 1):
        return logit.dtype
    return np.result_type(logit, normalizer)


def functional_reductions(
    shapes: tuple[tuple[int, ...], ...] = SHAPES,
    dtypes: tuple[str, ...] = DTYPES,
    *,
    mode: Mode = "dygraph",
) -> Iterator[Call]:
    """Yield every shape under every reduction and normalizer, with labels of every kind."""
    hyper = itertools.cycle(itertools.product((2.0, 1.5, 0.0, 3.0), (0.25, 0.5, 0.1)))
    reductions = ("sum", "mean", "none")
    for dtype, shape, reduction in itertools.product(dtypes, shapes, reductions):
        for kind, normalizer in enumerate(_normalizers(shape, dtype)):
            rng = _rng("reduce", dtype, shape, reduction, kind)
            logit = np.asarray(3 * rng.standard_normal(shape), dtype)
            label = np.asarray(rng.choice([0.0, 1.0, 0.3, 0.9, 1.0, 0.0], shape), dtype)
            gamma, alpha = next(hyper)
            if gamma.is_integer() and logit.size > 2:
                label.flat[1] = -100
            out = shape if reduction == "none" else ()
            if reduction == "none" and normalizer is not None:
                out = np.broadcast_shapes(shape, normalizer.shape)
            wide = _result_dtype(logit, normalizer)
            cotangent = np.asarray(rng.standard_normal(out), wide) if kind % 2 else None
            attrs: dict[str, Json] = {"gamma": gamma, "alpha": alpha, "reduction": reduction}
            wrt: Any = ("logit", "label") if kind % 2 else ("logit",)
            yield _functional(
                "reduce",
                logit,
                label,
                normalizer,
                attrs=attrs,
                wrt=wrt,
                mode=mode,
                cotangent=cotangent,
            )
    for dtype in dtypes:
        rng = _rng("hyper", dtype)
        logit = (3 * rng.standard_normal((4, 5))).astype(dtype)
        label = rng.choice([0.0, 1.0, 0.4, -1.0, 2.0], (4, 5)).astype(dtype)
        plain: tuple[dict[str, Json], ...] = (
            {},
            {"alpha": -1, "gamma": 2},
            {"alpha": 2.5, "gamma": 4},
            {"alpha": False, "gamma": True, "name": "loss"},
            {"gamma": 7.0, "reduction": "mean"},
            {"gamma": 0.1, "alpha": 0.3},
        )
        for attrs in plain:
            yield _functional("hyper", logit, label, attrs=attrs, mode=mode)


def module_calls(dtypes: tuple[str, ...] = DTYPES) -> Iterator[Call]:
    """Yield the Module's hyper-parameters, reductions and shapes, under labels of every kind."""

    def call(what: str, logit: Array, label: Array, index: int, **attrs: Json) -> Call:
        told = [f"{logit.dtype}{list(logit.shape)}", *(f"{k}={v}" for k, v in attrs.items())]
        out = logit.shape if attrs.get("reduction") == "none" else ()
        cotangent = None
        if index % 2:
            cotangent = np.asarray(_rng("in", what, index).standard_normal(out), logit.dtype)
        inputs = {"logit": logit, "label": label}
        # At an infinite logit the exact gradient of the label is not known.
        wrt = ("logit",) if what == "grid" or index % 3 else ("logit", "label")
        return Call(f"module {what} ({', '.join(told)})", MODULE, inputs, attrs, wrt, cotangent)

    hyper: tuple[dict[str, Json], ...] = (
        {},
        {"alpha": -1, "gamma": 0.0},
        {"alpha": -1, "gamma": 2.0},
        {"alpha": 0.0, "gamma": 1.0},
        {"alpha": 1.0, "gamma": 1.5},
        {"alpha": 0.1, "gamma": 0.1},
        {"alpha": 0.5, "gamma": 3},
        {"alpha": 0.25, "gamma": 5.0},
    )
    for dtype in dtypes:
        values = grid_logits(dtype, random=2)
        labels = np.asarray([0.0, 1.0, 0.3, -100.0], dtype)
        logit = np.repeat(values[:, None], len(labels), axis=1)
        label = np.broadcast_to(labels, logit.shape).copy()
        for index, attrs in enumerate(hyper[::2]):
            yield call("grid", logit, label, index, reduction="none", **attrs)
        rng = _rng("module", dtype)
        logit = np.asarray(3 * rng.standard_normal((4, 5)), dtype)
        label = np.asarray(rng.choice([0.0, 1.0, 0.4, -100.0], (4, 5)), dtype)
        for index, attrs in enumerate(hyper):
            yield call("hyper", logit, label, index, **attrs)
            yield call("hyper", logit, label, index, reduction="sum", **attrs)
        for index, shape in enumerate(((), (0, 3), (1, 1), (2, 3, 2), (2, 1, 2, 1, 2, 2))):
            logit = np.asarray(3 * rng.standard_normal(shape), dtype)
            label = np.asarray(rng.choice([0.0, 1.0, 0.3], shape), dtype)
            for reduction in ("sum", "mean", "none"):
                yield call("shape", logit, label, index, reduction=reduction)


def recorded(face: str) -> Iterator[Call]:
    """Yield the calls whose answers are recorded: a part of the above that stays small."""
    gammas, alphas = (0.0, 0.5, 1.5, 2.0, 3.0), (0.25,)
    if face == FLUID:
        yield from fluid_grid(gammas, alphas, random=2)
        yield from fluid_grid((2.0,), (0.0, 0.1, 1.5), ("float32",), random=2)
        yield from fluid_batches()
        yield from fluid_grid((2.0,), (0.25,), ("float32",), random=2, mode="static")
    elif face == MODULE:
        yield from module_calls()
    else:
        yield from functional_grid(gammas, alphas, random=2)
        yield from functional_grid((2.0,), (0.0, 0.1, 1.5), ("float32",), random=2)
        yield from functional_reductions(((), (5,), (0, 3), (4, 3), (2, 1), (2, 1, 2, 1, 2, 2)))
        yield from functional_grid((2.0,), (0.25,), ("float32",), random=2, mode="static")
