"""Layer by layer: real Paddle 3's weights in torch's layer give Paddle's results."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from torch import nn

from paddle_compat.port.weights import to_state_dict


class Pair(NamedTuple):
    """A layer of Paddle, torch's, and the shape of what goes in."""

    paddle: str
    torch: Any
    shape: tuple[int, ...]


PAIRS = {
    "linear": Pair("Linear(3, 5)", lambda: nn.Linear(3, 5), (2, 3)),
    "square": Pair("Linear(4, 4)", lambda: nn.Linear(4, 4), (2, 4)),
    "convolution": Pair(
        "Conv2D(4, 6, 3, groups=2)", lambda: nn.Conv2d(4, 6, 3, groups=2), (1, 4, 5, 5)
    ),
    "transposed": Pair(
        "Conv2DTranspose(4, 6, 3, groups=2)",
        lambda: nn.ConvTranspose2d(4, 6, 3, groups=2),
        (1, 4, 5, 5),
    ),
    "convolution of 1": Pair("Conv1D(2, 3, 2)", lambda: nn.Conv1d(2, 3, 2), (1, 2, 5)),
    "batch": Pair("BatchNorm2D(3)", lambda: nn.BatchNorm2d(3), (2, 3, 4, 4)),
    "batch of 1": Pair("BatchNorm1D(3)", lambda: nn.BatchNorm1d(3), (4, 3)),
    "layer": Pair("LayerNorm([2, 3])", lambda: nn.LayerNorm([2, 3]), (4, 2, 3)),
    "group": Pair("GroupNorm(2, 4)", lambda: nn.GroupNorm(2, 4), (2, 4, 3, 3)),
    "instance": Pair("InstanceNorm2D(3)", lambda: nn.InstanceNorm2d(3, affine=True), (2, 3, 4, 4)),
    "prelu": Pair("PReLU(3)", lambda: nn.PReLU(3), (2, 3, 4, 4)),
    "recurrent": Pair("LSTM(3, 4)", lambda: nn.LSTM(3, 4, batch_first=True), (2, 5, 3)),
    "both ways": Pair(
        "LSTM(3, 4, num_layers=2, direction='bidirect')",
        lambda: nn.LSTM(3, 4, 2, batch_first=True, bidirectional=True),
        (2, 5, 3),
    ),
    "gated": Pair("GRU(3, 4)", lambda: nn.GRU(3, 4, batch_first=True), (2, 5, 3)),
    "sequence": Pair(
        "Sequential(paddle.nn.Linear(3, 4), paddle.nn.ReLU(), paddle.nn.Linear(4, 4))",
        lambda: nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 4)),
        (2, 3),
    ),
}


@pytest.mark.live
@pytest.mark.parametrize("name", PAIRS)
def test_a_layer_computes_the_same(name: str, real_paddle: Any, tmp_path: Path) -> None:
    pair = PAIRS[name]
    layer = eval(f"paddle.nn.{pair.paddle}", {"paddle": real_paddle})
    random = np.random.RandomState(7)
    own: dict[str, Any] = {}
    for value in layer.state_dict().values():
        # What stands in the state twice is set once.
        if value.name not in own:
            own[value.name] = random.uniform(0.2, 1.0, value.shape).astype("float32")
            value.set_value(own[value.name])
    layer.eval()
    x = random.uniform(-1, 1, pair.shape).astype("float32")
    wanted = layer(real_paddle.to_tensor(x))
    path = str(tmp_path / "layer.pdparams")
    real_paddle.save(layer.state_dict(), path)
    module = pair.torch().eval()
    state, report = to_state_dict(path, module=module)
    assert report.complete, report.text()
    module.load_state_dict(state, strict=True)
    with torch.no_grad():
        found = module(torch.from_numpy(x))
    if isinstance(found, tuple):
        found, wanted = found[0], wanted[0]
    torch.testing.assert_close(found, torch.from_numpy(wanted.numpy()))


@pytest.mark.live
@pytest.mark.parametrize("kind", ["float16", "bfloat16", "float64"])
def test_a_layer_keeps_its_dtype(kind: str, real_paddle: Any, tmp_path: Path) -> None:
    layer = real_paddle.nn.Linear(3, 2)
    layer.to(dtype=kind)
    path = str(tmp_path / "layer.pdparams")
    real_paddle.save(layer.state_dict(), path)
    module = nn.Linear(3, 2)
    state, report = to_state_dict(path, module=module)
    assert state["weight"].dtype is getattr(torch, kind)
    wanted = layer.weight.astype("float32").numpy().T
    assert np.array_equal(state["weight"].float().numpy(), wanted)
    assert report.notes == [
        f"2 are {kind}, and the module has float32: load_state_dict converts them"
    ]
