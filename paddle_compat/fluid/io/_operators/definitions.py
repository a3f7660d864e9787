"""What Paddle 1.8.5 defines of each operator: its slots and attributes, with their defaults.

Recorded from the real one in ``definitions.json``, by ``tools/operator_definitions.py``.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from paddle_compat.checkpoints.program_desc import AttrType

__all__ = ["REQUIRED", "Definition", "Slot", "definition_of"]

REQUIRED = object()
"""The default of an attribute that has none."""


@dataclass(frozen=True)
class Slot:
    """Where an operator's inputs or outputs are given.

    Attributes:
        name: its name.
        several: whether it takes a list.
        optional: whether it may be empty.
    """

    name: str
    several: bool
    optional: bool


@dataclass(frozen=True)
class Definition:
    """An operator of Paddle.

    Attributes:
        inputs: its input slots.
        outputs: its output slots.
        attrs: the type and the default of each attribute, by name.
    """

    inputs: Mapping[str, Slot]
    outputs: Mapping[str, Slot]
    attrs: Mapping[str, tuple[AttrType, Any]]


@functools.cache
def _recorded() -> Mapping[str, Any]:
    path = Path(__file__).with_name("definitions.json")
    found: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


@functools.cache
def definition_of(type: str) -> Definition:
    """Return an operator's definition, of 1.8.5 or of what came later.

    Raises:
        KeyError: it is not recorded.
    """
    if type not in _recorded():
        from paddle_compat.fluid.io._operators.newer import DEFINITIONS

        return DEFINITIONS[type]
    found = _recorded()[type]
    return Definition(
        {slot.name: slot for slot in map(_slot, found["inputs"])},
        {slot.name: slot for slot in map(_slot, found["outputs"])},
        {
            name: (AttrType[kind], default[0] if default else REQUIRED)
            for name, (kind, *default) in found["attrs"].items()
        },
    )


def _slot(text: str) -> Slot:
    """Read a slot: ``X*`` takes a list, ``X?`` may be empty."""
    return Slot(text.rstrip("*?"), "*" in text, "?" in text)
