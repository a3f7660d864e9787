"""A training loop of PaddlePaddle 1.8 around a RetinaNet: checkpoints, averages, logs.

A loader reads ahead; the program runs data parallel, on CPU_NUM places or all GPUs, and in several
processes that each take their share of the images; gradients are limited by their norm; averages
of the weights are kept, and tested with; the whole state is written every few steps.

    python train_detector_fluid.py --steps 300 [--checkpoints runs/first] [--every 50]
    python train_detector_fluid.py --steps 300 --checkpoints runs/first --resume
"""

from __future__ import annotations

import argparse
import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import paddle.fluid as fluid
import retinanet_data
import retinanet_fluid
import retinanet_model
import step_folders
import training

RATE, WARMUP_STEPS = 0.01, 20
LARGEST_NORM, DECAY = 1.0, 0.9
SMOOTHED_STEPS = 20
READ_AHEAD = 4
# A launcher of several processes sets these.
PROCESSES = int(os.environ.get("PADDLE_TRAINERS_NUM", "1"))
PROCESS = int(os.environ.get("PADDLE_TRAINER_ID", "0"))
GPU = int(os.environ.get("FLAGS_selected_gpus", "0"))  # noqa: SIM112


def reader(options: argparse.Namespace, first: int, places: int) -> Callable[[], Iterator[Any]]:
    """Return a generator of the batches from a step on, for all places of this process.

    What a step reads depends on the step alone, so that a resumed training reads on.
    """

    def read() -> Iterator[Any]:
        for step in range(first, options.until):
            for place in range(places):
                batch = (step * PROCESSES + PROCESS) * places + place
                random = np.random.RandomState(options.seed * 1000003 + batch)
                drawn = retinanet_data.scenes(random, options.batch, options.size)
                yield [sample(scene) for scene in drawn]

    return read


def sample(scene: Any) -> tuple[Any, ...]:
    """Return an image and what is on it, in the order of the inputs."""
    images = retinanet_data.stack_images([scene])
    truth, _ = retinanet_data.stack_truth([scene])
    return (
        images["image"][0],
        images["im_info"][0],
        truth["gt_box"],
        truth["gt_label"],
        truth["is_crowd"],
    )


class Smoothed:
    """The mean of each value over the last steps."""

    def __init__(self, names: list[str]) -> None:
        self.values: dict[str, deque[float]] = {
            name: deque(maxlen=SMOOTHED_STEPS) for name in names
        }

    def add(self, values: dict[str, float]) -> None:
        """Take the values of a step."""
        for name, value in values.items():
            self.values[name].append(value)

    def __str__(self) -> str:
        return ", ".join(f"{name} {np.mean(held):.5g}" for name, held in self.values.items())


def build(options: argparse.Namespace) -> dict[str, Any]:
    """Append the training to the default programs; return its parts."""
    inputs = retinanet_fluid.declare_inputs(options.size)
    # What reads stands before what is computed of it.
    loader = fluid.io.DataLoader.from_generator(
        feed_list=list(inputs.values()), capacity=READ_AHEAD, iterable=False
    )
    outputs = retinanet_fluid.build_network(inputs, options.narrow)
    fetches = retinanet_fluid.build_losses(outputs, inputs)
    fluid.clip.set_gradient_clip(fluid.clip.GradientClipByGlobalNorm(LARGEST_NORM))
    fetches["rate"] = training.minimize(
        fetches["loss"], options.steps, RATE, min(WARMUP_STEPS, options.steps)
    )
    averages = fluid.optimizer.ExponentialMovingAverage(DECAY)
    averages.update()
    return {"fetches": fetches, "loader": loader, "averages": averages}


def build_test(options: argparse.Namespace) -> tuple[Any, Any]:
    """Return a program of its own for testing, which finds the parameters by name."""
    program = fluid.Program()
    with fluid.program_guard(program, fluid.Program()), fluid.unique_name.guard():
        inputs = retinanet_fluid.declare_inputs(options.size)
        outputs = retinanet_fluid.build_network(inputs, options.narrow)
        found = retinanet_model.detections(outputs, inputs["im_info"], options.threshold)
    return program.clone(for_test=True), found


def compiled(program: Any, loss: Any, place: Any) -> Any:
    """Return a program that runs data parallel."""
    build_strategy = fluid.BuildStrategy()
    build_strategy.fuse_all_optimizer_ops = False
    execution = fluid.ExecutionStrategy()
    execution.num_iteration_per_drop_scope = 10
    return fluid.CompiledProgram(program).with_data_parallel(
        loss_name=loss.name, build_strategy=build_strategy, exec_strategy=execution, places=place
    )


def train(
    executor: Any, program: Any, parts: dict[str, Any], options: argparse.Namespace, first: int
) -> dict[str, Any]:
    """Train from a step on; return the values of each step by name."""
    fetches, loader = parts["fetches"], parts["loader"]
    if options.gpu:
        places = fluid.cuda_places() if PROCESSES == 1 else fluid.cuda_places([GPU])
    else:
        places = fluid.cpu_places()
    data_parallel = compiled(program, fetches["loss"], places)
    loader.set_sample_list_generator(reader(options, first, len(places)), places)
    smoothed, history, start = Smoothed(list(fetches)), [], time.time()
    loader.start()
    try:
        while True:
            values = executor.run(data_parallel, fetch_list=list(fetches.values()))
            history.append([np.mean(value) for value in values])
            smoothed.add(dict(zip(fetches, history[-1])))  # noqa: B905
            made = first + len(history)
            if made % options.log_every == 0 or made == options.until:
                pace = (time.time() - start) / len(history)
                print(
                    f"step {made} of {options.steps}: {smoothed}; {pace:.3f} s a step", flush=True
                )
            due = made % options.every == 0 or made == options.until
            if due and options.checkpoints and PROCESS == 0:
                print("saved", step_folders.save(program, options.checkpoints, options.keep))
    except fluid.core.EOFException:
        loader.reset()
    return dict(zip(fetches, np.array(history).T))  # noqa: B905


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    add = parser.add_argument
    add("--steps", type=int, default=300, help="of the whole training (default: 300)")
    add("--until", type=int, help="stop after this step (default: the last one)")
    add("--size", type=int, default=128, help="a multiple of 32 (default: 128)")
    add(
        "--narrow", type=int, default=1, choices=(1, 2, 4), help="divides the channels (default: 1)"
    )
    add("--batch", type=int, default=4, help="images a step and place (default: 4)")
    add("--seed", type=int, default=1, help="of weights and data (default: 1)")
    add("--gpu", action="store_true", help="train on all GPUs")
    add("--checkpoints", metavar="FOLDER", help="write the state there")
    add("--every", type=int, default=50, help="so many steps (default: 50)")
    add("--keep", type=int, default=2, help="so many checkpoints (default: 2)")
    add("--resume", action="store_true", help="go on from the newest checkpoint")
    add("--log-every", type=int, default=10, help="print each so many steps (default: 10)")
    add("--images", type=int, default=32, help="of the test (default: 32)")
    add("--threshold", type=float, default=0.05, help="score (default: 0.05)")
    add("--picture", metavar="FILE", help="draw the detections into a PNG")
    add("--dump", metavar="FILE", help="write the steps' values, weights and averages as npz")
    options = parser.parse_args()
    counts = (options.steps, options.batch, options.every, options.keep, options.log_every)
    if min(counts) < 1 or options.images < 0:
        parser.error("--steps, --batch, --every, --keep and --log-every must be at least 1")
    if options.size % 32 or options.size < 64:
        parser.error(f"--size must be a multiple of 32 and at least 64, but is {options.size}")
    if options.resume and not options.checkpoints:
        parser.error("--resume needs --checkpoints FOLDER")
    options.until = min(options.until or options.steps, options.steps)
    return options


def main() -> None:
    """Build the programs, train, and test with the averaged weights."""
    options = parse_arguments()
    main_program, startup_program = fluid.Program(), fluid.Program()
    main_program.random_seed = startup_program.random_seed = options.seed
    with fluid.program_guard(main_program, startup_program), fluid.unique_name.guard():
        parts = build(options)
    test_program, detections = build_test(options)

    executor = fluid.Executor(fluid.CUDAPlace(GPU) if options.gpu else fluid.CPUPlace())
    executor.run(startup_program)
    first = 0
    if options.resume:
        first = step_folders.resume(main_program, executor, options.checkpoints)
        print(f"going on after step {first}")
    arrays = {"initial " + name: a for name, a in training.parameters(main_program).items()}
    arrays.update(train(executor, main_program, parts, options, first))
    arrays.update(("trained " + name, a) for name, a in training.state(main_program).items())

    if options.images and PROCESS == 0:
        random = np.random.RandomState(options.seed + retinanet_fluid.TEST_SEED)
        drawn = retinanet_data.scenes(random, options.images, options.size)
        with parts["averages"].apply(executor):
            found = retinanet_fluid.detect(executor, test_program, detections, drawn, options.batch)
        precision = retinanet_fluid.report(found, drawn, options.picture)
        arrays["mAP"] = np.array([precision])
        arrays["scores"] = np.concatenate(found)[:, 1]
    if options.dump:
        np.savez(options.dump, **arrays)


if __name__ == "__main__":
    main()
