"""A network of real Paddle and its port to torch compute the same."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from paddle_compat.port.weights import to_state_dict
from paddle_compat.port.weights_report import Report
from port.weights.networks import Network

RECORDED = Path(__file__).parent / "recorded"
RENAME = (
    "conv2d_0=conv",
    "bn1=bn",
    "fc_0=fc",
    "layer_norm_0=norm",
    "fc_1=head",
)
# Every way in which real 1.8.5 saved the one network.
SAVED = (
    "params",
    "persistables",
    "one/all",
    "one/model",
    "kept/all",
    "inference",
    "inference_one",
)


@pytest.fixture(scope="session")
def legacy(fluid_python: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What real 1.8.5 saves."""
    root = tmp_path_factory.mktemp("legacy")
    script = Path(__file__).with_name("legacy_network.py")
    subprocess.run([fluid_python, script, root], check=True, capture_output=True)
    return root


def check(path: Path, answers: Path) -> Report:
    """Port a network that 1.8.5 saved, run it, and compare; return the report."""
    module = Network().eval()
    state, report = to_state_dict(path, module=module, rename=RENAME)
    assert report.complete, report.text()
    module.load_state_dict(state, strict=True)
    with np.load(answers) as told, torch.no_grad():
        torch.testing.assert_close(module(torch.from_numpy(told["x"])), torch.from_numpy(told["y"]))
    changed = {row.target for row in report.carried if row.changes}
    assert changed == {"fc.weight", "head.weight"}
    assert [row.name for row in report.filled] == ["bn.num_batches_tracked"]
    return report


@pytest.mark.live
@pytest.mark.parametrize("saved", SAVED)
def test_a_network_of_1_8_computes_the_same(saved: str, legacy: Path) -> None:
    report = check(legacy / saved, legacy / "answers.npz")
    state = {row.name for row in report.left}
    assert ("@LR_DECAY_COUNTER@" in state) == (saved in ("persistables", "kept/all"))
    assert ("fc_0.w_0_velocity_0" in state) == (saved in ("persistables", "kept/all"))


@pytest.mark.parametrize("saved", ["one/all", "one/model", "inference_one"])
def test_counted_layers_are_paired_by_their_order(saved: str) -> None:
    answers = RECORDED / "paddle_1.8.5" / "answers.npz"
    module = Network().eval()
    path = RECORDED / "paddle_1.8.5" / saved
    # Only the normalization has a name of its own.
    state, report = to_state_dict(path, module=module, rename=["bn1=bn"], by_order=True)
    assert report.complete, report.text()
    assert (
        "8 are paired by the order of their layers: compare what the module computes with what "
        "Paddle did"
    ) in report.notes
    module.load_state_dict(state)
    with np.load(answers) as told, torch.no_grad():
        torch.testing.assert_close(module(torch.from_numpy(told["x"])), torch.from_numpy(told["y"]))


@pytest.mark.parametrize("saved", ["one/all", "one/model", "inference_one"])
def test_a_recorded_network_of_1_8_computes_the_same(saved: str) -> None:
    check(RECORDED / "paddle_1.8.5" / saved, RECORDED / "paddle_1.8.5" / "answers.npz")


@pytest.mark.live
def test_layers_of_1_8_compute_the_same(fluid_python: Path, tmp_path: Path) -> None:
    script = Path(__file__).with_name("legacy_layers.py")
    subprocess.run([fluid_python, script, tmp_path], check=True, capture_output=True)
    module = Network().eval()
    state, report = to_state_dict(tmp_path / "layers.pdparams", module=module)
    assert report.complete, report.text()
    module.load_state_dict(state)
    with np.load(tmp_path / "answers.npz") as told, torch.no_grad():
        torch.testing.assert_close(module(torch.from_numpy(told["x"])), torch.from_numpy(told["y"]))


def paddle_network(paddle: Any) -> Any:
    """Return the network in real Paddle 3, with values that tell every weight from every other."""
    nn = paddle.nn

    class Net(nn.Layer):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.conv, self.bn = nn.Conv2D(3, 4, 3), nn.BatchNorm2D(4)
            self.fc, self.norm = nn.Linear(16, 16), nn.LayerNorm(16)
            self.head = nn.Linear(16, 2)

        def forward(self, x: Any) -> Any:
            x = nn.functional.relu(self.bn(self.conv(x))).flatten(1)
            return self.head(self.norm(nn.functional.relu(self.fc(x))))

    net = Net()
    random = np.random.RandomState(5)
    for value in net.state_dict().values():
        low = 0.2 if len(value.shape) == 1 else -0.5
        value.set_value(random.uniform(low, 1.0, value.shape).astype("float32"))
    net.eval()
    return net


PICTURES = np.random.RandomState(6).uniform(-1, 1, [5, 3, 4, 4]).astype("float32")


def check_3(path: Path, wanted: Any) -> Report:
    """Port what Paddle 3 saved, and compare what it computes."""
    module = Network().eval()
    state, report = to_state_dict(path, module=module)
    assert report.complete, report.text()
    module.load_state_dict(state, strict=True)
    with torch.no_grad():
        torch.testing.assert_close(module(torch.from_numpy(PICTURES)), torch.from_numpy(wanted))
    return report


@pytest.mark.live
def test_a_network_of_paddle_3_computes_the_same(real_paddle: Any, tmp_path: Path) -> None:
    net = paddle_network(real_paddle)
    wanted = net(real_paddle.to_tensor(PICTURES)).numpy()
    real_paddle.save(net.state_dict(), str(tmp_path / "net.pdparams"))
    report = check_3(tmp_path / "net.pdparams", wanted)
    assert [row.target for row in report.carried if row.changes] == ["fc.weight", "head.weight"]
    check_3(tmp_path / "net", wanted)


@pytest.mark.live
def test_one_state_of_a_checkpoint_of_paddle_3(real_paddle: Any, tmp_path: Path) -> None:
    net = paddle_network(real_paddle)
    wanted = net(real_paddle.to_tensor(PICTURES)).numpy()
    path = tmp_path / "checkpoint.pdparams"
    real_paddle.save({"model": net.state_dict(), "epoch": 3}, str(path))
    module = Network()
    state, report = to_state_dict(path, module=module, entry="model")
    assert report.complete
    module.eval().load_state_dict(state)
    with torch.no_grad():
        torch.testing.assert_close(module(torch.from_numpy(PICTURES)), torch.from_numpy(wanted))


@pytest.mark.live
def test_a_program_of_paddle_3_names_its_weights(real_paddle: Any, tmp_path: Path) -> None:
    net = paddle_network(real_paddle)
    wanted = net(real_paddle.to_tensor(PICTURES)).numpy()
    spec = [real_paddle.static.InputSpec([None, 3, 4, 4], "float32")]
    real_paddle.jit.save(net, str(tmp_path / "net"), input_spec=spec)
    own = {value.name: name for name, value in net.state_dict().items()}
    layers = {name.rpartition(".")[0]: path.rpartition(".")[0] for name, path in own.items()}
    rules = [f"{name}={path}" for name, path in layers.items()]
    for path in (tmp_path / "net", tmp_path / "net.pdiparams"):
        module = Network().eval()
        state, report = to_state_dict(path, module=module, rename=rules)
        assert report.complete, report.text()
        module.load_state_dict(state)
        with torch.no_grad():
            torch.testing.assert_close(module(torch.from_numpy(PICTURES)), torch.from_numpy(wanted))


def test_a_recorded_network_of_paddle_3_computes_the_same() -> None:
    with np.load(RECORDED / "paddle_3.3.1" / "answers.npz") as told:
        check_3(RECORDED / "paddle_3.3.1" / "net.pdparams", told["y"])
