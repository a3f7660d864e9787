"""`paddle.fluid.io`: values of variables, to files and back."""

from __future__ import annotations

from paddle_compat.fluid._publish import publish
from paddle_compat.fluid.io._chosen import (
    get_program_parameter,
    get_program_persistable_vars,
    is_belong_to_optimizer,
    is_parameter,
    is_persistable,
)
from paddle_compat.fluid.io.state import load, load_program_state, save, set_program_state
from paddle_compat.fluid.io.variables import (
    load_params,
    load_persistables,
    load_vars,
    save_params,
    save_persistables,
    save_vars,
)

__all__ = [
    "get_program_parameter",
    "get_program_persistable_vars",
    "is_belong_to_optimizer",
    "is_parameter",
    "is_persistable",
    "load",
    "load_params",
    "load_persistables",
    "load_program_state",
    "load_vars",
    "save",
    "save_params",
    "save_persistables",
    "save_vars",
    "set_program_state",
]

__getattr__ = publish(__name__, globals(), __all__)
