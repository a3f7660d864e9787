"""How fast ``paddle-compat port`` reads: lines a minute on one core, over source that it makes up.

    python benchmarks/porting.py [--lines 100000] [--profile]

The source is legacy-style modules of some 250 lines, half 1.x and half 2.x, each of which uses
Paddle in every fourth line; nothing is skipped because it has no Paddle in it.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import time

from paddle_compat.port.diagnostics import rules
from paddle_compat.port.rewrite.plan import Target
from paddle_compat.port.work import port

_STATIC = """
def block_{n}(x, channels, stride=1):
    # A block of a backbone.
    conv = fluid.layers.conv2d(
        input=x,
        num_filters=channels,
        filter_size=3,
        stride=stride,
        padding=1,
        bias_attr=False,
    )
    out = fluid.layers.batch_norm(conv, act="relu")
    if stride > 1:
        shortcut = fluid.layers.pool2d(x, pool_size=2, pool_stride=2, pool_type="avg")
    else:
        shortcut = x
    names = [name for name in ("a", "b", "c") if name != "b"]
    total = sum(len(name) for name in names)
    for index in range(total):
        if index % 2 == 0:
            continue
        out = L.elementwise_add(out, shortcut)
    return L.relu(out)
"""
_EAGER = """
class Block{n}(nn.Layer):
    def __init__(self, channels):
        super().__init__()
        self.conv = nn.Conv2D(channels, channels, 3, padding=1)
        self.norm = nn.GroupNorm(4, channels)
        self.sizes = dict(channels=channels, kernel=3, padding=1)

    def forward(self, x, scale=1.0):
        out = F.relu(self.norm(self.conv(x)))
        n, c, h, w = out.shape
        out = paddle.transpose(out, [0, 2, 3, 1])
        out = paddle.reshape(out, [n, h * w, c])
        values = {{key: value * 2 for key, value in self.sizes.items()}}
        for name, value in sorted(values.items()):
            if value > 10:
                print(name, value)
        return paddle.mean(out * scale, axis=-1, keepdim=True)
"""
_HEADS = (
    "import numpy as np\nimport paddle.fluid as fluid\nfrom paddle.fluid import layers as L\n",
    "import paddle\nimport paddle.nn as nn\nimport paddle.nn.functional as F\n",
)


def files(lines: int) -> list[bytes]:
    """Return modules of as many lines in all."""
    made: list[bytes] = []
    count = 0
    while count < lines:
        which = len(made) % 2
        body = (_STATIC, _EAGER)[which]
        text = _HEADS[which] + "".join(body.format(n=n) for n in range(12))
        made.append(text.encode())
        count += text.count("\n")
    return made


def main() -> None:
    """Print the speed for each target."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=100_000)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    chosen = frozenset(rules())
    made = files(options.lines)
    lines = sum(data.count(b"\n") for data in made)
    targets: tuple[Target, ...] = ("shim", "torch")
    for target in targets:
        profile = cProfile.Profile() if options.profile else None
        if profile is not None:
            profile.enable()
        start = time.perf_counter()
        found = sum(len(port(data, "made.py", target, chosen).told) for data in made)
        seconds = time.perf_counter() - start
        if profile is not None:
            profile.disable()
            pstats.Stats(profile).sort_stats("cumulative").print_stats(30)
        rate = lines / seconds * 60
        told = f"{lines} lines, {found} findings, {seconds:.1f} s: {rate:,.0f} lines a minute"
        print(f"--to {target}: {told}")


if __name__ == "__main__":
    main()
