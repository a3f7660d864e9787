"""PC213 to PC218, PC220: defaults and meanings of layers, and names of arguments."""

from __future__ import annotations

import pytest

from port.findings.finding import codes, fixed, told


@pytest.mark.parametrize(
    "call",
    [
        "L.resize_nearest(x, out_shape=[7, 7])",
        "L.resize_nearest(x, scale=3)",
        "L.resize_nearest(x, out_shape=s, align_corners=True)",
        "L.resize_nearest(x, scale=factor)",
        "L.resize_bilinear(x, [7, 7], align_corners=False)",
        "L.resize_bilinear(x, [7, 7], align_corners=False, align_mode=1)",
    ],
)
def test_pixels_that_torch_does_not_take(call: str) -> None:
    assert told(call) == [("PC213", call)]
    with pytest.raises(AssertionError):
        fixed(call)


@pytest.mark.parametrize(
    "call",
    [
        "L.resize_nearest(x, out_shape=[7, 7], align_corners=False)",
        "L.resize_nearest(x, scale=2.)",
        "L.resize_nearest(x, out_shape=s, align_corners=aligned)",
        "L.resize_bilinear(x, [7, 7], align_corners=True)",
        "L.resize_bilinear(x, [7, 7], align_corners=False, align_mode=0)",
        "F.interpolate(x, [7, 7], mode='nearest')",
    ],
)
def test_pixels_that_torch_takes_too(call: str) -> None:
    assert codes(call) == []


def test_linear_pixels_by_default() -> None:
    call = "L.resize_bilinear(x, [7, 7])"
    assert told(call) == [("PC213", call)]
    assert fixed(call) == "L.resize_bilinear(x, [7, 7], align_corners=True)"


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("fluid.data('x', [None, 4], lod_level=1)", True),
        ("L.data('x', [4], lod_level=2, dtype='float32')", True),
        ("fluid.create_lod_tensor(rows, [[2, 3]], place)", True),
        ("fluid.LoDTensor()", True),
        ("fluid.data('x', [None, 4])", False),
        ("fluid.data('x', [None, 4], lod_level=0)", False),
        ("fluid.data('x', [None, 4], lod_level=level)", False),
    ],
)
def test_levels_of_detail(call: str, wanted: bool) -> None:
    assert codes(call) == ["PC214"] * wanted


@pytest.mark.parametrize(
    ("call", "at", "message"),
    [
        ("L.batch_norm(x, momentum=0.9)", "0.9", "momentum=0.9 is momentum=0.1 in torch"),
        ("m = .99\nL.batch_norm(x, momentum=m)", "m", "momentum=m is momentum=0.01 in torch"),
        ("fluid.dygraph.BatchNorm(3, momentum=k)", "k", "momentum=k is momentum=1 - it in torch"),
        ("paddle.nn.BatchNorm2D(3, momentum=0.8)", "0.8", "momentum=0.8 is momentum=0.2 in torch"),
        ("torch.nn.BatchNorm2d(3, momentum=0.9)", "0.9", "momentum=0.9 is Paddle's way to say 0.1"),
    ],
)
def test_momentum(call: str, at: str, message: str) -> None:
    from port.findings.finding import findings, read

    module = read(call)
    (found,) = findings(module)
    assert (found.code, module.source.text[found.span.start : found.span.end]) == ("PC215", at)
    assert found.message.startswith(message)


@pytest.mark.parametrize(
    "call",
    [
        "L.batch_norm(x)",
        "paddle.nn.BatchNorm2D(3)",
        "torch.nn.BatchNorm2d(3, momentum=0.1)",
        "torch.nn.BatchNorm2d(3, momentum=None)",
        "torch.optim.SGD(p, momentum=0.9)",
        "fluid.optimizer.Momentum(0.1, momentum=0.9)",
    ],
)
def test_momentum_of_something_else(call: str) -> None:
    assert codes(call) == []


@pytest.mark.parametrize(
    ("call", "at"),
    [
        ("L.cross_entropy(p, y)", "L.cross_entropy(p, y)"),
        ("L.softmax_with_cross_entropy(L.softmax(x), y)", "L.softmax(x)"),
        ("L.softmax_with_cross_entropy(logits=L.fc(x, 3, act='softmax'), label=y)",
         "L.fc(x, 3, act='softmax')"),
        ("F.cross_entropy(F.softmax(x), y)", "F.softmax(x)"),
        ("F.cross_entropy(input=paddle.reshape(F.softmax(x), [-1, 3]), label=y)",
         "paddle.reshape(F.softmax(x), [-1, 3])"),
    ],
)  # fmt: skip
def test_cross_entropy_of_probabilities(call: str, at: str) -> None:
    assert told(call) == [("PC216", at)]


@pytest.mark.parametrize(
    "call",
    [
        "L.softmax_with_cross_entropy(x, y)",
        "L.softmax_with_cross_entropy(L.fc(x, 3), y)",
        "F.cross_entropy(x, y)",
        "F.cross_entropy(F.softmax(x), y, use_softmax=False)",
        "F.cross_entropy(F.softmax(x) * 2, y)",
        "torch.nn.functional.cross_entropy(x, y)",
    ],
)
def test_cross_entropy_of_logits(call: str) -> None:
    assert codes(call) == []


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("L.pool2d(x, 2)", "L.pool2d(x, 2, pool_stride=1)"),
        ("L.pool2d(x, pool_size=[3, 3])", "L.pool2d(x, pool_size=[3, 3], pool_stride=1)"),
        (
            "fluid.dygraph.Pool2D(pool_size=2, pool_type='avg')",
            "fluid.dygraph.Pool2D(pool_size=2, pool_type='avg', pool_stride=1)",
        ),
    ],
)
def test_strides_of_pools(call: str, wanted: str) -> None:
    assert told(call) == [("PC217", call)]
    assert fixed(call) == wanted


@pytest.mark.parametrize(
    "call",
    [
        "L.pool2d(x, 3, 'avg', 2, 1)",
        "L.pool2d(x, 3, pool_type='avg', pool_stride=2, pool_padding=[1, 1])",
        "F.avg_pool2d(x, 3, 2, 1)",
        "paddle.nn.AvgPool2D(3, padding='SAME')",
        "F.avg_pool1d(x, 3, padding=1, exclusive=True)",
        "L.pad(x, [0, 1, 2, 3])",
        "L.pad(x, paddings=[0, 0, a, b])",
        "L.pad2d(x, paddings=[1, 1, 2, 2])",
        "L.pad2d(x, [0, 1, 2, 3])",
        "F.pad(x, [0, 0, 0, 0, 1, 1, 2, 2])",
    ],
)
def test_what_pools_count_and_pads_begin_with(call: str) -> None:
    assert told(call) == [("PC217", call)]


@pytest.mark.parametrize(
    "call",
    [
        "L.pool2d(x, 2, pool_stride=2)",
        "L.pool2d(x, global_pooling=True)",
        "L.pool2d(x, 7, 'avg', global_pooling=True, pool_padding=1)",
        "L.pool2d(x, 1)",
        "L.pool2d(x, 3, 'max', 2, 1)",
        "L.pool2d(x, 3, 'avg', 2, 0)",
        "L.pool2d(x, 3, 'avg', 2, 1, exclusive=False)",
        "F.avg_pool2d(x, 3, 2)",
        "F.avg_pool2d(x, 3, 2, 1, exclusive=False)",
        "F.max_pool2d(x, 3, 2, 1)",
        "L.pad(x, [1, 1, 1, 1])",
        "L.pad2d(x, [1, 1, 1, 1])",
        "L.pad2d(x, [1, 2, 1, 2])",
        "L.pad(x, sizes)",
        "F.pad(x, [1, 2, 3, 4])",
    ],
)
def test_pools_and_pads_that_are_alike(call: str) -> None:
    assert codes(call) == []


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("L.reduce_sum(x, axis=1, keepdim=True)", "L.reduce_sum(x, dim=1, keep_dim=True)"),
        ("L.reduce_mean(x, keepdims=True)", "L.reduce_mean(x, keep_dim=True)"),
        ("L.unsqueeze(x, axis=[1])", "L.unsqueeze(x, axes=[1])"),
        ("L.concat([a, b], dim=1)", "L.concat([a, b], axis=1)"),
        ("L.split(x, 2, axis = 1)", "L.split(x, 2, dim = 1)"),
        ("paddle.max(x, dim=1, keep_dim=True)", "paddle.max(x, axis=1, keepdim=True)"),
        ("paddle.squeeze(x, axes=[1])", "paddle.squeeze(x, axis=[1])"),
        ("paddle.flip(x, dim=0)", "paddle.flip(x, axis=0)"),
        ("torch.mean(x, dim=1, keep_dim=True)", "torch.mean(x, dim=1, keepdim=True)"),
    ],
)
def test_names_of_another_version(call: str, wanted: str) -> None:
    assert {each.code for each in told(call)} == {"PC218"}
    assert fixed(call) == wanted


@pytest.mark.parametrize(
    "call",
    [
        "L.reduce_sum(x, dim=1, keep_dim=True)",
        "paddle.sum(x, axis=1, keepdim=True)",
        "torch.sum(x, dim=1, keepdim=True)",
        "torch.sum(x, axis=1)",
        "np.sum(x, axis=1, keepdims=True)",
        "L.split(x, 2, dim=1)",
        # Taken by Paddle 3, and by torch.
        "paddle.concat([a, b], dim=0)",
        "torch.sum(x, axis=1, keepdims=True)",
        "L.concat([a, b], axis=1)",
        "x.sum(axis=1)",
        "L.reduce_sum(x, **more)",
        "L.reduce_sum(x, axis=1, dim=1)",
    ],
)
def test_names_of_the_same_version(call: str) -> None:
    assert codes(call) == []


def test_stop_gradient_of_a_torch_function() -> None:
    assert told("torch.zeros(3, stop_gradient=True)") == [("PC218", "stop_gradient=True")]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("x = paddle.to_tensor(a)\nx.stop_gradient = False", True),
        ("class A(paddle.nn.Layer):\n    def f(self):\n        self.w.stop_gradient = True", True),
        ("with fluid.dygraph.guard():\n    y = L.relu(x)\n    y.stop_gradient = True", True),
        # A program's own.
        ("x = fluid.data('x', [3])\nx.stop_gradient = False", False),
        ("def f(x):\n    x.stop_gradient = True", False),
        ("paddle.to_tensor(a)\ndef f(self):\n    self.stop_gradient = True", False),
        (
            "x = paddle.to_tensor(a)\nif not x.stop_gradient:\n    pass",
            False,
        ),
    ],
)
def test_stop_gradient_that_is_set(text: str, wanted: bool) -> None:
    assert codes(text) == ["PC220"] * wanted
