"""`paddle.fluid.layers.tensor`: making tensors, moving their elements, and searching them."""

from __future__ import annotations

from paddle_compat.fluid import _publish
from paddle_compat.fluid.layers.tensor.declared import (
    create_global_var,
    create_parameter,
    create_tensor,
)
from paddle_compat.fluid.layers.tensor.filled import (
    fill_constant,
    fill_constant_batch_size_like,
    ones,
    ones_like,
    zeros,
    zeros_like,
)
from paddle_compat.fluid.layers.tensor.made import diag, eye, linspace, range  # noqa: A004
from paddle_compat.fluid.layers.tensor.moved import assign, cast, concat, reverse, sums
from paddle_compat.fluid.layers.tensor.searched import (
    argmax,
    argmin,
    argsort,
    has_inf,
    has_nan,
    isfinite,
)

__all__ = [
    "argmax",
    "argmin",
    "argsort",
    "assign",
    "cast",
    "concat",
    "create_global_var",
    "create_parameter",
    "create_tensor",
    "diag",
    "eye",
    "fill_constant",
    "fill_constant_batch_size_like",
    "has_inf",
    "has_nan",
    "isfinite",
    "linspace",
    "ones",
    "ones_like",
    "range",
    "reverse",
    "sums",
    "zeros",
    "zeros_like",
]

__getattr__ = _publish.publish(__name__, globals(), __all__)
