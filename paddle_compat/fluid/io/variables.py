"""Values of variables in files, one a file or all in one: 1.x's own format."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from paddle_compat.checkpoints import (
    DamagedFileError,
    Record,
    read_directory,
    read_records,
    record_bytes,
    write_atomically,
)
from paddle_compat.fluid._errors import EnforceNotMet
from paddle_compat.fluid._scope import LoDTensor
from paddle_compat.fluid._variable import Variable
from paddle_compat.fluid.executor import Executor
from paddle_compat.fluid.io._chosen import (
    check_fits,
    chosen,
    held,
    is_parameter,
    is_persistable,
    put,
)

__all__ = [
    "check_executor",
    "load_params",
    "load_persistables",
    "load_vars",
    "save_params",
    "save_persistables",
    "save_vars",
]


def save_vars(
    executor: Any,
    dirname: Any,
    main_program: Any = None,
    vars: Iterable[Variable] | None = None,
    predicate: Callable[[Variable], Any] | None = None,
    filename: Any = None,
) -> bytes | None:
    """Write variables' values to files that real Paddle 1.x reads.

    Every file is written whole or not at all: a process that dies leaves the old one.

    Args:
        executor: a `fluid.Executor`; its scope is the global one.
        dirname: the directory, which is made if need be.
        main_program: whose variables; None is the default main program.
        vars: which; None for those that `predicate` holds for.
        predicate: tells whether a variable is meant; None for the persistable ones.
        filename: the one file for all of them; None for a file each, by their names.

    Returns:
        None; the bytes of the one file where there is neither directory nor file name.

    Raises:
        AssertionError: `vars` holds something else.
        OSError: a file cannot be written.
        RuntimeError: a variable has no value yet, or the executor is closed; nothing is written.
        TypeError: an argument has the wrong type.

    Source:
        ``paddle.fluid.io.save_vars``, PaddlePaddle 1.8.
    """
    check_executor("save_vars", executor)
    variables = chosen("save_vars", main_program, vars, predicate)
    if not variables:
        warnings.warn("save_vars: there is no variable to save", stacklevel=2)
        return None
    tensors = held("save_vars", variables)
    if filename is None and dirname is not None:
        for name, tensor in tensors.items():
            write_atomically(Path(dirname) / name, _record_of(tensor))
        return None
    data = b"".join(_record_of(tensors[name]) for name in sorted(tensors))
    if filename is None:
        return data
    write_atomically(Path(dirname or "") / filename, data)
    return None


def save_params(
    executor: Any, dirname: Any, main_program: Any = None, filename: Any = None
) -> bytes | None:
    """Write a program's parameters: see `save_vars`.

    Source:
        ``paddle.fluid.io.save_params``, PaddlePaddle 1.8.
    """
    return save_vars(executor, dirname, main_program, predicate=is_parameter, filename=filename)


def save_persistables(
    executor: Any, dirname: Any, main_program: Any = None, filename: Any = None
) -> bytes | None:
    """Write a program's parameters and what its optimizer and counters keep: see `save_vars`.

    Source:
        ``paddle.fluid.io.save_persistables``, PaddlePaddle 1.8.
    """
    return save_vars(executor, dirname, main_program, predicate=is_persistable, filename=filename)


def load_vars(
    executor: Any,
    dirname: Any,
    main_program: Any = None,
    vars: Iterable[Variable] | None = None,
    predicate: Callable[[Variable], Any] | None = None,
    filename: Any = None,
) -> None:
    """Read variables' values from files into the scope: all of them, or none.

    Args:
        executor: a `fluid.Executor`; the values go to its place.
        dirname: the directory; None where `filename` is the bytes of one file.
        main_program: whose variables; None is the default main program.
        vars: which; None for those that `predicate` holds for.
        predicate: tells whether a variable is meant; None for the persistable ones.
        filename: the one file with all of them; None for a file each, by their names.

    Raises:
        AssertionError: `vars` holds something else.
        RuntimeError: a file is missing (`fluid.core.EnforceNotMet`) or damaged, or holds another
            shape or dtype than its variable is declared with; the scope is as it was.
        TypeError: an argument has the wrong type.
        ValueError: there is neither a directory nor a file.

    Source:
        ``paddle.fluid.io.load_vars``, PaddlePaddle 1.8.
    """
    check_executor("load_vars", executor)
    variables = {var.name: var for var in chosen("load_vars", main_program, vars, predicate)}
    if dirname is None and filename is None:
        raise ValueError("load_vars: give dirname, or the bytes of a file as filename")
    records = _read(variables, dirname, filename)
    for name, var in variables.items():
        check_fits("load_vars", var, records[name].array, _where(name, dirname, filename))
    put(
        {name: record.array for name, record in records.items()},
        executor._device,
        {name: record.lod for name, record in records.items()},
    )


def load_params(
    executor: Any, dirname: Any, main_program: Any = None, filename: Any = None
) -> None:
    """Read a program's parameters: see `load_vars`.

    Source:
        ``paddle.fluid.io.load_params``, PaddlePaddle 1.8.
    """
    load_vars(executor, dirname, main_program, predicate=is_parameter, filename=filename)


def load_persistables(
    executor: Any, dirname: Any, main_program: Any = None, filename: Any = None
) -> None:
    """Read a program's parameters and state: see `load_vars`.

    Source:
        ``paddle.fluid.io.load_persistables``, PaddlePaddle 1.8.
    """
    load_vars(executor, dirname, main_program, predicate=is_persistable, filename=filename)


def check_executor(name: str, executor: Any) -> None:
    """Check that an argument is an executor that may run.

    Raises:
        RuntimeError: it is closed.
        TypeError: it is none.
    """
    if not isinstance(executor, Executor):
        raise TypeError(
            f"{name}: executor must be a fluid.Executor, but it is {type(executor).__name__}"
        )
    if executor._closed:
        raise RuntimeError("the executor is closed; make another one")


def _record_of(tensor: LoDTensor) -> bytes:
    value = tensor._tensor().detach().cpu()
    return record_bytes(value.numpy(), tensor.lod())


def _read(variables: dict[str, Variable], dirname: Any, filename: Any) -> dict[str, Record]:
    """Return the records of variables, by name."""
    try:
        if filename is None:
            return read_directory(Path(dirname), variables)
        data = filename if dirname is None else (Path(dirname) / filename).read_bytes()
        return read_records(data, sorted(variables), _where("", dirname, filename))
    except DamagedFileError as error:
        raise EnforceNotMet(f"load_vars: {error}; nothing was loaded") from error
    except OSError as error:
        raise EnforceNotMet(
            f"load_vars: {os.fspath(error.filename)!r} cannot be read: "
            f"{error.strerror or error}; nothing was loaded"
        ) from error


def _where(name: str, dirname: Any, filename: Any) -> str:
    """Name the file that a variable's value comes from."""
    if dirname is None:
        return "the given bytes"
    return repr(os.fspath(Path(dirname) / (name if filename is None else filename)))
