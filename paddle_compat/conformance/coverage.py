"""Which public names the cases exercise: read from the cases' own source.

A snippet names what it uses, as ``layers.relu(x)`` or ``fluid.optimizer.SGD(0.1)``; the runner
uses names of the engine for it. Both are parsed, and what they name is looked up in this package.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import paddle_compat
from paddle_compat import fluid
from paddle_compat.conformance.call import FACES, Call
from paddle_compat.conformance.public_names import aliases, public_names
from paddle_compat.conformance.record import calls_of
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippets import Snippet
from paddle_compat.conformance.workers import fluid_program

__all__ = ["ELSEWHERE", "Elsewhere", "covered", "named_by", "names_of", "public_names"]


@dataclass(frozen=True)
class Elsewhere:
    """Why no case exercises a name, and the test that does.

    Attributes:
        reason: what keeps it out of the cases.
        test: the test's file and name, as pytest takes them.
    """

    reason: str
    test: str


_OF_2 = "a function of Paddle 2 and 3 on whole tensors: no loss, and no legacy program"
_TENSORS = Elsewhere(_OF_2, "tests/tensor/test_live_parity.py::test_call_has_real_paddles_outcome")
_FILES = Elsewhere(
    "a file format of Paddle 2 and 3: compared to the byte",
    "tests/framework/test_saved_states.py::test_each_side_reads_what_the_other_writes",
)
_DTYPE = Elsewhere(
    "a name for a dtype of torch's",
    "tests/tensor/test_live_parity.py::test_dtype_names_are_real_paddles",
)
_CUDA = Elsewhere(
    "its answer is the machine's: the recorded build of Paddle is for the CPU",
    "tests/conformance/test_coverage.py::test_the_names_of_cuda_answer_as_the_machine",
)
_DTYPES = (
    *("bool", "uint8", "int8", "int16", "int32", "int64"),
    *("float16", "bfloat16", "float32", "float64", "complex64", "complex128"),
)

ELSEWHERE: Mapping[str, Elsewhere] = {
    **dict.fromkeys(("cast", "greater_equal", "sum", "to_tensor"), _TENSORS),
    **dict.fromkeys(("load", "save"), _FILES),
    **dict.fromkeys(_DTYPES, _DTYPE),
    "fluid.core.get_cuda_device_count": _CUDA,
    "fluid.cuda_pinned_places": _CUDA,
    "fluid.cuda_places": _CUDA,
    "fluid.is_compiled_with_cuda": _CUDA,
}
"""By public name: what is tested, but by no case."""


def names_of(case: Snippet | Call) -> frozenset[str]:
    """Return the public names that a case exercises."""
    if isinstance(case, Call):
        return frozenset({case.face})
    return named_by(case) | _runner_names(_runner_parts(case))


def named_by(snippet: Snippet) -> frozenset[str]:
    """Return the public names in a snippet's own source."""
    return _source_names(snippet.source)


@lru_cache(maxsize=1)
def covered() -> Mapping[str, int]:
    """Return how many cases exercise each public name; 0 where none does."""
    counts = dict.fromkeys(public_names(), 0)
    calls = [call for face in FACES for call in calls_of(face)]
    snippets = [snippet for table in TABLES.values() for snippet in table]
    cases: list[Snippet | Call] = [*calls, *snippets]
    for case in cases:
        for name in names_of(case):
            counts[name] += 1
    return counts


@lru_cache(maxsize=16384)
def _source_names(source: str) -> frozenset[str]:
    """Return the public names in a snippet's source; none where it does not parse."""
    given = {"fluid": fluid, "layers": fluid.layers, "exe": fluid.Executor}
    try:
        return _names(ast.parse(source), given)
    except SyntaxError:
        return frozenset()


def _names(tree: ast.AST, given: Mapping[str, Any]) -> frozenset[str]:
    """Return the public names that code reads, from what it starts with."""
    known = dict(given)
    for node in ast.walk(tree):
        known.update(_bound(node, known))
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute | ast.Name) and isinstance(node.ctx, ast.Load):
            for item in _chain(node, known):
                found |= aliases().get(id(item), frozenset())
    return frozenset(found)


def _bound(node: ast.AST, known: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a statement gives a name: an import, or another name of a module or class."""
    if isinstance(node, ast.Import):
        return {
            alias.asname or alias.name.partition(".")[0]: _paddle(
                alias.name if alias.asname else alias.name.partition(".")[0]
            )
            for alias in node.names
            if alias.name.split(".")[0] == "paddle"
        }
    if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "paddle":
        home = _paddle(node.module or "")
        return {a.asname or a.name: getattr(home, a.name, None) for a in node.names}
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Attribute | ast.Name):
        items = list(_chain(node.value, known))
        if items and items[-1] is not None:
            return {t.id: items[-1] for t in node.targets if isinstance(t, ast.Name)}
    return {}


def _paddle(dotted: str) -> Any:
    """Return the module of ours that stands for one of Paddle's."""
    found: Any = paddle_compat
    for part in dotted.split(".")[1:]:
        found = getattr(found, part, None)
    return found


def _chain(node: ast.expr, known: Mapping[str, Any]) -> Iterator[Any]:
    """Yield what each link of ``a.b.c`` is, as far as it leads."""
    links: list[str] = []
    while isinstance(node, ast.Attribute):
        links.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name) or node.id not in known:
        return
    item = known[node.id]
    yield item
    for link in reversed(links):
        item = inspect.getattr_static(item, link, None)
        if item is None:
            return
        yield item


def _runner_parts(snippet: Snippet) -> tuple[str, ...]:
    """Return the runner's functions that a snippet goes through."""
    if snippet.mode == "eager":
        return ("_run_eager",)
    parts = ["_run_static"]
    if snippet.mode == "script":
        return (*parts, "_run_script")
    if snippet.inputs:
        parts.append("_declare")
    if snippet.lods:
        parts.append("_feeds")
    if snippet.backward and snippet.wrt and not snippet.steps:
        parts.append("_differentiate")
    return tuple(parts)


@lru_cache(maxsize=64)
def _runner_names(functions: tuple[str, ...]) -> frozenset[str]:
    """Return the names of the engine in functions of the runner: how it asks is no layer's case."""
    tree = ast.parse(inspect.getsource(fluid_program))
    bodies = [
        node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name in functions
    ]
    assert len(bodies) == len(functions)
    given = {"fluid": fluid, "executor": fluid.Executor}
    found = frozenset().union(*(_names(body, given) for body in bodies))
    return frozenset(name for name in found if not name.startswith("fluid.layers."))
