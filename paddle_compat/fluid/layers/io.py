"""`paddle.fluid.layers.io`: what is fed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from paddle_compat.fluid import _publish, framework
from paddle_compat.fluid._dtypes import VarType
from paddle_compat.fluid._variable import Variable

__all__ = ["data"]


def data(
    name: str,
    shape: Sequence[int | None],
    append_batch_size: bool = True,
    dtype: Any = "float32",
    lod_level: int = 0,
    type: VarType = VarType.LOD_TENSOR,
    stop_gradient: bool = True,
) -> Variable:
    """Declare a variable that is fed; its feeds are not checked against the declaration.

    Args:
        name: what it is fed under.
        shape: sizes, None or -1 for any.
        append_batch_size: put a -1 before the sizes; not where one of them is unknown already.
        dtype: in any way to write a dtype.
        lod_level: how many levels of detail the feeds carry.
        type: kept for code that passes it.
        stop_gradient: whether no gradient is taken of it.

    Source:
        ``paddle.fluid.layers.data``, PaddlePaddle 1.8; `fluid.data` checks feeds.
    """
    sizes = [-1 if size is None else size for size in shape]
    if append_batch_size and all(size >= 0 for size in sizes):
        sizes = [-1, *sizes]
    return (
        framework.default_main_program()
        .global_block()
        .create_var(
            name,
            shape=sizes,
            dtype=dtype,
            stop_gradient=stop_gradient,
            lod_level=lod_level,
            is_data=True,
        )
    )


__getattr__ = _publish.publish(__name__, globals(), __all__)
