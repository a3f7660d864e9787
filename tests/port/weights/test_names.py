"""Names: suffixes of Paddle, batch normalizations, an optimizer's state, and rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from paddle_compat.port.weights_names import (
    Rule,
    RuleError,
    apply_rules,
    optimizer_state,
    read_rules,
    standard_names,
)


def vectors(*names: str, size: int = 4) -> dict[str, np.ndarray[Any, Any]]:
    return {name: np.zeros(size, "float32") for name in names}


NORM = ("weight", "bias", "running_mean", "running_var")


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (["bn._mean", "bn._variance"], ["bn.running_mean", "bn.running_var"]),
        (["_mean", "_variance"], ["running_mean", "running_var"]),
        (["n_0.w_0", "n_0.b_0", "n_0.w_1", "n_0.w_2"], [f"n_0.{r}" for r in NORM]),
        (["n_scale", "n_offset", "n_mean", "n_variance"], [f"n.{r}" for r in NORM]),
        (["fc_0.w_0", "fc_0.b_0"], ["fc_0.weight", "fc_0.bias"]),
        # Of a normalization that lacks one, nothing is known.
        (["n_scale", "n_mean", "n_variance"], ["n_scale", "n_mean", "n_variance"]),
        # A layer of two inputs.
        (["fc_0.w_0", "fc_0.w_1", "fc_0.b_0"], ["fc_0.weight", "fc_0.w_1", "fc_0.bias"]),
        (["w", "conv.weight", "x.w_01"], ["w", "conv.weight", "x.w_01"]),
    ],
)  # fmt: skip
def test_torchs_names(given: list[str], wanted: list[str]) -> None:
    names, _ = standard_names(vectors(*given))
    assert [names.get(name, name) for name in given] == wanted


def test_four_weights_that_are_no_vectors_are_no_normalization() -> None:
    arrays = vectors("lstm_0.w_0", "lstm_0.b_0", "lstm_0.w_1", "lstm_0.w_2")
    arrays["lstm_0.w_1"] = np.zeros((4, 4), "float32")
    assert standard_names(arrays) == (
        {"lstm_0.w_0": "lstm_0.weight", "lstm_0.b_0": "lstm_0.bias"},
        [],
    )


def test_a_program_tells_its_normalizations() -> None:
    group = ("res_bn_w", "res_bn_b", "res_bn_moving_avg", "res_bn_moving_var")
    names, layers = standard_names(vectors(*group), [group])
    assert names == dict(zip(group, (f"res_bn.{role}" for role in NORM), strict=True))
    assert layers == ["res_bn"]
    # Names with nothing in common stay.
    assert standard_names(vectors("a", "b", "c", "d"), [("a", "b", "c", "d")]) == ({}, [])


def test_an_optimizers_state_belongs_to_a_parameter() -> None:
    names = [
        *("w", "w_velocity_0", "w_moment1_0", "w_beta1_pow_acc_0", "w__avg_squared_grad_0"),
        *("learning_rate_0", "@LR_DECAY_COUNTER@", "other_velocity_0", "velocity_0", "x_linear_0"),
    ]
    assert optimizer_state(names) == [*names[1:5], "learning_rate_0", "@LR_DECAY_COUNTER@"]


@pytest.mark.parametrize(
    ("rule", "name", "wanted"),
    [
        ("a=b", "a", "b"),
        ("a=b", "a.weight", "b.weight"),
        ("a=b", "ab.weight", None),
        ("a.0=b.c", "a.0.weight", "b.c.weight"),
        ("a=", "a", ""),
        ("a=", "a.weight", ""),
        (r"re:conv(\d+)_weights=conv\1.weight", "conv12_weights", "conv12.weight"),
        (r"re:conv(\d+)=c\1", "conv1_weights", None),
        ("re:.*_tmp=", "a_tmp", ""),
        ("re:(?=a).*=b", "a", "b"),
    ],
)
def test_rules(rule: str, name: str, wanted: str | None) -> None:
    assert Rule.parse(rule).apply(name) == wanted


def test_rules_are_applied_one_after_the_other() -> None:
    rules = [Rule.parse("a=b"), Rule.parse("b=c"), Rule.parse("x=y")]
    assert apply_rules(rules, ["a.weight"]) == ["c.weight"]
    assert [rule.hits for rule in rules] == [{"a.weight"}, {"b.weight"}, set()]


def test_a_name_that_a_rule_is_for_comes_first() -> None:
    assert apply_rules([Rule.parse("fc.weight=w")], ["fc.w_0", "fc.weight"]) == ["w", "fc.w_0"]
    assert apply_rules([Rule.parse("fc.w_0=")], ["fc.w_0", "fc.weight"]) == [""]


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ("a", "'a' is no rule; one is OLD=NEW, re:PATTERN=NEW or OLD="),
        ("=b", "'=b' is no rule"),
        ("re:(=b", "its pattern or its new name missing ), unterminated subpattern"),
        (r"re:a=\2", r"its pattern or its new name invalid group reference 2"),
    ],
)
def test_what_is_no_rule(rule: str, told: str) -> None:
    with pytest.raises(RuleError) as caught:
        Rule.parse(rule)
    assert told in str(caught.value)


def test_a_file_of_rules() -> None:
    rules = read_rules("# names\n\na=b\n  re:x(.)=y\\1  \n")
    assert [rule.text for rule in rules] == ["a=b", "re:x(.)=y\\1"]
