"""What the findings say of Paddle's numbers and torch's, on both."""

from __future__ import annotations

import json
import math
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.nn import functional

from paddle_compat.port.findings._flow import LAYERS
from paddle_compat.port.findings.renames import NAMES

HERE = Path(__file__).parent
FACTS = json.loads((HERE / "facts.paddle-1.8.5.json").read_text(encoding="utf-8"))
LOGITS = torch.tensor([[0.5, -1.0], [2.0, 0.0]])
GRID = torch.arange(16.0).reshape(1, 1, 4, 4)


def paddle(name: str) -> torch.Tensor:
    told = FACTS[name]
    value = torch.tensor(told["value"], dtype=getattr(torch, told["dtype"]))
    assert list(value.shape) == told["shape"]
    return value


def close(a: torch.Tensor, b: torch.Tensor) -> bool:
    return a.shape == b.shape and torch.allclose(a, b, rtol=1e-6, atol=1e-6)


@pytest.mark.live
def test_real_paddle_1_8_still_says_what_was_recorded(fluid_python: Path) -> None:
    done = subprocess.run(
        [fluid_python, HERE / "facts_1_8.py"], capture_output=True, text=True, check=True
    )
    assert equal(json.loads(done.stdout[done.stdout.index("{") :]), FACTS)


def equal(found: Any, wanted: Any) -> bool:
    """Tell whether two answers agree, numbers to the rounding of float32."""
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(equal(found[k], wanted[k]) for k in wanted)
    if isinstance(wanted, list):
        return len(found) == len(wanted) and all(map(equal, found, wanted))
    if isinstance(wanted, float):
        return math.isclose(found, wanted, rel_tol=1e-6, abs_tol=1e-7)
    return bool(found == wanted)


def test_a_vector_and_a_column() -> None:
    vector, column = torch.tensor([1.0, 2, 3]), torch.tensor([[10.0], [20], [30]])
    assert paddle("vector + column").tolist() == [[11.0], [22.0], [33.0]]
    assert paddle("column + vector").tolist() == [[11.0], [22.0], [33.0]]
    assert (vector + column).shape == (3, 3)
    # Of a size that the program knows, both are alike.
    assert close(paddle("of known size"), vector + column)
    assert close(paddle("columns by axis"), torch.ones(3, 2) * vector.unsqueeze(1))


def test_integers() -> None:
    a, b = torch.tensor([7, -7], dtype=torch.int32), torch.tensor([2, 2], dtype=torch.int32)
    assert (a / b).tolist() == [3.5, -3.5]
    for name in ("int / int", "int / 2", "elementwise_div"):
        assert paddle(name).tolist() == torch.div(a, b, rounding_mode="trunc").tolist() == [3, -3]
        assert paddle(name).dtype == torch.int32


def test_the_right_operand_is_cast() -> None:
    a, b = torch.tensor([1, 2], dtype=torch.int32), torch.tensor([1.75, 0.5])
    assert paddle("int + float").tolist() == (a + b.to(a.dtype)).tolist() == [2, 2]
    assert paddle("int + 1.0").dtype == torch.int32
    assert (a + b).tolist() == [2.75, 2.5]
    assert (a + 1.0).dtype == torch.float32
    assert [FACTS["int + 1.5"], FACTS["int * 0.5"]] == ["AssertionError", "AssertionError"]
    assert close(paddle("float + int"), b + a)


def test_reductions_have_one_element_and_a_dimension() -> None:
    assert [FACTS[name]["shape"] for name in ("reduce_sum", "mean", "first")] == [[1], [1], [1]]
    assert LOGITS.sum().shape == LOGITS.mean().shape == ()
    with pytest.raises(IndexError):
        LOGITS.mean()[0]
    with pytest.raises(IndexError):
        LOGITS.mean().numpy()[0]
    assert FACTS["concat"]["shape"] == [2]
    with pytest.raises(RuntimeError):
        torch.cat([LOGITS.mean(), LOGITS.mean()])
    assert FACTS["stack"]["shape"] == [2, 1]
    assert torch.stack([LOGITS.mean(), LOGITS.mean()]).shape == (2,)


def test_sum_adds_lists() -> None:
    assert close(paddle("sum of one"), LOGITS)
    assert close(paddle("sum of a list"), torch.stack([LOGITS, LOGITS]).sum(0))


def test_nearest_pixels_with_aligned_corners() -> None:
    for size in range(1, 12):
        row = torch.arange(float(size)).reshape(1, 1, 1, size)
        for scale in (2, 3):
            wanted = functional.interpolate(row, scale_factor=(1, scale), mode="nearest")
            same = FACTS["resize_nearest"][f"{size} by {scale}"] == wanted.flatten().tolist()
            assert same == (scale == 2 or size < 3), (size, scale)


def test_linear_pixels() -> None:
    def resized(aligned: bool) -> torch.Tensor:
        return functional.interpolate(GRID, (6, 6), mode="bilinear", align_corners=aligned)

    assert close(paddle("resize_bilinear"), resized(True))
    assert not close(paddle("resize_bilinear"), resized(False))
    assert not close(paddle("corners, mode 1"), resized(False))
    assert close(paddle("corners, mode 0"), resized(False))


def test_momentum_of_a_batch_normalization() -> None:
    module = torch.nn.BatchNorm2d(1, momentum=1 - 0.75)
    module(GRID)
    assert module.running_mean is not None
    assert module.running_var is not None
    assert FACTS["batch_norm"]["mean"] == module.running_mean.tolist()
    n = GRID.numel()
    assert FACTS["batch_norm"]["variance"] == [0.75 + 0.25 * float(GRID.var(unbiased=False))]
    assert module.running_var.item() == pytest.approx(
        0.75 + 0.25 * float(GRID.var(unbiased=False)) * n / (n - 1)
    )
    wrong = torch.nn.BatchNorm2d(1, momentum=0.75)
    wrong(GRID)
    assert wrong.running_mean is not None
    assert wrong.running_mean.tolist() != FACTS["batch_norm"]["mean"]


def test_cross_entropy_of_probabilities() -> None:
    p, label = torch.tensor([[0.7, 0.3], [0.2, 0.8]]), torch.tensor([[0], [1]])
    ported = functional.nll_loss(torch.log(p), label.squeeze(1), reduction="none").unsqueeze(1)
    assert close(paddle("cross_entropy"), ported)
    assert functional.cross_entropy(p, label.squeeze(1)).shape == ()
    assert not torch.allclose(
        functional.cross_entropy(p, label.squeeze(1), reduction="none"), ported.squeeze(1)
    )


def test_pools_and_pads() -> None:
    assert close(paddle("pool"), functional.max_pool2d(GRID, 2, stride=1))
    assert functional.max_pool2d(GRID, 2).shape == (1, 1, 2, 2)
    counted = functional.avg_pool2d(GRID, 2, 2, 1)
    assert not close(paddle("average"), counted)
    assert close(paddle("average"), functional.avg_pool2d(GRID, 2, 2, 1, count_include_pad=False))
    assert close(paddle("pad"), functional.pad(LOGITS, (0, 2, 1, 0)))
    assert not close(paddle("pad"), functional.pad(LOGITS, (1, 0, 0, 2)))
    assert close(paddle("pad2d"), functional.pad(GRID, (0, 2, 1, 0)))


def test_the_focal_loss_of_1_8() -> None:
    assert FACTS["focal"]["shape"] == [2, 2]
    assert close(paddle("focal by position"), paddle("focal"))
    off = paddle("focal off")
    assert close(off[:, 0], paddle("focal")[:, 0] * (-1 / 0.25))
    assert close(off[:, 1], paddle("focal")[:, 1] * (2 / 0.75))
    assert off.min() < 0
    assert FACTS["focal, float fg_num"] == "TypeError"


def test_a_loss_of_several_elements() -> None:
    assert FACTS["minimize of many"] == "AssertionError"
    assert FACTS["backward of many"] == [[3.0, 3.0], [3.0, 3.0]]
    with pytest.raises(RuntimeError):
        (LOGITS.clone().requires_grad_() * 3).backward()  # type: ignore[no-untyped-call]


def test_variables_are_true() -> None:
    assert FACTS["truth"] == [True, False]
    assert not torch.zeros(1)


@pytest.mark.live
def test_paddle_3(real_paddle: Any) -> None:
    nn = real_paddle.nn.functional
    x = real_paddle.to_tensor(LOGITS.numpy())
    label = real_paddle.to_tensor(np.array([[1, 0], [0, 1]], "float32"))
    parts = nn.sigmoid_focal_loss(x, label, reduction="none").numpy()
    assert nn.sigmoid_focal_loss(x, label).shape == []
    assert float(nn.sigmoid_focal_loss(x, label)) == pytest.approx(float(parts.sum()), rel=1e-6)
    off = nn.sigmoid_focal_loss(x, label, alpha=-1.0, reduction="none").numpy()
    assert np.allclose(off, parts * np.where(label.numpy() == 1, -1 / 0.25, 2 / 0.75), rtol=1e-5)
    named = nn.sigmoid_focal_loss(x, label, None, 0.25, 2.0, reduction="none").numpy()
    assert np.array_equal(named, parts)
    # Averages, and eight numbers of padding.
    grid = real_paddle.to_tensor(GRID.numpy())
    average = nn.avg_pool2d(grid, 2, 2, 1).numpy()
    assert np.allclose(average, functional.avg_pool2d(GRID, 2, 2, 1, count_include_pad=False))
    padded = nn.pad(grid, [0, 0, 0, 0, 1, 0, 0, 2]).numpy()
    assert np.array_equal(padded, functional.pad(GRID, (0, 2, 1, 0)).numpy())
    # Statistics.
    norm = real_paddle.nn.BatchNorm2D(1, momentum=0.75)
    norm(grid)
    assert norm._mean.numpy().tolist() == FACTS["batch_norm"]["mean"]
    assert norm._variance.numpy().tolist() == FACTS["batch_norm"]["variance"]
    # A softmax is applied again.
    probabilities = nn.softmax(x)
    target = real_paddle.to_tensor(np.array([0, 1]))
    given = float(nn.cross_entropy(probabilities, target))
    p = torch.softmax(LOGITS, 1)
    assert given == pytest.approx(float(functional.cross_entropy(p, torch.tensor([0, 1]))))
    assert float(nn.cross_entropy(x, target)) == pytest.approx(
        float(functional.cross_entropy(LOGITS, torch.tensor([0, 1])))
    )


def test_names_of_arguments_are_refused_by_the_layers_of_1_8() -> None:
    told = {
        f"{path.removeprefix(LAYERS)} {name}"
        for path, names in NAMES.items()
        if path.startswith(LAYERS)
        for name in names
    }
    assert told - set(FACTS["refused"]) == set()


def of_package(package: Any, path: str, names: dict[str, str], x: Any) -> None:
    """Call a function with names that it refuses, and with those that it has."""
    function = getattr(package, path.partition(".")[2])
    for name, right in names.items():
        given: dict[str, Any] = {} if right == "axis" else {"axis": 1}
        value = [1] if path.endswith(("squeeze", "flip")) else 1 if right == "axis" else True
        with pytest.raises((TypeError, ValueError)):
            function(x, **given, **{name: value})
        function(x, **given, **{right: value})


@pytest.mark.live
@pytest.mark.parametrize("path", [path for path in NAMES if not path.startswith(LAYERS)])
def test_names_of_arguments_are_refused(path: str, real_paddle: Any) -> None:
    bools = path.endswith((".all", ".any"))
    x = np.ones((2, 1, 3), "bool" if bools else "float32")
    package = torch if path.startswith("torch") else real_paddle
    made = torch.from_numpy(x) if package is torch else real_paddle.to_tensor(x)
    if path == "torch.norm":
        with pytest.raises(TypeError):
            torch.norm(made, dim=1, keep_dim=True)  # type: ignore[call-arg]
        torch.norm(made, dim=1, keepdim=True)
        return
    of_package(package, path, NAMES[path], made)


def test_a_torch_tensor_takes_stop_gradient_and_ignores_it() -> None:
    x = torch.ones(1, requires_grad=True)
    x.stop_gradient = True  # type: ignore[attr-defined]
    (2 * x).sum().backward()  # type: ignore[no-untyped-call]
    assert x.grad is not None
    assert x.grad.item() == 2
