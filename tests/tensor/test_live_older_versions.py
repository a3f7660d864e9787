"""Where older Paddles differ from 3.3.1, which the tensor functions follow: the guide's list."""

from __future__ import annotations

import json
import os
import subprocess

import pytest

import paddle_compat
from paddle_compat.conformance.oracles import OracleUnavailable
from paddle_compat.conformance.provision import provision

from .test_live_parity import outcome

pytestmark = pytest.mark.live

# A call, what 2.6.2 and 3.0.0 give, and what 3.3.1 and we give: dtype with values, or the error.
DIFFERENT: list[tuple[str, str, str, str]] = [
    (
        "P.to_tensor([P.to_tensor(1.5), 2.5])",
        "float32 [1.5, 2.5]",
        "float32 [1.5, 2.5]",
        "float64 [1.5, 2.5]",
    ),
    ("P.to_tensor([P.to_tensor(1, dtype='int32')])", "int64 [1]", "int64 [1]", "int32 [1]"),
    (
        "P.cast(P.to_tensor(1.1, 'bfloat16'), 'float32')",
        "float32 1.09375",
        "float32 1.09375",
        "float32 1.1015625",
    ),
    (
        "P.greater_equal(P.to_tensor([0.1]), P.to_tensor([0.1], 'float64'))",
        "ValueError",
        "bool [true]",
        "bool [true]",
    ),
    (
        "P.greater_equal(P.to_tensor([1.5]), P.to_tensor(1))",
        "ValueError",
        "bool [true]",
        "bool [true]",
    ),
    (
        "P.sum(P.to_tensor([60000.0, 60000.0, -60000.0], 'float16'))",
        "float16 Infinity",
        "float16 Infinity",
        "float16 60000.0",
    ),
    (
        "P.cast(P.sum(P.to_tensor([1.0] * 4000, 'bfloat16')), 'float32')",
        "float32 1024.0",
        "float32 1024.0",
        "float32 4000.0",
    ),
    ("P.sum(P.cast(P.to_tensor([]), 'int32'))", "ValueError", "int32 0", "int64 0"),
]
SCRIPT = """
import json, sys, warnings
warnings.simplefilter("ignore")
import paddle as P
answers = []
for call in json.load(sys.stdin):
    try:
        result = eval(call)
    except Exception as error:
        answers.append(type(error).__name__)
    else:
        dtype = str(result.dtype).split(".")[-1]
        answers.append(dtype + " " + json.dumps(result.numpy().tolist()))
print("ANSWERS", json.dumps(answers))
"""


@pytest.mark.parametrize(("version", "column"), [("2.6.2", 1), ("3.0.0", 2)])
def test_older_paddle_differs_as_listed(version: str, column: int) -> None:
    try:
        python = provision(version, create=False).python
    except OracleUnavailable as reason:
        pytest.skip(str(reason))
    done = subprocess.run(
        [str(python), "-c", SCRIPT],
        input=json.dumps([row[0] for row in DIFFERENT]),
        env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    [line] = [text for text in done.stdout.splitlines() if text.startswith("ANSWERS")]
    assert json.loads(line.removeprefix("ANSWERS ")) == [row[column] for row in DIFFERENT]


@pytest.mark.parametrize("row", DIFFERENT, ids=[row[0] for row in DIFFERENT])
def test_ours_and_3_3_1_give_the_last_column(real_paddle: object, row: tuple[str, ...]) -> None:
    for package in (paddle_compat, real_paddle):
        dtype, shape, values, _ = outcome(package, row[0])
        shown = json.dumps(
            [json.loads(v.lower()) for v in values] if shape else json.loads(values[0])
        )
        assert f"{dtype} {shown}" == row[3]
