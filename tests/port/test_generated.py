"""Generated modules: what comes out parses, changes once, and keeps all that is not Paddle's."""

from __future__ import annotations

import ast
import difflib
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from paddle_compat.port.diagnostics import rules
from paddle_compat.port.rewrite.plan import Target
from paddle_compat.port.work import FileResult, port

CODES = frozenset(rules())

IMPORTS = (
    "import paddle",
    "import paddle as pd",
    "import os, paddle",
    "import paddle.nn as nn",
    "from paddle import nn",
    "import paddle.nn.functional as F",
    "from paddle.nn import functional as F",
    "from paddle import concat, reshape as shaped",
    "from paddle.nn import Conv2D, Linear",
    "from paddle.nn import (  # layers\n    Linear,  # one\n    Conv2D as Conv,\n)  # all",
    "import paddle.nn as nn  # nn",
    "import paddle; import sys",
    "import paddle.fluid as fluid",
    "from paddle import fluid",
    "from paddle.fluid.layers import *",
    "from paddle.fluid import layers as L, optimizer",
    "try:\n    import paddle\nexcept ImportError:\n    paddle = None",
    "if True:\n    import paddle",
    "def late():\n    import paddle.nn.functional as F\n    return F.relu",
    "import numpy as np",
    "import torch",
    "from .paddle import nn",
)
ATOMS = (
    "x",
    "y",
    "[x, y]",
    "1",
    "-1",
    "0.5",
    "'float32'",
    "None",
    "(x)",
    "self.conv(x)",
    "x.shape",
)
CALLS = (
    "paddle.concat", "paddle.reshape", "paddle.transpose", "paddle.cast", "paddle.sum", "pd.mean",
    "paddle.split", "paddle.to_tensor", "paddle.zeros", "F.relu", "F.softmax", "F.interpolate",
    "nn.Conv2D", "nn.Linear", "nn.LayerList", "concat", "shaped", "Linear", "fluid.layers.fc",
    "fluid.layers.concat", "L.relu", "relu", "optimizer.SGD", "paddle.optimizer.Adam", "print",
    "paddle.no_grad", "paddle.max", "paddle.nothing", "nn.functional.elu", "getattr", "x.cast",
    "x.reshape", "x.numpy", "paddle.abs(x).astype", "F.relu(y).transpose", "self.sublayers",
)  # fmt: skip
KEYWORDS = ("axis", "dtype", "name", "shape", "perm", "keepdim", "x", "weight_attr", "bias_attr")
GAPS = ("", " ", "  ", "\n        ", " # kept\n        ")
COMMENTS = ("", "  # a comment", "  # paddle.concat(x)", "\t# größe 漢字 #")


@st.composite
def expressions(draw: st.DrawFn, depth: int = 2) -> str:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from(ATOMS))
    kind = draw(st.integers(0, 7))
    inner = expressions(depth - 1)
    if kind == 0:
        return f"{draw(inner)} + {draw(inner)}"
    if kind == 1:
        return f"[{draw(inner)} for x in {draw(inner)}]"
    if kind == 2:
        return f"(lambda paddle: {draw(inner)})"
    if kind == 3:
        return f"({draw(inner)} if x else {draw(inner)})"
    gap = st.sampled_from(GAPS)
    arguments = [draw(gap) + draw(inner) + draw(gap) for _ in range(draw(st.integers(0, 2)))]
    names = draw(st.lists(st.sampled_from(KEYWORDS), unique=True, max_size=2))
    arguments += [
        f"{draw(gap)}{name}{draw(st.sampled_from(('=', ' = ')))}{draw(inner)}" for name in names
    ]
    trailing = "," if arguments and draw(st.booleans()) else ""  # type: ignore[arg-type]
    return f"{draw(st.sampled_from(CALLS))}({','.join(arguments)}{trailing})"


@st.composite
def statements(draw: st.DrawFn) -> str:
    kind = draw(st.integers(0, 7))
    value = draw(expressions())
    comment = draw(st.sampled_from(COMMENTS))
    if kind == 0:
        return f"x = ({value}){comment}"
    if kind == 1:
        return f"x.stop_gradient = {draw(st.sampled_from(('True', 'False', 'y')))}{comment}"
    if kind == 2:
        return f"for paddle in ({value}): pass{comment}"
    if kind == 3:
        return f"y, paddle = ({value}), 3{comment}"
    if kind == 4:
        return f"print(f'{{x}}', ({value})); z = '''paddle\n  # no comment'''{comment}"
    if kind == 5:
        return f"n, c = x.shape; del x{comment}"
    return f"y = x = ({value}){comment}"


@st.composite
def modules(draw: st.DrawFn) -> str:
    lines = draw(st.lists(st.sampled_from(IMPORTS), min_size=1, max_size=5))
    lines.append(draw(st.sampled_from(("", "'''Doc.'''", "# comment", "\x0c"))))
    lines += draw(st.lists(statements(), max_size=3))
    base = draw(st.sampled_from(("nn.Layer", "paddle.nn.Layer", "object")))
    body = [line.replace("\n", "\n        ") for line in draw(st.lists(statements(), max_size=3))]
    lines += [f"class A({base}):", "    def forward(self, x, y: paddle.Tensor):  # here"]
    lines += [f"        {line}" for line in ["conv = nn.Conv2D(3, 4, 3)", *body]]
    newline = draw(st.sampled_from(("\n", "\r\n")))
    end = draw(st.sampled_from(("", "\n")))
    return ("\n".join(lines) + end).replace("\n", newline)


def ported(text: str, target: Target) -> FileResult:
    return port(text.encode("utf-8"), "made.py", target, CODES)


def parses(text: str) -> bool:
    try:
        ast.parse(text)
    except SyntaxError:
        return False
    return True


@settings(max_examples=250, deadline=None)
@given(modules(), st.sampled_from(("shim", "torch")))
def test_generated_modules_are_ported_once_and_for_all(text: str, target: Target) -> None:
    result = ported(text, target)
    assert result.parsed == parses(text)
    assert not [told for told in result.told if told.code == "PC008"], result.told
    if result.new is None:
        return
    ast.parse(result.new)
    again = port(result.data, "made.py", target, CODES)
    assert again.new is None
    assert again.told == result.left
    hashes = re.findall(r"#[^\r\n]*", result.old)
    assert re.findall(r"#[^\r\n]*", result.new) == hashes
    assert ("\r\n" in result.new) == ("\r\n" in result.old) or "\n" not in result.old


@settings(max_examples=150, deadline=None)
@given(modules())
def test_lines_without_a_fix_are_the_same_to_the_byte(text: str) -> None:
    result = ported(text, "torch")
    if result.new is None:
        return
    touched = {
        line
        for told in result.told
        for change in told.changes
        for line in range(change.start.line, change.end.line + 1)
    }
    old = result.old.splitlines(keepends=True)
    new = result.new.splitlines(keepends=True)
    for kind, first, last, _, _ in difflib.SequenceMatcher(None, old, new, False).get_opcodes():
        if kind in ("replace", "delete"):
            lines = result.old[: sum(map(len, old[:first]))].count("\n") + 1
            changed = set(range(lines, lines + (last - first)))
            assert changed & touched, (old[first:last], sorted(touched))
