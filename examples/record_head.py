"""Record `train_head.py`'s losses from real Paddle 1.8.5; needs Python 3.8 and that Paddle.

Writes `train_head.paddle-1.8.5.json` beside itself, with the exact bits as hexadecimal floats.
"""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path

import numpy as np
import shapes
from paddle import fluid


def main() -> None:
    """Train the head with real fluid and write down what it prints."""
    images, labels, fg_num = shapes.images_and_labels()
    with fluid.dygraph.guard(fluid.CPUPlace()):
        layers = []
        for (out_channels, in_channels, stride), (weight, bias) in zip(  # noqa: B905
            shapes.LAYERS, shapes.weights()
        ):
            convolution = fluid.dygraph.Conv2D(
                in_channels, out_channels, 3, stride=stride, padding=1
            )
            convolution.weight.set_value(weight)
            convolution.bias.set_value(bias)
            layers.append(convolution)
        parameters = [p for layer in layers for p in layer.parameters()]
        optimizer = fluid.optimizer.MomentumOptimizer(
            shapes.LEARNING_RATE, shapes.MOMENTUM, parameter_list=parameters
        )
        pixels, target, count = (fluid.dygraph.to_variable(a) for a in (images, labels, fg_num))
        losses = []
        for _ in range(shapes.STEPS):
            x = pixels
            for layer in layers[:-1]:
                x = fluid.layers.relu(layer(x))
            x = fluid.layers.transpose(layers[-1](x), [0, 2, 3, 1])
            logits = fluid.layers.reshape(x, [-1, shapes.CLASSES])
            loss = fluid.layers.reduce_sum(
                fluid.layers.sigmoid_focal_loss(
                    logits, target, count, gamma=shapes.GAMMA, alpha=shapes.ALPHA
                )
            )
            losses.append(float(loss.numpy()[0]))
            loss.backward()
            optimizer.minimize(loss)
            optimizer.clear_gradients()
        checks = {f"layer {i}": float(np.abs(p.weight.numpy()).sum()) for i, p in enumerate(layers)}
    path = Path(__file__).with_name("train_head.paddle-1.8.5.json")
    record = {
        "paddle": version("paddlepaddle"),
        "losses": [loss.hex() for loss in losses],
        "sum of absolute weights": {name: value.hex() for name, value in checks.items()},
    }
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")
    print(f"{path.name}: {len(losses)} losses, {losses[0]:.6f} to {losses[-1]:.6f}")


if __name__ == "__main__":
    main()
