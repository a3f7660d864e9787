"""The command line and the porter need neither torch nor numpy nor Paddle."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

# Runs what follows where importing any of these raises.
ALONE = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("torch", "numpy", "paddle", "mpmath", "safetensors"):
            raise ModuleNotFoundError(f"No module named {name!r} here", name=name)

sys.meta_path.insert(0, Absent())
"""


def alone(script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", ALONE + textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
        cwd=Path(__file__).parents[2],
    )


def test_the_package_its_command_line_and_the_porter_import() -> None:
    done = alone("""
    import paddle_compat, paddle_compat.cli, paddle_compat.port
    from paddle_compat.port.resolve import parse
    from paddle_compat.port.diagnostics import rules
    rules()
    print(paddle_compat.__version__, paddle_compat.batch(lambda: [1, 2], 2)().__next__())
    """)
    assert (done.stdout, done.stderr) == ("0.1.0 [1, 2]\n", "")


def test_what_does_need_torch_says_so_when_it_is_asked_for() -> None:
    done = alone("""
    import paddle_compat
    paddle_compat.fluid
    """)
    assert "ModuleNotFoundError: No module named 'torch' here" in done.stderr


@pytest.mark.parametrize(
    "script",
    [
        "import paddle_compat as paddle; paddle.fluid.layers.fc",
        "from paddle_compat import fluid; fluid.layers.fc",
        "from paddle_compat import *; cast, sum, fluid.layers.fc",
        "import paddle_compat.tensor; paddle_compat.to_tensor, paddle_compat.nn.functional",
        "import paddle_compat as p; assert 'nn' in dir(p) and 'float32' in dir(p)",
        "import paddle_compat as p; assert p.batch.__name__ == 'batch' and p.sum is p.sum",
        "import paddle_compat.batch, paddle_compat.reader as r; r.shuffle",
        "import paddle_compat as p; assert not hasattr(p, 'concat')",
        "import paddle_compat as p; assert not hasattr(p, '__wrapped__')",
    ],
)
def test_every_way_to_a_name_of_the_top_works_first(script: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_importing_the_package_patches_nothing() -> None:
    script = """
    import sys, builtins
    before = {name: dict(vars(module)) for name, module in sys.modules.items() if module}
    import paddle_compat.port.resolve, paddle_compat.port.diagnostics, paddle_compat.cli
    for name, names in before.items():
        if name not in ("__main__", "sys"):
            now = vars(sys.modules[name])
            changed = [n for n in names if now.get(n) is not names[n] and not n.startswith("_")]
            assert not changed, (name, changed)
    """
    done = alone(script)
    assert (done.returncode, done.stderr) == (0, "")
