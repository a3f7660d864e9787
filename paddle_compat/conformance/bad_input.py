"""Calls that must fail, and how: for every loss, what real Paddle does is in the vectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from paddle_compat.conformance.call import FLUID, FUNCTIONAL, MODULE, Array, Call, Json

__all__ = ["BadInput", "bad_input"]


@dataclass(frozen=True, eq=False)
class BadInput:
    """A call that we refuse.

    Attributes:
        call: the call.
        error: the type of our exception.
        message: a part of its message.
    """

    call: Call
    error: Literal["TypeError", "ValueError", "RuntimeError", "AttributeError"]
    message: str


def _call(face: str, name: str, inputs: dict[str, Array], **attrs: Json) -> Call:
    return Call(f"bad input, {name}", face, inputs, attrs)


def _fluid() -> Iterator[BadInput]:
    good = {
        "x": np.array([[0.5, -1.0], [2.0, 0.0]], np.float32),
        "label": np.array([[1], [-1]], np.int32),
        "fg_num": np.array([1], np.int32),
    }

    def bad(
        name: str, error: Literal["TypeError", "ValueError"], message: str, **new: Array
    ) -> BadInput:
        return BadInput(_call(FLUID, name, {**good, **new}), error, message)

    def hyper(name: str, **attrs: Json) -> BadInput:
        message = next(iter(attrs))
        return BadInput(_call(FLUID, name, good, **attrs), "TypeError", message)

    x, label, fg_num = good.values()
    wrong = x.astype(np.int32), label.astype(np.int64), fg_num.astype(np.int64)
    yield bad("x int32", "TypeError", "x", x=wrong[0])
    yield bad("label int64", "TypeError", "label", label=wrong[1])
    yield bad("label float32", "TypeError", "label", label=label.astype(np.float32))
    yield bad("fg_num int64", "TypeError", "fg_num", fg_num=wrong[2])
    yield bad("fg_num float32", "TypeError", "fg_num", fg_num=fg_num.astype(np.float32))
    yield bad("all dtypes", "TypeError", "x", x=wrong[0], label=wrong[1], fg_num=wrong[2])
    yield bad("label and fg_num dtypes", "TypeError", "label", label=wrong[1], fg_num=wrong[2])
    yield bad("label [N]", "ValueError", "label", label=label[:, 0])
    yield bad("label [M, 1]", "ValueError", "label", label=np.ones((3, 1), np.int32))
    yield bad("label [N, 2]", "ValueError", "label", label=np.ones((2, 2), np.int32))
    yield bad("label []", "ValueError", "label", label=np.array(1, np.int32))
    yield bad("fg_num []", "ValueError", "fg_num", fg_num=np.array(1, np.int32))
    yield bad("fg_num [1, 1]", "ValueError", "fg_num", fg_num=np.ones((1, 1), np.int32))
    yield bad("fg_num [0]", "ValueError", "fg_num", fg_num=np.zeros(0, np.int32))
    yield bad("x 0-D", "ValueError", "x", x=np.array(0.5, np.float32))
    yield bad("x 1-D", "ValueError", "x", x=x[0], label=np.ones(1, np.int32))
    yield bad("x 1-D, label [N, 1]", "ValueError", "x", x=x[0])
    yield bad("x 3-D", "ValueError", "x", x=np.zeros((2, 3, 1), np.float32))
    values: dict[str, Json] = {"None": None, "str": "2.0", "list": [2.0]}
    for name, value in values.items():
        yield hyper(f"gamma {name}", gamma=value)
        yield hyper(f"alpha {name}", alpha=value)
    for name in good:
        call = _call(FLUID, f"{name} NumPy", good)
        yield BadInput(replace(call, raw=(name,)), "TypeError", name)
    rest = {name: array for name, array in good.items() if name != "x"}
    yield BadInput(_call(FLUID, "x number", rest, x=1.0), "TypeError", "x")


def _functional() -> Iterator[BadInput]:
    good = {
        "logit": np.array([[0.5, -1.0, 2.0], [2.0, 0.0, -3.0]], np.float32),
        "label": np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.5]], np.float32),
    }

    def bad(
        name: str,
        error: Literal["TypeError", "ValueError", "RuntimeError", "AttributeError"],
        message: str,
        attrs: dict[str, Json] | None = None,
        **new: Array,
    ) -> BadInput:
        return BadInput(_call(FUNCTIONAL, name, {**good, **new}, **(attrs or {})), error, message)

    label = good["label"]
    for index, reduction in enumerate(("Sum", "average", "", None, 1)):
        name = f"reduction {index}"
        yield bad(name, "ValueError", "reduction", {"reduction": reduction})
    yield bad("label [N, 1]", "ValueError", "label", label=label[:, :1])
    yield bad("label [C]", "ValueError", "label", label=label[0])
    yield bad("label []", "ValueError", "label", label=np.array(1, np.float32))
    two = np.ones((1, 1), np.float32)
    yield bad("normalizer 2-D", "ValueError", "normalizer", normalizer=two)
    yield bad("normalizer [2]", "ValueError", "normalizer", normalizer=np.ones(2, np.float32))
    yield bad("normalizer [0]", "ValueError", "normalizer", normalizer=np.ones(0, np.float32))
    yield bad("normalizer [1] int", "TypeError", "normalizer", normalizer=np.ones(1, np.int64))
    call = _call(FUNCTIONAL, "normalizer NumPy", {**good, "normalizer": np.ones(1, np.float32)})
    yield BadInput(replace(call, raw=("normalizer",)), "ValueError", "normalizer")
    yield bad("normalizer list", "AttributeError", "normalizer", {"normalizer": [2.0]})
    everything: dict[str, Json] = {"reduction": "all"}
    yield bad(
        "reduction first", "ValueError", "reduction", everything, normalizer=two, label=label[0]
    )
    yield bad("normalizer second", "ValueError", "normalizer", normalizer=two, label=label[0])
    for name in good:
        call = _call(FUNCTIONAL, f"{name} NumPy", good)
        yield BadInput(replace(call, raw=(name,)), "ValueError", name)
    rest = {"label": label}
    yield BadInput(_call(FUNCTIONAL, "logit number", rest, logit=1.0), "ValueError", "logit")
    integers = {name: array.astype(np.int64) for name, array in good.items()}
    yield BadInput(_call(FUNCTIONAL, "integers", integers), "RuntimeError", "logit")
    yield bad("label float64", "ValueError", "label", label=label.astype(np.float64))
    yield bad("label int64", "RuntimeError", "label", label=label.astype(np.int64))
    hyper: tuple[dict[str, Json], ...]
    hyper = {"gamma": "2"}, {"alpha": "x"}, {"gamma": None}, {"alpha": None}
    for attrs in hyper:
        [(key, value)] = attrs.items()
        yield bad(f"{key} {value}", "TypeError", key, {key: value})


def _module() -> Iterator[BadInput]:
    """Yield what the Module and Paddle's function both refuse."""
    logit = np.array([[0.5, -1.0, 2.0], [2.0, 0.0, -3.0]], np.float32)
    label = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.5]], np.float32)
    good = {"logit": logit, "label": label}
    for index, reduction in enumerate(("Sum", "average", "", None, 1)):
        call = _call(MODULE, f"reduction {index}", good, reduction=reduction)
        yield BadInput(call, "ValueError", "reduction")
    for name, wrong in (("[N, 1]", label[:, :1]), ("[C]", label[0]), ("[]", label[0, 0])):
        other = {**good, "label": np.asarray(wrong)}
        yield BadInput(_call(MODULE, f"label {name}", other), "ValueError", "label")
    for name, value in (("gamma", "2"), ("gamma", None), ("alpha", "x"), ("alpha", None)):
        yield BadInput(_call(MODULE, f"{name} {value}", good, **{name: value}), "TypeError", name)


_FACES = {FLUID: _fluid, FUNCTIONAL: _functional, MODULE: _module}


def bad_input(face: str) -> list[BadInput]:
    """Return the calls to one face that must fail."""
    return list(_FACES[face]())
