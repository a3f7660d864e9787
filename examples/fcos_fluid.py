"""Train a small FCOS detector on synthetic images with PaddlePaddle 1.8, as a static program.

ResNet-18 with affine channels, a feature pyramid, heads with group normalization that all levels
share, focal, IoU (or GIoU) and centerness losses; Momentum with weight decay, biases at twice the
learning rate, piecewise decay behind a linear warm-up.

    python fcos_fluid.py [--steps 40] [--size 128] [--batch 4] [--loss giou] [--dump trained.npz]
"""

from __future__ import annotations

import argparse
import time
from typing import Any

import detector_parts
import fcos_data
import fcos_model
import numpy as np
import paddle.fluid as fluid
import rectangles
import training

RATE, WARMUP_STEPS = 0.002, 5


def build(size: int, kind: str) -> dict[str, Any]:
    """Append the network and its losses to the default program; return the losses by name."""
    image = fluid.data("image", shape=[-1, 3, size, size], dtype="float32")
    targets: tuple[list[Any], list[Any], list[Any]] = ([], [], [])
    forms = (("label", 1, "int32"), ("distance", 4, "float32"), ("centerness", 1, "float32"))
    for level, width in enumerate(rectangles.level_sizes(size)):
        for found, (name, channels, dtype) in zip(targets, forms):  # noqa: B905
            shape = [-1, width, width, channels]
            found.append(fluid.data(f"{name}_{level}", shape=shape, dtype=dtype))

    levels = detector_parts.feature_pyramid(detector_parts.resnet18(image))
    outputs = fcos_model.heads(levels, rectangles.CLASSES)
    focal, box, centerness = fcos_model.losses(outputs, targets, kind)
    total = fluid.layers.sum([focal, box, centerness])
    return {"loss": total, "focal": focal, "box": box, "centerness": centerness}


def minimize(loss: Any, steps: int) -> Any:
    """Append the training step for a loss; return the learning rate's variable."""
    return training.minimize(loss, steps, RATE, WARMUP_STEPS)


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=40, help="default: 40")
    parser.add_argument("--size", type=int, default=128, help="a multiple of 32 (default: 128)")
    parser.add_argument("--batch", type=int, default=4, help="images a step (default: 4)")
    parser.add_argument("--seed", type=int, default=1, help="of weights and data (default: 1)")
    parser.add_argument("--loss", choices=["iou", "giou"], default="iou", help="of the boxes")
    parser.add_argument("--dump", metavar="FILE", help="write losses and parameters as npz")
    options = parser.parse_args()
    if options.steps < 1 or options.batch < 1:
        parser.error("--steps and --batch must be at least 1")
    if options.size % 32 or options.size < 64:
        parser.error(f"--size must be a multiple of 32 and at least 64, but is {options.size}")
    return options


def main() -> None:
    """Build the program, train it, and print the losses of every step."""
    options = parse_arguments()
    main_program, startup_program = fluid.Program(), fluid.Program()
    main_program.random_seed = startup_program.random_seed = options.seed
    with fluid.program_guard(main_program, startup_program), fluid.unique_name.guard():
        fetches = build(options.size, options.loss)
        fetches["rate"] = minimize(fetches["loss"], options.steps)

    executor = fluid.Executor(fluid.CPUPlace())
    executor.run(startup_program)
    arrays = {"initial " + name: a for name, a in training.parameters(main_program).items()}

    random = np.random.RandomState(options.seed)
    history = []
    print("step   " + "".join(f"{name:>12}" for name in fetches))
    start = time.time()
    for step in range(options.steps):
        feed = fcos_data.make_batch(random, options.batch, options.size)
        values = executor.run(main_program, feed=feed, fetch_list=list(fetches.values()))
        history.append([value[0] for value in values])
        print(f"{step:4d}   " + "".join(f"{value:12.6f}" for value in history[-1]), flush=True)
    first, last = (np.mean([row[0] for row in part]) for part in (history[:5], history[-5:]))
    print(f"mean loss {first:.3f} in the first 5 steps, {last:.3f} in the last 5")
    print(f"{(time.time() - start) / options.steps:.3f} s a step")

    if options.dump:
        arrays.update(
            ("trained " + name, a) for name, a in training.parameters(main_program).items()
        )
        arrays.update(zip(fetches, np.array(history).T))  # noqa: B905
        np.savez(options.dump, **arrays)


if __name__ == "__main__":
    main()
