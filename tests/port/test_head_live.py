"""A detection head of Paddle 2.x, ported to torch, trains as it did on real Paddle 3.3.1."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from paddle_compat import cli

pytestmark = pytest.mark.live

FOLDER = Path(__file__).with_name("head")


def inputs() -> dict[str, np.ndarray[Any, Any]]:
    draw = np.random.default_rng(5)
    return {
        "small": draw.normal(size=[2, 8, 3, 4]).astype("float32"),
        "large": draw.normal(size=[2, 8, 6, 8]).astype("float32"),
        "label": draw.integers(0, 4, [2, 60]),
        "target": draw.uniform(0.5, 3.0, [2, 60, 4]).astype("float32"),
    }


def of_paddle(paddle: Any, folder: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Run the head as it was written, and save its first weights."""
    source = (FOLDER / "detection_head.py.in").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    exec(compile(source, "detection_head.py", "exec"), names)
    paddle.seed(11)
    head = names["Head"]()
    paddle.save(head.state_dict(), str(folder / "head.pdparams"))
    data = inputs()
    features = [data["small"], data["large"]]
    tensors = [paddle.to_tensor(each) for each in features]
    parts = head.loss(tensors, paddle.to_tensor(data["label"]), paddle.to_tensor(data["target"]))
    (parts[0] + parts[1] + parts[2]).backward()
    turned = {"centerness.weight"}
    found = {
        f"gradient {name}": p.grad.numpy().T if name in turned else p.grad.numpy()
        for name, p in head.named_parameters()
    }
    head.clear_gradients()
    steps = names["train"](head, [(features, data["label"], data["target"])] * 6)
    classes, scores = names["predict"](head, features)
    found |= {
        f"after {name}": p.numpy().T if name in turned else p.numpy()
        for name, p in head.named_parameters()
    }
    return {"steps": np.array(steps), "classes": classes, "scores": scores, **found}


def test_the_ported_head_trains_on_torch_alone_as_real_paddle_does(
    real_paddle: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ported = tmp_path / "head.py"
    ported.write_bytes((FOLDER / "detection_head.py.in").read_bytes())
    assert cli.main(["port", "--to", "torch", "--write", str(ported)]) == 0, capsys.readouterr().out
    assert "61 equal in torch (100 %)" in capsys.readouterr().err
    theirs = of_paddle(real_paddle, tmp_path)
    weights = ["port-weights", str(tmp_path / "head.pdparams"), str(tmp_path / "head.pt")]
    assert cli.main([*weights, "--module", f"{ported}:Head"]) == 0, capsys.readouterr()
    given: dict[str, Any] = dict(inputs())
    np.savez(tmp_path / "inputs.npz", **given)
    subprocess.run(
        [
            sys.executable,
            str(FOLDER / "run_ported.py"),
            *(str(tmp_path / name) for name in ("head.py", "head.pt", "inputs.npz", "out.npz")),
        ],
        check=True,
        cwd=tmp_path,
    )
    ours = np.load(tmp_path / "out.npz")
    assert set(ours) == set(theirs)
    for name in sorted(theirs):
        if name == "classes":
            np.testing.assert_array_equal(ours[name], theirs[name])
        else:
            np.testing.assert_allclose(ours[name], theirs[name], 2e-5, 2e-6, err_msg=name)
    losses = theirs["steps"].sum(axis=1)
    assert losses[-1] < 0.9 * losses[0]  # it does train


def test_new_layers_draw_their_values_as_paddle_does(real_paddle: Any, tmp_path: Path) -> None:
    source = (
        "import paddle\n"
        "def layers():\n"
        "    return [paddle.nn.Conv2D(32, 64, 5), paddle.nn.Linear(300, 500), "
        "paddle.nn.Conv2D(64, 64, 3, weight_attr=paddle.nn.initializer.Normal(std=0.01)), "
        "paddle.nn.Conv2D(64, 64, 3, "
        "weight_attr=paddle.nn.initializer.Uniform(-0.5, high=2.0), "
        "bias_attr=paddle.nn.initializer.Constant(3.0))]\n"
    )
    ported = tmp_path / "layers.py"
    ported.write_text(source)
    assert cli.main(["port", "--write", str(ported)]) == 0
    theirs: dict[str, Any] = {}
    ours: dict[str, Any] = {}
    exec(source, theirs)
    exec(ported.read_text(), ours)
    real_paddle.seed(3)
    ours["torch"].manual_seed(3)
    for one, other in zip(ours["layers"](), theirs["layers"](), strict=True):
        mine, real = one.weight.detach().numpy(), other.weight.numpy()
        assert mine.size == real.size
        scale = real.std()
        assert abs(mine.std() - scale) < 0.02 * scale
        assert abs(mine.mean() - real.mean()) < 0.02 * scale
        for share in (0.001, 0.25, 0.9):  # the shape of the distribution
            assert abs(np.quantile(mine, share) - np.quantile(real, share)) < 0.05 * scale
        np.testing.assert_array_equal(one.bias.detach().numpy(), other.bias.numpy())
