"""Which scripts are run with which arguments, how well both sides agree, and what is recorded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from examples.scripts import EXAMPLES


@dataclass(frozen=True)
class Run:
    """A script with its arguments.

    Attributes:
        script: its file in `examples/`.
        arguments: what follows it.
        tolerance: absolute and relative, of losses and trained parameters.
        normal: the endings of the names of parameters that a normal distribution initializes.
    """

    script: str
    arguments: tuple[str, ...]
    tolerance: float
    normal: tuple[str, ...] = ()

    def __str__(self) -> str:
        return " ".join((self.script, *self.arguments))

    @property
    def recording(self) -> Path:
        """Where the answers of real Paddle to this script are."""
        return EXAMPLES / self.script.replace(".py", ".paddle-1.8.5.json")

    def is_normal(self, parameter: str) -> bool:
        """Tell whether a normal distribution initializes a parameter."""
        return parameter.endswith(self.normal) and not parameter.startswith("fpn")


FOCAL = [
    Run("fluid_focal_loss.py", ("--dtype", dtype, "--seed", str(seed)), tolerance)
    for dtype, seed, tolerance in (
        ("float64", 90, 1e-12),
        ("float32", 90, 1e-5),
        ("float64", 2**31 - 1, 1e-12),  # the largest, which the generator takes for 0
    )
]
FCOS = [
    Run(
        "fcos_fluid.py",
        ("--steps", "10", "--size", "64", "--batch", "2", "--loss", loss),
        1e-5,
        ("_weights", "_w"),
    )
    for loss in ("iou", "giou")
]
# Ten steps of 1e-6 relative apart in the gradients are 7e-6 apart in the losses.
RETINANET = Run(
    "retinanet_fluid.py",
    ("train", "--steps", "10", "--size", "64", "--batch", "2", "--images", "2"),
    1e-4,
    ("_weights", "_w"),
)
# Of one place: its 20 steps are made in one process, or in two with a checkpoint between them.
LOOP = Run(
    "train_detector_fluid.py",
    (
        *("--steps", "20", "--size", "64", "--batch", "1", "--narrow", "4"),
        *("--images", "2", "--threshold", "0.01"),
    ),
    1e-4,
    ("_weights", "_w"),
)
RUNS = [*FOCAL, *FCOS, RETINANET]
# By the initial weights, which are the same: nearly all scores are small. All are asked for, and
# those above a threshold, which does not hold for the coarsest level.
DETECTIONS = [
    Run("retinanet_fluid.py", ("test", "--size", "64", "--images", images, "--threshold", least), 0)
    for images, least in (("2", "0"), ("6", "0.016"))
]
