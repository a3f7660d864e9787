"""Every example in a docstring runs and prints what it says; the public functions have one."""

from __future__ import annotations

import doctest
import importlib
import inspect
import pkgutil
from typing import Any

import pytest

import paddle_compat

WITH_EXAMPLE = [
    "to_tensor",
    "cast",
    "sum",
    "greater_equal",
    "fluid.layers.sigmoid_focal_loss",
    "nn.functional.sigmoid_focal_loss",
    "nn.SigmoidFocalLoss",
]


def modules() -> list[str]:
    found = pkgutil.walk_packages(paddle_compat.__path__, "paddle_compat.")
    # The workers run in the interpreter of another Paddle, and import it.
    names = [m.name for m in found if ".workers" not in m.name and not m.name.endswith("__main__")]
    return ["paddle_compat", *names]


@pytest.mark.parametrize("name", modules())
def test_docstring_examples(name: str) -> None:
    result = doctest.testmod(importlib.import_module(name), optionflags=doctest.ELLIPSIS)
    assert result.failed == 0


def find(path: str) -> Any:
    value: Any = paddle_compat
    for part in path.split("."):
        value = getattr(value, part)
    return value


@pytest.mark.parametrize("path", WITH_EXAMPLE)
def test_public_function_has_a_summary_line_and_an_example(path: str) -> None:
    documentation = inspect.getdoc(find(path))
    assert documentation
    summary = documentation.split("\n\n")[0]
    assert "\n" not in summary
    assert summary.endswith(".")
    assert doctest.DocTestParser().get_examples(documentation)
