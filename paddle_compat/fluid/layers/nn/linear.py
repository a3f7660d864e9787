"""Products of matrices, and the fully connected layer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from torch import Tensor

from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layer_helper import LayerHelper
from paddle_compat.fluid.layers._checks import FLOATS, check_tensor, check_type
from paddle_compat.fluid.layers._stand_in import stand_in

__all__ = ["fc", "mul"]


def _mul_rule(arguments: dict[str, Any]) -> Signature:
    x, y = arguments["x"], arguments["y"]
    split, split_y = arguments["x_num_col_dims"], arguments["y_num_col_dims"]
    check_tensor("mul", "x", stand_in(x), FLOATS)
    check_tensor("mul", "y", stand_in(y), FLOATS)
    _check_ranks(len(x.shape), len(y.shape), split, split_y)
    # Two unknown sizes multiply to 1 by luck in 1.8; a lone one fits anything.
    width, height = math.prod(x.shape[split:]), math.prod(y.shape[:split_y])
    if width > 0 and height > 0 and width != height:
        raise ValueError(_misfit(x.shape, y.shape, split, split_y))
    return (*x.shape[:split], *y.shape[split_y:]), x.torch_dtype


def _check_ranks(rank_x: int, rank_y: int, split_x: int, split_y: int) -> None:
    for name, rank, split in (("x", rank_x, split_x), ("y", rank_y, split_y)):
        if not 0 < split < rank:
            raise ValueError(
                f"mul: {name}_num_col_dims must be at least 1 and less than the number of "
                f"dimensions of {name}, which is {rank}, but it is {split}; reshape {name} to two "
                "dimensions or more"
            )


def _misfit(x: Sequence[int], y: Sequence[int], split_x: int, split_y: int) -> str:
    return (
        f"mul: the columns of x, the sizes {list(x[split_x:])} of {list(x)}, must multiply to as "
        f"many as the rows of y, {list(y[:split_y])} of {list(y)}"
    )


@layer(infer=_mul_rule)
def mul(
    x: Tensor, y: Tensor, x_num_col_dims: int = 1, y_num_col_dims: int = 1, name: str | None = None
) -> Tensor:
    """Return the product of two tensors taken as matrices.

    Args:
        x: floats; its first `x_num_col_dims` dimensions are the rows.
        y: floats of x's dtype; its first `y_num_col_dims` dimensions are the rows.
        x_num_col_dims: how many dimensions of x are rows.
        y_num_col_dims: how many dimensions of y are rows.
        name: names the result.

    Returns:
        The rows of x by the columns of y.

    Raises:
        TypeError: an argument is no tensor of floats.
        ValueError: the matrices do not fit.

    Source:
        ``paddle.fluid.layers.mul``, PaddlePaddle 1.8.
    """
    check_tensor("mul", "x", x, FLOATS)
    check_tensor("mul", "y", y, FLOATS)
    if x.ndim == 2 and y.ndim == 2 and x_num_col_dims == 1 and x.shape[1] == y.shape[0]:
        return x @ y
    _check_ranks(x.ndim, y.ndim, x_num_col_dims, y_num_col_dims)
    width, height = math.prod(x.shape[x_num_col_dims:]), math.prod(y.shape[:y_num_col_dims])
    if width != height:
        raise ValueError(_misfit(x.shape, y.shape, x_num_col_dims, y_num_col_dims))
    rows, columns = x.shape[:x_num_col_dims], y.shape[y_num_col_dims:]
    product = x.reshape(math.prod(rows), width) @ y.reshape(width, math.prod(columns))
    return product.reshape(*rows, *columns)


def fc(
    input: Any,
    size: int,
    num_flatten_dims: int = 1,
    param_attr: Any = None,
    bias_attr: Any = None,
    act: str | None = None,
    name: str | None = None,
) -> Any:
    """Return a fully connected layer of its input, or of the sum over several inputs.

    Args:
        input: floats, or a list of such; the first `num_flatten_dims` dimensions are rows, the
            others are flattened.
        size: how many outputs.
        num_flatten_dims: how many dimensions are rows; -1 is all but the last.
        param_attr: of the weight, [inputs, size]; of each in a list.
        bias_attr: of the bias, [size]; False leaves it out.
        act: an activation of the result.
        name: names the parameters and the result.

    Returns:
        The rows' dimensions, then `size`.

    Raises:
        TypeError: the input is no tensor of floats.
        ValueError: a size that the weight needs is unknown.

    Convention:
        The weight is [inputs, size], the transpose of `torch.nn.Linear`'s.

    Source:
        ``paddle.fluid.layers.fc``, PaddlePaddle 1.8.
    """
    helper = LayerHelper(
        "fc", input=input, param_attr=param_attr, bias_attr=bias_attr, act=act, name=name
    )
    inputs = list(input) if isinstance(input, (list, tuple)) else [input]
    if not inputs:
        raise ValueError("fc: input must hold at least one variable, but the list is empty")
    attrs = helper.param_attr
    attrs = attrs if isinstance(attrs, list) else [attrs] * len(inputs)
    if len(attrs) != len(inputs):
        raise ValueError(
            f"fc: param_attr must be one, or as many as inputs, {len(inputs)}, but it is "
            f"{len(attrs)}"
        )
    products = []
    for value, attr in zip(inputs, attrs, strict=True):
        check_tensor("fc", "input", stand_in(value), FLOATS)
        rank = len(value.shape)
        rows = rank - 1 if num_flatten_dims == -1 else num_flatten_dims
        if not 0 < rows < rank:
            raise ValueError(
                f"fc: num_flatten_dims must be -1, or at least 1 and less than the number of "
                f"dimensions of input, which is {rank}, but it is {num_flatten_dims}; reshape the "
                "input to two dimensions or more"
            )
        if not attr:
            raise TypeError(
                "fc: param_attr must not be False, for there is no fc without a weight; leave it "
                "out, or use fluid.layers.mul with a variable of your own"
            )
        check_type("fc", "size", size, int, "an int")
        if size <= 0:
            raise ValueError(f"fc: size must be positive, but it is {size}")
        width = math.prod(value.shape[rows:])
        weight = helper.create_parameter(attr, [width, size], value.dtype)
        products.append(helper.append(mul, value, weight, x_num_col_dims=rows))
    if len(products) > 1:
        from paddle_compat.fluid.layers.nn.arithmetic import sum as add_n

        products = [helper.append(add_n, products)]
    return helper.append_activation(helper.append_bias_op(products[0], dim_start=rows))
