"""Functions of the package as source that needs torch alone."""

from __future__ import annotations

import ast
import inspect
import math
import re
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from export.vendored_layers import checked_layers, every_layer, module_text, run
from paddle_compat.conformance.snippet_cases import TABLES
from paddle_compat.conformance.snippets import Snippet
from paddle_compat.export import vendor_plain
from paddle_compat.export.vendor import VendorError, vendored
from paddle_compat.export.vendor_gather import Use
from paddle_compat.export.vendor_modules import Symbol
from paddle_compat.export.vendor_names import references
from paddle_compat.export.vendor_naming import free_name
from paddle_compat.fluid import _attributes, layer_helper, layers
from paddle_compat.fluid.layers import layer_function_generator as ops
from paddle_compat.kernels import focal, global_sum
from paddle_compat.kernels.detection import boxes, psroi

ALL = [snippet for table in TABLES.values() for snippet in table]

# Refuses this package and Paddle, then executes modules; what fails is printed.
ALONE = """
import importlib, sys
class Refused:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("paddle_compat", "paddle"):
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Refused())
sys.path.insert(0, sys.argv[1])
for line in open(sys.argv[2]):
    module, name = line.split()
    made = getattr(importlib.import_module(module), name)
    assert made.__module__ == module and callable(made), line
print(len(sys.modules) > 0 and "paddle_compat" not in sys.modules)
"""


def _sample(snippets: Sequence[Snippet], count: int) -> list[Snippet]:
    """Return some snippets of each layer, from all over the tables."""
    places: dict[str, list[int]] = {}
    for place, snippet in enumerate(snippets):
        for name in re.findall(r"layers\.(\w+)\(|(\[)", snippet.source):
            places.setdefault("".join(name), []).append(place)
    kept = {found[i * len(found) // count] for found in places.values() for i in range(count)}
    return [snippets[place] for place in sorted(kept)]


def _layer(name: str) -> Callable[..., Any]:
    """Return a layer's own function by its name."""
    return next(s.function for s in every_layer() if s.function.__name__ == name)


def test_every_layer_stands_alone(tmp_path: Path) -> None:
    lines = []
    for number, spec in enumerate(every_layer()):
        found = vendored([spec.function])
        (tmp_path / f"layer_{number}.py").write_text(module_text(found), encoding="utf-8")
        lines.append(f"layer_{number} {found.names[spec.function]}\n")
    assert len(lines) > 180
    every = [spec.function for spec in every_layer()]
    found = vendored(every)
    assert len(set(found.names.values())) == len(every)
    (tmp_path / "together.py").write_text(module_text(found), encoding="utf-8")
    lines += [f"together {name}\n" for name in found.names.values()]
    listed = tmp_path / "listed"
    listed.write_text("".join(lines))
    done = subprocess.run(
        [sys.executable, "-I", "-c", ALONE, str(tmp_path), str(listed)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_vendored_source_is_clean() -> None:
    found = vendored([spec.function for spec in every_layer()])
    text = module_text(found)
    assert "paddle_compat" not in text
    assert not re.search(r"# *(noqa|type: ignore|fmt:)", text)
    done = subprocess.run(
        [
            *(sys.executable, "-m", "ruff", "check", "--isolated", "--no-cache"),
            *("--target-version=py310", "--output-format=concise"),
            # A list as a default value is 1.8's own; C416 is of calls that come down to nothing.
            *("--select=E,F,W,UP,B,C4,RET,SIM", "--ignore=E501,B006,C416", "-"),
        ],
        input=text,
        capture_output=True,
        text=True,
    )
    assert done.stdout == "All checks passed!\n"


def test_layers_that_need_numpy_are_known() -> None:
    needing = {
        spec.type
        for spec in every_layer()
        if any("numpy" in line for line in vendored([spec.function]).imports)
    }
    assert needing == {"range"}


def test_vendored_layers_compute_the_same_bits() -> None:
    with checked_layers(most=12) as checked:
        run(_sample(ALL, 3))
        names = {spec.function.__name__ for spec in checked.specs}
    assert checked.findings == []
    assert len(checked.calls) > 0.95 * len(names), names - set(checked.calls)


@pytest.mark.sweep
def test_vendored_layers_compute_the_same_bits_in_every_snippet() -> None:
    with checked_layers() as checked:
        run(ALL)
    assert checked.findings == []
    assert sum(checked.calls.values()) > 40000


def test_another_result_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    snippets = [s for s in ALL if "layers.softshrink(" in s.source][:3]
    with checked_layers() as checked:
        spec = next(spec for spec in checked.specs if spec.type == "softshrink")
        own = inspect.unwrap(spec.function).__globals__
        # The layer itself changes, and its twin does not.
        monkeypatch.setitem(own, "single", lambda value: value * 2)
        run(snippets)
    assert checked.findings
    assert "softshrink" in checked.findings[0]


def test_names_that_meet_are_changed() -> None:
    found = vendored([_layer("psroi_pool"), psroi.psroi_pool, _layer("sum"), ops.abs])
    names = list(found.names.values())
    assert names == [
        "psroi_pool",
        "psroi_pool_psroi",
        "sum_arithmetic",
        "abs_layer_function_generator",
    ]
    tree = ast.parse(found.source)
    defined = [node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))]
    assert len(set(defined)) == len(defined)
    assert not {"abs", "sum", "range"} & set(defined)  # Python's own


def test_a_name_that_is_hidden_where_it_is_used_is_not_taken() -> None:
    target = Symbol("paddle_compat.kernels.focal", "focal")

    def use(written: str) -> Use:
        return Use(ast.Name(written), written, target, frozenset({"focal", "x"}))

    assert free_name("focal", "kernels", set(), [use("kernels.focal")]) == "focal_kernels"
    # Python itself finds it there.
    assert free_name("focal", "kernels", set(), [use("focal")]) == "focal"
    assert free_name("focal", "kernels", {"focal", "focal_kernels"}, []) == "focal_kernels_2"


def test_taken_names_are_left_to_the_caller() -> None:
    found = vendored([focal.focal_loss], ["Focal", "focal_loss", "math"])
    assert found.names == {focal.focal_loss: "focal_loss_focal"}
    assert "class Focal_hyper" in found.source
    assert "import math as math_math" in found.imports


def test_given_imports_are_not_repeated() -> None:
    plain = vendored([focal.focal_loss])
    assert {"import torch", "from torch import Tensor"} <= set(plain.imports)
    given = ["import torch", "import torch.nn.functional as F", "from torch import Tensor as T"]
    found = vendored([focal.focal_loss], imports=given)
    assert not {"import torch", "from torch import Tensor"} & set(found.imports)
    assert "def focal_loss(logit: T, label: T, focal: Focal) -> T:" in found.source


def test_source_is_the_same_every_time() -> None:
    functions = [_layer("multiclass_nms"), _layer("_retinanet"), focal.focal_loss]
    assert vendored(functions) == vendored(functions)
    assert vendored(functions).source == vendored(functions).source


def test_comments_stay_and_docstrings_are_cut() -> None:
    found = vendored([layers.sigmoid_focal_loss])
    assert "# The smallest int32 wraps to the largest, which is background" in found.source
    assert '    """Return the sigmoid focal loss of every logit, for labels' in found.source
    assert "Source:" not in found.source
    assert "@layer" not in found.source
    assert "@dataclass(frozen=True)" in found.source
    assert "# Sigmoid focal loss: the one implementation behind every face.\n" in found.source


def test_functions_that_functions_made_are_written_out() -> None:
    found = vendored([ops.exp, ops.tanh_shrink, ops.sin])
    assert 'def exp(x: Tensor, name: str | None = None) -> Tensor:\n    check_tensor("exp"' in (
        found.source.replace("'", '"')
    )
    assert "    return x - torch.tanh(x)\n" in found.source
    assert "    return torch.sin(x)\n" in found.source


@pytest.mark.parametrize(
    ("function", "told"),
    [
        (len, "is no function that is written in Python"),
        (math.sin, "is no function that is written in Python"),
        (textwrap.dedent, "dedent is not written in this package"),
        (layers.retinanet_target_assign, "_retinanet of paddle_compat.* is called, and is no pla"),
        (_sample, "_sample is not written in this package"),
        (
            layer_helper.record_layer,
            "record_layer of paddle_compat.fluid.layer_helper has no use without a program",
        ),
        (
            layers.rank,
            "'from paddle_compat.fluid.layers.tensor import assign' cannot stand elsewhere",
        ),
    ],
)
def test_what_cannot_stand_alone_is_refused(function: Callable[..., Any], told: str) -> None:
    with pytest.raises(VendorError, match=told):
        vendored([function])


def _found(source: str) -> list[str]:
    [statement] = ast.parse(source).body
    return [reference.name for reference in references(statement)]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("def f(a, *b, c=d, **e): return a + b + c + e + g", ["d", "g"]),
        ("def f():\n a = b\n def c(): return a + c + x\n return c", ["b", "x"]),
        ("def f():\n for i, (j, *k) in n: pass\n return i + j + k", ["n"]),
        ("def f():\n with a as b, c: b\n try: d\n except e as g: g", ["a", "c", "d", "e"]),
        ("def f():\n import a.b, c as d\n from e import g as h\n return a, d, h, c, g", ["c", "g"]),
        ("def f(): return [a for b in c for a in b if (d := a)], d, b", ["c", "b"]),
        ("def f(): return lambda a, b=c: a + b + d", ["c", "d"]),
        ("class A(B, m=C):\n x = y\n def f(self): return x + self\n z = x", ["B", "C", "y", "x"]),
        ("def f():\n global a\n a = 1\n return a", ["a"]),
        (
            "def f():\n match a:\n  case {'k': b, **c}: return b, c\n  case [d, *e]: return d, e",
            ["a"],
        ),
        ("x: A = B", ["B", "A"]),
        ("@d\ndef f(a: T) -> U:\n b: V = w\n return b", ["d", "w", "T", "U", "V"]),
        ("def f(a): return f'{a} {b} {a!r:>{c}}'", ["b", "c"]),
    ],
)
def test_names_of_the_module_are_told_from_others(source: str, names: Iterable[str]) -> None:
    assert sorted(_found(source)) == sorted(names)


def test_annotations_are_told_from_what_is_evaluated() -> None:
    [statement] = ast.parse("def f(a: T = d) -> U:\n b: V = w\n return b").body
    told = {reference.name: reference.annotation for reference in references(statement)}
    assert told == {"T": True, "d": False, "U": True, "V": True, "w": False}


def test_twins_do_what_they_stand_for() -> None:
    bits = np.random.RandomState(0).randint(0, 2**63, 20000, dtype=np.uint64) * 2 + 1
    powers = 2.0 ** np.random.RandomState(1).uniform(-152, 130, 20000)
    edges = [0.0, -0.0, 2.0**-149, 2.0**-150, 3 * 2.0**-150, 3.4028235677973366e38, math.inf, 0.1]
    with np.errstate(all="ignore"):
        for value in [*bits.view(np.float64).tolist(), *powers.tolist(), *edges, 7, True]:
            ours, theirs = vendor_plain.single(value), _attributes.single(value)
            assert np.float64(ours).tobytes() == np.float64(theirs).tobytes() or ours != ours
    assert vendor_plain.as_torch_dtype("int64") is torch.int64
    assert vendor_plain.as_torch_dtype(torch.int8) is torch.int8
    for twin in vendor_plain.TWINS.values():
        assert callable(getattr(vendor_plain, twin))
    with pytest.raises(TypeError, match="gamma must be a number, but it is str"):
        vendor_plain.number("gamma", "2")
    assert vendor_plain.number("gamma", np.float32(0.5)) == 0.5


def test_what_tensors_know_themselves_is_asked_of_them() -> None:
    found = vendored([spec.function for spec in every_layer()])
    assert "stand_in" not in found.source
    assert "torch_dtype_of" not in found.source
    assert "{label.dtype}" in found.source or ".dtype != " in found.source


def test_modules_as_prefixes_become_names() -> None:
    found = vendored([layers.box_coder, global_sum.global_sum, boxes.decode])
    assert "kernel." not in found.source
    assert "pages." not in found.source
