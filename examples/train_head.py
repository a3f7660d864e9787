"""Train a small detector head with the fluid face and compare with real Paddle, step by step.

Prints the losses, and the largest difference to `train_head.paddle-1.8.5.json`: the same head,
images and weights trained by real `paddle.fluid` 1.8.5 (recorded by `record_head.py`).
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import shapes
import torch

from paddle_compat import fluid

TOLERANCE = 2e-5


def head() -> torch.nn.Sequential:
    """Return the head with the recording's initial weights."""
    layers: list[torch.nn.Module] = []
    for (out_channels, in_channels, stride), (weight, bias) in zip(
        shapes.LAYERS, shapes.weights(), strict=True
    ):
        convolution = torch.nn.Conv2d(in_channels, out_channels, 3, stride, padding=1)
        convolution.load_state_dict(
            {"weight": torch.from_numpy(weight), "bias": torch.from_numpy(bias)}
        )
        layers += [convolution, torch.nn.ReLU()]
    return torch.nn.Sequential(*layers[:-1])


def train() -> tuple[list[float], float]:
    """Return the loss of every step, and the share of squares that the trained head finds."""
    images, label, fg_num = (torch.from_numpy(a) for a in shapes.images_and_labels())
    model = head()
    optimizer = torch.optim.SGD(model.parameters(), shapes.LEARNING_RATE, shapes.MOMENTUM)
    losses = []
    for _ in range(shapes.STEPS):
        logits = model(images).permute(0, 2, 3, 1).reshape(-1, shapes.CLASSES)
        loss = fluid.layers.sigmoid_focal_loss(
            logits, label, fg_num, gamma=shapes.GAMMA, alpha=shapes.ALPHA
        ).sum()
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        losses.append(loss.item())
    with torch.no_grad():
        scores = model(images).permute(0, 2, 3, 1).reshape(len(images), -1)
    wanted = torch.nn.functional.one_hot(label.clamp(min=0).long().squeeze(1), shapes.CLASSES + 1)
    wanted = wanted[:, 1:].reshape(len(images), -1)
    found = wanted.gather(1, scores.argmax(1, keepdim=True)).float().mean().item()
    return losses, found


def main() -> int:
    """Train, compare, and exit with 1 where the difference is more than rounding."""
    losses, found = train()
    for step in range(0, shapes.STEPS, 10):
        print(f"step {step:2d}   loss {losses[step]:.6f}")
    print(f"step {shapes.STEPS - 1:2d}   loss {losses[-1]:.6f}   {found:.0%} of the squares found")
    recording = Path(__file__).with_name("train_head.paddle-1.8.5.json")
    record = json.loads(recording.read_text(encoding="utf-8"))
    real = [float.fromhex(loss) for loss in record["losses"]]
    worst = max(abs(a - b) / b for a, b in zip(losses, real, strict=True))
    print(
        f"largest relative difference to real Paddle {record['paddle']} "
        f"over {len(real)} steps: {worst:.1e}"
    )
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main())
