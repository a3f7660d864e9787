"""`paddle.fluid.data_feeder`: names of dtypes."""

from __future__ import annotations

from typing import Any

from paddle_compat.fluid._dtypes import dtype_name
from paddle_compat.fluid._publish import publish

__all__ = ["convert_dtype"]


def convert_dtype(dtype: Any) -> str:
    """Return a dtype's name, such as ``'float32'``.

    Source:
        ``paddle.fluid.data_feeder.convert_dtype``, PaddlePaddle 1.8.
    """
    return dtype_name(dtype)


__getattr__ = publish(__name__, globals(), __all__)
