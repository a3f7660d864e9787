"""Ours beside recorded answers of real Paddle 1.8.5: what a machine without it can compare."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from paddle_compat.conformance import snippet_choice
from paddle_compat.conformance.coverage import named_by, public_names
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippet_choice import candidates, choose, digest, kinds, lacking
from paddle_compat.conformance.snippet_vectors import VECTORS, about, load, save, selected
from paddle_compat.conformance.snippets import Answer, Snippet, answer_ours, check
from paddle_compat.fluid import layers

RECORDED = load()
SELECTED = selected()
AGAIN = "run python -m paddle_compat.conformance.snippet_vectors"


@pytest.mark.parametrize("snippet", SELECTED, ids=[snippet.name for snippet in SELECTED])
def test_ours_answers_as_recorded_of_real_paddle(snippet: Snippet) -> None:
    assert check(snippet, answer_ours(snippet), RECORDED[snippet.name]) == []


def test_what_is_recorded_is_what_is_asked_now() -> None:
    assert set(RECORDED) == {snippet.name for snippet in SELECTED}, AGAIN
    digests = about().digests
    changed = [snippet.name for snippet in SELECTED if digest(snippet) != digests[snippet.name]]
    assert changed == [], AGAIN


def test_the_recording_shows_what_there_is_of_every_name() -> None:
    pairs = [(snippet, RECORDED[snippet.name]) for snippet in SELECTED]
    shown = Counter((n, kind) for s, a in pairs for n in named_by(s) for kind in kinds(s, a))
    nowhere = about().lacking
    for name, missing in lacking(pairs).items():
        assert set(missing) <= {*nowhere.get(name, ()), *TOO_LARGE.get(name, ())}, (name, AGAIN)
    used = {name for table in TABLES.values() for snippet in table for name in named_by(snippet)}
    assert [n for n in used if not any(shown[n, k] for k in ("answer", "error"))] == [], AGAIN
    assert [n for n in layers.__all__ if not shown[f"fluid.layers.{n}", "answer"]] == []
    rules = ("fluid.optimizer.", "fluid.initializer.", "fluid.regularizer.", "fluid.clip.")
    assert [n for n in public_names() if n.startswith(rules) and not shown[n, "answer"]] == []


# What has these kinds in answers that are larger than what is recorded.
TOO_LARGE = {"fluid.layers.range": ["gradient"], "fluid.layers.unfold": ["difference"]}


def test_whole_programs_are_recorded() -> None:
    names = {snippet.name for snippet in SELECTED}
    counts = {table: sum(s.name in names for s in rows) for table, rows in TABLES.items()}
    assert min(counts.values()) > 0
    assert counts["training"] >= 20
    assert counts["detectors"] >= 6
    assert counts["engine"] + counts["files"] + counts["readers"] + counts["scripts"] >= 80


def test_recording_is_small() -> None:
    assert VECTORS.stat().st_size < 600 * 1024
    build = about()
    assert build.wheel.startswith("paddlepaddle-1.8.5-")
    assert len(bytes.fromhex(build.sha256)) == 32


def _answer(kind: str = "ok", size: int = 4, *parts: str) -> Answer:
    arrays = {part: np.ones(size, np.float32) for part in ("value/out", *parts)}
    return Answer({"kind": kind}, arrays if kind == "ok" else {})


def test_the_choice_has_every_kind_of_a_name_and_not_more() -> None:
    relu6 = [s for s in candidates() if named_by(s) == {"fluid.layers.relu6"} and not s.differs]
    assert len(relu6) > 5
    plain, gradient, error, *rest = relu6
    answers = {
        plain.name: _answer(),
        gradient.name: _answer("ok", 4, "gradient/x"),
        error.name: _answer("error"),
        **{snippet.name: _answer("ok", 2000) for snippet in rest},
    }
    regular = {s.name for s in list(TABLES["math"])[:: snippet_choice._STRIDE]}

    def chosen() -> set[str]:
        return {snippet.name for snippet in choose(answers)} - regular

    assert chosen() | {plain.name} == {plain.name, gradient.name, error.name}
    pairs = [(snippet, answers[snippet.name]) for snippet in (plain, error)]
    assert lacking(pairs) == {"fluid.layers.relu6": ["answer", "gradient", "difference"]}
    # An answer of 72 KB is not recorded, not even as the only one with gradients.
    answers[gradient.name] = _answer("ok", 9000, "gradient/x")
    assert gradient.name not in chosen()


def test_a_digest_changes_with_what_is_asked() -> None:
    x = np.ones(3, np.float32)
    asked = [
        Snippet("s", "out = x", {"x": x}),
        Snippet("s", "out = x ", {"x": x}),
        Snippet("s", "out = x", {"x": x * 2}),
        Snippet("s", "out = x", {"x": x[None]}),
        Snippet("s", "out = x", {"x": x}, ("x",)),
        Snippet("s", "out = x", {"x": x}, seed=8),
    ]
    assert len({digest(snippet) for snippet in asked}) == len(asked)
    assert digest(asked[0]) == digest(Snippet("s", "out = x", {"x": x.copy()}))


def test_answers_are_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "answers.npz"
    save(path, RECORDED, about())
    again = load(path)
    assert about(path) == about()
    assert set(again) == set(RECORDED)
    for name, answer in RECORDED.items():
        assert again[name].report == answer.report
        assert set(again[name].arrays) == set(answer.arrays)
        for key, array in answer.arrays.items():
            np.testing.assert_array_equal(again[name].arrays[key], array)
            assert again[name].arrays[key].dtype == array.dtype
