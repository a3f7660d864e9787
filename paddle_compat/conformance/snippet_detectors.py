"""Snippets of detectors: the heads and losses of EfficientDet, SOLOv2, RetinaNet, and FCOS's output."""

# ruff: noqa: E501 - sources as they were written

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import floats, ints, program
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

# Three levels share the convolutions of a head; each has normalizations of its own.
EFFICIENT_HEAD = """
from math import log
Attr, init = fluid.ParamAttr, fluid.initializer
anchors, classes = 2, 3

def separable(x, channels, name, bias=None):
    x = layers.conv2d(x, x.shape[1], 3, padding=1, groups=x.shape[1], bias_attr=False, param_attr=Attr(name=name + '_dw', initializer=init.TruncatedNormal(0.0, 0.3)))
    return layers.conv2d(x, channels, 1, param_attr=Attr(name=name + '_pw', initializer=init.TruncatedNormal(scale=0.5)), bias_attr=False if bias is None else Attr(name=name + '_b', initializer=init.Constant(bias), learning_rate=2.0, regularizer=fluid.regularizer.L2Decay(0.0)))

def normalized(x, name):
    decay = fluid.regularizer.L2Decay(0.0)
    x = layers.batch_norm(x, momentum=MOMENTUM, epsilon=1e-3, param_attr=Attr(name=name + '_scale', regularizer=decay), bias_attr=Attr(name=name + '_offset', regularizer=decay), moving_mean_name=name + '_mean', moving_variance_name=name + '_variance')
    return layers.swish(x) if SWISH else x * layers.sigmoid(x)

def rows(x, width):
    x = layers.transpose(x, [0, 2, 3, 1])
    return layers.reshape(x, [0, -1, width])

scores, boxes = [], []
for index, level in enumerate([p3, p4, p5]):
    for found, width, name, bias in ((scores, classes, 'class', -log(99.0)), (boxes, 4, 'box', 0.0)):
        x = level
        for repeat in range(2):
            x = separable(x, 6, '%s_%d' % (name, repeat))
            x = normalized(x, '%s_%d_bn_%d' % (name, repeat, index))
        found.append(rows(separable(x, anchors * width, name + '_out', bias), width))
scores = layers.reshape(layers.concat(scores, axis=1), [-1, classes])
boxes = layers.reshape(layers.concat(boxes, axis=1), [-1, 4])
"""
EFFICIENT_LOSS = """
label = layers.reshape(label, [-1, 1])
target = layers.reshape(target, [-1, 4])
label.stop_gradient = target.stop_gradient = True
positive = layers.cast(label > layers.zeros([1], 'int32'), 'float32')
fg_num = layers.reduce_sum(layers.cast(positive, 'int32')) + 1
focal = layers.reduce_sum(layers.sigmoid_focal_loss(scores, label, fg_num, gamma=1.5, alpha=0.25))
box = layers.huber_loss(input=boxes, label=target, delta=DELTA) * layers.expand(positive, [1, 4])
box = layers.reduce_sum(box) / (layers.cast(fg_num, 'float32') * 4.0)
loss = focal + box * 50.0
fetch = [focal, box, fg_num]
"""
MOMENTUM_STEP = "fluid.optimizer.Momentum(layers.linear_lr_warmup(layers.cosine_decay(0.05, 2, 4), 2, 0.0, 0.05), 0.9, regularization=fluid.regularizer.L2Decay(4e-5)).minimize(loss)\n"

# Weights of the inputs of a node are positive and sum to about 1.
FAST_FUSION = """
weights = layers.create_parameter([3], 'float32', name='fusion', default_initializer=fluid.initializer.Constant(1.0))
positive = layers.relu(weights)
share = positive / (layers.reduce_sum(positive) + 1e-4)
up = layers.resize_nearest(p4, scale=2.0)
down = layers.pool2d(p2, pool_size=3, pool_stride=2, pool_padding=1, pool_type='max')
parts = layers.split(share, 3, dim=0)
mixed = layers.elementwise_mul(p3, parts[0]) + up * parts[1] + down * parts[2]
mixed = layers.conv2d(layers.swish(mixed), 4, 3, padding=1, groups=4, param_attr=fluid.ParamAttr(initializer=fluid.initializer.TruncatedNormal(0.0, 0.1, 3)), bias_attr=False)
mixed = layers.batch_norm(mixed, momentum=0.99, epsilon=1e-3, use_global_stats=GLOBAL)
loss = layers.mean(layers.square(mixed)) + layers.mean(mixed)
fluid.optimizer.Momentum(0.1, 0.9).minimize(loss)
fetch = [share, mixed]
"""

SOLO_HEAD = """
from math import log
Attr, init = fluid.ParamAttr, fluid.initializer

def normalized_conv(x, channels, name):
    x = layers.conv2d(x, channels, 3, padding=1, bias_attr=False, param_attr=Attr(name=name + '_w', initializer=init.Normal(scale=0.2)))
    return layers.group_norm(x, 2, param_attr=Attr(name=name + '_scale'), bias_attr=Attr(name=name + '_offset'), act='relu')

def with_coordinates(x):
    size = layers.shape(x)
    x_range = layers.cast(layers.range(0, x.shape[3], 1, 'int32'), 'float32') * (2.0 / x.shape[3]) - 1.0
    y_range = layers.cast(layers.range(0, x.shape[2], 1, 'int32'), 'float32') * (2.0 / x.shape[2]) - 1.0
    across = layers.expand(layers.reshape(x_range, [1, 1, 1, -1]), [x.shape[0], 1, x.shape[2], 1])
    down = layers.expand(layers.unsqueeze(y_range, [0, 1, 3]), [x.shape[0], 1, 1, x.shape[3]])
    return layers.concat([x, across, down], axis=1), size

categories, kernels = [], []
for index, (level, grid) in enumerate(((p3, 4), (p4, 3))):
    x, size = with_coordinates(level)
    x = layers.resize_bilinear(x, out_shape=[grid, grid], align_corners=False, align_mode=0)
    kernel = normalized_conv(x, 6, 'kernel')
    kernel = layers.conv2d(kernel, 5, 3, padding=1, param_attr=Attr(name='kernel_out_w', initializer=init.TruncatedNormal(scale=0.3)), bias_attr=Attr(name='kernel_out_b'))
    kernels.append(layers.transpose(layers.reshape(kernel, [0, 5, -1]), [0, 2, 1]))
    category = normalized_conv(layers.slice(x, axes=[1], starts=[0], ends=[level.shape[1]]), 6, 'category')
    category = layers.conv2d(category, 3, 3, padding=1, param_attr=Attr(name='category_out_w', initializer=init.Normal(scale=0.01)), bias_attr=Attr(name='category_out_b', initializer=init.Constant(-log(99.0))))
    categories.append(layers.reshape(layers.transpose(category, [0, 2, 3, 1]), [-1, 3]))
features, size = with_coordinates(p3)
features = normalized_conv(features, 5, 'mask')
"""
# `where` tells the image and the cell of each instance; spare ones are weighed 0.
SOLO_LOSS = """
kernels = layers.reshape(layers.concat(kernels, axis=1), [-1, 5])
chosen = layers.gather(kernels, where)
height, width = p3.shape[2], p3.shape[3]
masks = []
for image in range(p3.shape[0]):
    feature = layers.reshape(layers.slice(features, axes=[0], starts=[image], ends=[image + 1]), [5, -1])
    begin = image * (mask.shape[0] // p3.shape[0])
    mine = layers.slice(chosen, axes=[0], starts=[begin], ends=[begin + mask.shape[0] // p3.shape[0]])
    masks.append(layers.matmul(mine, feature))
predicted = layers.sigmoid(layers.concat(masks, axis=0))
target = layers.reshape(layers.cast(mask, 'float32'), [-1, height * width])
target.stop_gradient = True
a = layers.reduce_sum(predicted * target, dim=1)
b = layers.reduce_sum(layers.square(predicted), dim=1) + 0.001
c = layers.reduce_sum(target * target, dim=1) + 0.001
dice = 1.0 - (a * 2.0) / (b + c)
exists = layers.cast(valid, 'float32')
num_ins = layers.reduce_sum(valid)
mask_loss = layers.reduce_sum(dice * exists) * 3.0 / layers.cast(num_ins, 'float32')
focal = layers.sigmoid_focal_loss(layers.concat(categories, axis=0), layers.reshape(label, [-1, 1]), num_ins + 1, gamma=2.0, alpha=0.25)
category_loss = layers.reduce_sum(focal)
loss = mask_loss + category_loss
fetch = [mask_loss, category_loss, num_ins, dice]
"""
SOLO_STEP = "fluid.optimizer.Momentum(0.05, 0.9, regularization=fluid.regularizer.L2Decay(1e-4)).minimize(loss)\n"

# A cell is kept where nothing beside it, above or to the left, is larger.
POINTS_NMS = """
heat = layers.sigmoid(x)
most = layers.pool2d(heat, pool_size=2, pool_stride=1, pool_padding=[[0, 0], [0, 0], [1, 1], [1, 1]], pool_type='max')
most = layers.slice(most, axes=[2, 3], starts=[0, 0], ends=[x.shape[2], x.shape[3]])
keep = layers.cast(layers.equal(most, heat), 'float32')
scores = layers.reshape(layers.transpose(heat * keep, [0, 2, 3, 1]), [-1])
best, where = layers.topk(scores, 6)
row = layers.elementwise_floordiv(layers.cast(where, 'int32'), layers.fill_constant([1], 'int32', x.shape[1]))
kernel = layers.gather(layers.reshape(layers.transpose(k, [0, 2, 3, 1]), [-1, 4]), row)
masks = layers.sigmoid(layers.matmul(kernel, layers.reshape(f, [4, -1])))
inside = layers.cast(masks > 0.5, 'float32')
area = layers.reduce_sum(inside, dim=1)
quality = layers.reduce_sum(masks * inside, dim=1) / (area + 1e-6)
shared = layers.matmul(inside, inside, transpose_y=True)
union = layers.expand(layers.unsqueeze(area, [1]), [1, 6]) + layers.expand(layers.unsqueeze(area, [0]), [6, 1]) - shared
overlap = shared / (union + 1e-6)
out = [best, where, row, masks, quality, overlap]
"""

RETINANET_LOSSES = """
anchors, variances = [], []
for level, stride in ((p3, 8.0), (p4, 16.0)):
    made = layers.anchor_generator(level, anchor_sizes=[4 * stride, 5.04 * stride], aspect_ratios=[0.5, 1.0, 2.0], variance=[1.0, 1.0, 1.0, 1.0], stride=[stride, stride])
    for found, x in zip((anchors, variances), made):
        found.append(layers.reshape(x, [-1, 4]))
score, location, label, target, weight, count = layers.retinanet_target_assign(boxes, logits, layers.concat(anchors), layers.concat(variances), gt_box, gt_label, crowd, im_info, 3, POSITIVE)
fg_num = layers.reduce_sum(count)
focal = layers.reduce_sum(layers.sigmoid_focal_loss(score, label, fg_num, gamma=2.0, alpha=0.25))
box = layers.smooth_l1(location, target, inside_weight=weight, outside_weight=weight, sigma=3.0)
box = layers.reduce_sum(box) / fg_num
out = [focal, box, fg_num, label, target, weight]
"""

# The sides of a location's box, seen from it, become corners; scores are weighed by centerness.
FCOS_OUTPUT = """
boxes, scores = [], []
for logit, side, center, stride in ((c3, b3, m3, 8), (c4, b4, m4, 16)):
    sizes = layers.shape(logit)
    sizes.stop_gradient = True
    height, width = sizes[2], sizes[3]
    across = layers.range(0, width * stride, stride, 'int32')
    down = layers.range(0, height * stride, stride, 'int32')
    across, down = (layers.cast(x, 'float32') + stride // 2 for x in (across, down))
    across, down = layers.unsqueeze(across, [0]), layers.unsqueeze(down, [1])
    plane = layers.fill_constant([HEIGHT // stride, WIDTH // stride], 'float32', 1.0)
    across, down = layers.expand_as(across, plane), layers.expand_as(down, plane)
    place = layers.stack([across, down], axis=-1)
    place = layers.reshape(layers.unsqueeze(place, [0]), [1, -1, 2])
    place.stop_gradient = True
    batch = layers.slice(sizes, axes=[0], starts=[0], ends=[1])
    count = layers.fill_constant([1], 'int32', -1)
    wanted = layers.concat([batch, count, layers.fill_constant([1], 'int32', 4)], axis=0)
    side = layers.reshape(layers.transpose(layers.exp(side) * float(stride), [0, 2, 3, 1]), [0, -1, 4], actual_shape=wanted)
    low = layers.elementwise_sub(place, layers.slice(side, axes=[2], starts=[0], ends=[2])) if EXPANDED else layers.slice(side, axes=[2], starts=[0], ends=[2]) * -1.0 + place
    high = layers.elementwise_add(layers.slice(side, axes=[2], starts=[2], ends=[4]), place)
    boxes.append(layers.concat([low, high], axis=2))
    score = layers.sigmoid(logit) * layers.sigmoid(center)
    scores.append(layers.reshape(score, [0, 3, -1]))
boxes, scores = layers.concat(boxes, axis=1), layers.concat(scores, axis=2)
scale = layers.reshape(layers.slice(im_info, axes=[1], starts=[2], ends=[3]), [-1, 1, 1])
boxes = layers.elementwise_div(boxes, layers.expand_as(scale, boxes)) if EXPANDED else boxes / scale
"""
SUPPRESSED = "out = [boxes, scores, layers.multiclass_nms(boxes, scores, score_threshold=0.025, nms_top_k=1000, keep_top_k=KEEP, nms_threshold=0.6, background_label=-1)]"


def _given(source: str, **names: object) -> str:
    """Put values in the place of names in capitals."""
    for name, value in names.items():
        source = source.replace(name, repr(value))
    return source


def _efficient() -> Iterator[Snippet]:
    steps, batch, cells = 4, 2, 6 * 6 + 3 * 3 + 2 * 2
    inputs = {
        "p3": floats(steps, batch, 6, 6, 6),
        "p4": floats(steps, batch, 6, 3, 3, seed=1),
        "p5": floats(steps, batch, 6, 2, 2, seed=2),
        "label": ints(steps, batch, cells * 2, low=-1, high=4),
        "target": floats(steps, batch, cells * 2, 4, seed=3),
    }
    for momentum, swish, delta in ((0.99, True, 0.1), (0.9, False, 1.0)):
        source = _given(
            EFFICIENT_HEAD + EFFICIENT_LOSS + MOMENTUM_STEP,
            MOMENTUM=momentum,
            SWISH=swish,
            DELTA=delta,
        )
        name = f"EfficientDet: head and losses · momentum {momentum}, delta {delta}"
        yield program(name, source, steps, inputs=inputs, terms=4.0)
    background = {**inputs, "label": np.zeros_like(inputs["label"])}
    source = _given(
        EFFICIENT_HEAD + EFFICIENT_LOSS + MOMENTUM_STEP, MOMENTUM=0.99, SWISH=True, DELTA=0.1
    )
    yield program(
        "EfficientDet: nothing but background", source, steps, inputs=background, terms=4.0
    )
    features = {
        "p2": floats(3, 2, 4, 12, 8),
        "p3": floats(3, 2, 4, 6, 4, seed=1),
        "p4": floats(3, 2, 4, 3, 2, seed=2),
    }
    for fixed in (False, True):
        source = _given(FAST_FUSION, GLOBAL=fixed)
        name = f"EfficientDet: a node of the pyramid · use_global_stats {fixed}"
        yield program(name, source, 3, inputs=features, terms=5.0)


def _solo() -> Iterator[Snippet]:
    steps, batch, instances = 4, 2, 3
    cells = batch * 4 * 4, batch * 3 * 3
    random = np.random.RandomState(5)
    valid = np.array(
        [[1, 1, 0, 1, 0, 0], [1, 1, 1, 1, 1, 1], [1, 0, 0, 0, 0, 0], [1, 1, 0, 1, 1, 0]]
    )
    inputs: dict[str, Array] = {
        "p3": floats(steps, batch, 4, 8, 10),
        "p4": floats(steps, batch, 4, 4, 5, seed=1),
        "label": ints(steps, sum(cells), 1, low=0, high=4),
        "where": random.randint(0, sum(cells), (steps, batch * instances)).astype("int32"),
        "mask": random.randint(0, 2, (steps, batch * instances, 8, 10)).astype("uint8"),
        "valid": valid.astype("int32"),
    }
    source = SOLO_HEAD + SOLO_LOSS + SOLO_STEP
    yield program("SOLOv2: heads and losses", source, steps, inputs=inputs, terms=4.0)
    empty = {**inputs, "label": np.zeros_like(inputs["label"])}
    yield program("SOLOv2: no category anywhere", source, steps, inputs=empty, terms=4.0)
    ends = {
        "x": floats(1, 3, 5, 5),
        "k": floats(1, 4, 5, 5, seed=1),
        "f": floats(1, 4, 6, 7, seed=2),
    }
    yield Snippet(
        "SOLOv2: places, masks and their overlaps", POINTS_NMS, ends, ("x", "k", "f"), terms=4.0
    )


def _boxes(count: int, height: int, width: int, seed: int) -> Array:
    random = np.random.RandomState(seed)
    low = random.uniform(0, 0.6, (count, 2)) * (width, height)
    size = random.uniform(0.1, 0.4, (count, 2)) * (width, height)
    return np.concatenate([low, low + size], axis=1).astype("float32")


def _retinanet() -> Iterator[Snippet]:
    height, width = 96, 128
    anchors = 6 * (12 * 16 + 6 * 8)
    inputs: dict[str, Array] = {
        "p3": floats(2, 1, 12, 16),
        "p4": floats(2, 1, 6, 8),
        "logits": floats(2, anchors, 3, low=-6, high=0),
        "boxes": floats(2, anchors, 4, low=-1, high=1),
        "gt_box": _boxes(5, height, width, seed=1),
        "gt_label": np.array([[1], [2], [3], [1], [2]], "int32"),
        "crowd": np.array([[0], [0], [1], [0], [0]], "int32"),
        "im_info": np.array([[height, width, 1.0], [height - 6, width - 20, 2.0]], "float32"),
    }
    truth = ("gt_box", "gt_label", "crowd")
    for counts in ([3, 2], [1, 4]):
        for positive in (0.5, 0.3):
            yield Snippet(
                f"RetinaNet: losses · {counts} boxes, positive_overlap {positive}",
                _given(RETINANET_LOSSES, POSITIVE=positive),
                inputs,
                ("logits", "boxes"),
                dict.fromkeys(truth, (0,)),
                terms=4.0,
                lods={name: [counts] for name in truth},
            )


def _fcos() -> Iterator[Snippet]:
    height, width = 48, 64
    levels: Mapping[str, tuple[int, int]] = {"3": (6, 8), "4": (3, 4)}
    inputs: dict[str, Array] = {"im_info": np.array([[48, 64, 1.0], [48, 60, 2.0]], "float32")}
    for name, (rows, columns) in levels.items():
        inputs["c" + name] = floats(2, 3, rows, columns, low=-4, high=1)
        inputs["b" + name] = floats(2, 4, rows, columns, low=-0.5, high=1)
        inputs["m" + name] = floats(2, 1, rows, columns)
    for expanded in (True, False):
        for keep in (100, 7):
            source = _given(
                FCOS_OUTPUT + SUPPRESSED, HEIGHT=height, WIDTH=width, EXPANDED=expanded, KEEP=keep
            )
            name = f"FCOS: output · expanded {expanded}, keep_top_k {keep}"
            yield Snippet(name, source, inputs, backward=False, terms=2.0, lods={})


SNIPPETS = (*_efficient(), *_solo(), *_retinanet(), *_fcos())
