"""Times layers of `paddle.fluid.layers.detection` 1.8; runs wherever that is found (Python 3.8).

Started as ``detection_fluid.py full|tiny``. After a line with a few numbers of each problem's
result on stdout it answers each command on stdin (a problem's name and a number of calls) with
the seconds of one call.
"""

# ruff: noqa: UP006, UP035 - Python 3.8

import json
import os
import sys
from pathlib import Path
from typing import Any, Callable, Dict, List, Tuple

import numpy as np
import paddle.fluid as fluid
from paddle.fluid import layers

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

import retinanet_data
import retinanet_fluid
import training
from programs_fluid import SEED, STEPS, timer

Arrays = Dict[str, Any]
Lods = Dict[str, List[int]]
Problem = Tuple[Arrays, Lods, Callable[[Dict[str, Any]], List[Any]]]
CLASSES = 80
BATCHES = 2


def boxes_in(random: Any, count: int, height: float, width: float, least: float = 16.0) -> Any:
    """Draw boxes [count, 4] of all sizes and shapes inside an image."""
    limit = np.array([width, height])
    size = np.exp(random.uniform(np.log(least), np.log(limit * 0.7), (count, 2)))
    low = random.uniform(0, 1, (count, 2)) * (limit - size)
    return np.concatenate([low, low + size], axis=1).astype("float32")


def scattered(random: Any, boxes: Any, count: int, spread: float) -> Any:
    """Draw boxes around the given ones, as a detector's predictions lie around objects."""
    chosen = boxes[random.randint(0, len(boxes), count)]
    side = (chosen[:, 2:] - chosen[:, :2]).repeat(2, axis=1)[:, [0, 2, 1, 3]]
    moved = chosen + random.normal(0, spread, (count, 4)) * side
    low, high = np.minimum(moved[:, :2], moved[:, 2:]), np.maximum(moved[:, :2], moved[:, 2:])
    return np.concatenate([low, high + 1], axis=1).astype("float32")


def grid_anchors(height: int, width: int, stride: float, sizes: List[float]) -> Any:
    """Return anchors [height, width, 3 * sizes, 4] of three shapes."""
    shapes = [(s * r**0.5, s / r**0.5) for s in sizes for r in (0.5, 1.0, 2.0)]
    half = np.array(shapes) / 2
    y, x = np.meshgrid(np.arange(height), np.arange(width), indexing="ij")
    middle = (np.stack([x, y], axis=-1)[:, :, None] + 0.5) * stride
    return np.concatenate([middle - half, middle + half], axis=-1).astype("float32")


def total(variables: List[Any]) -> List[Any]:
    """Return the sum of each variable: all of it has to be computed, and little is fetched."""
    return [layers.reduce_sum(x) for x in variables]


def target_assign(tiny: bool) -> Problem:
    """Anchors of RetinaNet's five levels for images of 800 x 1280, with 50 boxes each."""
    random = np.random.RandomState(1)
    height, width = (128, 192) if tiny else (800, 1280)
    found = []
    for stride in (8, 16, 32, 64, 128):
        sizes = [4.0 * stride * 2 ** (octave / 3) for octave in range(3)]
        rows, columns = -(-height // stride), -(-width // stride)
        found.append(grid_anchors(rows, columns, stride, sizes).reshape(-1, 4))
    anchors = np.concatenate(found)
    truth = np.concatenate([boxes_in(random, 50, height, width) for _ in range(2)])
    arrays = {
        "boxes": random.normal(0, 1, (2, len(anchors), 4)).astype("float32"),
        "logits": random.normal(-3, 1, (2, len(anchors), CLASSES)).astype("float32"),
        "anchors": anchors,
        "variances": np.ones_like(anchors),
        "truth": truth,
        "labels": random.randint(1, CLASSES + 1, (len(truth), 1)).astype("int32"),
        "crowd": (random.uniform(size=(len(truth), 1)) < 0.05).astype("int32"),
        "im_info": np.array([[height, width, 1.0]] * 2, "float32"),
    }

    def build(x: Dict[str, Any]) -> List[Any]:
        return total(layers.retinanet_target_assign(*x.values(), num_classes=CLASSES))

    return arrays, {name: [50, 50] for name in ("truth", "labels", "crowd")}, build


def multiclass_nms(tiny: bool, dense: bool, most: int = 1000, kept: int = 100) -> Problem:
    """Boxes of one image around 100 objects, with scores for all classes or for few of them."""
    random = np.random.RandomState(2)
    count, classes = (200, 5) if tiny else (10_000, CLASSES)
    boxes = scattered(random, boxes_in(random, 100, 800, 1216), count, 0.1)
    scores = random.uniform(0, 1, (classes, count)) ** (1 if dense else 40)
    arrays = {"boxes": boxes[None], "scores": scores.astype("float32")[None]}

    def build(x: Dict[str, Any]) -> List[Any]:
        found = layers.multiclass_nms(
            x["boxes"], x["scores"], 0.05, most, kept, 0.5, True, 1.0, background_label=-1
        )
        return [found]

    return arrays, {}, build


def generate_proposals(tiny: bool) -> Problem:
    """Fifteen anchors a place, as a region proposal network on one level has them."""
    random = np.random.RandomState(3)
    height, width = (8, 10) if tiny else (104, 160)
    anchors = grid_anchors(height, width, 8.0, [32.0, 64.0, 128.0, 256.0, 512.0])
    shape = (2, anchors.shape[2], height, width)
    arrays = {
        "scores": random.uniform(0, 1, shape).astype("float32"),
        "deltas": random.normal(0, 0.2, (2, 4 * shape[1], height, width)).astype("float32"),
        "im_info": np.array([[height * 8, width * 8, 1.0]] * 2, "float32"),
        "anchors": anchors,
        "variances": np.ones_like(anchors),
    }

    def build(x: Dict[str, Any]) -> List[Any]:
        return list(layers.generate_proposals(*x.values(), 6000, 1000, 0.7, 0.0))

    return arrays, {}, build


def yolov3_loss(tiny: bool) -> Problem:
    """Sum the losses of the three levels for images of 608 x 608, with 50 boxes each."""
    random = np.random.RandomState(4)
    batch, size, classes = (1, 96, 3) if tiny else (4, 608, CLASSES)
    sides = (10, 13, 16, 30, 33, 23, 30, 61, 62, 45, 59, 119, 116, 90, 156, 198, 373, 326)
    corners = np.stack([boxes_in(random, 50, 1, 1, 0.02) for _ in range(batch)])
    low, high = corners[..., :2], corners[..., 2:]
    arrays = {
        "boxes": np.concatenate([(low + high) / 2, high - low], axis=-1),
        "labels": random.randint(0, classes, (batch, 50)).astype("int32"),
    }
    masks = {32: [6, 7, 8], 16: [3, 4, 5], 8: [0, 1, 2]}
    for stride in masks:
        shape = (batch, 3 * (5 + classes), size // stride, size // stride)
        arrays["x%d" % stride] = random.normal(-1, 1, shape).astype("float32")  # noqa: UP031

    def build(x: Dict[str, Any]) -> List[Any]:
        levels = [x["x%d" % stride] for stride in masks]  # noqa: UP031
        losses = []
        for level, (stride, mask) in zip(levels, masks.items()):  # noqa: B905
            level.stop_gradient = False
            losses.append(
                layers.yolov3_loss(
                    level, x["boxes"], x["labels"], list(sides), mask, classes, 0.7, stride
                )
            )
        loss = layers.reduce_sum(layers.sums(losses))
        return [loss, *total([layers.abs(g) for g in fluid.gradients([loss], levels)])]

    return arrays, {}, build


def roi_align(tiny: bool, backward: bool) -> Problem:
    """Boxes of two images on features of stride 16, as the head of a detector pools them."""
    random = np.random.RandomState(5)
    channels, height, width, count = (8, 10, 12, 20) if tiny else (256, 50, 76, 1000)
    boxes = boxes_in(random, count, height * 16, width * 16)
    arrays = {
        "features": random.uniform(0, 1, (2, channels, height, width)).astype("float32"),
        "boxes": boxes,
    }

    def build(x: Dict[str, Any]) -> List[Any]:
        x["features"].stop_gradient = False
        pooled = layers.roi_align(x["features"], x["boxes"], 7, 7, 1 / 16.0, 2)
        # Box by box: one float32 sum of all is off by a thousandth in real Paddle.
        loss = layers.reduce_sum(layers.reduce_sum(pooled, dim=[1, 2, 3]))
        if not backward:
            return [loss]
        return [loss, *total(fluid.gradients([loss], [x["features"]]))]

    return arrays, {"boxes": [count // 2, count - count // 2]}, build


class Layer:
    """One problem's program, with its inputs ready."""

    def __init__(self, executor: Any, problem: Problem) -> None:
        arrays, lods, build = problem
        self.executor, self.feed = executor, {}
        self.program, startup = fluid.Program(), fluid.Program()
        with fluid.program_guard(self.program, startup), fluid.unique_name.guard():
            inputs = {}
            for name, array in arrays.items():
                level = 1 if name in lods else 0
                shape = [None, *array.shape[1:]] if level else list(array.shape)
                inputs[name] = fluid.data(name, shape, str(array.dtype), lod_level=level)
                tensor = fluid.LoDTensor()
                tensor.set(array, fluid.CPUPlace())
                if level:
                    tensor.set_recursive_sequence_lengths([lods[name]])
                self.feed[name] = tensor
            self.fetches = build(inputs)

    def step(self) -> Any:
        """Run once; return what is fetched."""
        return self.executor.run(
            self.program, feed=self.feed, fetch_list=self.fetches, return_numpy=False
        )


class RetinaNet:
    """The training step of the example."""

    def __init__(self, executor: Any, tiny: bool) -> None:
        size, batch = (64, 1) if tiny else (256, 2)
        self.executor, self.calls = executor, 0
        self.program, startup = fluid.Program(), fluid.Program()
        startup.random_seed = SEED
        with fluid.program_guard(self.program, startup), fluid.unique_name.guard():
            inputs = retinanet_fluid.declare_inputs(size)
            outputs = retinanet_fluid.build_network(inputs)
            fetches = retinanet_fluid.build_losses(outputs, inputs)
            training.minimize(fetches["loss"], STEPS, 1e-3, 5)
        self.fetches = list(fetches.values())
        random = np.random.RandomState(SEED)
        self.feeds = [
            retinanet_fluid.feed_of(retinanet_data.scenes(random, batch, size))
            for _ in range(BATCHES)
        ]
        executor.run(startup)

    def step(self) -> Any:
        """Train on the next batch; return the losses."""
        feed = self.feeds[self.calls % len(self.feeds)]
        self.calls += 1
        return self.executor.run(self.program, feed=feed, fetch_list=self.fetches)


def digest(values: List[Any]) -> List[float]:
    """Return a few numbers that tell results apart, however many rows they have."""
    found = []
    for value in values:
        array = np.array(value).astype("float64")
        found += [float(array.shape[0]), float(array.sum())]
    return found


def main() -> None:
    """Answer the parent process until it closes stdin."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Paddle itself prints goes to stderr
    tiny = sys.argv[1] == "tiny"
    executor = fluid.Executor(fluid.CPUPlace())
    contenders: Dict[str, Any] = {
        "retinanet_target_assign": Layer(executor, target_assign(tiny)),
        "multiclass_nms, few scores": Layer(executor, multiclass_nms(tiny, False)),
        "multiclass_nms, all kept": Layer(executor, multiclass_nms(tiny, False, kept=-1)),
        "multiclass_nms, best scores": Layer(executor, multiclass_nms(tiny, True)),
        "multiclass_nms, every score": Layer(executor, multiclass_nms(tiny, True, most=-1)),
        "generate_proposals": Layer(executor, generate_proposals(tiny)),
        "yolov3_loss": Layer(executor, yolov3_loss(tiny)),
        "roi_align": Layer(executor, roi_align(tiny, backward=False)),
        "roi_align and its gradient": Layer(executor, roi_align(tiny, backward=True)),
        "RetinaNet": RetinaNet(executor, tiny),
    }
    found = {name: digest(contender.step()) for name, contender in contenders.items()}
    replies.write(json.dumps(found) + "\n")
    replies.flush()
    commands = {name: timer(contender.step) for name, contender in contenders.items()}
    for line in sys.stdin:
        name, calls = line.rsplit(" ", 1)
        replies.write("{!r}\n".format(commands[name](int(calls))))  # noqa: UP032
        replies.flush()


if __name__ == "__main__":
    main()
