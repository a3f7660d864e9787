"""What Paddle's functions and classes return, as far as the porter has to know it."""

from __future__ import annotations

__all__ = [
    "CONTAINERS",
    "FLOAT_FUNCTIONS",
    "FLOAT_LAYERS",
    "KEEPS_DTYPE",
    "LAYER",
    "LAYERS",
    "OPTIMIZERS",
    "TAKES_TENSOR",
    "TENSOR",
    "TENSOR_FUNCTIONS",
    "TENSOR_METHODS",
]

TENSOR = "paddle.Tensor"
LAYER = frozenset({"paddle.nn.Layer", "paddle.fluid.dygraph.Layer"})


def _paths(prefix: str, names: str) -> frozenset[str]:
    return frozenset(f"{prefix}.{name}" for name in names.split())


_CREATE = "to_tensor zeros ones full arange linspace eye rand randn randint uniform normal empty"
# One argument `x`, a float tensor out.
_SMOOTH = """
    exp log sqrt rsqrt sin cos tan tanh sigmoid reciprocal log2 log10 log1p expm1 erf mean std var
    logsumexp
"""
_KEEPING = """
    reshape transpose squeeze unsqueeze flatten expand expand_as broadcast_to tile flip roll clip
    abs square floor ceil sign sum prod max min amax amin cumsum index_select gather masked_select
    scale detach clone neg pow zeros_like ones_like full_like assign
"""
_OTHER = """
    cast equal not_equal greater_than greater_equal less_than less_equal logical_and logical_or
    logical_not logical_xor isnan isinf isfinite all any argmax argmin argsort sort nonzero numel
    add subtract multiply divide maximum minimum matmul mm bmm dot remainder mod floor_divide
    where round allclose equal_all gather_nd scatter topk
"""
_LISTS = "concat stack"
_FUNCTIONAL = """
    relu relu6 sigmoid softmax log_softmax gelu leaky_relu elu selu silu softplus hardtanh hardswish
    hardsigmoid mish tanh conv1d conv2d conv3d linear max_pool2d avg_pool2d adaptive_avg_pool2d
    adaptive_max_pool2d interpolate pad dropout binary_cross_entropy_with_logits
    binary_cross_entropy mse_loss l1_loss smooth_l1_loss cross_entropy sigmoid_focal_loss kl_div
    log_sigmoid swish normalize layer_norm batch_norm one_hot embedding
"""
_LAYERS = """
    Linear Conv1D Conv2D Conv3D Conv2DTranspose BatchNorm BatchNorm1D BatchNorm2D BatchNorm3D
    LayerNorm GroupNorm InstanceNorm2D ReLU ReLU6 Sigmoid Softmax LogSoftmax GELU LeakyReLU ELU SELU
    Silu Swish Mish Hardswish Hardsigmoid Tanh Softplus MaxPool2D AvgPool2D AdaptiveAvgPool2D
    AdaptiveMaxPool2D Flatten Dropout Identity Upsample Embedding Pad2D MSELoss L1Loss
    SmoothL1Loss BCEWithLogitsLoss BCELoss CrossEntropyLoss Sequential
"""

# 1.x, where it computes at once.
_FLUID_SMOOTH = "sigmoid tanh exp log sqrt rsqrt sin cos reciprocal softmax"
_FLUID_KEEPING = (
    "relu abs square floor ceil reduce_sum reduce_mean reshape transpose expand unsqueeze"
)
_FLUID = f"{_FLUID_SMOOTH} {_FLUID_KEEPING} squeeze cast matmul"
_FLUID_LAYERS = _paths("paddle.fluid.dygraph", "Linear Conv2D BatchNorm Pool2D Embedding")

CONTAINERS = frozenset({"paddle.nn.LayerList"})
LAYERS = _paths("paddle.nn", _LAYERS) | _FLUID_LAYERS
FLOAT_LAYERS = LAYERS - _paths("paddle.nn", "Flatten Identity Sequential")
OPTIMIZERS = _paths("paddle.optimizer", "SGD Momentum Adam AdamW Adagrad RMSProp Adamax Lamb")

_UNARY = _SMOOTH + _KEEPING + _OTHER.replace("where", "")
_FLOAT_ONLY = _FUNCTIONAL.replace("one_hot", "").replace("pad ", " ")

TENSOR_FUNCTIONS = (
    (_paths("paddle", _CREATE + _UNARY + _LISTS + " where") - {"paddle.topk"})
    | _paths("paddle.nn.functional", _FUNCTIONAL)
    | _paths("paddle.fluid.layers", f"{_FLUID} concat stack")
    | {"paddle.fluid.dygraph.to_variable"}
)
TAKES_TENSOR = (
    _paths("paddle", _UNARY)
    | _paths("paddle.nn.functional", _FUNCTIONAL)
    | _paths("paddle.fluid.layers", _FLUID)
)
TENSOR_METHODS = frozenset((_UNARY + " astype t cast").split()) - {"topk"}
FLOAT_FUNCTIONS = (
    _paths("paddle", _SMOOTH)
    | _paths("paddle.nn.functional", _FLOAT_ONLY)
    | _paths("paddle.fluid.layers", _FLUID_SMOOTH)
)
KEEPS_DTYPE = frozenset(f"{_KEEPING} {_FLUID_KEEPING}".split())
