"""Exports of the snippet tables' programs give what the programs give, gradients included."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest
import torch

from export.programs import RANDOM, arguments, differences, run, snippets
from paddle_compat.conformance.snippets import Snippet
from paddle_compat.export.module import to_module
from paddle_compat.export.source import unformatted

# One in so many is looked at, unless all are asked for.
STEP = 40


def _module_differs(snippet: Snippet) -> list[str]:
    ran = run(snippet)
    if ran is None:
        return []
    module = to_module(ran.program, ran.fetches, ran.scope)
    names = [node.name for node in module.graph.nodes if node.op == "placeholder"]
    given = arguments(ran, names)
    torch.manual_seed(0)
    return differences(ran, module(*given), names, given, dict(module.named_parameters()))


def _source_differs(snippet: Snippet) -> list[str]:
    ran = run(snippet)
    if ran is None:
        return []
    source = unformatted(ran.program, ran.fetches, ran.scope)
    made = ModuleType("made_by_export")
    made.__file__ = __file__
    sys.modules[made.__name__] = made  # where dataclasses look for themselves
    exec(compile(source.text, made.__name__, "exec"), vars(made))
    module = made.Model()
    module.load_state_dict(source.state)
    given = arguments(ran, source.inputs)
    parameters = dict(module.named_parameters())
    held = {n: parameters[w.key] for n, w in source.held.items() if w.key in parameters}
    transposed = [name for name, where in source.held.items() if where.transposed]
    torch.manual_seed(0)
    return differences(ran, module(*given), source.inputs, given, held, transposed)


def _repeatable(every: int) -> Iterator[Snippet]:
    for snippet in snippets(every):
        if not any(word in snippet.name + snippet.source for word in RANDOM):
            yield snippet


def test_modules_give_what_their_programs_give() -> None:
    found = {snippet.name: _module_differs(snippet) for snippet in _repeatable(STEP)}
    assert len(found) > 100
    assert {name: told for name, told in found.items() if told} == {}


def test_sources_give_what_their_programs_give() -> None:
    found = {snippet.name: _source_differs(snippet) for snippet in _repeatable(STEP)}
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.sweep
def test_all_modules_give_what_their_programs_give() -> None:
    found = {snippet.name: _module_differs(snippet) for snippet in _repeatable(1)}
    assert {name: told for name, told in found.items() if told} == {}


@pytest.mark.sweep
def test_all_sources_give_what_their_programs_give() -> None:
    found = {snippet.name: _source_differs(snippet) for snippet in _repeatable(1)}
    assert {name: told for name, told in found.items() if told} == {}
