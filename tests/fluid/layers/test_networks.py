"""Layers of networks: eager and static answers are one, gradients are right, mistakes are named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from paddle_compat import fluid

L: Any = fluid.layers
FIXED = fluid.initializer.Uniform(-1.0, 1.0, seed=5)
DATA = np.random.RandomState(0).uniform(-2, 2, (2, 4, 6, 5))


# Which of eight elements real Paddle 1.8.5 keeps, of the seeds 1 and 2.
SEEDED = [[0, 0, 1, 1, 1, 0, 1, 0], [0, 0, 0, 1, 1, 0, 0, 1]]


@pytest.fixture(autouse=True)
def fresh() -> Iterator[None]:
    """Give each test its own programs, names and scope."""
    with (
        fluid.program_guard(fluid.Program(), fluid.Program()),
        fluid.unique_name.guard(),
        fluid.scope_guard(fluid.Scope()),
    ):
        fluid.default_main_program().random_seed = 3
        fluid.default_startup_program().random_seed = 3
        yield


def weights() -> dict[str, Any]:
    """Return attributes with the same first values in programs and with eager tensors."""
    return {
        "param_attr": fluid.ParamAttr(initializer=FIXED),
        "bias_attr": fluid.ParamAttr(initializer=FIXED),
    }


LAYERS: dict[str, Callable[[Any], Any]] = {
    "conv2d": lambda x: L.conv2d(x, 6, 3, stride=2, padding=1, groups=2, **weights()),
    "conv2d, same": lambda x: L.conv2d(x, 3, (2, 3), stride=2, padding="SAME", **weights()),
    "conv2d, cropped": lambda x: L.conv2d(x, 3, 2, padding=-1, **weights()),
    "conv2d, lopsided": lambda x: L.conv2d(x, 3, 3, padding=[2, 0, 1, 3], **weights()),
    "conv2d, channels last": lambda x: L.conv2d(x, 3, 3, data_format="NHWC", **weights()),
    "conv2d, activated": lambda x: L.conv2d(x, 3, 3, act="sigmoid", **weights()),
    "conv2d_transpose": lambda x: L.conv2d_transpose(
        x, 4, filter_size=3, stride=2, padding=1, groups=2, **weights()
    ),
    "conv2d_transpose, sized": lambda x: L.conv2d_transpose(
        x, 4, output_size=[14, 11], filter_size=3, stride=2, **weights()
    ),
    "pool2d, max": lambda x: L.pool2d(x, 3, "max", 2, 1),
    "pool2d, mean": lambda x: L.pool2d(x, 3, "avg", 2, 1),
    "pool2d, whole windows": lambda x: L.pool2d(x, 3, "avg", 2, 1, exclusive=False),
    "pool2d, ceil": lambda x: L.pool2d(x, 3, "avg", 2, 0, ceil_mode=True),
    "pool2d, lopsided": lambda x: L.pool2d(x, 3, "max", 2, [1, 0, 2, 1]),
    "pool2d, same": lambda x: L.pool2d(x, 2, "avg", 2, "SAME"),
    "pool2d, global": lambda x: L.pool2d(x, pool_type="avg", global_pooling=True),
    "pool2d, channels last": lambda x: L.pool2d(x, 2, "max", 2, data_format="NHWC"),
    "adaptive_pool2d": lambda x: L.adaptive_pool2d(x, [4, 3], "avg"),
    "group_norm": lambda x: L.group_norm(x, 2, **weights()),
    "group_norm, uneven": lambda x: L.group_norm(x, 3, **weights()),
    "group_norm, channels last": lambda x: L.group_norm(x, 5, data_layout="NHWC", **weights()),
    "affine_channel": lambda x: L.affine_channel(
        x, L.fill_constant([4], "float64", 2.0), L.fill_constant([4], "float64", 0.5)
    ),
    "affine_channel, channels last": lambda x: L.affine_channel(
        x,
        L.fill_constant([5], "float64", 2.0),
        L.fill_constant([5], "float64", 0.5),
        data_layout="NHWC",
    ),
    "batch_norm": lambda x: L.batch_norm(x, **weights()),
    "batch_norm, remembered": lambda x: L.batch_norm(x, use_global_stats=True, **weights()),
    "layer_norm": lambda x: L.layer_norm(x, begin_norm_axis=2, **weights()),
    "instance_norm": lambda x: L.instance_norm(x, **weights()),
    "resize_nearest": lambda x: L.resize_nearest(x, scale=2.0),
    "resize_nearest, odd": lambda x: L.resize_nearest(x, out_shape=[7, 3]),
    "resize_nearest, channels last": lambda x: L.resize_nearest(
        x, out_shape=[8, 9], align_corners=False, data_format="NHWC"
    ),
    "resize_bilinear": lambda x: L.resize_bilinear(x, out_shape=[7, 9]),
    "resize_bilinear, halves": lambda x: L.resize_bilinear(
        x, scale=1.5, align_corners=False, align_mode=0
    ),
    "dropout": lambda x: L.dropout(x, 0.4, seed=7),
    "pixel_shuffle": lambda x: L.pixel_shuffle(x, 2),
    "unfold": lambda x: L.unfold(x, [2, 3], paddings=[1, 0, 0, 2]),
    "softmax": lambda x: L.softmax(x, axis=1),
    "relu6": L.relu6,
    "leaky_relu": L.leaky_relu,
    "elu": L.elu,
    "selu": L.selu,
    "swish": L.swish,
    "hard_sigmoid": L.hard_sigmoid,
    "hard_swish": L.hard_swish,
    "brelu": lambda x: L.brelu(x, -1.0, 1.0),
    "soft_relu": L.soft_relu,
    "stanh": L.stanh,
    "maxout": lambda x: L.maxout(x, 2),
}


@pytest.mark.parametrize("unknown", [False, True], ids=["known sizes", "unknown sizes"])
@pytest.mark.parametrize("name", LAYERS)
def test_a_program_and_eager_tensors_get_the_same_bits(name: str, unknown: bool) -> None:
    layer = LAYERS[name]
    last = "channels last" in name
    sizes = [None if unknown and i != (3 if last else 1) else n for i, n in enumerate(DATA.shape)]
    if name == "layer_norm":
        sizes = list(DATA.shape)
    out = layer(fluid.data("x", sizes, "float64"))
    exe = fluid.Executor()
    exe.run(fluid.default_startup_program())
    (static,) = exe.run(feed={"x": DATA}, fetch_list=[out])
    with fluid.dygraph.guard():
        eager = layer(torch.from_numpy(DATA.copy()))
    assert isinstance(eager, Tensor)
    assert eager.detach().numpy().tobytes() == static.tobytes()
    assert len(out.shape) == static.ndim
    told = list(zip(out.shape, static.shape, strict=True))
    assert all(size in (-1, real) for size, real in told)
    assert unknown or -1 not in out.shape
    assert out.dtype == fluid.core.VarDesc.VarType.FP64


# Where the real gradient is not that of the function, on purpose.
_ROUNDED = (
    "pool2d, mean",
    "pool2d, whole windows",
    "pool2d, ceil",
    "pool2d, same",
    "pool2d, global",
    "adaptive_pool2d",
)


@pytest.mark.parametrize("name", [n for n in LAYERS if n not in _ROUNDED])
def test_the_gradient_is_the_functions(name: str) -> None:
    x = torch.from_numpy(DATA[:, :, :6, :4] if "channels last" not in name else DATA).clone()
    x = x[:1] if name != "batch_norm" else x
    if name == "conv2d_transpose, sized":
        x = torch.from_numpy(DATA[:1])
    with fluid.dygraph.guard():
        assert torch.autograd.gradcheck(LAYERS[name], (x.requires_grad_(),), fast_mode=True)


@pytest.mark.parametrize("name", _ROUNDED)
def test_a_float64_mean_has_the_gradient_of_a_float32_divisor(name: str) -> None:
    x = torch.from_numpy(DATA).requires_grad_()
    layer = LAYERS[name]
    (double,) = torch.autograd.grad(layer(x).sum(), x)
    single = x.detach().float().requires_grad_()
    (wanted,) = torch.autograd.grad(layer(single).sum(), single)
    torch.testing.assert_close(double.float(), wanted, rtol=1e-6, atol=0)
    assert (double.float().double() != double).sum() < double.numel()


@pytest.mark.parametrize("padding", [0, 1, [0, 1], [1, 0, 0, 2], "SAME", "VALID"])
def test_a_transposed_convolution_turns_a_convolution_around(padding: Any) -> None:
    small = torch.from_numpy(DATA)
    attr = fluid.ParamAttr(initializer=FIXED)
    sizes = {"filter_size": 3, "stride": 2, "padding": padding}
    large = L.conv2d_transpose(small, 3, bias_attr=False, param_attr=attr, **sizes)
    other = torch.from_numpy(np.random.RandomState(1).uniform(-1, 1, large.shape))
    # Both draw the same filters: [4, 3, 3, 3].
    back = L.conv2d(other, 4, bias_attr=False, param_attr=attr, **sizes)
    torch.testing.assert_close((back * small).sum(), (other * large).sum())


def test_softmax_and_frozen_scales_are_differentiated_twice() -> None:
    x = torch.from_numpy(DATA[:1, :2, :2, :2]).clone().requires_grad_()
    scale = torch.tensor([2.0, 3.0], dtype=torch.float64, requires_grad=True)
    bias = torch.zeros(2, dtype=torch.float64)
    assert torch.autograd.gradgradcheck(lambda v: L.softmax(v, axis=1), (x,))
    assert torch.autograd.gradgradcheck(lambda v, s: L.affine_channel(v, s, bias), (x, scale))


def test_softmax_of_elements_far_below_the_largest_is_no_less_than_e_to_the_minus_64() -> None:
    found = L.softmax(torch.tensor([[0.0, -1000.0]], dtype=torch.float64))
    assert found[0, 1].item() == pytest.approx(np.exp(-64.0), rel=1e-12, abs=0)


def test_a_group_that_channels_do_not_fill_is_smaller() -> None:
    x = torch.from_numpy(DATA)
    parts = L.group_norm(x, 3, param_attr=True, bias_attr=True)
    pair = L.group_norm(x[:, :2], 1, param_attr=True, bias_attr=True)
    torch.testing.assert_close(parts[:, :2], pair)
    uneven, rest = (
        L.group_norm(v, n, param_attr=True, bias_attr=True)
        for v, n in ((torch.cat([x, x], 1)[:, :7], 2), (x[:, :3], 1))
    )
    torch.testing.assert_close(uneven[:, 4:], rest)


def test_without_a_scale_the_gradient_of_group_norm_takes_the_mean_for_a_constant() -> None:
    x = torch.from_numpy(DATA).requires_grad_()
    incoming = torch.from_numpy(np.random.RandomState(1).uniform(-1, 1, DATA.shape))
    out = L.group_norm(x, 2)
    (found,) = torch.autograd.grad(out, x, incoming)
    flat, slope, spread = (t.detach().reshape(2, 2, -1) for t in (out, incoming, x))
    inverse = (spread.var(2, correction=0, keepdim=True) + 1e-5).rsqrt()
    wanted = inverse * (slope - flat * (flat * slope).mean(2, keepdim=True))
    torch.testing.assert_close(found, wanted.reshape(x.shape), rtol=1e-6, atol=1e-9)
    torch.testing.assert_close(out, L.group_norm(x, 2, param_attr=True, bias_attr=True))


@pytest.mark.parametrize(
    ("size", "wanted", "align_corners", "rows"),
    [
        (7, 3, True, [0, 3, 6]),
        (7, 3, False, [0, 2, 4]),
        (5, 8, True, [0, 1, 1, 2, 2, 3, 3, 4]),
        (5, 8, False, [0, 0, 1, 1, 2, 3, 3, 4]),
        (3, 6, True, [0, 0, 1, 1, 2, 2]),
        (4, 13, True, [0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3]),
        (4, 1, True, [0]),
    ],
)
def test_resize_nearest_takes_the_rows_of_real_paddle(
    size: int, wanted: int, align_corners: bool, rows: list[int]
) -> None:
    x = torch.arange(float(size)).reshape(1, 1, size, 1)
    found = L.resize_nearest(x, out_shape=[wanted, 1], align_corners=align_corners)
    assert found.flatten().tolist() == rows


@pytest.mark.parametrize(
    ("align_corners", "align_mode", "rows"),
    [
        (True, 1, [0, 0.5, 1, 1.5, 2]),
        (False, 1, [0, 0.6, 1.2, 1.8, 2]),
        (False, 0, [0, 0.4, 1, 1.6, 2]),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_resize_bilinear_places_rows_as_it_is_told(
    align_corners: bool, align_mode: int, rows: list[float], dtype: torch.dtype
) -> None:
    x = torch.arange(3, dtype=dtype).reshape(1, 1, 3, 1).expand(1, 1, 3, 3)
    found = L.resize_bilinear(
        x, out_shape=[5, 3], align_corners=align_corners, align_mode=align_mode
    )
    assert found[0, 0, :, 0].tolist() == pytest.approx(rows, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize(("align_corners", "align_mode"), [(True, 1), (False, 1), (False, 0)])
def test_a_single_row_is_the_first(
    align_corners: bool, align_mode: int, dtype: torch.dtype
) -> None:
    x = torch.tensor([5, 6, 7], dtype=dtype).reshape(1, 1, 3, 1)
    found = L.resize_bilinear(
        x, out_shape=[1, 1], align_corners=align_corners, align_mode=align_mode
    )
    assert found.flatten().tolist() == [5]


def test_dropout_draws_what_real_paddle_draws() -> None:
    found = [L.dropout(torch.ones(8), 0.5, seed=seed).bool().int().tolist() for seed in (1, 2)]
    assert found == SEEDED


def test_a_largest_element_that_occurs_twice_gets_the_gradient_once() -> None:
    x = torch.ones(1, 1, 2, 2, requires_grad=True)
    L.pool2d(x, 2, "max").sum().backward()
    assert x.grad is not None
    assert x.grad.flatten().tolist() == [1, 0, 0, 0]


MISTAKES: dict[str, tuple[Callable[[Any], Any], type[Exception], str]] = {
    "conv2d of integers": (
        lambda x: L.conv2d(L.cast(x, "int32"), 4, 3),
        TypeError,
        r"conv2d: input must be float16, float32 or float64, but it is int32; use fluid.*cast",
    ),
    "conv2d of three dimensions": (
        lambda x: L.conv2d(L.reshape(x, [2, 4, 30]), 4, 3),
        ValueError,
        r"input must have 4 dimensions, NCHW, but its shape is \[2, 4, 30\]",
    ),
    "groups": (
        lambda x: L.conv2d(x, 6, 3, groups=3),
        ValueError,
        "the channels of input must divide into groups, but 4 do not into 3",
    ),
    "filters": (
        lambda x: L.conv2d(x, 5, 3, groups=2),
        ValueError,
        "the filters must divide into groups, but 5 do not into 2",
    ),
    "a large window": (
        lambda x: L.conv2d(x, 4, 9),
        ValueError,
        "a window of 9 does not fit into a size of 6 with padding of 0 and 0",
    ),
    "padding of the batch": (
        lambda x: L.conv2d(x, 4, 3, padding=[[1, 1], [0, 0], [0, 0], [0, 0]]),
        ValueError,
        r"padding must be \[0, 0\] for the batch and the channels",
    ),
    "padding in words": (
        lambda x: L.conv2d(x, 4, 3, padding="half"),
        ValueError,
        "padding must be 'SAME', 'VALID' or ints, but it is 'half'",
    ),
    "a pool of nothing": (
        lambda x: L.pool2d(x, 2, "max", 1, 3),
        ValueError,
        "a window of 2 with stride 1 lies in the padding altogether",
    ),
    "no pool size": (lambda x: L.pool2d(x), ValueError, "pool_size must be given, unless"),
    "group_norm": (
        lambda x: L.group_norm(x, 5),
        ValueError,
        r"groups must be in 1..4, the channels of input, but it is 5",
    ),
    "affine_channel": (
        lambda x: L.affine_channel(
            x, L.fill_constant([3], "float32", 1.0), L.fill_constant([4], "float32", 0.0)
        ),
        ValueError,
        r"scale must have one number for each channel of x, \[2, 4, 6, 5\], but its shape is \[3\]",
    ),
    "resize": (lambda x: L.resize_nearest(x), ValueError, "give one of out_shape and scale"),
    "resize to nothing": (
        lambda x: L.resize_bilinear(x, out_shape=[0, 3]),
        AssertionError,
        "each size in out_shape must be positive",
    ),
    "batch_norm": (
        lambda x: L.batch_norm(x, epsilon=0.1),
        ValueError,
        r"epsilon must be in 0..0.001, but it is 0.1",
    ),
    "dropout": (
        lambda x: L.dropout(x, 1.5),
        ValueError,
        r"dropout_prob must be in 0..1, but it is 1.5",
    ),
    "an activation": (
        lambda x: L.conv2d(x, 4, 3, act="relux"),
        ValueError,
        "act must be one of .*but it is 'relux'",
    ),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_named(name: str) -> None:
    build, error, message = MISTAKES[name]
    x = fluid.data("x", DATA.shape)
    with pytest.raises(error, match=message):
        build(x)
