"""PC208 to PC212, PC219: shapes, dtypes and truth of variables of 1.x."""

from __future__ import annotations

import pytest

from port.findings.finding import codes, told

DATA = """
v = fluid.data('v', [None])
c = fluid.data('c', [None, 1])
m = fluid.data('m', [None, 4])
known = fluid.data('k', [3, 1])
i = fluid.data('i', [None, 4], 'int32')
j = L.cast(m, 'int64')
old = L.data('old', [1])
older = L.data('older', [-1, 1])
"""


@pytest.mark.parametrize(
    "expression",
    [
        "v + c",
        "c * v",
        "old - v",
        "v - older",
        "v / L.reshape(m, [-1, 1])",
        "L.reduce_sum(m, dim=1) * c",
        "L.reduce_sum(m, dim=1) * L.reduce_mean(m, dim=1, keep_dim=True)",
        "m[:, 0] - c",
        "c - L.squeeze(c, axes=[1])",
        "v + L.unsqueeze(v, [1])",
        "v + L.fc(m, 1)",
        "L.exp(v) + L.sigmoid(c)",
    ],
)
def test_a_vector_with_a_column(expression: str) -> None:
    assert told(f"{DATA}a = {expression}\n") == [("PC208", expression)]


@pytest.mark.parametrize(
    "expression",
    [
        "v + v",
        "c + c",
        "m + c",
        "m[:, 0:1] - c",
        "v + known",
        "v + 1",
        "v + other",
        "v + L.reduce_sum(c)",
        "L.unsqueeze(v, [1]) + c",
        "L.reduce_sum(m, dim=1, keep_dim=True) * c",
        "L.reshape(other, [-1]) + c[0]",
        # Its size is known to the program: 3.
        "known + L.reshape(known, [-1])",
    ],
)
def test_operands_that_line_up_alike(expression: str) -> None:
    assert codes(f"{DATA}a = {expression}\n") == []


@pytest.mark.parametrize(
    ("call", "wanted"),
    [
        ("L.elementwise_mul(a, b, axis=0)", True),
        ("L.elementwise_add(x=m, y=v, axis=0)", True),
        ("L.elementwise_add(x=m, y=c, axis=0)", False),
        ("L.elementwise_add(x=m, y=w, axis=1)", True),
        ("L.elementwise_add(a, b)", False),
        ("L.elementwise_add(a, b, axis=-1)", False),
        ("L.elementwise_add(a, b, axis=axis)", False),
        ("L.elementwise_add(m, L.reduce_sum(m), axis=0)", False),
        ("L.elementwise_add(m, fluid.data('w', [4]), axis=1)", False),
    ],
)
def test_elementwise_layers_with_an_axis(call: str, wanted: bool) -> None:
    assert codes(f"{DATA}r = {call}\n") == ["PC208"] * wanted


@pytest.mark.parametrize(
    ("expression", "code"),
    [
        ("i / 2", "PC209"),
        ("i / i", "PC209"),
        ("i / j", "PC209"),
        ("L.argmax(m, axis=1) / 4", "PC209"),
        ("L.shape(m) / 2", "PC209"),
        ("m.astype('int64') / 3", "PC209"),
        ("(i + 1) / 2", "PC209"),
        ("L.elementwise_div(i, i)", "PC209"),
        ("i + m", "PC210"),
        ("i * 2.0", "PC210"),
        ("i - L.cast(i, 'float32')", "PC210"),
        ("L.argmax(m, axis=1) * m", "PC210"),
        ("L.reduce_sum(i) + 1.", "PC210"),
    ],
)
def test_integers(expression: str, code: str) -> None:
    assert told(f"{DATA}r = {expression}\n") == [(code, expression)]


@pytest.mark.parametrize(
    "expression",
    [
        "m / 2",
        "L.cast(i, 'float32') / 2",
        "i // 2",
        "i * 2",
        "m + i",
        "i + j",
        "other / 2",
        "i + other",
        "len(x) / 2",
        "7 / 2",
        "L.elementwise_div(m, i)",
        "L.elementwise_div(L.cast(i, kind), i)",
        # Refused by Paddle itself.
        "i * 0.5",
    ],
)
def test_integers_that_stay_ones(expression: str) -> None:
    assert codes(f"{DATA}r = {expression}\n") == []


def test_a_variable_that_a_branch_replaces_is_not_known() -> None:
    assert codes(f"{DATA}a = i\nif test:\n    a = m\nr = a / 2\n") == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("loss = L.mean(x)\nuse(loss.numpy()[0])", "loss.numpy()[0]"),
        ("loss = L.reduce_sum(x)\nuse(loss[0])", "loss[0]"),
        ("use(L.mean(x)[0])", "L.mean(x)[0]"),
        ("a = L.concat([L.reduce_sum(x), y])", "L.concat([L.reduce_sum(x), y])"),
        ("p = [L.mean(x), L.mean(y)]\na = L.stack(p)", "L.stack(p)"),
    ],
)
def test_one_element_as_one_of_several(text: str, wanted: str) -> None:
    assert told(text) == [("PC211", wanted)]


@pytest.mark.parametrize(
    "text",
    [
        "loss = L.reduce_sum(x, dim=1)\nuse(loss[0])",
        "loss = L.reduce_sum(x, keep_dim=True)\nuse(loss[0])",
        "loss = L.reduce_sum(x, dim=d)\nuse(loss[0])",
        "loss = paddle.mean(x)\nuse(loss.numpy())",
        "use(loss[0], loss.numpy()[0])",
        "a = L.concat([x, y])",
        "a = L.concat([L.reduce_sum(x, dim=[0]), y])",
        "loss, = exe.run(program, fetch_list=[L.mean(x)])\nuse(loss[0])",
    ],
)
def test_what_may_have_more_elements(text: str) -> None:
    assert codes(text) == []


@pytest.mark.parametrize(
    "call",
    [
        "L.sum(L.relu(x))",
        "L.sum(fluid.data('x', [3]))",
        "L.sum(L.conv2d(x, 3, 3))",
        "L.sum(fluid.data('x', [3]) * 2)",
        "L.sum(x, axis=1)",
        "L.sum(x=L.sigmoid_focal_loss(a, b, c))",
        "L.sum(x, dim=0)",
        "L.sum(x, 1)",
    ],
)
def test_a_sum_of_one_variable(call: str) -> None:
    assert [each.code for each in told(call, "PC212")] == ["PC212"]


@pytest.mark.parametrize(
    "call",
    [
        "L.sum([a, b])",
        "L.sum(losses)",
        "L.sum([L.relu(x)])",
        "L.sum([f(x) for x in y])",
        "L.sum(L.split(x, 2))",
        "paddle.sum(L.relu(x))",
        "sum(losses)",
    ],
)
def test_a_sum_of_a_list(call: str) -> None:
    assert codes(call) == []


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("if a > 0:\n    pass", "a > 0"),
        ("while L.less_than(a, b):\n    pass", "L.less_than(a, b)"),
        ("r = 1 if a else 2", "a"),
        ("assert L.reduce_all(a > 0)", "L.reduce_all(a > 0)"),
        ("r = not a", "a"),
        ("r = a and other", "a"),
        ("r = bool(a)", "a"),
        ("r = [k for k in range(3) if a]", "a"),
        ("for row in a:\n    pass", "a"),
        ("r = [row for row in a]", "a"),
        ("f(*a)", "a"),
        ("r = list(L.conv2d(a, 1, 1))", "L.conv2d(a, 1, 1)"),
        ("r = sum(a)", "a"),
        ("r = max(a)", "a"),
        ("r = max(3, a)", "a"),
        ("for k, row in enumerate(a):\n    pass", "a"),
    ],
)
def test_a_variable_where_a_value_is_wanted(text: str, wanted: str) -> None:
    start = "a = fluid.data('a', [3])\nb = L.relu(a)\n"
    assert told(start + text + "\n", "PC219") == [("PC219", wanted)]


@pytest.mark.parametrize(
    "text",
    [
        "if a is not None:\n    pass",
        "if len(x) > 0:\n    pass",
        "r = other and a",
        "if other:\n    pass",
        "for part in L.split(a, 3):\n    pass",
        "if isinstance(a, int):\n    pass",
        "for k in range(3):\n    pass",
        "r = max(other, 3)",
        # What goes along with it ends it.
        "for k, row in zip(range(3), a):\n    pass",
        "def list(x): pass\nlist(a)",
        "r = a > 0",
        "r = L.sum([a, a])",
        "if a.shape[0] > 0:\n    pass",
        # In dygraph a variable has a value.
        "with fluid.dygraph.guard():\n    if a > 0:\n        pass",
    ],
)
def test_what_has_a_value(text: str) -> None:
    assert codes(f"a = fluid.data('a', [3])\n{text}\n") == []
