"""`paddle.fluid.framework`: programs, and which of them layers are recorded into."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from paddle_compat.fluid._dtypes import VarType, as_var_type
from paddle_compat.fluid._modes import in_dygraph_mode
from paddle_compat.fluid._operator import Operator
from paddle_compat.fluid._places import (
    cpu_places,
    cuda_pinned_places,
    cuda_places,
    is_compiled_with_cuda,
)
from paddle_compat.fluid._program import Block, Program
from paddle_compat.fluid._publish import publish
from paddle_compat.fluid._variable import Parameter, Variable, grad_name

__all__ = [
    "Block",
    "Operator",
    "Parameter",
    "Program",
    "Variable",
    "convert_np_dtype_to_dtype_",
    "cpu_places",
    "cuda_pinned_places",
    "cuda_places",
    "default_main_program",
    "default_startup_program",
    "device_guard",
    "grad_var_name",
    "in_dygraph_mode",
    "is_compiled_with_cuda",
    "name_scope",
    "program_guard",
    "require_version",
    "switch_main_program",
    "switch_startup_program",
]

FOLLOWED = "1.8.5"
"""The version of Paddle that this face follows."""

_main = Program()
_startup = Program()


def default_main_program() -> Program:
    """Return the program that layers are recorded into.

    Source:
        ``paddle.fluid.default_main_program``, PaddlePaddle 1.8.
    """
    return _main


def default_startup_program() -> Program:
    """Return the program that initialises parameters.

    Source:
        ``paddle.fluid.default_startup_program``, PaddlePaddle 1.8.
    """
    return _startup


def switch_main_program(program: Program) -> Program:
    """Record layers into another program; return the one before."""
    global _main
    before, _main = _main, program
    return before


def switch_startup_program(program: Program) -> Program:
    """Initialise parameters in another program; return the one before."""
    global _startup
    before, _startup = _startup, program
    return before


@contextlib.contextmanager
def program_guard(main_program: Program, startup_program: Program | None = None) -> Iterator[None]:
    """Record into these programs inside the block.

    Args:
        main_program: takes the layers.
        startup_program: takes the initialisation of parameters; None keeps the one in force.

    Raises:
        TypeError: an argument is no program.

    Example:
        >>> from paddle_compat import fluid
        >>> main, startup = fluid.Program(), fluid.Program()
        >>> with fluid.program_guard(main, startup):
        ...     x = fluid.data("x", [None, 3])
        >>> x.shape
        (-1, 3)

    Source:
        ``paddle.fluid.program_guard``, PaddlePaddle 1.8.
    """
    _check_program("main_program", main_program)
    if startup_program is not None:
        _check_program("startup_program", startup_program)
    before = switch_main_program(main_program)
    startup_before = switch_startup_program(startup_program or _startup)
    try:
        yield
    finally:
        switch_main_program(before)
        switch_startup_program(startup_before)


def _check_program(name: str, program: object) -> None:
    if not isinstance(program, Program):
        raise TypeError(
            f"program_guard: {name} must be a fluid.Program, but it is {type(program).__name__}"
        )


@contextlib.contextmanager
def name_scope(prefix: str | None = None) -> Iterator[None]:
    """Do nothing: the scopes of names only group operators in Paddle's own drawings.

    Source:
        ``paddle.fluid.name_scope``, PaddlePaddle 1.8.
    """
    yield


@contextlib.contextmanager
def device_guard(device: str | None = None) -> Iterator[None]:
    """Do nothing: the Executor's place decides where all operators run.

    Raises:
        ValueError: the device is neither ``'cpu'`` nor ``'gpu'``.

    Source:
        ``paddle.fluid.device_guard``, PaddlePaddle 1.8.
    """
    if device is not None and device.split(":")[0] not in ("cpu", "gpu"):
        raise ValueError(f"device must be 'cpu', 'gpu' or None, but it is {device!r}")
    yield


def convert_np_dtype_to_dtype_(np_dtype: Any) -> VarType:
    """Return the `VarType` of a numpy dtype or its name.

    Source:
        ``paddle.fluid.framework.convert_np_dtype_to_dtype_``, PaddlePaddle 1.8.
    """
    return as_var_type(np.dtype(np_dtype))


def grad_var_name(var_name: str) -> str:
    """Return the name of a variable's gradient.

    Source:
        ``paddle.fluid.framework.grad_var_name``, PaddlePaddle 1.8.
    """
    return grad_name(var_name)


def require_version(min_version: str, max_version: str | None = None) -> None:
    """Check that this face, which is 1.8's, is of a version in the range.

    Raises:
        TypeError: a version is no string.
        ValueError: a version is not written as ``'1.8.5'``.
        Exception: 1.8.5 is not in the range.

    Source:
        ``paddle.fluid.require_version``, PaddlePaddle 1.8.
    """
    low = _release("min_version", min_version)
    high = None if max_version is None else _release("max_version", max_version)
    ours = _release("version", FOLLOWED)
    if low > ours or (high is not None and high < ours):
        raise Exception(
            f"the code needs Paddle from {min_version} to {max_version or 'any'}; this is the 1.x "
            f"face of paddle_compat, which follows {FOLLOWED}"
        )


def _release(name: str, version: object) -> tuple[int, ...]:
    if not isinstance(version, str):
        raise TypeError(f"{name} must be a string such as '1.8.5', but it is {version!r}")
    parts = version.split(".")
    if not all(part.isdecimal() for part in parts) or len(parts) > 4:
        raise ValueError(f"{name} must be written as '1.8.5', but it is {version!r}")
    return tuple([*map(int, parts), 0, 0, 0, 0][:4])


def _get_var(name: str, program: Program | None = None) -> Variable:
    """Return a variable of a program's global block by name.

    Source:
        ``paddle.fluid.framework._get_var``, PaddlePaddle 1.8.
    """
    if not isinstance(name, str):
        raise AssertionError(f"name must be a string, but it is {type(name).__name__}")
    return (program or default_main_program()).global_block().var(name)


__getattr__ = publish(__name__, globals(), __all__)
