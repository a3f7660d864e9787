"""The forms of operators that Paddle 2 has in the place of 1.8's; they are read, never written."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.checkpoints.program_desc import AttrType
from paddle_compat.fluid.io._operators.definitions import REQUIRED, Definition, Slot
from paddle_compat.fluid.io._operators.forms import Arguments, Call, Forms, form
from paddle_compat.fluid.layers.nn.pick import topk
from paddle_compat.fluid.layers.nn.product import matmul
from paddle_compat.fluid.layers.nn.shape import flatten

__all__ = ["DEFINITIONS", "FORMS"]


def _slots(*names: str) -> dict[str, Slot]:
    return {name: Slot(name, several=False, optional=False) for name in names}


DEFINITIONS: Mapping[str, Definition] = {
    "flatten_contiguous_range": Definition(
        _slots("X"),
        _slots("Out"),
        {"start_axis": (AttrType.INT, 1), "stop_axis": (AttrType.INT, 1)},
    ),
    "matmul_v2": Definition(
        _slots("X", "Y"),
        _slots("Out"),
        {"trans_x": (AttrType.BOOLEAN, False), "trans_y": (AttrType.BOOLEAN, False)},
    ),
    "top_k_v2": Definition(
        {**_slots("X"), "K": Slot("K", several=False, optional=True)},
        _slots("Out", "Indices"),
        {
            "k": (AttrType.INT, REQUIRED),
            "axis": (AttrType.INT, -1),
            "largest": (AttrType.BOOLEAN, True),
            "sorted": (AttrType.BOOLEAN, True),
        },
    ),
}
"""As in PaddlePaddle 2.6."""


def _rows(call: Call) -> Arguments:
    [x] = call.inputs["X"]
    start, stop, rank = call.attrs["start_axis"], call.attrs["stop_axis"], len(x.shape)
    if start != 1 or stop % rank != rank - 1:
        raise ValueError(
            f"the dimensions {start} to {stop} of {rank} are made one; only all behind the first "
            "can be"
        )
    return {"axis": 1}


def _matrices(call: Call) -> Arguments:
    if any(len(one.shape) < 2 for given in call.inputs.values() for one in given):
        raise ValueError("a product with a vector, which Paddle 2 gives another shape")
    return {}


FORMS: Forms = {
    "flatten_contiguous_range": (
        form(flatten, "X:x", "Out", read=_rows, uses="start_axis stop_axis"),
    ),
    "matmul_v2": (
        form(
            matmul,
            "X:x Y:y",
            "Out",
            "trans_x:transpose_x trans_y:transpose_y",
            read=_matrices,
        ),
    ),
    "top_k_v2": (form(topk, "X:input K:k", "Out Indices", "k"),),
}
