"""Which variables of a program go into files, and their values in the scope."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import torch

from paddle_compat.fluid import framework
from paddle_compat.fluid._dtypes import as_numpy_dtype
from paddle_compat.fluid._errors import EnforceNotMet
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._scope import LoDTensor, global_scope
from paddle_compat.fluid._variable import Parameter, Variable, fits_declared

__all__ = [
    "check_fits",
    "chosen",
    "get_program_parameter",
    "get_program_persistable_vars",
    "held",
    "is_belong_to_optimizer",
    "is_parameter",
    "is_persistable",
    "program_of",
    "put",
]


def is_parameter(var: Any) -> bool:
    """Tell whether a variable is a parameter.

    Source:
        ``paddle.fluid.io.is_parameter``, PaddlePaddle 1.8.
    """
    return isinstance(var, Parameter)


def is_persistable(var: Variable) -> bool:
    """Tell whether a variable's value stays in the scope.

    Source:
        ``paddle.fluid.io.is_persistable``, PaddlePaddle 1.8.
    """
    return var.persistable


def is_belong_to_optimizer(var: Variable) -> bool:
    """Tell whether a variable is state, but no parameter.

    Source:
        ``paddle.fluid.io.is_belong_to_optimizer``, PaddlePaddle 1.8.
    """
    return not is_parameter(var) and not var.need_check_feed and is_persistable(var)


def get_program_parameter(program: Program) -> list[Variable]:
    """Return a program's parameters.

    Source:
        ``paddle.fluid.io.get_program_parameter``, PaddlePaddle 1.8.
    """
    return [var for var in program.list_vars() if is_parameter(var)]


def get_program_persistable_vars(program: Program) -> list[Variable]:
    """Return what of a program stays in the scope between runs.

    Source:
        ``paddle.fluid.io.get_program_persistable_vars``, PaddlePaddle 1.8.
    """
    return [var for var in program.list_vars() if is_persistable(var)]


def program_of(name: str, program: Any) -> Program:
    """Return the program that a call means; None is the default main program.

    Raises:
        TypeError: it is none.
    """
    if program is None:
        return framework.default_main_program()
    program = getattr(program, "_program", program)  # a CompiledProgram's own
    if not isinstance(program, Program):
        raise TypeError(
            f"{name}: main_program must be a fluid.Program, but it is {type(program).__name__}"
        )
    return program


def chosen(
    name: str,
    program: Any,
    variables: Iterable[Any] | None,
    predicate: Callable[[Variable], Any] | None,
) -> list[Variable]:
    """Return the variables that a call means: those given, or those of a kind."""
    program = program_of(name, program)
    if variables is None:
        keep = is_persistable if predicate is None else predicate
        return [var for var in program.list_vars() if keep(var)]
    found = list(variables)
    for var in found:
        if not isinstance(var, Variable):
            raise AssertionError(
                f"{name}: vars must be variables of a program, but one is {type(var).__name__}; "
                "use program.global_block().var(name)"
            )
    return found


def held(name: str, variables: Sequence[Variable]) -> dict[str, LoDTensor]:
    """Return the scope's tensors of variables, by name.

    Raises:
        RuntimeError: a variable has no value yet.
    """
    scope = global_scope()
    tensors = {}
    for var in variables:
        found = scope.find_var(var.name)
        if found is None or found.get_tensor().value is None:
            raise EnforceNotMet(
                f"{name}: {var.name!r} has no value in the scope; run the startup program first, "
                "or save with the scope that the training used (fluid.scope_guard)"
            )
        tensors[var.name] = found.get_tensor()
    return tensors


def check_fits(name: str, var: Variable, array: np.ndarray[Any, Any], source: str) -> None:
    """Refuse a loaded value that is not as its variable is declared.

    Raises:
        RuntimeError: the shape or the dtype is another one.
    """
    if not fits_declared(var.shape, array.shape) or array.dtype != as_numpy_dtype(var.dtype):
        raise RuntimeError(
            f"{name}: {var.name!r} is declared {var.describe()}, but {source} holds "
            f"{array.dtype}{list(array.shape)}; nothing was loaded"
        )


def put(
    values: Mapping[str, np.ndarray[Any, Any]],
    device: torch.device,
    lods: Mapping[str, Sequence[Sequence[int]]] | None = None,
) -> None:
    """Put loaded values into the scope, each into memory of its own."""
    scope = global_scope()
    taken = set()
    for name, array in values.items():
        found = scope.find_var(name) or scope.var(name)
        tensor = found.get_tensor()
        # A file may name one array several times.
        tensor.value = torch.from_numpy(array.copy() if id(array) in taken else array).to(device)
        taken.add(id(array))
        tensor.set_lod((lods or {}).get(name, []))
