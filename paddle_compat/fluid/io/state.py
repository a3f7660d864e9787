"""A program's whole state in two pickled files: ``.pdparams`` and ``.pdopt``."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from paddle_compat.checkpoints import (
    NAME_TABLE,
    DamagedFileError,
    dump_arrays,
    load_arrays,
    read_directory,
    read_records,
    write_atomically,
)
from paddle_compat.checkpoints.program_desc import program_bytes
from paddle_compat.fluid._dtypes import as_numpy_dtype
from paddle_compat.fluid._places import device_of
from paddle_compat.fluid._scope import as_array, global_scope
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.executor import Executor
from paddle_compat.fluid.io._chosen import (
    check_fits,
    get_program_parameter,
    get_program_persistable_vars,
    held,
    is_belong_to_optimizer,
    program_of,
    put,
)
from paddle_compat.fluid.io._operators import writing
from paddle_compat.fluid.io.variables import load_vars

__all__ = ["load", "load_program_state", "save", "set_program_state"]

Array = np.ndarray[Any, Any]
_ENDINGS = (".pdparams", ".pdopt", ".pdmodel")


def save(program: Any, model_path: str) -> None:
    """Write a program's parameters and the rest of its state, as real Paddle 1.8 reads them.

    Two files: ``model_path.pdparams`` and ``model_path.pdopt``, each whole or not at all. The
    program itself goes to ``model_path.pdmodel``, which no load of these needs, where all of it
    has a form in Paddle: not with gradients and updates, which the real one writes too.

    Args:
        program: whose variables; their values are the global scope's.
        model_path: ``directory/name``; the directory is made if need be.

    Raises:
        AssertionError: the path ends with a directory.
        OSError: a file cannot be written.
        RuntimeError: a variable has no value yet; nothing is written.
        TypeError: the program is none.

    Source:
        ``paddle.fluid.save``, PaddlePaddle 1.8.
    """
    program = program_of("save", program)
    if not model_path or model_path.endswith(("/", os.sep)):
        raise AssertionError(
            f"save: model_path must be like 'directory/name', but it is {model_path!r}"
        )
    others = [var for var in program.list_vars() if is_belong_to_optimizer(var)]
    files = {
        ending: {
            name: as_array(tensor._tensor()).view(np.ndarray)
            for name, tensor in held("save", variables).items()
        }
        for ending, variables in (
            (".pdparams", get_program_parameter(program)),
            (".pdopt", others),
        )
    }
    for ending, arrays in files.items():
        write_atomically(model_path + ending, dump_arrays(arrays))
    with contextlib.suppress(NotImplementedError):
        operators = program.global_block().ops
        desc, _ = writing.describe(program, operators, testing=False)
        write_atomically(model_path + ".pdmodel", program_bytes(desc))


def load(
    program: Any,
    model_path: str,
    executor: Any = None,
    var_list: Iterable[Variable] | None = None,
) -> None:
    """Read a program's state into the scope: all of it, or nothing.

    Args:
        program: whose variables.
        model_path: as `save` got it, with or without an ending; or the directory, or the one file,
            that `save_params`, `save_persistables` or `save_vars` wrote.
        executor: where the values go; the files of `save_vars` need one.
        var_list: what the one file of `save_vars` holds.

    Raises:
        AssertionError: a variable's value is in none of the files, or `executor` is none.
        LookupError: `var_list` holds a variable that the program lacks.
        RuntimeError: a value has another shape or dtype than its variable is declared with, or a
            file of `save_vars` is missing or damaged.
        ValueError: a pickled file is damaged, or asks for what may run code
            (`paddle_compat.checkpoints.DamagedFileError`); or `executor` or `var_list` is missing.

    Source:
        ``paddle.fluid.load``, PaddlePaddle 1.8.
    """
    program = program_of("load", program)
    if executor is not None and not isinstance(executor, Executor):
        raise AssertionError(
            f"load: executor must be a fluid.Executor, but it is {type(executor).__name__}"
        )
    prefix = _prefix(model_path)
    if not Path(prefix + ".pdparams").exists():
        _load_records(program, model_path, executor, var_list)
        return
    values: dict[str, Array] = {}
    others = [var for var in program.list_vars() if is_belong_to_optimizer(var)]
    for ending, variables in ((".pdparams", get_program_parameter(program)), (".pdopt", others)):
        path = prefix + ending
        if not variables:
            continue
        if not Path(path).exists():
            raise AssertionError(f"load: {path!r} is not there, and the program has state in it")
        arrays = _by_parameter(_read(path))
        for var in variables:
            if not isinstance(arrays.get(var.name), np.ndarray):
                raise AssertionError(
                    f"load: {path!r} does not hold {var.name!r}; it holds "
                    f"{', '.join(map(repr, list(arrays)[:8]))}"
                )
            check_fits("load", var, arrays[var.name], repr(path))
            values[var.name] = arrays[var.name]
    put(values, device_of(None) if executor is None else executor._device)


def load_program_state(
    model_path: str, var_list: Iterable[Variable] | None = None
) -> dict[str, Array]:
    """Return the arrays of a saved state by name; no program and no scope is needed.

    Args:
        model_path: as in `load`.
        var_list: what the one file of `save_vars` holds; which files of its directory are meant.

    Raises:
        RuntimeError: a file of `save_vars` is missing or damaged.
        TypeError: `var_list` holds something else than variables.
        ValueError: a pickled file is damaged or asks for what may run code; or `var_list` is
            missing for one file.

    Source:
        ``paddle.fluid.io.load_program_state``, PaddlePaddle 1.8.
    """
    prefix = _prefix(model_path)
    if Path(prefix + ".pdparams").exists():
        arrays = _read(prefix + ".pdparams")
        if Path(prefix + ".pdopt").exists():
            arrays.update(_read(prefix + ".pdopt"))
        arrays.pop(NAME_TABLE, None)
        return arrays
    root = Path(model_path)
    names = None
    if var_list is not None:
        names = [_name(var) for var in var_list]
    elif root.is_file():
        raise ValueError(
            f"load_program_state: {model_path!r} is one file of several tensors; say which with "
            "var_list, the variables that were saved"
        )
    try:
        if root.is_file():
            assert names is not None
            records = read_records(root.read_bytes(), sorted(names), repr(model_path))
        else:
            records = read_directory(root, names)
    except (OSError, DamagedFileError) as error:
        raise RuntimeError(
            f"load_program_state: {error}; it reads what fluid.save, save_params, "
            "save_persistables and save_vars wrote"
        ) from error
    return {name: record.array for name, record in records.items()}


def set_program_state(program: Any, state_dict: Mapping[str, Array]) -> None:
    """Put arrays into the scope as values of a program's variables: all of them, or none.

    Args:
        program: whose persistable variables; those that the arrays lack stay as they are.
        state_dict: arrays by name; names that the program lacks are warned of.

    Raises:
        AssertionError: a variable has no value yet, or an array has another shape or dtype.

    Source:
        ``paddle.fluid.io.set_program_state``, PaddlePaddle 1.8.
    """
    program = program_of("set_program_state", program)
    scope = global_scope()
    values = {}
    for var in get_program_persistable_vars(program):
        now = scope.value(var.name)
        if now is None:
            raise AssertionError(
                f"set_program_state: {var.name!r} has no value in the scope; run the startup "
                "program first"
            )
        if var.name not in state_dict:
            continue
        array = np.asarray(state_dict[var.name])
        dtype = as_numpy_dtype(now.dtype)
        if array.shape != tuple(now.shape) or array.dtype != dtype:
            raise AssertionError(
                f"set_program_state: {var.name!r} is {dtype}{list(now.shape)}, but "
                f"the state has {array.dtype}{list(array.shape)} for it; nothing was set"
            )
        values[var.name] = np.array(array, order="C")
    for name, array in values.items():
        device = scope.value(name)
        assert device is not None
        put({name: array}, device.device)
    unused = [name for name in state_dict if name not in values]
    if unused:
        warnings.warn(
            f"set_program_state: the program has no {', '.join(map(repr, unused))}", stacklevel=2
        )


def _prefix(model_path: str) -> str:
    for ending in _ENDINGS:
        if model_path.endswith(ending):
            return model_path[: -len(ending)]
    return model_path


def _read(path: str) -> dict[str, Any]:
    return load_arrays(Path(path).read_bytes(), repr(path))


def _by_parameter(arrays: dict[str, Any]) -> dict[str, Any]:
    """Return arrays by their parameters' names, which Paddle 2 keeps beside its own."""
    table = arrays.get(NAME_TABLE)
    if not isinstance(table, dict):
        return arrays
    named = {
        own: arrays[key] for key, own in table.items() if isinstance(own, str) and key in arrays
    }
    return {**arrays, **named}


def _name(var: Any) -> str:
    if not isinstance(var, Variable):
        raise TypeError(
            f"load_program_state: var_list must hold variables, but one is {type(var).__name__}"
        )
    return var.name


def _load_records(
    program: Any, model_path: str, executor: Any, var_list: Iterable[Variable] | None
) -> None:
    """Read what `save_vars` wrote."""
    root = Path(model_path)
    if executor is None:
        raise ValueError(
            f"load: there is no {model_path!r} with .pdparams; for the files of save_params and "
            "its kin give executor="
        )
    if root.is_dir():
        files = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()}
        found = [var for var in program.list_vars() if var.name in files]
        unused = sorted(files - {var.name for var in found})
        if unused:
            warnings.warn(f"load: the program has no {', '.join(unused)}", stacklevel=3)
        load_vars(executor, model_path, program, vars=found)
        return
    if var_list is None:
        raise ValueError(
            f"load: {model_path!r} is no directory; for one file of several tensors give var_list="
        )
    variables = list(var_list)
    known = {var.name for var in program.list_vars()}
    for var in variables:
        if var.name not in known:
            raise LookupError(f"load: the program has no variable {var.name!r} of var_list")
    load_vars(
        executor,
        root.parent,
        program,
        variables,
        filename=root.name,
    )
