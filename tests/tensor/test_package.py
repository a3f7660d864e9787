"""The package as a whole: what `import paddle_compat as paddle` gives, and what it leaves alone."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import paddle_compat as paddle
from paddle_compat import UnsupportedAPIError

ROOT = Path(__file__).parents[2]


def run_python(code: str) -> str:
    env = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_documentation_example_of_the_functional_loss_runs_as_it_stands() -> None:
    logit = paddle.to_tensor([[0.97, 0.91, 0.03], [0.55, 0.43, 0.71]], dtype="float32")
    label = paddle.to_tensor([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]], dtype="float32")
    one = paddle.to_tensor([1.0], dtype="float32")
    fg_label = paddle.greater_equal(label, one)
    fg_num = paddle.sum(paddle.cast(fg_label, dtype="float32"))
    output = paddle.nn.functional.sigmoid_focal_loss(logit, label, normalizer=fg_num)
    assert output.shape == ()
    assert output.dtype == torch.float32
    assert output.item() == pytest.approx(0.65782464, abs=1e-7)


def test_import_needs_no_paddle_and_loads_little() -> None:
    loaded = run_python(
        "import sys\n"
        "class Refuse:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name.partition('.')[0] in ('paddle', 'mpmath', 'scipy', 'pytest'):\n"
        "            raise AssertionError(f'{name} was imported')\n"
        "sys.meta_path.insert(0, Refuse())\n"
        "import torch, numpy\n"
        "before = set(sys.modules)\n"
        "import paddle_compat\n"
        "few = set(sys.modules) - before\n"
        "assert 'paddle_compat.nn' not in few, few  # names load when they are asked for\n"
        "paddle_compat.nn.functional.sigmoid_focal_loss, paddle_compat.fluid.layers.fc\n"
        "for name in sorted(set(sys.modules) - before): print(name)\n"
    ).split()
    assert "paddle_compat.nn.functional" in loaded
    assert not [m for m in loaded if m.startswith("paddle_compat.conformance")]
    foreign = [m for m in loaded if not m.startswith("paddle_compat")]
    assert all(m.partition(".")[0] in sys.stdlib_module_names | {"torch", "numpy"} for m in foreign)


def test_import_patches_nothing() -> None:
    changed = run_python(
        "import sys, torch, numpy, builtins\n"
        "def snapshot():\n"
        "    things = {'torch': torch, 'Tensor': torch.Tensor, 'F': torch.nn.functional,\n"
        "              'nn': torch.nn, 'Module': torch.nn.Module, 'numpy': numpy,\n"
        "              'builtins': builtins, 'autograd': torch.autograd}\n"
        "    return {(n, k): id(v) for n, t in things.items() for k, v in vars(t).items()}\n"
        "before, hooks = snapshot(), list(sys.meta_path)\n"
        "import paddle_compat\n"
        "after = snapshot()\n"
        "print([k for k in after if k in before and after[k] != before[k]])\n"
        "watched = ('Tensor', 'Module', 'builtins')\n"
        "print([k for k in after if k not in before and k[0] in watched])\n"
        "print(sys.meta_path == hooks, 'paddle' in sys.modules, torch.get_default_dtype())\n"
    )
    assert changed.splitlines() == ["[]", "[]", "True False torch.float32"]


def test_version_is_the_distributions() -> None:
    assert f'\nversion = "{paddle.__version__}"\n' in (ROOT / "pyproject.toml").read_text()


def test_faces_are_reachable_from_the_top() -> None:
    assert callable(paddle.nn.functional.sigmoid_focal_loss)
    assert issubclass(paddle.nn.SigmoidFocalLoss, torch.nn.Module)
    assert callable(paddle.fluid.layers.sigmoid_focal_loss)
    assert paddle.tensor.to_tensor is paddle.to_tensor
    assert paddle.framework.dtype.float32 is paddle.float32 is torch.float32


def test_everything_in_all_exists() -> None:
    for module in ("", ".tensor", ".framework", ".framework.dtype"):
        found = importlib.import_module(f"paddle_compat{module}")
        assert [name for name in found.__all__ if not hasattr(found, name)] == []


@pytest.mark.parametrize(
    ("path", "instead"),
    [
        ("concat", "torch.cat"),
        ("matmul", "torch.matmul"),
        ("no_such_name", "torch's own function, for tensors here are torch tensors"),
        ("tensor.concat", "to_tensor, cast, sum, greater_equal"),
        ("framework.core", "the dtypes"),
    ],
)
def test_absent_name_says_what_to_use_instead(path: str, instead: str) -> None:
    module, _, name = f"paddle_compat.{path}".rpartition(".")
    found = importlib.import_module(module)
    with pytest.raises(UnsupportedAPIError) as caught:
        getattr(found, name)
    assert caught.value.path == f"paddle.{path}"
    assert f"paddle.{path} is not offered by paddle_compat. Instead: {instead}" in str(caught.value)
    assert "See migration_guide.md, section 'What is offered'." in str(caught.value)
    assert not hasattr(found, name)
    assert getattr(found, name, None) is None


def test_torch_names_that_errors_recommend_exist() -> None:
    for name in ("concat", "add", "grad", "matmul", "mean", "no_grad", "ones", "optimizer"):
        with pytest.raises(UnsupportedAPIError) as caught:
            getattr(paddle, name)
        target = str(caught.value).split("Instead: torch.")[1].split(". See")[0]
        value: object = torch
        for part in target.split("."):
            value = getattr(value, part)
