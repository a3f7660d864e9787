"""Snippets of legacy source, run by real Paddle 1.8 and by ours, and compared.

A snippet is source text over the names ``fluid``, ``layers``, ``np`` and its inputs. Both sides
run the same text by the same runner (`workers.fluid_program`); what they answer must agree.
"""

from __future__ import annotations

import importlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.oracles import SubprocessOracle
from paddle_compat.conformance.workers import fluid_program, wire
from paddle_compat.conformance.workers.fluid_program import PHASES, REPORT

__all__ = [
    "CHANCE",
    "Answer",
    "Differs",
    "Disagreement",
    "Outdated",
    "Snippet",
    "answer_ours",
    "answer_paddle",
    "check",
    "compare",
    "duplicates",
    "truth_of",
]

TOLERANCES: Mapping[str, float] = {"float16": 1e-3, "float32": 1e-6, "float64": 2e-15}
"""How far an element may be off, in units of the largest element of its array, by dtype.

Measured over every snippet here, the largest are 0.7e-6 and 0.5e-15. A snippet whose results are
long sums (convolutions, products of matrices, steps of training) allows a small multiple.
"""


CHANCE = "chance"
"""How an answer ends that is read from memory beyond a tensor: by numbers, or by a crash."""


@dataclass(frozen=True, eq=False)
class Differs:
    """A difference that is known and meant.

    Attributes:
        reason: what real Paddle does, and why ours does not.
        paddle: how real Paddle's answer ends: see `Answer.ending`; or `CHANCE`.
        ours: how ours ends.
        truth: the arrays that ours must answer where Paddle's are wrong, from the inputs.
        report: the entries of the report, by dotted path, that differ, with what ours says.
        id: its name in reports; empty until it is known of a snippet.
    """

    reason: str
    paddle: str = "ok"
    ours: str = "ok"
    truth: Callable[..., Mapping[str, Array]] | None = None
    report: Mapping[str, Any] = field(default_factory=dict)
    id: str = ""


@dataclass(frozen=True, eq=False)
class Snippet:
    """A piece of legacy source, and what is asked of it.

    Attributes:
        name: what it shows; unique within its table.
        source: the source. It leaves its results in ``out``: a variable, or a list or dict of
            them; for a training program ``loss`` and ``fetch``, a list; in a script ``answers``,
            arrays by name. Plain data left in ``facts`` is compared exactly.
        inputs: arrays, declared with their shape and dtype; with `steps`, their first axis
            counts the steps.
        wrt: the inputs whose gradient is asked for; every trainable parameter's always is.
        unknown: the axes of an input that are declared as -1.
        lods: the levels of detail that inputs are fed with, as lengths; unless None, the results'
            are compared too.
        seed: the programs' random seed.
        steps: how often a training program runs; 0 for a program that only computes.
        mode: a program; a script that builds and runs everything itself, with ``exe``; or the
            same layers on eager tensors.
        backward: whether gradients are asked for at all.
        terms: how many times the tolerance is allowed, for long sums.
        operations: whether the types of the recorded operations are compared too.
        differs: the known difference, where there is one.
    """

    name: str
    source: str
    inputs: Mapping[str, Array] = field(default_factory=dict)
    wrt: tuple[str, ...] = ()
    unknown: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    lods: Mapping[str, list[list[int]]] | None = None
    seed: int = 7
    steps: int = 0
    mode: Literal["static", "script", "eager"] = "static"
    backward: bool = True
    terms: float = 1.0
    operations: bool = False
    differs: Differs | None = None

    def to_wire(self) -> tuple[wire.Header, wire.Arrays]:
        """Split into a JSON header and arrays, as the runner reads it."""
        header: wire.Header = {
            "name": self.name,
            "source": self.source,
            "inputs": list(self.inputs),
            "wrt": list(self.wrt),
            "unknown": {name: list(axes) for name, axes in self.unknown.items()},
            "lods": self.lods,
            "seed": self.seed,
            "steps": self.steps,
            "mode": self.mode,
            "backward": self.backward,
        }
        return header, {f"input/{name}": array for name, array in self.inputs.items()}


@dataclass(frozen=True, eq=False)
class Answer:
    """What a snippet gave: facts about what was built, arrays, and how it ended.

    Attributes:
        report: ``kind`` is ok, error or crash; an error tells its phase, type, bases and
            message; what was built before it is told all the same.
        arrays: ``value/…``, ``gradient/…``, ``initial/…`` and ``final/…``.
    """

    report: Mapping[str, Any]
    arrays: Mapping[str, Array]

    @classmethod
    def from_wire(cls, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> Answer:
        """Read what the worker or the runner gave."""
        if header["kind"] != "ok":
            # Outside the runner: the process died, or the worker itself is wrong.
            return cls({**header, "phase": "process"}, {})
        report = json.loads(str(arrays[REPORT][()]))
        return cls(report, {name: array for name, array in arrays.items() if name != REPORT})

    def to_wire(self) -> tuple[dict[str, Any], dict[str, Array]]:
        """Undo `from_wire`: what a recording keeps of an answer."""
        if self.report["kind"] == "crash":
            return dict(self.report), {}
        return {"kind": "ok"}, {**self.arrays, REPORT: np.array(json.dumps(self.report))}

    @property
    def ending(self) -> str:
        """How it ended: ``ok``, ``crash SIGSEGV`` or ``TypeError at build``."""
        if self.report["kind"] == "ok":
            return "ok"
        if self.report["kind"] == "crash":
            return f"crash {self.report['error']}"
        return f"{self.report['error']} at {self.report['phase']}"

    @property
    def told(self) -> str:
        """The ending, with the message's last line."""
        lines = str(self.report.get("message", "")).strip().splitlines()
        return f"{self.ending}: {lines[-1]}" if lines else self.ending


class _EagerTorch:
    """How gradients are asked of our eager tensors, which are torch's."""

    def leaf(self, tensor: Any) -> Any:
        return tensor.requires_grad_()

    def backward(self, total: Any) -> None:
        total.sum().backward()

    def gradient(self, tensor: Any) -> Any:
        return tensor.grad

    def wants_gradient(self, tensor: Any) -> bool:
        return bool(tensor.requires_grad)


class Disagreement(str):
    """A disagreement in words; where it is about an element of arrays, with the numbers.

    Attributes:
        part: the array or the entry of the report; ``outcome`` where it is about the ending.
        elements: how many elements differ.
        worst: where the one is that is furthest off.
        ours: our number there.
        paddle: the other.
    """

    part: str = "outcome"
    elements: int = 0
    worst: tuple[int, ...] = ()
    ours: float | None = None
    paddle: float | None = None

    @classmethod
    def of(cls, part: str, told: str) -> Disagreement:
        """Return a disagreement about one part, told in words."""
        made = cls(f"{part}: {told}")
        made.part = part
        return made


class Outdated(Disagreement):
    """A declared difference that real Paddle does not show (any more)."""


def answer_paddle(oracle: SubprocessOracle, snippet: Snippet) -> Answer:
    """Run a snippet by real Paddle."""
    return Answer.from_wire(*oracle.ask(*snippet.to_wire()))


def answer_ours(snippet: Snippet) -> Answer:
    """Run a snippet by ours, in this process."""
    fluid = importlib.import_module("paddle_compat.fluid")
    answers = fluid_program.run_snippet(fluid, *snippet.to_wire(), _EagerTorch())
    return Answer.from_wire({"kind": "ok"}, answers)


def check(snippet: Snippet, ours: Answer, paddle: Answer) -> list[Disagreement]:
    """Hold ours to Paddle's answer, or to what is declared where they differ; empty is well."""
    if snippet.differs is None:
        return compare(snippet, ours, paddle)
    return _check_difference(snippet, snippet.differs, ours, paddle)


def compare(snippet: Snippet, ours: Answer, paddle: Answer) -> list[Disagreement]:
    """Tell every disagreement of two answers to one snippet."""
    if paddle.report["kind"] != "ok" or ours.report["kind"] != "ok":
        return _compare_errors(ours, paddle)
    findings = _compare_reports(snippet, ours.report, paddle.report)
    # The real executor fetches None for an array without elements; ours fetches the array.
    empty = {name for name in paddle.report.get("none", ()) if _is_empty(ours, name)}
    for name in sorted({*ours.arrays, *paddle.arrays} - empty):
        if name not in ours.arrays or name not in paddle.arrays:
            where = "Paddle" if name in ours.arrays else "ours"
            findings.append(Disagreement.of(name, f"{where} has none"))
            continue
        findings += compare_arrays(name, ours.arrays[name], paddle.arrays[name], snippet.terms)
    return findings


def _is_empty(answer: Answer, name: str) -> bool:
    return name in answer.arrays and answer.arrays[name].size == 0


def _compare_reports(
    snippet: Snippet, ours: Mapping[str, Any], paddle: Mapping[str, Any]
) -> list[Disagreement]:
    """Compare what was built: names, shapes, dtypes, flags, parameters, facts."""
    parts = ["outs", "parameters", "facts", "persistables", "lods"]
    if snippet.operations:
        parts += ["ops", "startup_ops"]
    findings = []
    for part in parts:
        mine, theirs = _flat(part, ours.get(part)), _flat(part, paddle.get(part))
        for path in sorted({*mine, *theirs}):
            if path not in mine or path not in theirs or mine[path] != theirs[path]:
                told = f"ours {mine.get(path, 'nothing')!r}, Paddle {theirs.get(path, 'nothing')!r}"
                findings.append(Disagreement.of(path, told))
    return findings


def _flat(path: str, value: Any) -> dict[str, Any]:
    """Flatten nested dicts to dotted paths."""
    if not isinstance(value, dict):
        return {} if value is None else {path: value}
    return {k: v for key, item in value.items() for k, v in _flat(f"{path}.{key}", item).items()}


def compare_arrays(name: str, ours: Array, paddle: Array, terms: float = 1.0) -> list[Disagreement]:
    """Compare two arrays: dtype, shape, where they are not finite, and the distance."""
    if ours.dtype != paddle.dtype or ours.shape != paddle.shape:
        told = (f"{array.dtype}{list(array.shape)}" for array in (ours, paddle))
        return [Disagreement.of(name, "ours {}, Paddle {}".format(*told))]
    if ours.dtype.kind != "f":
        bad = ours != paddle
        distance = bad.astype(np.float64)
    else:
        mine, theirs = ours.astype(np.float64), paddle.astype(np.float64)
        with np.errstate(invalid="ignore"):
            same = (mine == theirs) | (np.isnan(mine) & np.isnan(theirs))
            finite = theirs[np.isfinite(theirs)]
            scale = float(np.abs(finite).max()) if finite.size else 0.0
            apart = np.abs(mine - theirs)
            bad = ~same & ~(apart <= terms * TOLERANCES[ours.dtype.name] * scale)
        distance = np.where(bad, np.nan_to_num(apart, nan=np.inf), -1.0)
    if not bad.any():
        return []
    index = tuple(int(i) for i in np.unravel_index(int(distance.argmax()), bad.shape))
    found = Disagreement.of(
        name,
        f"{int(bad.sum())} of {bad.size} differ; at {index}: ours {ours[index]!r}, "
        f"Paddle {paddle[index]!r}",
    )
    found.elements, found.worst = int(bad.sum()), index
    found.ours, found.paddle = float(ours[index]), float(paddle[index])
    return [found]


# What Paddle raises by accident, deep inside: any clear refusal does for it.
_ACCIDENTS = frozenset(
    {
        "AttributeError",
        "IndexError",
        "KeyError",
        "NameError",
        "RuntimeError",
        "UnboundLocalError",
        "ZeroDivisionError",
    }
)


def accepted_errors(paddle: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the types that ours may raise for what Paddle raised."""
    names = (paddle["error"], *paddle["bases"])
    if "EnforceNotMet" in names:
        late = () if paddle["phase"] in ("build", "backward") else ("RuntimeError",)
        return ("ValueError", "TypeError", *late)
    if "AssertionError" in names:
        # What it says where a variable is due and a NumPy array came.
        mistaken = "could only be called in dygraph mode" in paddle["message"]
        return ("AssertionError", "ValueError", *(("TypeError",) if mistaken else ()))
    if _ACCIDENTS & set(names):
        return (paddle["error"], "ValueError", "TypeError")
    return (paddle["error"],)


def _compare_errors(ours: Answer, paddle: Answer) -> list[Disagreement]:
    """Compare endings that are not both a result: ours is never later than Paddle's."""
    told = [Disagreement(f"ours {ours.told}; Paddle {paddle.told}")]
    if ours.report["kind"] != "error" or paddle.report["kind"] != "error":
        return told
    mine = {ours.report["error"], *ours.report["bases"]}
    early = PHASES.index(ours.report["phase"]) <= PHASES.index(paddle.report["phase"])
    if early and ours.report["message"] and mine & set(accepted_errors(paddle.report)):
        return []
    return told


def _check_difference(
    snippet: Snippet, differs: Differs, ours: Answer, paddle: Answer
) -> list[Disagreement]:
    """Check that a declared difference is still there, and that ours is what it should be."""
    findings = []
    if not differs.reason:
        findings.append(Disagreement("a difference without a reason"))
    chance = differs.paddle == CHANCE
    if paddle.ending != differs.paddle and not chance:
        told = f"Paddle's ending is no longer {differs.paddle!r}: {paddle.told}"
        findings.append(Outdated(told))
    if ours.ending != differs.ours:
        findings.append(Disagreement(f"ours should end with {differs.ours!r}: {ours.told}"))
    if not findings and not chance and not compare(snippet, ours, paddle):
        findings.append(Outdated(f"the declared difference no longer occurs: {differs.reason}"))
    if ours.report["kind"] != "ok":
        return findings
    mine = {}
    for part, value in ours.report.items():
        mine.update(_flat(part, value))
    for path, wanted in differs.report.items():
        if mine.get(path) != wanted:
            told = f"ours {mine.get(path)!r}, should be {wanted!r}"
            findings.append(Disagreement.of(path, told))
    if differs.truth is None and not differs.report:
        silent = Disagreement("a difference of results that says nothing about ours")
        return [*findings, silent]
    truth = truth_of(snippet)
    for name, wanted in truth.items():
        if name not in ours.arrays:
            findings.append(Disagreement.of(name, "ours has none"))
        else:
            findings += compare_arrays(name, ours.arrays[name], wanted, snippet.terms)
    if chance:
        return findings
    return findings + _other_parts(snippet, differs, ours, paddle, truth)


def truth_of(snippet: Snippet) -> Mapping[str, Array]:
    """Return the arrays that are known to be right although Paddle's are not, by name."""
    if snippet.differs is None or snippet.differs.truth is None:
        return {}
    return snippet.differs.truth(**snippet.inputs)


def _other_parts(
    snippet: Snippet,
    differs: Differs,
    ours: Answer,
    paddle: Answer,
    truth: Mapping[str, Array],
) -> list[Disagreement]:
    """Compare what the declared difference does not speak of."""
    if paddle.report["kind"] != "ok":
        return []
    spoken = {*truth, *differs.report}
    return [found for found in compare(snippet, ours, paddle) if found.part not in spoken]


def duplicates(snippets: Sequence[Snippet]) -> list[str]:
    """Return the names that occur more than once."""
    names = [snippet.name for snippet in snippets]
    return sorted({name for name in names if names.count(name) > 1})
