"""Programs as torch modules."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import torch
from torch import fx, nn

from paddle_compat.export.forward import Forward, forward_of
from paddle_compat.export.state import hold, name_in_state
from paddle_compat.fluid import framework
from paddle_compat.fluid._program import Program
from paddle_compat.fluid._scope import Scope, global_scope
from paddle_compat.fluid._variable import Parameter, Variable, fits_declared

__all__ = ["chosen", "to_module", "values_of"]


def to_module(
    program: Any = None, fetch_list: Any = None, scope: Scope | None = None
) -> fx.GraphModule:
    """Return a program as a torch module, which no longer needs the program.

    Args:
        program: a `fluid.Program`; None is the default main program. Of one that trains, the part
            that computes the fetched values is taken: gradients and updates are torch's business
            from here on.
        fetch_list: variables or names of variables that calling the module returns.
        scope: where the parameters' values are; None is the global scope. They are copied.

    Returns:
        A `torch.fx.GraphModule`. Its arguments are the data variables that the fetched values
        need, in the order of their declaration, under their names; those with levels of detail
        have one more each, ``NAME_lod=()``, a tuple of int64 tensors of lengths. It returns a
        tensor, or a tuple for several fetches; a value with levels of detail is a pair of a tensor
        and those. ``state_dict()`` has Paddle's names; ``code`` shows what it does. `eval` and
        `train` switch what `is_test` switches in Paddle.

    Raises:
        RuntimeError: a parameter has no value yet.
        TypeError: an argument has the wrong type.
        ValueError: a fetched variable is unknown, or is a gradient.

    Example:
        >>> import torch
        >>> from paddle_compat import export, fluid
        >>> main, startup = fluid.Program(), fluid.Program()
        >>> with fluid.program_guard(main, startup), fluid.unique_name.guard():
        ...     x = fluid.data("x", [None, 3])
        ...     y = fluid.layers.fc(x, 2, act="relu")
        >>> fluid.Executor().run(startup)
        []
        >>> module = export.to_module(main, [y])
        >>> module(torch.ones(4, 3)).shape, list(module.state_dict())
        (torch.Size([4, 2]), ['fc_0.w_0', 'fc_0.b_0'])
    """
    program, fetches = chosen(program, fetch_list)
    forward = forward_of(program, fetches)
    return built(forward, values_of(forward, global_scope() if scope is None else scope))


def chosen(program: Any, fetch_list: Any) -> tuple[Program, list[Variable]]:
    """Return the program and the fetched variables, checked."""
    program = framework.default_main_program() if program is None else program
    if hasattr(program, "_program"):
        program = program._program
    if not isinstance(program, Program):
        raise TypeError(f"program must be a fluid.Program, but it is {type(program).__name__}")
    items = fetch_list if isinstance(fetch_list, (list, tuple)) else [fetch_list]
    fetches: list[Variable] = []
    for item in items:
        if not isinstance(item, (str, Variable)):
            raise TypeError(
                "fetch_list must be variables or names of variables, but one is "
                f"{type(item).__name__}"
            )
        fetches.append(_variable(program, item if isinstance(item, str) else item.name))
    if not fetches:
        raise ValueError("fetch_list must name at least one variable, but it is empty")
    return program, fetches


def _variable(program: Program, name: str) -> Variable:
    found = program.global_block().vars.get(name)
    role = getattr(getattr(found, "op", None), "role", "forward")
    if name.endswith("@GRAD") or role == "backward":
        raise ValueError(
            f"fetch_list: {name!r} is a gradient, which a module does not compute; fetch the loss, "
            "and call loss.backward() on the module's result"
        )
    if found is None:
        near = get_close_matches(name, program.global_block().vars, 3)
        hint = f"; near are {', '.join(map(repr, near))}" if near else ""
        raise ValueError(f"fetch_list: the program has no variable {name!r}{hint}")
    if role != "forward":
        raise ValueError(
            f"fetch_list: {name!r} belongs to the optimizer, which a module does not have; fetch "
            "what the network computes"
        )
    return found


def values_of(forward: Forward, scope: Scope) -> dict[str, torch.Tensor]:
    """Return copies of what a module holds, by name."""
    values = {}
    for variable in forward.held:
        value = scope.value(variable.name)
        if value is None:
            raise RuntimeError(
                f"{variable.name!r} has no value in the scope; run the startup program first: "
                "exe.run(fluid.default_startup_program())"
            )
        if value.dtype != variable.torch_dtype or not fits_declared(variable.shape, value.shape):
            raise ValueError(
                f"{variable.name!r} is declared {variable.describe()}, but the scope holds "
                f"{value.dtype} {list(value.shape)}"
            )
        values[variable.name] = value.detach().clone()
    return values


def built(forward: Forward, values: dict[str, torch.Tensor]) -> fx.GraphModule:
    """Return the module that holds values and computes the forward part."""
    root = nn.Module()
    for variable in forward.held:
        value = values[variable.name]
        if isinstance(variable, Parameter):
            trained = variable.trainable and not variable.stop_gradient
            value = nn.Parameter(value, trained and value.dtype.is_floating_point)
        hold(root, forward.paths[variable.name], value)
    for path, value in forward.constants.items():
        hold(root, path, value.clone(), persistent=False)
    module = fx.GraphModule(root, forward.graph, "Module")
    for path, value in forward.constants.items():
        hold(module, path, value.clone(), persistent=False)
    name_in_state(module, forward.paths)
    return module
