"""Every name that is offered is exercised by a case, and the list of that is read off the code."""

from __future__ import annotations

import ast
from pathlib import Path

import numpy as np
import pytest
import torch

import paddle_compat
from paddle_compat import fluid
from paddle_compat.conformance import coverage, snippet_cases
from paddle_compat.conformance.call import FACES, FUNCTIONAL, MODULE, Call
from paddle_compat.conformance.coverage import ELSEWHERE, covered, names_of, public_names
from paddle_compat.conformance.snippets import Snippet

TESTS = Path(__file__).parents[1]


def test_every_public_name_has_a_case() -> None:
    missing = [name for name, count in covered().items() if not count and name not in ELSEWHERE]
    assert missing == [], "write a snippet that uses it"


def test_what_is_tested_elsewhere_has_no_case_and_a_test() -> None:
    assert [name for name in ELSEWHERE if covered().get(name) != 0] == []
    for name, elsewhere in ELSEWHERE.items():
        assert elsewhere.reason, name
        file, _, test = elsewhere.test.partition("::")
        tree = ast.parse((TESTS.parent / file).read_text(encoding="utf-8"))
        found = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        assert test in found, elsewhere.test


def test_public_names_are_what_users_write() -> None:
    names = public_names()
    assert {"to_tensor", "fluid.Executor", "fluid.layers.relu", "fluid.io.save_params"} <= {*names}
    assert {"fluid.optimizer.Adam", "fluid.optimizer.AdamOptimizer", *FACES} <= {*names}
    assert len(set(names)) == len(names)
    # Each at one place.
    assert "fluid.executor.Executor" not in names
    assert "fluid.layers.nn.relu" not in names
    assert [name for name in names if "._" in name or name.startswith("_")] == []
    for name in names:
        item: object = paddle_compat
        for part in name.split("."):
            item = getattr(item, part)


def test_every_layer_is_a_public_name() -> None:
    layers = {f"fluid.layers.{name}" for name in fluid.layers.__all__}
    # An alias that Paddle keeps in several modules is there at one.
    assert layers <= {*public_names()}


@pytest.mark.parametrize(
    ("source", "named"),
    [
        ("out = layers.relu(x)", {"fluid.layers.relu"}),
        ("out = fluid.layers.nn.relu(x)", {"fluid.layers.relu"}),
        (
            "o = fluid.optimizer\no.SGD(0.1)",
            {"fluid.optimizer.SGD", "fluid.optimizer.SGDOptimizer"},
        ),
        ("f = layers.relu\nout = f(x)", {"fluid.layers.relu"}),
        ("out = [layers.relu, layers.tanh]", {"fluid.layers.relu", "fluid.layers.tanh"}),
        ("fluid.io.batch(r, 2)", {"batch"}),
        ("import paddle.fluid as f\nf.save(p, 'm')", {"fluid.save"}),
        ("from paddle.fluid.layers import relu as r\nout = r(x)", {"fluid.layers.relu"}),
        ("import numpy as layers_of\nlayers_of.relu(x)", set()),
        ("out = 'layers.relu(x)'  # layers.tanh(x)", set()),
        ("out = x.relu() + layers.nonsense(x) + other.layers.relu(x)", set()),
        ("fluid.layers = 3", set()),
        ("out = layers.relu(", set()),
    ],
)
def test_names_are_read_off_the_source(source: str, named: set[str]) -> None:
    runner = names_of(Snippet("runner", "", mode="script"))
    assert names_of(Snippet("any", source, mode="script")) - runner == named - runner


def test_the_engine_is_exercised_by_what_the_runner_does() -> None:
    x = np.ones(3, np.float32)
    plain = names_of(Snippet("plain", "out = x", {"x": x}))
    assert {"fluid.Executor", "fluid.program_guard", "fluid.Scope", "fluid.data"} <= plain
    gradient = names_of(Snippet("gradient", "out = x", {"x": x}, ("x",)))
    assert gradient - plain == {"fluid.gradients"}
    levels = names_of(Snippet("levels", "out = x", {"x": x}, lods={"x": [[1, 2]]}))
    assert levels - plain == {"fluid.create_lod_tensor"}
    eager = names_of(Snippet("eager", "out = x", {"x": x}, mode="eager"))
    assert {"fluid.dygraph.guard", "fluid.dygraph.to_variable"} <= eager
    assert "fluid.Program" not in eager
    # What it adds to ask for gradients is no case of those layers.
    assert not any(name.startswith("fluid.layers.") for name in gradient | eager)


def test_a_call_exercises_its_face() -> None:
    x = np.ones(3, np.float32)
    assert names_of(Call("call", FUNCTIONAL, {"logit": x, "label": x})) == {FUNCTIONAL}
    assert covered()[FUNCTIONAL] > 300
    assert covered()[MODULE] > 80


def test_a_name_without_a_case_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    kept = {
        name: tuple(s for s in table if "layers.relu6(" not in s.source)
        for name, table in snippet_cases.TABLES.items()
    }
    monkeypatch.setattr(coverage, "TABLES", kept)
    counts = covered.__wrapped__()
    assert [name for name in counts if not counts[name] and name not in ELSEWHERE] == [
        "fluid.layers.relu6"
    ]


@pytest.mark.parametrize("devices", [0, 2])
def test_the_names_of_cuda_answer_as_the_machine(
    monkeypatch: pytest.MonkeyPatch, devices: int
) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: devices > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: devices)
    assert fluid.is_compiled_with_cuda() == (devices > 0)
    assert fluid.core.get_cuda_device_count() == devices
    if devices:
        assert [str(place.device) for place in fluid.cuda_places()] == ["cuda:0", "cuda:1"]
        assert len(fluid.cuda_pinned_places(3)) == 3
        return
    for places in (fluid.cuda_places, fluid.cuda_pinned_places):
        with pytest.raises(AssertionError, match="needs CUDA, and torch sees none"):
            places()
