"""Snippets of SSD: heads, loss and detections."""

# ruff: noqa: E501 - one case a line

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippet_tables import FLOATS, floats, over
from paddle_compat.conformance.snippets import Snippet

__all__ = ["SNIPPETS"]

LOSS = """
layers.ssd_loss(loc, conf, box, label, prior, var)
layers.ssd_loss(location=loc, confidence=conf, gt_box=box, gt_label=label, prior_box=prior, prior_box_var=var, background_label=0, normalize=False)
layers.ssd_loss(loc, conf, box, label, prior, [0.1, 0.1, 0.2, 0.2])
layers.ssd_loss(loc, conf, box, label, prior, var, overlap_threshold=0.1, neg_pos_ratio=1.0)
layers.ssd_loss(loc, conf, box, label, prior, var, overlap_threshold=0.3, neg_pos_ratio=0.7, neg_overlap=0.2)
layers.ssd_loss(loc, conf, box, label, prior, var, 0, 0.3, 10.0, 0.1)
layers.ssd_loss(loc, conf, box, label, prior, var, match_type='bipartite')
layers.ssd_loss(loc, conf, box, label, prior, var, match_type='bipartite', neg_overlap=0.9, normalize=False)
layers.ssd_loss(loc, conf, box, label, prior, var, loc_loss_weight=0.3, conf_loss_weight=2.5)
layers.ssd_loss(loc, conf, box, label, prior, var, background_label=2)
layers.ssd_loss(loc, conf, box, label, prior, var, neg_pos_ratio=3)
layers.ssd_loss(loc, conf, box, label, prior, var, sample_size=3)
layers.reduce_mean(layers.ssd_loss(loc, conf, box, label, prior, var))
"""
LOSS_REFUSED = """
layers.ssd_loss(loc, conf, box, label, prior, var, neg_pos_ratio=0.0)
layers.ssd_loss(loc, conf, box, label, prior, var, neg_pos_ratio=-1.0)
layers.ssd_loss(loc, conf, box, label, prior, var, neg_pos_ratio='a')
layers.ssd_loss(loc, conf, box, label, prior, var, neg_pos_ratio=None)
layers.ssd_loss(loc, conf, box, label, prior, var, neg_overlap=0.0)
layers.ssd_loss(loc, conf, box, label, prior, var, neg_overlap=-0.1)
layers.ssd_loss(loc, conf, box, label, prior, var, neg_overlap=1.0)
layers.ssd_loss(loc, conf, box, label, prior, var, neg_overlap=1.5)
layers.ssd_loss(loc, conf, box, label, prior, var, neg_overlap=None)
layers.ssd_loss(loc, conf, box, label, prior, var, overlap_threshold='a')
layers.ssd_loss(loc, conf, box, label, prior, var, overlap_threshold=None)
layers.ssd_loss(loc, conf, box, label, prior, var, sample_size='a')
layers.ssd_loss(loc, conf, box, label, prior, var, sample_size=1.5)
layers.ssd_loss(loc, conf, box, label, prior, var, sample_size=0)
layers.ssd_loss(loc, conf, box, label, prior, var, loc_loss_weight='a')
layers.ssd_loss(loc, conf, box, label, prior, var, conf_loss_weight=None)
layers.ssd_loss(loc, conf, box, label, prior, var, loc_loss_weight=2)
layers.ssd_loss(loc, conf, box, label, prior, var, background_label=None)
layers.ssd_loss(loc, conf, box, label, prior, var, match_type=None)
layers.ssd_loss(loc, conf, box, label, prior)
layers.ssd_loss(loc, conf, box, label, prior, var, mining_type='hard_example')
layers.ssd_loss(loc, conf, box, label, prior, var, mining_type='nonsense')
layers.ssd_loss(loc, conf, box, label, prior, var, match_type='nonsense')
layers.ssd_loss(loc, conf, box, label, prior, var, background_label=0.5)
layers.ssd_loss(loc, conf, box, layers.cast(label, 'int64'), prior, var)
layers.ssd_loss(loc, conf, layers.cast(box, 'float64'), label, prior, var)
layers.ssd_loss(loc, layers.flatten(conf, 2), box, label, prior, var)
layers.ssd_loss(loc, conf, box, label, layers.unsqueeze(prior, [0]), var)
layers.ssd_loss(loc, conf, box, label, prior, var[0:2])
layers.ssd_loss(np.ones([2, 3, 4], 'float32'), conf, box, label, prior, var)
"""
HEADS = """
layers.multi_box_head([a, b, c], image, 300, 5, [[2.], [2., 3.], [2.]], 20, 90)
layers.multi_box_head(inputs=[a, b, c], image=image, num_classes=3, min_ratio=20, max_ratio=90, aspect_ratios=[[2.], [2., 3.], [2., 3.]], base_size=40, offset=0.5, flip=True, clip=True)
layers.multi_box_head([a, b, c], image, 40, 2, [2., 3., .5], 15, 60, flip=False)
layers.multi_box_head([a, b, c], image, 40, 2, None, 15, 60)
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], min_sizes=[6., 10., 15.], max_sizes=[[], 15., 20.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], min_sizes=[[6., 7.], 10., (15., 16., 17.)], max_sizes=[[8., 9.], [12.], (20., 21., 22.)], min_max_aspect_ratios_order=True)
layers.multi_box_head((a, b), image, 40, 4, ([2.], [3.]), min_sizes=(6., 10.), max_sizes=(8., 12.))
layers.multi_box_head([a], image, 40, 4, [[2.]], min_sizes=[6.], max_sizes=[8.])
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.], max_sizes=[8., 11.], steps=[3., 7.])
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.], max_sizes=[8., 11.], step_w=[3., 7.], step_h=[4., 0.])
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.], max_sizes=[8., 11.], step_h=[4., 5.])
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.], max_sizes=[8., 11.], kernel_size=3, pad=1)
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.], max_sizes=[8., 11.], kernel_size=[3, 1], pad=[1, 0], stride=1, offset=0.2, variance=[.1, .2, .3, .4], name='head')
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.], max_sizes=[8., 11.], kernel_size=3, pad=1, stride=2)
layers.multi_box_head([a, a], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.], max_sizes=[8., 11.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20, 91)
layers.multi_box_head([a, b, c, c], image, 40, 2, [[2.], [2.], [2.], [2.]], 20, 90)
"""
HEADS_REFUSED = """
layers.multi_box_head(a, image, 40, 2, [[2.]])
layers.multi_box_head([a], image, 40, 2, [[2.]])
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], 20, 90)
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.])
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6.], max_sizes=[8.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20)
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20, 20)
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20., 90.)
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.]], 20, 90)
layers.multi_box_head([a, b, c], image, 40, 2, 2., 20, 90)
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], min_sizes=[6., 9., 12.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], min_sizes=[6., 9.], max_sizes=[8., 11.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20, 90, steps=[1., 2.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20, 90, step_w=[1., 2.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20, 90, step_w=[1., 2., 3.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20, 90, step_h=[1., 2.])
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20, 90, step_h=3.)
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 90, 20)
layers.multi_box_head([a, b, 3], image, 40, 2, [[2.], [2.], [2.]], 20, 90)
layers.multi_box_head([a, b, c], image, 40, 0, [[2.], [2.], [2.]], 20, 90)
layers.multi_box_head([a, b, c], image, 40, 2, [[2.], [2.], [2.]], 20, 90, kernel_size=0)
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6, 9], max_sizes=[8, 11])
layers.multi_box_head([a, b], image, 40, 2, [[2.], [2.]], min_sizes=[6., 9.], max_sizes=[5., 11.])
"""

OUTPUT = """
layers.detection_output(loc, scores, prior, var)
layers.detection_output(scores=scores, loc=loc, prior_box=prior, prior_box_var=var, return_index=True)
layers.detection_output(loc, scores, prior, [.1, .1, .2, .2])
layers.detection_output(loc, scores, prior, var, 0, 0.5, 10, 5, 0.2)
layers.detection_output(loc, scores, prior, var, 0, 0.5, 10, 5, 0.2, 1.0, True)
layers.detection_output(loc, scores, prior, var, nms_top_k=-1, keep_top_k=-1)
layers.detection_output(loc, scores, prior, var, nms_top_k=-1, keep_top_k=-1, nms_threshold=0.9, return_index=True)
layers.detection_output(loc, scores, prior, var, background_label=1, nms_eta=0.5)
layers.detection_output(loc, scores, prior, var, score_threshold=0.99999)
layers.detection_output(loc, scores, prior, var, score_threshold=0.99999, return_index=True)
layers.detection_output(loc, scores, prior, var, keep_top_k=1, return_index=True)
"""
OUTPUT_REFUSED = """
layers.detection_output(loc, scores, prior, None)
layers.detection_output(loc, scores, prior, var, score_threshold=1)
layers.detection_output(loc, scores, prior, var, score_threshold='a')
layers.detection_output(loc, scores, prior, var, score_threshold=None)
layers.detection_output(loc, scores, prior, var, nms_threshold=1)
layers.detection_output(loc, scores, prior, var, nms_threshold=None)
layers.detection_output(loc, scores, prior, var, nms_threshold='a', return_index=True)
layers.detection_output(loc, scores, prior, var, nms_top_k=1.5)
layers.detection_output(loc, scores, prior, var, nms_top_k=1.5, return_index=True)
layers.detection_output(loc, scores, prior, var, nms_top_k=None)
layers.detection_output(loc, scores, prior, var, keep_top_k=None, return_index=True)
layers.detection_output(loc, scores, prior, var, keep_top_k=1.5)
layers.detection_output(loc, scores, layers.cast(prior, 'float64'), var)
layers.detection_output(layers.cast(loc, 'float64'), scores, prior, var)
layers.detection_output(loc, layers.cast(scores, 'float64'), prior, var)
layers.detection_output(loc, scores[:, 0:2], prior, var)
layers.detection_output(loc, scores[0:1], prior, var)
layers.detection_output(loc[0], scores, prior, var)
layers.detection_output(loc, scores[0], prior, var)
layers.detection_output(loc, scores[0], prior, var, return_index=True)
layers.detection_output(np.ones([2, 3, 4], 'float32'), scores, prior, var)
layers.detection_output(loc, np.ones([2, 3, 4], 'float32'), prior, var)
"""

TRAINING = """
layers = fluid.layers
image = fluid.data('image', [None, 3, 32, 32])
box, label = fluid.data('box', [None, 4], lod_level=1), fluid.data('label', [None, 1], 'int32', lod_level=1)
maps, x = [], image
for size in (8, 12, 16):
    x = layers.conv2d(x, size, 3, stride=2, padding=1, act='relu')
    maps.append(x)
loc, conf, prior, var = layers.multi_box_head(maps, image, 32, 4, [[2.], [2.], [2., 3.]], 20, 70, clip=True, kernel_size=3, pad=1)
found, index = layers.detection_output(loc, conf, prior, var, nms_top_k=20, keep_top_k=20, score_threshold=0.2, return_index=True)
test = fluid.default_main_program().clone(for_test=True)
loss = layers.reduce_mean(layers.ssd_loss(loc, conf, box, label, prior, var))
fluid.optimizer.Momentum(0.01, 0.9).minimize(loss)
exe.run(fluid.default_startup_program())
lod = lambda array, lengths: fluid.create_lod_tensor(array, [lengths], fluid.CPUPlace())
losses = []
for step, lengths in enumerate(([2, 3], [1, 4], [4, 1])):
    feed = {'image': images[step], 'box': lod(boxes[step], lengths), 'label': lod(labels[step], lengths)}
    losses.append(exe.run(feed=feed, fetch_list=[loss])[0])
results = exe.run(test, feed={'image': images[0]}, fetch_list=[found, index], return_numpy=False)
answers['losses'] = np.stack(losses)
answers['found'], answers['index'] = np.array(results[0]), np.array(results[1])
facts['lengths'] = [result.recursive_sequence_lengths() for result in results]
"""


def _levels(**lods: list[list[int]]) -> Mapping[str, Any]:
    return {"lods": lods}


def scene(
    lengths: list[int], priors: int, classes: int, seed: int, label: str = "int32"
) -> dict[str, Array]:
    """Return predictions and ground truth for SSD's loss: priors on boxes and beside them."""
    random = np.random.RandomState(seed)
    count = sum(lengths)
    corner, extent = random.uniform(0, 0.7, (count, 2)), random.uniform(0.05, 0.4, (count, 2))
    box = np.concatenate([corner, corner + extent], 1)
    near = box[random.randint(count, size=priors // 2)] + random.uniform(
        -0.1, 0.1, (priors // 2, 4)
    )
    corner = random.uniform(0, 0.8, (priors - priors // 2, 2))
    far = np.concatenate([corner, corner + random.uniform(0.02, 0.5, corner.shape)], 1)
    prior = np.concatenate([near, far])
    prior[:, 2:] = np.maximum(prior[:, 2:], prior[:, :2] + 0.01)
    images = len(lengths)
    return {
        "loc": random.normal(size=(images, priors, 4)).astype("float32"),
        "conf": (3 * random.normal(size=(images, priors, classes))).astype("float32"),
        "box": box.astype("float32"),
        "label": random.randint(1, classes, (count, 1)).astype(label),
        "prior": prior.astype("float32"),
        "var": random.uniform(0.1, 0.3, (priors, 4)).astype("float32"),
    }


# Where the number of boxes is known, 1.8 takes it for the number of images.
_ROWS = {"loc": (0,), "conf": (0,), "box": (0,), "label": (0,)}


def _case(
    lines: str,
    lengths: list[int],
    given: Mapping[str, Array],
    only: str = "",
    unknown: Mapping[str, tuple[int, ...]] = _ROWS,
    terms: float = 1.0,
) -> Iterator[Snippet]:
    told = f"{lengths}{', ' * bool(only)}{only}"
    options = {"lods": {"box": [lengths], "label": [lengths]}, "terms": terms}
    return over(
        lines,
        wrt=("loc", "conf"),
        only=told,
        unknown=unknown,
        options=options,
        loc=given["loc"],
        conf=given["conf"],
        box=given["box"],
        label=given["label"],
        prior=given["prior"],
        var=given["var"],
    )


def _few(logits: Array) -> Array:
    """Return logits of which many predictions have the same, so that their losses are the same."""
    chosen = np.random.RandomState(0).randint(4, size=logits.shape[:2])
    few: Array = logits[0, chosen]
    return few


def _losses() -> Iterator[Snippet]:
    for seed, (lengths, priors, classes) in enumerate(
        (([2, 3], 24, 4), ([1, 4, 2], 60, 7), ([5], 10, 3))
    ):
        yield from _case(LOSS, lengths, scene(lengths, priors, classes, seed))
    yield from _case(LOSS, [3, 2], scene([3, 2], 30, 4, 9, "float32"))
    line = "layers.ssd_loss(loc, conf, box, label, prior, var)"
    yield from _case(
        line, [3, 2], scene([3, 2], 30, 4, 9), unknown={**_ROWS, "prior": (0,), "var": (0,)}
    )
    for lengths in ([3, 2], [1, 1]):
        yield from _case(line, lengths, scene(lengths, 30, 4, 9), unknown={})
    # What is compared with the truth in float64 has a rounding to go.
    for lengths in ([2, 0, 3], [0, 4], [3, 0]):
        yield from _case(line, lengths, scene(lengths, 20, 4, 5), terms=3.0)
    yield from _case(line, [6, 5], scene([6, 5], 3, 4, 3), "more boxes than priors")
    given = scene([2, 3], 40, 4, 3)
    yield from _case(line, [2, 3], {**given, "conf": np.zeros_like(given["conf"])}, "equal losses")
    yield from _case(line, [2, 3], {**given, "conf": _few(given["conf"])}, "some equal losses")
    given = scene([3, 2], 500, 3, 4)
    # Paddle adds 500 numbers up one after the other.
    equal = {**given, "conf": np.zeros_like(given["conf"])}
    yield from _case(line, [3, 2], equal, "equal losses", terms=4.0)
    yield from _case(line, [3, 2], {**given, "conf": _few(given["conf"])}, "some equal losses")
    given = scene([2, 1], 12, 3, 8)
    flat = given["box"].copy()
    flat[:, 2:] = flat[:, :2]
    yield from _case(line, [2, 1], {**given, "box": flat}, "boxes without area")
    yield from _case(line, [2, 1], {**given, "box": given["box"] + 5}, "nothing overlaps")
    twice = np.repeat(given["box"], 2, 0)
    both = {**given, "box": twice, "label": np.repeat(given["label"], 2, 0)}
    yield from _case(line, [4, 2], both, "boxes twice")
    yield from _case(LOSS_REFUSED, [2, 1], given)


def _heads() -> Iterator[Snippet]:
    maps = {
        "a": floats(2, 3, 6, 5),
        "b": floats(2, 4, 3, 3),
        "c": floats(2, 2, 1, 2),
        "image": floats(2, 3, 40, 36),
    }
    wrt = ("a", "b", "c")
    for unknown in (False, True):
        yield from over(
            HEADS,
            wrt=wrt,
            unknown=unknown,
            a=maps["a"],
            b=maps["b"],
            c=maps["c"],
            image=maps["image"],
        )
    yield from over(
        HEADS_REFUSED,
        wrt=(),
        a=maps["a"],
        b=maps["b"],
        c=maps["c"],
        image=maps["image"],
    )


def _outputs() -> Iterator[Snippet]:
    for dtype in FLOATS:
        for seed, (images, priors, classes) in enumerate(((2, 30, 4), (3, 100, 3), (1, 5, 2))):
            given = scene([2] * images, priors, classes, seed)
            prior, var = given["prior"].astype(dtype), given["var"].astype(dtype)
            loc, scores = given["loc"].astype(dtype), given["conf"].astype(dtype)
            some = {"loc": (0, 1), "scores": (0, 1), "prior": (0,), "var": (0,)} if seed else False
            # A list's variances are garbage in float64: see box_coder.
            lines = (
                OUTPUT if dtype == "float32" else OUTPUT.replace("[.1, .1, .2, .2]", "var * 2.0")
            )
            yield from over(
                lines,
                wrt=(),
                unknown=some,
                options=_levels(),
                loc=loc,
                scores=scores,
                prior=prior,
                var=var,
            )
    given = scene([1, 1], 6, 3, 1)
    loc, scores, prior, var = (given[name] for name in ("loc", "conf", "prior", "var"))
    lines = OUTPUT_REFUSED
    yield from over(lines, wrt=(), loc=loc, scores=scores, prior=prior, var=var)
    lines = "layers.detection_output(loc, scores, prior, var)"
    yield from over(lines, only="gradient", loc=loc, scores=scores, prior=prior, var=var)


def _training() -> Snippet:
    """Return a small detector that trains, and detects in a clone of its program."""
    scenes = [scene([2, 3], 1, 4, seed) for seed in range(3)]
    return Snippet(
        "a small SSD: three steps, and its detections",
        TRAINING,
        {
            "images": floats(3, 2, 3, 32, 32),
            "boxes": np.stack([given["box"] for given in scenes]),
            "labels": np.stack([given["label"] for given in scenes]),
        },
        mode="script",
    )


SNIPPETS = (*_losses(), *_heads(), *_outputs(), _training())
