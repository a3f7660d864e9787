"""`paddle.fluid.data`: what is fed, with its feeds checked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle_compat.fluid import framework
from paddle_compat.fluid._variable import Variable

__all__ = ["data"]


def data(
    name: str, shape: Sequence[int | None], dtype: Any = "float32", lod_level: int = 0
) -> Variable:
    """Declare a variable that is fed; a feed must have its shape and dtype.

    Args:
        name: what it is fed under.
        shape: sizes, None or -1 for any.
        dtype: in any way to write a dtype.
        lod_level: how many levels of detail the feeds carry.

    Raises:
        TypeError: the name is no string, or the shape no list or tuple of ints.
        ValueError: the name is declared already with another shape or dtype.

    Example:
        >>> from paddle_compat import fluid
        >>> with fluid.program_guard(fluid.Program()):
        ...     fluid.data("image", [None, 3, 224, 224])
        Variable image: float32[-1, 3, 224, 224], data, stop_gradient

    Source:
        ``paddle.fluid.data``, PaddlePaddle 1.8.
    """
    if isinstance(name, bytes):
        name = name.decode()
    if not isinstance(name, str):
        raise TypeError(f"data: name must be a string, but it is {type(name).__name__}")
    if not isinstance(shape, (list, tuple)):
        raise TypeError(
            f"data: shape must be a list or tuple, but it is {type(shape).__name__}; use [{shape}]"
        )
    sizes = [-1 if size is None else size for size in shape]
    for size in sizes:
        if not isinstance(size, int):
            raise TypeError(f"data: each size must be an int or None, but one is {size!r}")
    return (
        framework.default_main_program()
        .global_block()
        .create_var(
            name,
            shape=sizes,
            dtype=dtype,
            stop_gradient=True,
            lod_level=lod_level,
            is_data=True,
            need_check_feed=True,
        )
    )
