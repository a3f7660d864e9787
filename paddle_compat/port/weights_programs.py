"""What a program's file tells about the weights beside it: names, shapes, batch normalizations."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from paddle_compat.checkpoints import DamagedFileError
from paddle_compat.checkpoints.program_desc import LOD_TENSOR, OpDesc, ProgramDesc, read_program

__all__ = ["Program", "read_names"]


@dataclass(eq=False)
class Program:
    """A program's variables that outlive a run.

    Attributes:
        path: its file.
        persistable: their names, sorted: the order in one file of all.
        parameters: those of them that `save_params` writes.
        shapes: by name.
        batch_norms: scale, bias, mean and variance of each batch normalization.
    """

    path: Path
    persistable: list[str]
    parameters: list[str]
    shapes: dict[str, tuple[int, ...]]
    batch_norms: list[tuple[str, str, str, str]] = field(default_factory=list)


def read_names(path: Path) -> Program:
    """Read a program's file: ``__model__``, ``.pdmodel``, or the ``.json`` of Paddle 3.

    Raises:
        DamagedFileError: it is none, or is cut off.
        OSError: it cannot be read.
    """
    data = path.read_bytes()
    told = repr(os.fspath(path))
    if data[:1] == b"{":
        return _of_json(path, data, told)
    return _of_desc(path, read_program(data, told))


def _of_desc(path: Path, desc: ProgramDesc) -> Program:
    shapes = {
        variable.name: variable.shape
        for variable in desc.blocks[0].variables.values()
        if variable.persistable and variable.kind == LOD_TENSOR
    }
    operators = [op for block in desc.blocks for op in block.operators]
    state = {name for op in operators for name in _state(op)}
    norms = [
        _norm(op) for op in operators if {"Scale", "Bias", "Mean", "Variance"} <= set(op.inputs)
    ]
    names = sorted(shapes)
    return Program(
        path,
        names,
        [name for name in names if name not in state],
        shapes,
        list(dict.fromkeys(norm for norm in norms if norm is not None)),
    )


def _state(op: OpDesc) -> list[str]:
    """Return what an operator keeps that is no parameter: an optimizer's state, and counters."""
    if {"Param", "Grad"} <= set(op.inputs):
        kept = [slot for slot in op.inputs if slot not in ("Param", "Grad")]
        return [name for slot in kept for name in op.inputs[slot]]
    # A batch normalization, too, writes what it reads, and that is a parameter.
    return [] if "MeanOut" in op.outputs else [name for name in op.written if name in op.read]


def _norm(op: OpDesc) -> tuple[str, str, str, str] | None:
    found = [op.inputs[slot] for slot in ("Scale", "Bias", "Mean", "Variance")]
    if any(len(names) != 1 for names in found):
        return None
    scale, bias, mean, variance = (names[0] for names in found)
    return scale, bias, mean, variance


def _of_json(path: Path, data: bytes, told: str) -> Program:
    """Read the form of programs that Paddle 3 has: its parameters are operators of their own."""
    try:
        blocks = json.loads(data)["program"]["regions"][0]["blocks"]
        found = {op["A"][3]: _shape(op) for op in blocks[0]["ops"] if op["#"] == "p"}
    except (KeyError, IndexError, TypeError, ValueError, RecursionError):
        raise DamagedFileError(f"{told} is damaged, or no program of Paddle 3") from None
    if not all(isinstance(name, str) for name in found):
        raise DamagedFileError(f"{told} is damaged: a parameter has no name")
    names = sorted(found)
    return Program(path, names, names, found)


def _shape(op: Any) -> tuple[int, ...]:
    return tuple(int(size) for size in op["O"]["TT"]["D"][1])
