"""Whether a file computes at once, or builds programs that compute later."""

from __future__ import annotations

from paddle_compat.port.resolve import Module

__all__ = ["builds_programs", "is_eager"]

_STATIC = frozenset(
    f"paddle.fluid.{name}"
    for name in [
        "Program",
        "Executor",
        "program_guard",
        "default_main_program",
        "default_startup_program",
        "data",
        "CompiledProgram",
        "ParallelExecutor",
        "layers.data",
        "global_scope",
        "scope_guard",
        "io.PyReader",
        "append_backward",
        "gradients",
        "backward.append_backward",
        "backward.gradients",
        "layers.py_reader",
        "layers.While",
        "layers.Switch",
        "layers.IfElse",
        "layers.StaticRNN",
        "layers.DynamicRNN",
        "DataFeeder",
    ]
) | {"paddle.enable_static", "paddle.static"}


def builds_programs(module: Module) -> bool:
    """Tell whether a file certainly builds static programs."""
    return any(
        use.path in _STATIC or use.path.startswith("paddle.static.") for use in module.paddle_uses
    )


def is_eager(module: Module) -> bool:
    """Tell whether 1.x names in a file certainly compute at once."""
    dygraph = any(use.path.startswith("paddle.fluid.dygraph.") for use in module.paddle_uses)
    return dygraph and not builds_programs(module)
