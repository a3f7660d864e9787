"""The migration guide agrees with the ledger, with the errors that cite it, and with Paddle."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest

import paddle_compat
from paddle_compat import UnsupportedAPIError
from paddle_compat.conformance.compare import TOLERANCES
from paddle_compat.conformance.quirks import LEDGER

GUIDE = (Path(__file__).parents[2] / "migration_guide.md").read_text(encoding="utf-8")
HEADINGS = re.findall(r"^#+ (.*)$", GUIDE, re.MULTILINE)


def test_every_quirk_of_the_ledger_is_in_the_guide() -> None:
    for quirk in LEDGER:
        assert f"| `{quirk.id}` |" in GUIDE


def modules_with_errors() -> list[str]:
    found = pkgutil.walk_packages(paddle_compat.__path__, "paddle_compat.")
    names = ["paddle_compat", *(m.name for m in found if ".workers" not in m.name)]
    return [n for n in names if "__getattr__" in vars(importlib.import_module(n))]


def test_every_package_that_speaks_for_paddle_refuses_unknown_names() -> None:
    assert set(modules_with_errors()) >= {
        "paddle_compat",
        "paddle_compat.fluid",
        "paddle_compat.fluid.layers",
        "paddle_compat.nn",
        "paddle_compat.nn.functional",
        "paddle_compat.tensor",
        "paddle_compat.framework",
    }


@pytest.mark.parametrize("module", modules_with_errors())
def test_section_that_an_error_cites_exists(module: str) -> None:
    with pytest.raises(UnsupportedAPIError) as caught:
        importlib.import_module(module).no_such_name  # noqa: B018
    assert caught.value.path == f"paddle{module.removeprefix('paddle_compat')}.no_such_name"
    cited = re.search(r"See migration_guide\.md, section '(.*)'\.$", str(caught.value))
    assert cited is not None
    assert cited[1] in HEADINGS


def test_headings_are_unique() -> None:
    assert len(HEADINGS) == len(set(HEADINGS))


def test_error_bounds_that_the_guide_names_are_the_largest_of_the_table() -> None:
    assert "stays below 2e-6 in float32 and 1e-14 in float64" in GUIDE
    for dtype, named in (("float32", 2e-6), ("float64", 1e-14)):
        assert max(bound for (*_, of), bound in TOLERANCES.items() if of == dtype) == named


@pytest.mark.live
def test_functional_signature_is_real_paddles(real_paddle: Any) -> None:
    assert not hasattr(real_paddle.nn, "SigmoidFocalLoss"), "the guide says that Paddle has none"
    real = inspect.signature(real_paddle.nn.functional.sigmoid_focal_loss).parameters
    ours = inspect.signature(paddle_compat.nn.functional.sigmoid_focal_loss).parameters
    assert [(p.name, p.default) for p in ours.values()] == [
        (p.name, p.default) for p in real.values()
    ]
