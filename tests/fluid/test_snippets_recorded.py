"""Ours beside recorded answers of real Paddle 1.8.5: what a machine without it can compare."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from paddle_compat.conformance.snippet_vectors import load, save, selected
from paddle_compat.conformance.snippets import Snippet, answer_ours, check

RECORDED = load()
CHOSEN = selected()
SELECTED = [snippet for snippet in CHOSEN if snippet.name in RECORDED]


@pytest.mark.parametrize("snippet", SELECTED, ids=[snippet.name for snippet in SELECTED])
def test_ours_answers_as_recorded_of_real_paddle(snippet: Snippet) -> None:
    assert check(snippet, answer_ours(snippet), RECORDED[snippet.name]) == []


def test_what_is_recorded_is_what_is_selected() -> None:
    told = "run python -m paddle_compat.conformance.snippet_vectors"
    chosen = {snippet.name for snippet in CHOSEN}
    assert set(RECORDED) <= chosen, told
    # A few answers are too large to be kept.
    assert len(chosen - set(RECORDED)) <= len(chosen) // 100, told
    assert {answer.report["kind"] for answer in RECORDED.values()} >= {"ok", "error"}


def test_answers_are_written_and_read_back(tmp_path: Path) -> None:
    path = tmp_path / "answers.npz"
    save(path, RECORDED)
    again = load(path)
    assert set(again) == set(RECORDED)
    for name, answer in RECORDED.items():
        assert again[name].report == answer.report
        assert set(again[name].arrays) == set(answer.arrays)
        for key, array in answer.arrays.items():
            np.testing.assert_array_equal(again[name].arrays[key], array)
            assert again[name].arrays[key].dtype == array.dtype
