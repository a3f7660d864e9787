"""On the examples only what is meant is found; every rule explains itself; and all is fast."""

from __future__ import annotations

import time
from collections import Counter
from pathlib import Path

import pytest

from paddle_compat.port.diagnostics import rules
from paddle_compat.port.resolve import parse
from port.findings.finding import findings

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").glob("*.py"))
# Legacy idioms that the examples are there to show.
MEANT = {
    "fcos_model.py": Counter(PC208=2),  # elementwise_mul(axis=0)
    "record_head.py": Counter(PC211=1),  # loss.numpy()[0], run by real 1.8.5
    "retinanet_fluid.py": Counter(PC214=1),  # create_lod_tensor
}


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_only_what_is_meant_is_found_in_the_examples(path: Path) -> None:
    module = parse(path.read_bytes(), path.name)
    found = Counter(finding.code for finding in findings(module))
    assert found == MEANT.get(path.name, Counter())


# The files of tests/port/corpus, and what they have of old idioms.
CORPUS = {
    "bom": Counter[str](),
    "crlf": Counter(),
    "dygraph_1x": Counter(),
    "dygraph_2x": Counter(PC220=2),  # x.stop_gradient = ...
    "gbk": Counter(),
    "imports": Counter(),
    "kept_for_reasons": Counter(PC217=1, PC220=2),  # an average with padding
    "odd_formatting": Counter(),
    "star": Counter(),
    "static_1x": Counter(PC215=1),  # momentum=.9
}


@pytest.mark.parametrize("name", CORPUS)
def test_only_what_is_meant_is_found_in_the_corpus(name: str) -> None:
    path = ROOT / "tests" / "port" / "corpus" / f"{name}.py.in"
    found = Counter(finding.code for finding in findings(parse(path.read_bytes(), path.name)))
    assert found == CORPUS[name]


def test_every_rule_explains_itself() -> None:
    semantic = {code: rule for code, rule in rules().items() if code.startswith("PC2")}
    assert list(semantic) == [f"PC{number}" for number in range(201, 221)]
    assert len({rule.name for rule in semantic.values()}) == len(semantic)
    for rule in semantic.values():
        assert rule.check is not None
        assert len(rule.explanation) > 200
        assert max(map(len, rule.explanation.splitlines())) <= 100


LINE = """
def head_{n}(x, label, fg, classes):
    x = L.conv2d(x, classes * 9, 3, padding=1, act='relu')
    x = L.reshape(L.transpose(x, [0, 2, 3, 1]), [-1, classes])
    count = L.cast(L.reduce_sum(fg) + 1, 'int32')
    loss = L.sigmoid_focal_loss(x=x, label=label, fg_num=count, gamma=2.0, alpha=0.25)
    if x is not None and classes > 3:
        loss = L.reduce_sum(loss) * 0.5 + L.mean(x) / 2
    return L.concat([L.reshape(part, [-1, 4]) for part in [x, loss]], axis=0)
"""


def test_ten_thousand_lines_take_seconds() -> None:
    text = "import paddle.fluid as fluid\nL = fluid.layers\n"
    text += "".join(LINE.format(n=n) for n in range(1250))
    module = parse(text)
    start = time.process_time()
    assert findings(module) == []
    # 100 000 lines a minute would be 7 seconds, for the command as a whole.
    assert time.process_time() - start < 4


def test_values_that_are_defined_by_each_other_have_an_end() -> None:
    text = "import paddle.fluid as fluid\nL = fluid.layers\nx = fluid.data('x', [3])\n"
    text += "".join(f"x{n} = x{n - 1} + x{n - 1}\n" for n in range(1, 200)).replace("x0", "x")
    text += "def f(a):\n    a = a\n    b = b\n    return L.sigmoid_focal_loss(a, b, b)\n"
    text += "while a:\n    z = L.reshape(z, [-1])\n    q = L.sigmoid_focal_loss(z, z, z)\n"
    text += "while True:\n    y = L.relu(y)\n    y = y + y\n"
    assert findings(parse(text)) == []


def test_the_guide_lists_every_rule() -> None:
    guide = (ROOT / "migration_guide.md").read_text(encoding="utf-8")
    rows = [line.split(" | ")[:2] for line in guide.splitlines() if line.startswith("| PC2")]
    assert [[code.removeprefix("| "), name] for code, name in rows] == [
        [code, rule.name] for code, rule in rules().items() if code.startswith("PC2")
    ]
