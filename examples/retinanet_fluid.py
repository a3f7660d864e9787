"""Train a small RetinaNet on synthetic images with PaddlePaddle 1.8, and let it find the boxes.

ResNet-18 with affine channels, a feature pyramid, heads with group normalization that all levels
share, nine anchors a place, focal and smooth L1 loss; Momentum with weight decay, biases at twice
the learning rate, piecewise decay behind a linear warm-up. The images' boxes are fed as LoD
tensors, and so come the detections.

    python retinanet_fluid.py train [--steps 300] [--save trained.npz] [--picture found.png]
    python retinanet_fluid.py test --load trained.npz [--images 32] [--picture found.png]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import average_precision
import detector_parts
import numpy as np
import paddle.fluid as fluid
import picture
import rectangles
import retinanet_data
import retinanet_model
import training

RATE, WARMUP_STEPS = 0.01, 20
SHOWN_SCORE, SHOWN_IMAGES, SHOWN_COLUMNS = 0.4, 12, 4
# The images of the test are drawn by a seed that lies this far from that of the training.
TEST_SEED = 1000
# What the losses call the inputs that they need.
TRUTH = {"box": "gt_box", "label": "gt_label", "crowd": "is_crowd"}


def declare_inputs(size: int) -> dict[str, Any]:
    """Declare what the default program is fed; return it by name, in the order of a sample."""
    forms: dict[str, tuple[list[Any], str, int]] = {
        "image": ([None, 3, size, size], "float32", 0),
        "im_info": ([None, 3], "float32", 0),
        "gt_box": ([None, 4], "float32", 1),
        "gt_label": ([None, 1], "int32", 1),
        "is_crowd": ([None, 1], "int32", 1),
    }
    return {
        name: fluid.data(name, shape=shape, dtype=dtype, lod_level=level)
        for name, (shape, dtype, level) in forms.items()
    }


def build_network(inputs: dict[str, Any], narrow: int = 1) -> dict[str, list[Any]]:
    """Append the network to the default program; return its outputs.

    Args:
        inputs: what `declare_inputs` gives.
        narrow: divides the numbers of channels.
    """
    features = detector_parts.resnet18(inputs["image"], narrow)
    levels = detector_parts.feature_pyramid(features, narrow)
    return retinanet_model.heads(levels, rectangles.CLASSES, narrow)


def build_losses(outputs: dict[str, list[Any]], inputs: dict[str, Any]) -> dict[str, Any]:
    """Append the losses to the default program; return them by name."""
    truth = {key: inputs[name] for key, name in TRUTH.items()}
    focal, box, count = retinanet_model.losses(
        outputs, truth, inputs["im_info"], rectangles.CLASSES
    )
    return {"loss": focal + box, "focal": focal, "box": box, "count": count}


def build(size: int, score_threshold: float) -> tuple[dict[str, Any], Any, Any]:
    """Build both modes of the default program.

    Returns:
        The losses by name, the program for testing, and its detections.
    """
    inputs = declare_inputs(size)
    outputs = build_network(inputs)
    test_program = fluid.default_main_program().clone(for_test=True)
    losses = build_losses(outputs, inputs)
    with fluid.program_guard(test_program):
        block = test_program.global_block()
        same = {key: [block.var(x.name) for x in level] for key, level in outputs.items()}
        found = retinanet_model.detections(same, block.var("im_info"), score_threshold)
    return losses, test_program, found


def feed_of(drawn: list[Any]) -> dict[str, Any]:
    """Return the feed of one training step: images, and LoD tensors of what is on them."""
    feed = retinanet_data.stack_images(drawn)
    truth, counts = retinanet_data.stack_truth(drawn)
    for name, array in truth.items():
        feed[name] = fluid.create_lod_tensor(array, [counts], fluid.CPUPlace())
    return feed


def train(
    executor: Any, program: Any, fetches: dict[str, Any], options: argparse.Namespace
) -> dict[str, Any]:
    """Train, and print the losses; return them by name, one of each step."""
    random = np.random.RandomState(options.seed)
    history = []
    print("step   " + "".join(f"{name:>12}" for name in fetches))
    start = time.time()
    for step in range(options.steps):
        feed = feed_of(retinanet_data.scenes(random, options.batch, options.size))
        values = executor.run(program, feed=feed, fetch_list=list(fetches.values()))
        history.append([value[0] for value in values])
        if step % options.every == 0 or step == options.steps - 1:
            print(f"{step:4d}   " + "".join(f"{v:12.6g}" for v in history[-1]), flush=True)
    first, last = (np.mean([row[0] for row in part]) for part in (history[:5], history[-5:]))
    print(f"mean loss {first:.3f} in the first 5 steps, {last:.3f} in the last 5")
    print(f"{(time.time() - start) / options.steps:.3f} s a step")
    return dict(zip(fetches, np.array(history).T))  # noqa: B905


def detect(executor: Any, program: Any, found: Any, drawn: list[Any], batch: int) -> list[Any]:
    """Return for each image rows of class, score, x1, y1, x2, y2, classes counted from 0."""
    detections: list[Any] = []
    for start in range(0, len(drawn), batch):
        feed = retinanet_data.stack_images(drawn[start : start + batch])
        (tensor,) = executor.run(program, feed=feed, fetch_list=[found], return_numpy=False)
        (counts,) = tensor.recursive_sequence_lengths()
        rows = np.array(tensor)
        # Labels are 1 + the class, and boxes reach to their last pixel.
        rows += np.array([-1, 0, 0, 0, 1, 1], rows.dtype)
        detections += np.split(rows, np.cumsum(counts)[:-1])
    return detections


def report(detections: list[Any], drawn: list[Any], path: str | None) -> float:
    """Print the mean average precision and return it; draw the first images."""
    truths = [np.column_stack([kinds, boxes]) for _, boxes, kinds in drawn]
    precision = average_precision.mean_average_precision(detections, truths)
    print(f"mAP {precision:.3f} at an overlap of 0.5, on {len(drawn)} images")
    if path:
        pictures = [
            picture.draw(image, rows[rows[:, 1] >= SHOWN_SCORE], truth)
            for (image, _, _), rows, truth in zip(drawn, detections, truths)  # noqa: B905
        ]
        picture.save_png(path, picture.tile(pictures[:SHOWN_IMAGES], SHOWN_COLUMNS))
    return precision


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("mode", choices=["train", "test"], help="a training ends with a test")
    parser.add_argument("--steps", type=int, default=300, help="of training (default: 300)")
    parser.add_argument("--size", type=int, default=128, help="a multiple of 32 (default: 128)")
    parser.add_argument("--batch", type=int, default=4, help="images a step (default: 4)")
    parser.add_argument("--seed", type=int, default=1, help="of weights and data (default: 1)")
    parser.add_argument("--images", type=int, default=32, help="of the test (default: 32)")
    parser.add_argument("--threshold", type=float, default=0.05, help="score (default: 0.05)")
    parser.add_argument("--every", type=int, default=10, help="print each so many steps")
    parser.add_argument("--load", metavar="FILE", help="start from the parameters of an npz file")
    parser.add_argument("--save", metavar="FILE", help="write the parameters as npz")
    parser.add_argument("--picture", metavar="FILE", help="draw the detections into a PNG")
    parser.add_argument(
        "--dump",
        metavar="FILE",
        help="write losses and parameters of a training, or what a test found, as npz",
    )
    options = parser.parse_args()
    if min(options.steps, options.batch, options.images, options.every) < 1:
        parser.error("--steps, --batch, --images and --every must be at least 1")
    if options.size % 32 or options.size < 64:
        parser.error(f"--size must be a multiple of 32 and at least 64, but is {options.size}")
    return options


def main() -> None:
    """Build the programs, train where that is asked for, and test."""
    options = parse_arguments()
    main_program, startup_program = fluid.Program(), fluid.Program()
    main_program.random_seed = startup_program.random_seed = options.seed
    with fluid.program_guard(main_program, startup_program), fluid.unique_name.guard():
        fetches, test_program, found = build(options.size, options.threshold)
        fetches["rate"] = training.minimize(
            fetches["loss"], options.steps, RATE, min(WARMUP_STEPS, options.steps)
        )

    executor = fluid.Executor(fluid.CPUPlace())
    executor.run(startup_program)
    if options.load:
        training.load(main_program, options.load)
    arrays: dict[str, Any] = {}
    if options.mode == "train":
        arrays.update(("initial " + n, a) for n, a in training.parameters(main_program).items())
        arrays.update(train(executor, main_program, fetches, options))
        trained = training.parameters(main_program)
        arrays.update(("trained " + name, a) for name, a in trained.items())
        if options.save:
            np.savez(options.save, **trained)

    random = np.random.RandomState(options.seed + TEST_SEED)
    drawn = retinanet_data.scenes(random, options.images, options.size)
    detections = detect(executor, test_program, found, drawn, options.batch)
    precision = report(detections, drawn, options.picture)
    if options.mode == "test":
        arrays["mAP"] = np.array([precision])
        arrays["counts"] = np.array([len(rows) for rows in detections])
        arrays["detections"] = np.concatenate(detections)
    if options.dump:
        np.savez(options.dump, **arrays)


if __name__ == "__main__":
    main()
