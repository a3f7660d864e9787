"""Inference models of Paddle 1.x and 2.x, read without a program that runs."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from paddle_compat.checkpoints.program_desc import LOD_TENSOR, ProgramDesc, read_program
from paddle_compat.checkpoints.records import read_record, read_records

__all__ = ["InferenceModel", "read_inference_model"]


@dataclass(frozen=True, eq=False)
class InferenceModel:
    """What an inference model holds.

    Attributes:
        feed_names: the names of the variables that are fed, in order.
        fetch_names: the names of the variables that are fetched, in order.
        operators: the types of the operators, in order, without feeding and fetching.
        parameters: the arrays by the names of their variables.
        lods: the levels of detail, as offsets, of the parameters that have any.
        program: the whole description.
    """

    feed_names: list[str]
    fetch_names: list[str]
    operators: list[str]
    parameters: Mapping[str, np.ndarray[Any, Any]]
    lods: Mapping[str, list[list[int]]]
    program: ProgramDesc


def read_inference_model(
    dirname: str | os.PathLike[str],
    model_filename: str | None = None,
    params_filename: str | None = None,
) -> InferenceModel:
    """Read what `fluid.io.save_inference_model` wrote, whatever operators it has; nothing is run.

    Args:
        dirname: the directory.
        model_filename: the program's file; None is ``__model__``.
        params_filename: the one file of all parameters; None for a file each.

    Raises:
        OSError: a file cannot be read.
        ValueError: a file is damaged (`paddle_compat.checkpoints.DamagedFileError`).

    Example:
        >>> import tempfile
        >>> from paddle_compat import fluid
        >>> from paddle_compat.checkpoints import read_inference_model
        >>> exe = fluid.Executor(fluid.CPUPlace())
        >>> with fluid.program_guard(fluid.Program(), fluid.Program()):
        ...     result = fluid.layers.fc(fluid.data("x", [None, 3]), 2, param_attr="w")
        ...     _ = exe.run(fluid.default_startup_program())
        ...     with tempfile.TemporaryDirectory() as directory:
        ...         _ = fluid.io.save_inference_model(directory, ["x"], [result], exe)
        ...         model = read_inference_model(directory)
        >>> model.feed_names, model.operators, model.parameters["w"].shape
        (['x'], ['mul', 'elementwise_add', 'scale'], (3, 2))
    """
    root = Path(dirname)
    path = root / ("__model__" if model_filename is None else model_filename)
    program = read_program(path.read_bytes(), repr(os.fspath(path)))
    names = sorted(
        variable.name
        for variable in program.blocks[0].variables.values()
        if variable.persistable and variable.kind == LOD_TENSOR
    )
    if params_filename is not None and names:
        path = root / params_filename
        records = read_records(path.read_bytes(), names, repr(os.fspath(path)))
    else:
        records = {
            name: read_record((root / name).read_bytes(), repr(os.fspath(root / name)))
            for name in names
        }
    return InferenceModel(
        program.feed_names,
        program.fetch_names,
        [op.type for op in program.blocks[0].operators if op.type not in ("feed", "fetch")],
        {name: record.array for name, record in records.items()},
        {name: record.lod for name, record in records.items() if record.lod},
        program,
    )
