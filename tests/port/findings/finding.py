"""What the findings' tests share: a source's findings, and the source with their fixes made."""

from __future__ import annotations

import ast
import textwrap
from typing import NamedTuple

from paddle_compat.port.diagnostics import Finding, rules
from paddle_compat.port.edits import apply
from paddle_compat.port.resolve import Module, parse

IMPORTS = """\
import numpy as np
import paddle
import paddle.fluid as fluid
import paddle.nn.functional as F
import torch
L = fluid.layers
"""


class Told(NamedTuple):
    code: str
    text: str


def findings(module: Module, *codes: str) -> list[Finding]:
    """Return the semantic findings of a file, or those of some codes."""
    found = [
        finding
        for code, rule in rules().items()
        if code.startswith("PC2") and (not codes or code in codes)
        for finding in rule.findings(module)
    ]
    return sorted(found, key=lambda finding: (finding.span.start, finding.code))


def read(text: str) -> Module:
    return parse(IMPORTS + textwrap.dedent(text))


def told(text: str, *codes: str) -> list[Told]:
    """Return the code of each finding, and the text that it is at."""
    module = read(text)
    return [
        Told(finding.code, module.source.text[finding.span.start : finding.span.end])
        for finding in findings(module, *codes)
    ]


def codes(text: str) -> list[str]:
    return [each.code for each in told(text)]


def fixed(text: str, *only: str) -> str:
    """Return the source with the fixes made; it has to parse, and to need them no more."""
    module = read(text)
    edits = [edit for each in findings(module, *only) if each.fix for edit in each.fix.edits]
    assert edits
    changed = apply(module.source.text, edits)
    ast.parse(changed)
    assert not [each for each in findings(parse(changed), *only) if each.fix]
    return changed.removeprefix(IMPORTS)
