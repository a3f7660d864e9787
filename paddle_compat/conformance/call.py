"""What a conformance check asks, and what it gets back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

import numpy.typing as npt

__all__ = [
    "FACES",
    "FLUID",
    "FUNCTIONAL",
    "MODULE",
    "Array",
    "Call",
    "Json",
    "Outcome",
    "loss_of",
]

Array: TypeAlias = npt.NDArray[Any]
Json: TypeAlias = "bool | int | float | str | Sequence[Json] | Mapping[str, Json] | None"

FLUID = "fluid.layers.sigmoid_focal_loss"
FUNCTIONAL = "nn.functional.sigmoid_focal_loss"
MODULE = "nn.SigmoidFocalLoss"
"""Ours alone: real Paddle has no such class, and answers for it by the function.

A call's attributes are the constructor's.
"""
FACES = (FLUID, FUNCTIONAL, MODULE)


def loss_of(face: str) -> str:
    """Return the function of real Paddle that answers for a face."""
    return FUNCTIONAL if face == MODULE else face


@dataclass(frozen=True, eq=False)
class Call:
    """One call of a Paddle function, with the gradients that are wanted.

    Attributes:
        name: what the call is about, for messages and test ids.
        face: the function's dotted name under ``paddle`` and under ``paddle_compat``; or `MODULE`.
        inputs: the tensor arguments, by parameter name.
        attrs: the other arguments, JSON values.
        wrt: the inputs whose gradient is wanted.
        cotangent: the gradient that enters at the result; None for ones.
        mode: eager, or a static program.
        raw: the inputs that are passed as NumPy arrays instead of tensors.
        order: 2 asks for the derivative of the summed first derivative instead (eager, one
            input in `wrt`).
    """

    name: str
    face: str
    inputs: Mapping[str, Array]
    attrs: Mapping[str, Json] = field(default_factory=dict)
    wrt: tuple[str, ...] = ()
    cotangent: Array | None = None
    mode: Literal["dygraph", "static"] = "dygraph"
    raw: tuple[str, ...] = ()
    order: Literal[1, 2] = 1

    def to_wire(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Split into a JSON header and arrays, as the workers read it."""
        header = {
            "name": self.name,
            "face": self.face,
            "inputs": list(self.inputs),
            "attrs": dict(self.attrs),
            "wrt": list(self.wrt),
            "mode": self.mode,
            "raw": list(self.raw),
            "order": self.order,
        }
        arrays = {f"input/{name}": array for name, array in self.inputs.items()}
        if self.cotangent is not None:
            arrays["cotangent"] = self.cotangent
        return header, arrays

    @classmethod
    def from_wire(cls, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Call:
        """Undo `to_wire`."""
        return cls(
            name=header["name"],
            face=header["face"],
            inputs={name: arrays[f"input/{name}"] for name in header["inputs"]},
            attrs=header["attrs"],
            wrt=tuple(header["wrt"]),
            cotangent=arrays.get("cotangent"),
            mode=header["mode"],
            raw=tuple(header["raw"]),
            order=header["order"],
        )


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a call gave: a result with its gradients, an exception, or the death of the process.

    Attributes:
        kind: which of the three.
        value: the result.
        gradients: by input name; an input that no gradient reached is absent.
        error: the exception's type name, or the signal's name after a crash.
        bases: the names of the exception type's bases.
        message: the exception's message, or how the process ended.
    """

    kind: Literal["ok", "error", "crash"]
    value: Array | None = None
    gradients: Mapping[str, Array] = field(default_factory=dict)
    error: str = ""
    bases: tuple[str, ...] = ()
    message: str = ""

    def to_wire(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Split into a JSON header and arrays, as the workers write it."""
        if self.kind == "ok":
            assert self.value is not None
            arrays = {f"grad/{name}": array for name, array in self.gradients.items()}
            return {"kind": "ok"}, {"value": self.value, **arrays}
        header = {"kind": self.kind, "error": self.error, "bases": list(self.bases)}
        return {**header, "message": self.message}, {}

    @classmethod
    def from_wire(cls, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Outcome:
        """Undo `to_wire`."""
        if header["kind"] == "ok":
            gradients = {
                name.removeprefix("grad/"): array
                for name, array in arrays.items()
                if name.startswith("grad/")
            }
            return cls("ok", arrays["value"], gradients)
        return cls(
            header["kind"],
            error=header["error"],
            bases=tuple(header["bases"]),
            message=header["message"],
        )

    def __str__(self) -> str:
        if self.value is not None:
            return f"{self.value.dtype}{list(self.value.shape)}"
        return f"{self.error}: {self.message.strip().splitlines()[-1] if self.message else ''}"
