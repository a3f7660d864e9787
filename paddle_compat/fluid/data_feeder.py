"""`paddle.fluid.data_feeder`: names of dtypes."""

from __future__ import annotations

from typing import Any

from paddle_compat.errors import unsupported_attribute
from paddle_compat.fluid._dtypes import dtype_name

__all__ = ["convert_dtype"]


def convert_dtype(dtype: Any) -> str:
    """Return a dtype's name, such as ``'float32'``.

    Source:
        ``paddle.fluid.data_feeder.convert_dtype``, PaddlePaddle 1.8.
    """
    return dtype_name(dtype)


__getattr__ = unsupported_attribute(
    __name__, "paddle.fluid.data_feeder", offered=", ".join(__all__), section="Legacy programs"
)
