"""Rules for 1.x in eager mode: their examples give the same under real Paddle 1.8.5 and torch."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from paddle_compat.port.resolve import parse
from paddle_compat.port.rewrite.plan import plan
from paddle_compat.port.rules import eager
from port.eager_1x import flat, weights

pytestmark = pytest.mark.live

HEADER = """import numpy as np
import paddle.fluid as fluid
V = fluid.dygraph.Layer
def f(x, y, i):
    return """
EXAMPLES = {
    f"{rule.paddle} {number}": expression
    for rule in eager.RULES
    for number, expression in enumerate(rule.examples)
}


def inputs() -> dict[str, Any]:
    draw = np.random.default_rng(3)
    grid = np.array([-1.0, -0.5, 0.0, 0.25, 1.0], "float32")
    shape = [2, 3, 4]
    return {
        "x": draw.choice(grid, shape),
        "y": draw.choice(grid, shape),
        "i": draw.integers(0, 5, shape),
    }


@pytest.fixture(scope="module")
def answers(fluid_python: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("eager")
    (folder / "asked.json").write_text(json.dumps({"header": HEADER, "examples": EXAMPLES}))
    np.savez(folder / "inputs.npz", **inputs())
    paths = [str(folder / name) for name in ("asked.json", "inputs.npz", "answers.npz")]
    script = Path(__file__).with_name("eager_1x.py")
    done = subprocess.run([fluid_python, script, *paths], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return dict(np.load(folder / "answers.npz"))


@pytest.mark.parametrize("key", EXAMPLES)
def test_both_sides_give_the_same(answers: dict[str, Any], key: str) -> None:
    expression = EXAMPLES[key]
    ported = plan(parse(HEADER + expression + "\n"), "torch")
    assert "paddle" not in ported.text, [f.message for f in ported.findings if not f.fix]

    def without(context: Any, x: torch.Tensor) -> np.ndarray[Any, Any]:
        with context():
            return np.array(not (x * 2).requires_grad)

    names: dict[str, Any] = {"without": without, "shapes": lambda x: np.array(x.shape)}
    exec(compile(ported.text, "<ported>", "exec"), names)
    data = inputs()
    given = {k: torch.tensor(v, requires_grad=v.dtype == np.float32) for k, v in data.items()}
    result = names["f"](**given)
    assert isinstance(result, list) == answers[f"{key}/list"]
    total: Any = 0.0
    parts = flat(result)
    count = sum(k.startswith(f"{key}/") and k.rpartition("/")[2].isdigit() for k in answers)
    assert len(parts) == count
    for number, each in enumerate(parts):
        mine = each.detach().numpy() if isinstance(each, torch.Tensor) else each
        real = answers[f"{key}/{number}"]
        assert (mine.dtype, mine.shape) == (real.dtype, real.shape), ported.text
        np.testing.assert_allclose(mine, real, 2e-6, 1e-6, err_msg=ported.text)
        if isinstance(each, torch.Tensor) and each.requires_grad and mine.dtype == np.float32:
            total = total + (each * torch.tensor(weights(mine.shape, number))).sum()
    if isinstance(total, torch.Tensor):
        total.backward()  # type: ignore[no-untyped-call]
    for name, tensor in given.items():
        if tensor.dtype == torch.float32:
            zero = np.zeros(tensor.shape, "float32")
            mine = tensor.grad.numpy() if tensor.grad is not None else zero
            real = answers.get(f"{key}/gradient {name}", zero)
            np.testing.assert_allclose(mine, real, 1e-5, 1e-6, err_msg=f"{ported.text} {name}")


@pytest.mark.parametrize(
    "text",
    [
        "x = fluid.layers.concat([a, b])",
        "main = fluid.Program()\nL = fluid.dygraph.Layer\nx = fluid.layers.concat([a, b])",
    ],
)
def test_they_leave_files_that_may_build_programs(text: str) -> None:
    made = plan(parse(f"import paddle.fluid as fluid\n{text}\n"), "torch")
    assert "fluid.layers.concat([a, b])" in made.text
    assert "PC103" in {finding.code for finding in made.findings}
