"""Inference models: a program that was cut down to what its targets need, and its parameters."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddle_compat.checkpoints import DamagedFileError, write_atomically
from paddle_compat.checkpoints.program_desc import program_bytes, read_program
from paddle_compat.fluid._errors import EnforceNotMet
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.io._chosen import held, is_persistable, program_of
from paddle_compat.fluid.io._operators import reading, writing
from paddle_compat.fluid.io.variables import check_executor, load_vars, save_vars

__all__ = ["load_inference_model", "save_inference_model"]

_MODEL = "__model__"


def save_inference_model(
    dirname: Any,
    feeded_var_names: Any,
    target_vars: Any,
    executor: Any,
    main_program: Any = None,
    model_filename: Any = None,
    params_filename: Any = None,
    export_for_deployment: bool = True,
    program_only: bool = False,
) -> list[str]:
    """Write what computes some results, and its parameters, as real Paddle 1.8 loads and runs them.

    The program is cut down to what the results need from what is fed, in the form for testing.
    `main_program` itself stays as it is. Everything is checked before anything is written; each
    file is written whole or not at all, the program last. With `params_filename` there are two.

    Args:
        dirname: the directory, which is made if need be.
        feeded_var_names: the names of the variables that will be fed: a list, or one.
        target_vars: the variables that will be fetched: a list, or one.
        executor: a `fluid.Executor`; the parameters are those of the global scope.
        main_program: None is the default main program.
        model_filename: the program's file; None is ``__model__``.
        params_filename: the one file for all parameters; None for a file each, by their names.
        export_for_deployment: False writes all of the program, to ``__model__.main_program``.
        program_only: whether to leave out the parameters.

    Returns:
        The names that the results are fetched by: ``save_infer_model/scale_0.tmp_0`` and so on.

    Raises:
        NotImplementedError: a result needs an operator that Paddle's programs do not have, such as
            a gradient; it names all of them.
        OSError: a file cannot be written.
        RuntimeError: a parameter has no value yet, or the executor is closed; nothing is written.
        TypeError: an argument has the wrong type; or a result is of bools or float16.
        ValueError: `feeded_var_names` is no list of names, or names what the results do not need
            or lacks what they do; `target_vars` is no list of variables.

    Source:
        ``paddle.fluid.io.save_inference_model``, PaddlePaddle 1.8.
    """
    fed, targets = _fed(feeded_var_names), _targets(target_vars)
    program = program_of("save_inference_model", main_program)
    check_executor("save_inference_model", executor)
    root = Path(_directory("save_inference_model", dirname))
    model = root / _base_name(model_filename, _MODEL)
    if export_for_deployment:
        operators = writing.needed(program, fed, [target.name for target in targets])
        _check_fed(program, operators, fed, targets)
    else:
        fed, model = [], model.with_name(model.name + ".main_program")
        operators = program.global_block().ops
    desc, names = writing.describe(
        program,
        operators,
        fed,
        targets,
        fetched=export_for_deployment,
        testing=export_for_deployment,
    )
    data = program_bytes(desc)
    block = program.global_block()
    kept = [block.var(name) for name in desc.blocks[0].variables if block.has_var(name)]
    kept = [variable for variable in kept if is_persistable(variable)]
    if kept and not program_only:
        held("save_inference_model", kept)
        save_vars(
            executor,
            os.fspath(root),
            program,
            kept,
            filename=_base_name(params_filename, None),
        )
    write_atomically(model, data)
    return names


def load_inference_model(
    dirname: Any,
    executor: Any,
    model_filename: Any = None,
    params_filename: Any = None,
    pserver_endpoints: Any = None,
) -> list[Any]:
    """Read an inference model, of real Paddle or of `save_inference_model`, into a program.

    The parameters go to the global scope: all of them, or nothing. No code of a file is run.

    Args:
        dirname: the directory; None where the files' bytes are given.
        executor: a `fluid.Executor`; the parameters go to its place.
        model_filename: the program's file, None is ``__model__``; or its bytes.
        params_filename: the one file of all parameters, None for a file each; or its bytes.
        pserver_endpoints: not used: there are no parameter servers.

    Returns:
        ``[program, feed_names, fetch_variables]``.

    Raises:
        NotImplementedError: the program has operators that are not offered; it names all of them,
            and those that are. `paddle_compat.checkpoints.read_inference_model` reads the
            parameters and the names all the same.
        OSError: the program's file cannot be read.
        RuntimeError: a file is damaged, or a parameter's is missing, or it holds another shape or
            dtype (`fluid.core.EnforceNotMet`); the scope is as it was.
        TypeError: an argument has the wrong type.
        ValueError: there is no such directory; bytes of parameters are missing; or an operator
            does not fit what it reads.

    Source:
        ``paddle.fluid.io.load_inference_model``, PaddlePaddle 1.8.
    """
    check_executor("load_inference_model", executor)
    if dirname is None:
        if params_filename is None:
            raise ValueError(
                "load_inference_model: without dirname, model_filename and params_filename must "
                "be the bytes of the two files"
            )
        if not isinstance(model_filename, (bytes, bytearray, memoryview)):
            raise TypeError(
                "load_inference_model: without dirname, model_filename must be the program's "
                f"bytes, but it is {type(model_filename).__name__}"
            )
        data, source = bytes(model_filename), "the given program"
        directory, params = None, params_filename
    else:
        root = Path(_directory("load_inference_model", dirname))
        if not root.is_dir():
            raise ValueError(f"load_inference_model: there is no directory {os.fspath(root)!r}")
        path = root / _base_name(model_filename, _MODEL)
        data, source = path.read_bytes(), repr(os.fspath(path))
        directory, params = os.fspath(root), _base_name(params_filename, None)
    try:
        desc = read_program(data, source)
    except DamagedFileError as error:
        raise EnforceNotMet(f"load_inference_model: {error}; nothing was loaded") from error
    program = reading.program_of(desc, f"load_inference_model: {source}")
    block = program.global_block()
    fetched = [_fetched(program, name, source) for name in desc.fetch_names]
    kept = [variable for variable in block.vars.values() if is_persistable(variable)]
    if kept:
        load_vars(executor, directory, program, kept, filename=params)
    return [program, desc.feed_names, fetched]


def _fetched(program: Program, name: str, source: str) -> Variable:
    if not program.global_block().has_var(name):
        raise ValueError(f"load_inference_model: {source} fetches {name!r}, which nothing writes")
    return program.global_block().var(name)


def _directory(name: str, dirname: Any) -> str:
    """Return a path as text.

    Raises:
        TypeError: it is none.
    """
    if not isinstance(dirname, (str, os.PathLike)):
        raise TypeError(f"{name}: dirname must be a path, but it is {type(dirname).__name__}")
    return os.fspath(dirname)


def _base_name(name: Any, default: Any) -> Any:
    """Return a file's name without directories, as 1.8 takes it."""
    return default if name is None else Path(name).name


def _fed(names: Any) -> list[str]:
    if isinstance(names, str):
        return [names]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValueError(
            "save_inference_model: feeded_var_names must be a list of names, but it is "
            f"{names!r}; use [variable.name]"
        )
    return names


def _targets(variables: Any) -> list[Variable]:
    if isinstance(variables, Variable):
        return [variables]
    found = list(variables) if isinstance(variables, (list, tuple)) else []
    if not found or not all(isinstance(variable, Variable) for variable in found):
        raise ValueError(
            "save_inference_model: target_vars must be a list of variables, but it is "
            f"{variables!r}; use program.global_block().var(name)"
        )
    return found


def _check_fed(
    program: Program, operators: Sequence[Any], fed: Sequence[str], targets: Sequence[Variable]
) -> None:
    """Check that what is fed is what the results need."""
    block = program.global_block()
    read = {name for op in operators for name in op.input_arg_names}
    read.update(target.name for target in targets)
    strange = [name for name in fed if name not in read or not block.has_var(name)]
    if strange:
        raise ValueError(
            f"save_inference_model: {', '.join(map(repr, strange))} of feeded_var_names is not "
            "needed for target_vars, or no variable of the program; leave it out"
        )
    missing = sorted(
        name for name in read - set(fed) if block.has_var(name) and block.var(name).is_data
    )
    if missing:
        raise ValueError(
            f"save_inference_model: target_vars need {', '.join(map(repr, missing))}; add it to "
            "feeded_var_names"
        )
