"""Paddle names are found through every way of importing and binding them, and no others are."""

from __future__ import annotations

import ast
import textwrap

import pytest

from paddle_compat.port.resolve import Module, parse
from paddle_compat.port.source import SourceError


def names(text: str) -> list[tuple[str, str]]:
    """Return each Paddle name as it is written, with its path."""
    module = parse(textwrap.dedent(text))
    return [(module.text(use.node), use.path) for use in module.paddle_uses]


def paths(text: str) -> list[str]:
    return [path for _, path in names(text)]


FC = "paddle.fluid.layers.fc"


@pytest.mark.parametrize(
    "text",
    [
        "import paddle\npaddle.fluid.layers.fc(x)",
        "import paddle.fluid\npaddle.fluid.layers.fc(x)",
        "import paddle.fluid as fluid\nfluid.layers.fc(x)",
        "import paddle.fluid.layers as L\nL.fc(x)",
        "import paddle as pd\npd.fluid.layers.fc(x)",
        "from paddle import fluid\nfluid.layers.fc(x)",
        "from paddle.fluid import layers as L\nL.fc(x)",
        "from paddle.fluid.layers import fc\nfc(x)",
        "from paddle.fluid.layers import fc as linear\nlinear(x)",
        "from paddle.fluid.layers.nn import fc\nfc(x)",
        "from paddle.fluid.layers import *\nfc(x)",
        "def f():\n    import paddle.fluid as fluid\n    return fluid.layers.fc(x)",
        "def f():\n    global p\n    import paddle.fluid as p\ndef g():\n    p.layers.fc",
        "def f():\n    fluid = None\n    def g():\n        nonlocal fluid\n"
        "        import paddle.fluid as fluid\n    return fluid.layers.fc",
        "try:\n    import paddle.fluid as p\nexcept ImportError:\n    p = None\np.layers.fc",
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from paddle import fluid\n"
        "def f(x: fluid.layers.fc): pass",
        "if (p := __import__('paddle.fluid')):\n    p.fluid.layers.fc",
        "import importlib\nimportlib.import_module('paddle.fluid.layers').fc(x)",
        "from importlib import import_module as load\nL = load('paddle.fluid.layers')\nL.fc(x)",
        "import paddle_compat as paddle\npaddle.fluid.layers.fc(x)",
        "import paddle.fluid as fluid\nfluid = 3\nimport paddle.fluid as fluid\nfluid.layers.fc",
        "import paddle.fluid as fluid\n[fluid.layers.fc(fluid) for x in y for fluid in x][0]\n"
        "fluid.layers.fc",
        "for i in range(3):\n    import paddle.fluid as fluid\n    fluid.layers.fc(i)",
    ],
)
def test_each_way_of_importing_leads_to_the_name(text: str) -> None:
    assert FC in paths(text)


@pytest.mark.parametrize(
    "text",
    [
        "from .paddle import fluid\nfluid.layers.fc(x)",
        "from . import fluid\nfluid.layers.fc(x)",
        "import paddle.fluid as fluid\ndef f(fluid):\n    return fluid.layers.fc(x)",
        "import paddle.fluid as fluid\nf = lambda fluid: fluid.layers.fc(x)",
        "import paddle.fluid as fluid\ndef f():\n    fluid = y\n    return fluid.layers.fc(x)",
        "import paddle.fluid as fluid\nfluid = other()\nfluid.layers.fc(x)",
        "class A:\n    from paddle import fluid\n    def f(self):\n        fluid.layers.fc",
        "import paddle.fluid as fluid\nfor fluid in x:\n    fluid.layers.fc(x)",
        "import paddle.fluid as fluid\nwith f() as fluid:\n    fluid.layers.fc(x)",
        "import paddle.fluid as fluid\n[fluid.layers.fc for fluid in x]",
        "import paddle.fluid as fluid\nmatch x:\n    case [fluid]:\n        fluid.layers.fc",
        "from paddle.fluid.layers import *\ndef fc(x): pass\nfc(x)",
        "from paddle.fluid.layers import *\nno_such_layer(x)",
        "import paddlenlp\npaddlenlp.fluid.layers.fc(x)",
        "import paddle\n'paddle.fluid.layers.fc'",
    ],
)
def test_what_is_bound_to_something_else_is_left_alone(text: str) -> None:
    assert FC not in paths(text)


def test_aliases_are_followed() -> None:
    text = """
    import paddle.fluid as fluid
    L, D = fluid.layers, fluid.dygraph
    conv = L.conv2d
    conv(x)
    D.guard()
    """
    assert paths(text)[-2:] == ["paddle.fluid.layers.conv2d", "paddle.fluid.dygraph.guard"]


def test_a_star_import_hides_the_builtin_that_it_replaces_and_no_other() -> None:
    text = "from paddle.fluid.layers import *\nsum(x)\nlen(x)\n"
    assert names(text) == [("sum", "paddle.fluid.layers.sum")]


def test_what_may_be_either_is_called_ambiguous() -> None:
    module = parse("import paddle.fluid as fluid\nif x:\n    fluid = y\nfluid.layers.fc(x)\n")
    assert [(name.id, name.lineno) for name in module.ambiguous] == [("fluid", 4)]
    assert module.paddle_uses == []


def test_only_the_dotted_name_itself_is_one() -> None:
    text = "import paddle.fluid as fluid\nfluid.default_main_program().global_block().var('x')\n"
    assert names(text) == [("fluid.default_main_program", "paddle.fluid.default_main_program")]


def first_call(text: str) -> tuple[Module, dict[str, str] | None]:
    module = parse(text)
    given = module.paddle_calls[0].bind("x", "label", "fg_num", "gamma", "alpha")
    if given is None:
        return module, None
    return module, {each.parameter: module.text(each.value) for each in given}


def test_arguments_are_bound_by_position_and_name() -> None:
    start = "from paddle.fluid.layers import sigmoid_focal_loss as loss\n"
    _, given = first_call(start + "loss(a, b, fg_num=n[0], alpha=.25)")
    assert given == {"x": "a", "label": "b", "fg_num": "n[0]", "alpha": ".25"}
    for hidden in (
        "loss(*a)",
        "loss(a, **b)",
        "loss(a, x=b)",
        "loss(a, beta=1)",
        "loss(1,2,3,4,5,6)",
    ):
        assert first_call(start + hidden)[1] is None


def test_values_are_followed_while_they_are_certain() -> None:
    module = parse(
        "import paddle\nalpha = -0.25\ngammas = [1, 2.0]\n"
        "if x:\n    beta = 1\nelse:\n    beta = 2\n"
        "paddle.f(alpha, gammas, beta, (1, 'a'), y)\n"
    )
    values = [module.constant(each) for each in module.paddle_calls[0].node.args]
    assert values == [-0.25, [1, 2.0], ..., (1, "a"), ...]


def test_places_count_characters_behind_any_others() -> None:
    module = parse("import paddle\nx = 'größe 漢字'; paddle.abs(x)\n")
    assert module.text(module.paddle_uses[0].node) == "paddle.abs"
    assert module.source.position(module.span(module.paddle_uses[0].node).start) == (2, 17)


@pytest.mark.parametrize(
    ("data", "line", "told"),
    [
        (b"x = 1\nprint 'a'\n", 2, "Missing parentheses"),
        (b"x = 1\n# \xe9\n", 2, "byte 0xe9 is not utf-8; a '# -*- coding: ... -*-' line"),
        (b"# coding: klingon\n", 1, "unknown or contradictory encoding"),
        (b"x = 1\x00\n", 1, "null byte"),
        (b"(" * 500 + b")" * 500, 1, "too many nested parentheses"),
        (b"x = " + b"-" * 100_000 + b"1", 1, "nested too deeply"),
    ],
)
def test_what_is_no_python_is_refused_with_its_place(data: bytes, line: int, told: str) -> None:
    with pytest.raises(SourceError) as caught:
        parse(data)
    assert caught.value.line == line
    assert told in caught.value.reason


@pytest.mark.parametrize(
    "text",
    [
        "for i in y:\n    x = x + x\n    paddle.f(x)\n",
        "while y:\n    a = b + 1\n    b = a + 1\n    paddle.f(b)\n",
        "def f():\n    global x\n    x = x + x\npaddle.f(x)\n",
        "x = x\npaddle.f(x)\n",
        "def f():\n    global a\n    a = b\ndef g():\n    global b\n    b = a\npaddle.f(a)\n",
    ],
)
def test_following_values_comes_to_an_end(text: str) -> None:
    module = parse(f"import paddle\n{text}")
    at: ast.AST | None = module.paddle_calls[0].node.args[0]
    for _ in range(100):
        names = [each for each in ast.walk(at) if isinstance(each, ast.Name)] if at else []
        at = module.assigned(names[0]) if names else None
    assert at is None


def test_a_constant_below_its_use_in_a_function_is_followed() -> None:
    module = parse("import paddle\ndef f():\n    paddle.f(ALPHA)\nALPHA = [1, 2]\n")
    assert module.constant(module.paddle_calls[0].node.args[0]) == [1, 2]
