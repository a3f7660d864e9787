"""Every layer, operator, initialiser and optimizer beside real Paddle 1.8.5, snippet by snippet."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence

import pytest

from paddle_compat.conformance.oracles import SubprocessOracle
from paddle_compat.conformance.snippet_cases import OWN_DIFFERENCES, TABLES
from paddle_compat.conformance.snippet_differs import DIFFERS
from paddle_compat.conformance.snippets import Differs, Snippet, answer_ours, answer_paddle, check

ALL = [snippet for table in TABLES.values() for snippet in table]

LAYERS = """
data pool2d fc fill_constant greater_equal greater_than less_than less_equal equal not_equal cast
reduce_sum reduce_mean reduce_max reduce_min reduce_prod mean reshape sigmoid sigmoid_focal_loss
concat conv2d elementwise_add elementwise_sub elementwise_mul elementwise_div elementwise_max
elementwise_min elementwise_pow elementwise_mod elementwise_floordiv exp log sqrt square abs flatten
sigmoid_cross_entropy_with_logits sum sums transpose slice create_parameter create_global_var
group_norm relu affine_channel resize_nearest resize_bilinear scale clip softmax squeeze unsqueeze
stack split gather zeros ones assign increment pow leaky_relu tanh dropout piecewise_decay
linear_lr_warmup cosine_decay exponential_decay
"""


@pytest.mark.live
@pytest.mark.parametrize("snippet", ALL, ids=[snippet.name for snippet in ALL])
def test_ours_answers_as_real_paddle(paddle_1: SubprocessOracle, snippet: Snippet) -> None:
    assert check(snippet, answer_ours(snippet), answer_paddle(paddle_1, snippet)) == []


def test_every_layer_of_the_early_stages_is_compared() -> None:
    used = Counter(
        name for snippet in ALL for name in set(re.findall(r"layers\.(\w+)\(", snippet.source))
    )
    assert {name: used[name] for name in LAYERS.split() if used[name] < 3} == {}


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
