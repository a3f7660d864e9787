"""The examples' detectors as source: run where there is no paddle_compat, they give the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOM = 1e-5

# Run in the folder of the made module, by an interpreter that finds neither package.
COMPARE = """
import sys

class Blocked:
    def find_spec(self, name, *unused):
        if name.partition(".")[0] in ("paddle_compat", "paddle", "safetensors"):
            raise ImportError(name + " is not to be had")

sys.meta_path.insert(0, Blocked())
sys.path.insert(0, ".")
import numpy, torch
import made

given = numpy.load("given.npz")
module = made.load()
arguments = {}
for key in given:
    kind, _, name = key.partition(" ")
    if kind == "input":
        value = torch.from_numpy(given[key])
        arguments[name] = (value,) if name.endswith("_lod") else value
loss = module(**arguments)
loss.sum().backward()
parameters = dict(module.named_parameters())
worst = abs(loss.item() / given["loss"].item() - 1)
count = 0
for key in given:
    kind, _, name = key.partition(" ")
    if kind == "gradient":
        ours, theirs = parameters[name].grad.numpy(), given[key]
        assert ours.shape == theirs.shape, name
        worst = max(worst, abs(ours - theirs).max() / max(abs(theirs).max(), 1e-3))
        count += 1
assert not {"paddle_compat", "paddle"} & set(sys.modules)
print(count, worst)
"""


@pytest.mark.parametrize("name", ["fcos", "retinanet"])
def test_examples_made_source_gives_loss_and_gradients(name: str, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, str(HERE / "export_example.py"), str(tmp_path), name],
        check=True,
        timeout=300,
    )
    text = (tmp_path / "made.py").read_text()
    assert "import paddle" not in text
    assert "nn.Conv2d(" in text
    done = subprocess.run(
        [sys.executable, "-c", COMPARE],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    count, worst = done.stdout.split()
    assert int(count) > 80
    assert float(worst) < ROOM
