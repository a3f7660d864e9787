"""Every layer, operator, initialiser and optimizer beside real Paddle 1.8.5, snippet by snippet."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from paddle_compat.conformance.coverage import names_of
from paddle_compat.conformance.oracles import SubprocessOracle
from paddle_compat.conformance.snippet_cases import OWN_DIFFERENCES, TABLES
from paddle_compat.conformance.snippet_differs import DIFFERS
from paddle_compat.conformance.snippets import Differs, Snippet, answer_ours, answer_paddle, check
from paddle_compat.fluid import layers

ALL = [snippet for table in TABLES.values() for snippet in table]

# Compared in many ways, each.
DETECTION = (*layers.detection.__all__, "roi_align", "roi_pool", "deformable_conv")


@pytest.mark.live
@pytest.mark.parametrize("snippet", ALL, ids=[snippet.name for snippet in ALL])
def test_ours_answers_as_real_paddle(paddle_1: SubprocessOracle, snippet: Snippet) -> None:
    assert check(snippet, answer_ours(snippet), answer_paddle(paddle_1, snippet)) == []


def test_every_layer_that_is_offered_is_compared() -> None:
    used = Counter(name for snippet in ALL for name in names_of(snippet))
    assert [name for name in layers.__all__ if not used[f"fluid.layers.{name}"]] == []
    detection = {name: used[f"fluid.layers.{name}"] for name in DETECTION}
    assert {name: count for name, count in detection.items() if count < 10} == {}


def test_every_name_is_used_once() -> None:
    names = Counter(snippet.name for snippet in ALL)
    assert [name for name, count in names.items() if count > 1] == []


def _scopes() -> list[tuple[Mapping[str, Differs], Sequence[Snippet]]]:
    """Return the differences with the snippets that they are looked for in."""
    shared = [s for name, table in TABLES.items() if name not in OWN_DIFFERENCES for s in table]
    return [(DIFFERS, shared), *((own, TABLES[name]) for name, own in OWN_DIFFERENCES.items())]


def test_every_known_difference_is_of_a_snippet_that_exists() -> None:
    unused = [
        key
        for differs, snippets in _scopes()
        for key in differs
        if not any(snippet.name.startswith(key) for snippet in snippets)
    ]
    assert unused == []


def test_no_snippet_has_two_known_differences() -> None:
    found = {
        snippet.name: [key for key in differs if snippet.name.startswith(key)]
        for differs, snippets in _scopes()
        for snippet in snippets
    }
    assert {name: entries for name, entries in found.items() if len(entries) > 1} == {}
