"""All that is to be said about a file, and all its edits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from paddle_compat.port.diagnostics import Finding, rules
from paddle_compat.port.edits import Edit, apply, compatible
from paddle_compat.port.resolve import Module
from paddle_compat.port.rewrite.import_plan import import_edits
from paddle_compat.port.rewrite.imports import aliases
from paddle_compat.port.rewrite.naming import TorchName
from paddle_compat.port.rewrite.places import Place, accept, is_done, places
from paddle_compat.port.rewrite.said import Standing, about_imports, about_names, standings
from paddle_compat.port.rewrite.site import Rewrite

__all__ = ["Plan", "Standing", "Target", "plan"]

# Differences that the rewrite of the same call takes care of.
_MENDED = ("PC217", "PC218", "PC220")

Target = Literal["shim", "torch"]


@dataclass(slots=True)
class Plan:
    """What the porter makes of a file.

    Attributes:
        findings: all, by position.
        text: the rewritten text; the same text if nothing is rewritten.
        standings: for each Paddle name that is used, whether torch or the shim has it.
    """

    findings: list[Finding]
    text: str
    standings: list[tuple[str, Standing]] = field(default_factory=list)


def plan(module: Module, target: Target, chosen: frozenset[str] | None = None) -> Plan:
    """Plan the port of a file.

    Args:
        module: the file.
        target: where to.
        chosen: the codes whose findings count and whose fixes are made; None for all.
    """
    wanted = chosen if chosen is not None else frozenset(rules())
    imported = aliases(module)
    found = places(module) if target == "torch" else []
    accepted = accept(module, found)
    equal = {place.use for place in found if place.use and is_done(place)}
    if "PC010" in wanted:
        done = equal
    else:
        accepted, done = [], set()
    edits = [edit for place in accepted for edit in _edits(place)]
    findings = list(about_names(module, target, found, done))
    findings += about_imports(module, imported)
    if "PC002" in wanted or target == "torch":
        fixed, finished = import_edits(module, imported, target, edits, done, wanted)
        findings += fixed
    else:
        finished = [edit for edit in edits if not _needs_import(edit)]
    for each in rules().values():
        if each.check is not None and each.code in wanted:
            findings += each.findings(module)
    more = [f for f in findings if f.fix is not None and f.code.startswith("PC2")]
    for finding in more:
        if finding.fix is not None and compatible(finding.fix.edits, finished):
            finished += finding.fix.edits
    mended = {place.span for place in accepted}
    kept = [
        finding
        for finding in findings
        if finding.code in wanted and not (finding.code in _MENDED and finding.span in mended)
    ]
    kept.sort(key=lambda finding: (finding.span, finding.code))
    text = apply(module.source.text, finished) if finished else module.source.text
    return Plan(kept, text, standings(module, equal))


def _edits(place: Place) -> tuple[Edit, ...]:
    assert isinstance(place.outcome, Rewrite)
    return place.outcome.edits


def _needs_import(edit: Edit) -> bool:
    return any(isinstance(piece, TorchName) for piece in edit.pieces)
