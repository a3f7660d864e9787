"""What Paddle's weights are called in torch: suffixes, batch normalizations, and rules of users."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

__all__ = ["Rule", "RuleError", "apply_rules", "optimizer_state", "read_rules", "standard_names"]

Array = np.ndarray[Any, Any]
Norm = tuple[str, str, str, str]

_ROLES = ("weight", "bias", "running_mean", "running_var")
_LAYER_SUFFIXES = {"_mean": "running_mean", "_variance": "running_var"}
# Scale, bias, mean and variance, as the functions of 1.x name them, and as its models do.
_NORM_SUFFIXES = (
    (".w_0", ".b_0", ".w_1", ".w_2"),
    ("_scale", "_offset", "_mean", "_variance"),
)
_SUFFIX = re.compile(r"(?P<layer>.+)\.(?P<kind>[wb])_0")
_ACCUMULATOR = re.compile(
    r"(?P<parameter>.+?)_(velocity|moment|moment1|moment2|beta1_pow_acc|beta2_pow_acc|inf_norm"
    r"|momentum|mean_square|mean_grad|_avg_squared_grad|_avg_squared_update|squared|linear)_\d+"
)
_COUNTER = re.compile(r"@[A-Z_]+@|(create_parameter_)?learning_rate_\d+")


class RuleError(ValueError):
    """A rule for names is none: the message says what one looks like."""


@dataclass(eq=False)
class Rule:
    r"""How some names are changed.

    Attributes:
        text: as it was written.
        old: a name, or the layers that it begins with; or a pattern for the whole name.
        new: what replaces that; for a pattern with ``\1`` for its groups. Empty: leave it out.
        hits: the names that it has changed.
    """

    text: str
    old: str | re.Pattern[str]
    new: str
    hits: set[str] = field(default_factory=set)

    @classmethod
    def parse(cls, text: str) -> Rule:
        """Read ``OLD=NEW`` or ``re:PATTERN=NEW``; what follows the last ``=`` is new.

        Raises:
            RuleError: the text is no rule.
        """
        old, equals, new = text.rpartition("=")
        old, new = old.strip(), new.strip()
        if not equals or not old:
            raise RuleError(f"{text!r} is no rule; one is OLD=NEW, re:PATTERN=NEW or OLD= ")
        if not old.startswith("re:"):
            return cls(text, old, new)
        try:
            pattern = re.compile(old[3:])
            re.sub(pattern, new, "")
        except re.error as error:
            raise RuleError(f"{text!r} is no rule: its pattern or its new name {error}") from None
        return cls(text, pattern, new)

    def apply(self, name: str) -> str | None:
        """Return the new name, empty to leave it out; None where the rule is not for it."""
        if isinstance(self.old, re.Pattern):
            found = self.old.fullmatch(name)
            return None if found is None else found.expand(self.new)
        if name == self.old:
            return self.new
        if name.startswith(f"{self.old}."):
            return self.new and self.new + name[len(self.old) :]
        return None


def read_rules(text: str) -> list[Rule]:
    """Read a file of rules: one a line; empty lines and those that begin with ``#`` are none.

    Raises:
        RuleError: a line is no rule.
    """
    lines = (line.strip() for line in text.splitlines())
    return [Rule.parse(line) for line in lines if line and not line.startswith("#")]


def apply_rules(rules: Sequence[Rule], candidates: Sequence[str]) -> list[str]:
    """Return what a weight's names become, those first that more rules are for.

    Args:
        rules: each is applied to what the ones before it have made.
        candidates: the names that a weight may have.

    Returns:
        The new names; of one that is left out, an empty one alone.
    """
    names = [(0, candidate) for candidate in candidates]
    for rule in rules:
        changed = []
        for hits, name in names:
            new = rule.apply(name)
            if new is not None:
                rule.hits.add(name)
            if new == "":
                return [""]
            changed.append((hits, name) if new is None else (hits + 1, new))
        names = changed
    ordered = sorted(names, key=lambda item: -item[0])
    return list(dict.fromkeys(name for _, name in ordered))


def standard_names(
    arrays: Mapping[str, Array], norms: Iterable[Norm] = ()
) -> tuple[dict[str, str], list[str]]:
    """Return torch's names for Paddle's, and the batch normalizations among them.

    ``bn._mean`` and ``bn._variance`` are ``bn.running_mean`` and ``bn.running_var``;
    ``batch_norm_0.w_0``, ``.b_0``, ``.w_1`` and ``.w_2`` are weight, bias, mean and variance where
    all four are there and have one shape, as are ``bn_scale``, ``bn_offset``, ``bn_mean`` and
    ``bn_variance``; other ``.w_0`` and ``.b_0`` are ``.weight`` and ``.bias``.

    Args:
        arrays: by Paddle's names.
        norms: the batch normalizations that a program has.

    Returns:
        The names that change, by the old ones; and the layers with a mean and a variance.
    """
    names: dict[str, str] = {}
    layers: list[str] = []
    for layer, group in _norm_groups(arrays, norms):
        names.update(zip(group, (f"{layer}.{role}" for role in _ROLES), strict=True))
        layers.append(layer)
    for name in arrays:
        if name in names:
            continue
        layer, dot, last = name.rpartition(".")
        if last in _LAYER_SUFFIXES:
            names[name] = f"{layer}{dot}{_LAYER_SUFFIXES[last]}"
            if last == "_mean":
                layers.append(layer)
        elif found := _SUFFIX.fullmatch(name):
            kind = "weight" if found["kind"] == "w" else "bias"
            names[name] = f"{found['layer']}.{kind}"
    return names, layers


def _norm_groups(arrays: Mapping[str, Array], norms: Iterable[Norm]) -> Iterable[tuple[str, Norm]]:
    taken: set[str] = set()
    known = [(_common(group), group) for group in norms]
    for suffixes in _NORM_SUFFIXES:
        last = suffixes[-1]
        layers = [name[: -len(last)] for name in arrays if name.endswith(last)]
        for layer in layers:
            scale, bias, mean, variance = (f"{layer}{suffix}" for suffix in suffixes)
            known.append((layer, (scale, bias, mean, variance)))
    for layer, group in known:
        if not layer or not taken.isdisjoint(group) or not all(name in arrays for name in group):
            continue
        shapes = {arrays[name].shape for name in group}
        if len(shapes) == 1 and len(next(iter(shapes))) == 1:
            taken.update(group)
            yield layer, group


def _common(names: Norm) -> str:
    """Return the layer's name that four names begin with; empty where they have none."""
    length = 0
    for letters in zip(*names, strict=False):
        if len(set(letters)) > 1:
            break
        length += 1
    begin = names[0][:length]
    # Of bn_mean and bn_moving_var only whole words are common.
    words = re.match(r"(.*)[._]", begin)
    return words[1].rstrip("._") if words else ""


def optimizer_state(names: Iterable[str]) -> list[str]:
    """Return the names that are an optimizer's: accumulators of parameters, rates and counters."""
    known = set(names)
    found = []
    for name in names:
        accumulator = _ACCUMULATOR.fullmatch(name)
        if (accumulator and accumulator["parameter"] in known) or _COUNTER.fullmatch(name):
            found.append(name)
    return found
