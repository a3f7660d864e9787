"""The network and training step of `examples/fcos_fluid.py` in plain torch, as one writes it there.

It names neither Paddle nor paddle_compat in its arithmetic: modules, autograd and `torch.optim`.
Parameters are loaded from the program's own (`load`), so that both compute the same losses.
Started as ``programs_torch.py SIZE BATCH parameters.npz`` it answers as `programs_fluid.py` does.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F  # noqa: N812 - torch's own abbreviation
from torch import Tensor, nn

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "examples"))

import fcos_data
import rectangles

STAGES = ((64, 1), (128, 2), (256, 2), (512, 2))
CHANNELS, HEAD_CONVOLUTIONS, GROUPS = 128, 2, 32
RATE, WARMUP_STEPS, MOMENTUM, WEIGHT_DECAY = 0.002, 5, 0.9, 1e-3
SEED, CHECKED_STEPS, BATCHES = 1, 3, 2


class ConvAffine(nn.Module):
    """A convolution without bias, and a trained scale and offset of each channel."""

    def __init__(self, inputs: int, outputs: int, size: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, size, stride, size // 2, bias=False)
        self.scale = nn.Parameter(torch.ones(outputs))
        self.offset = nn.Parameter(torch.zeros(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs, H, W] to [N, outputs, H', W']."""
        return self.conv(x) * self.scale.view(-1, 1, 1) + self.offset.view(-1, 1, 1)  # type: ignore[no-any-return]


class Block(nn.Module):
    """Two convolutions beside a shortcut."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.branch2a = ConvAffine(inputs, outputs, 3, stride)
        self.branch2b = ConvAffine(outputs, outputs, 3, 1)
        self.branch1 = (
            ConvAffine(inputs, outputs, 1, stride) if stride != 1 or inputs != outputs else None
        )

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, inputs, H, W] to [N, outputs, H', W']."""
        branch = self.branch2b(F.relu(self.branch2a(x), inplace=True))
        shortcut = x if self.branch1 is None else self.branch1(x)
        return F.relu(shortcut + branch, inplace=True)


class Backbone(nn.Module):
    """ResNet-18."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = ConvAffine(3, 64, 7, 2)
        inputs = 64
        for stage, (outputs, stride) in enumerate(STAGES):
            self.add_module(f"res{stage + 2}a", Block(inputs, outputs, stride))
            self.add_module(f"res{stage + 2}b", Block(outputs, outputs, 1))
            inputs = outputs

    def forward(self, image: Tensor) -> list[Tensor]:
        """Return the features of strides 8, 16 and 32."""
        x = F.max_pool2d(F.relu(self.conv1(image), inplace=True), 3, 2, 1)
        features = []
        for stage in range(2, 2 + len(STAGES)):
            x = self.get_submodule(f"res{stage}b")(self.get_submodule(f"res{stage}a")(x))
            features.append(x)
        return features[1:]


class Pyramid(nn.Module):
    """P3 to P7."""

    def __init__(self) -> None:
        super().__init__()
        for index, inputs in enumerate((128, 256, 512)):
            self.add_module(f"fpn_lateral_{index + 3}", nn.Conv2d(inputs, CHANNELS, 1))
            self.add_module(f"fpn_p{index + 3}", nn.Conv2d(CHANNELS, CHANNELS, 3, 1, 1))
        self.fpn_p6 = nn.Conv2d(CHANNELS, CHANNELS, 3, 2, 1)
        self.fpn_p7 = nn.Conv2d(CHANNELS, CHANNELS, 3, 2, 1)

    def forward(self, features: list[Tensor]) -> list[Tensor]:
        """Return five levels from the features of three."""
        levels: list[Tensor] = []
        above: Tensor | None = None
        for index in (5, 4, 3):
            lateral = self.get_submodule(f"fpn_lateral_{index}")(features[index - 3])
            above = lateral if above is None else F.interpolate(above, scale_factor=2.0) + lateral
            levels.insert(0, self.get_submodule(f"fpn_p{index}")(above))
        levels.append(self.fpn_p6(levels[-1]))
        levels.append(self.fpn_p7(F.relu(levels[-1])))
        return levels


class Tower(nn.Module):
    """Convolutions with group normalization and ReLU, the same on every level."""

    def __init__(self) -> None:
        super().__init__()
        for index in range(HEAD_CONVOLUTIONS):
            self.add_module(str(index), nn.Conv2d(CHANNELS, CHANNELS, 3, 1, 1))
            self.add_module(f"{index}_gn", nn.GroupNorm(GROUPS, CHANNELS))

    def forward(self, x: Tensor) -> Tensor:
        """Map [N, 128, H, W] to the same shape."""
        for index in range(HEAD_CONVOLUTIONS):
            x = self.get_submodule(f"{index}_gn")(self.get_submodule(str(index))(x))
            x = F.relu(x, inplace=True)
        return x


class Fcos(nn.Module):
    """The detector; its parameters' names turn into the program's by `program_name`."""

    def __init__(self) -> None:
        super().__init__()
        self.backbone = Backbone()
        self.pyramid = Pyramid()
        self.head_class, self.head_box = Tower(), Tower()
        self.head_class_out = nn.Conv2d(CHANNELS, rectangles.CLASSES, 3, 1, 1)
        self.head_centerness_out = nn.Conv2d(CHANNELS, 1, 3, 1, 1)
        self.head_box_out = nn.Conv2d(CHANNELS, 4, 3, 1, 1)
        self.head_box_scale = nn.ParameterList(
            nn.Parameter(torch.ones(1)) for _ in rectangles.STRIDES
        )

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Return logits [M, C], distances [M, 4] and centerness [M, 1] of all locations."""
        logits, distances, centerness = [], [], []
        levels = self.pyramid(self.backbone(image))
        for level, scale in zip(levels, self.head_box_scale, strict=True):
            logits.append(rows(self.head_class_out(self.head_class(level))))
            box = self.head_box(level)
            centerness.append(rows(self.head_centerness_out(box)))
            distances.append(rows((self.head_box_out(box) * scale).exp()))
        return torch.cat(logits), torch.cat(distances), torch.cat(centerness)


def rows(x: Tensor) -> Tensor:
    """Turn [N, C, H, W] into [N * H * W, C]."""
    return x.permute(0, 2, 3, 1).reshape(-1, x.shape[1])


def focal_loss(logits: Tensor, label: Tensor, count: Tensor) -> Tensor:
    """Sum the focal loss (gamma 2, alpha 0.25) of labels [M] in 0..C, divided by a count."""
    target = F.one_hot(label, logits.shape[1] + 1)[:, 1:].to(logits.dtype)
    p = torch.sigmoid(logits)
    loss = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    wrong = p + target - 2 * p * target
    alpha = 0.75 - 0.5 * target
    return (alpha * wrong.square() * loss).sum() / count.clamp(min=1)


def losses(
    outputs: tuple[Tensor, Tensor, Tensor], label: Tensor, wanted: Tensor, central: Tensor
) -> tuple[Tensor, Tensor, Tensor]:
    """Return the focal, the IoU and the centerness loss."""
    logits, distances, centerness = outputs
    foreground = label > 0
    count = foreground.sum()
    focal = focal_loss(logits, label, count)
    weight, p, t = central[foreground], distances[foreground], wanted[foreground]
    least = torch.minimum(p, t)
    overlap = (least[:, 0] + least[:, 2]) * (least[:, 1] + least[:, 3])
    p_area = (p[:, 0] + p[:, 2]) * (p[:, 1] + p[:, 3])
    t_area = (t[:, 0] + t[:, 2]) * (t[:, 1] + t[:, 3])
    iou = overlap / (p_area + t_area - overlap)
    box = -(iou.log() * weight).sum() / (weight.sum() + 1e-6)
    center = F.binary_cross_entropy_with_logits(
        centerness[:, 0][foreground], weight, reduction="sum"
    ) / (count + 1e-6)
    return focal, box, center


def program_name(name: str) -> str:
    """Turn the name of a module's parameter into that of the program's."""
    name = name.removeprefix("backbone.").removeprefix("pyramid.").replace(".", "_")
    norm = "_gn_" in name
    for torch_suffix, suffix in (
        ("_conv_weight", "_weights"),
        ("_weight", "_gn_scale" if norm else "_w"),
        ("_bias", "_gn_offset" if norm else "_b"),
    ):
        if name.endswith(torch_suffix):
            return name.removesuffix(torch_suffix).removesuffix("_gn") + suffix
    return name


def load(model: Fcos, arrays: Mapping[str, Any]) -> None:
    """Copy the program's parameters into the module."""
    state = {name: torch.from_numpy(arrays[program_name(name)]) for name in model.state_dict()}
    if len(state) != len(arrays):
        raise ValueError(f"the module has {len(state)} parameters, the program {len(arrays)}")
    model.load_state_dict(state)


def optimizer_of(model: Fcos) -> torch.optim.SGD:
    """Momentum: weights decay; biases and box scales learn at twice the rate."""
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for name, parameter in model.named_parameters():
        decays = (name.endswith("weight") and "_gn" not in name) or "box_scale" in name
        twice = (name.endswith("bias") and "_gn" not in name) or "box_scale" in name
        key = (2.0 if twice else 1.0, WEIGHT_DECAY if decays else 0.0)
        groups.setdefault(key, []).append(parameter)
    return torch.optim.SGD(
        [
            {"params": parameters, "lr": RATE * times, "times": times, "weight_decay": decay}
            for (times, decay), parameters in groups.items()
        ],
        momentum=MOMENTUM,
        fused=True,
    )


class Trainer:
    """The training step, on arrays as they come from the data side."""

    def __init__(self, size: int, batch: int, arrays: Mapping[str, Any]) -> None:
        random = np.random.RandomState(SEED)
        self.feeds = [fcos_data.make_batch(random, batch, size) for _ in range(BATCHES)]
        self.model = Fcos()
        load(self.model, arrays)
        self.optimizer = optimizer_of(self.model)
        self.calls = 0

    def step(self) -> list[float]:
        """Train on the next batch; return the losses and the learning rate."""
        feed = self.feeds[self.calls % len(self.feeds)]
        warm = min(self.calls / WARMUP_STEPS, 1.0)
        rate = RATE / 5 + (RATE - RATE / 5) * warm
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["times"]
        self.calls += 1

        levels = range(len(rectangles.STRIDES))
        label, wanted, central = (
            torch.cat([torch.from_numpy(feed[f"{name}_{i}"]).flatten(0, 2) for i in levels])
            for name in ("label", "distance", "centerness")
        )
        outputs = self.model(torch.from_numpy(feed["image"]))
        parts = losses(outputs, label[:, 0].long(), wanted, central[:, 0])
        total = parts[0] + parts[1] + parts[2]
        self.optimizer.zero_grad()
        total.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        return [total.item(), *(part.item() for part in parts), rate]


def main() -> None:
    """Answer the parent process until it closes stdin."""
    with np.load(sys.argv[3]) as arrays:
        trainer = Trainer(int(sys.argv[1]), int(sys.argv[2]), arrays)
    losses_of_steps = [trainer.step()[:4] for _ in range(CHECKED_STEPS)]
    print(json.dumps(losses_of_steps), flush=True)
    for line in sys.stdin:
        calls = int(line.split()[1])
        start = time.perf_counter()
        for _ in range(calls):
            trainer.step()
        print(repr((time.perf_counter() - start) / calls), flush=True)


if __name__ == "__main__":
    main()
