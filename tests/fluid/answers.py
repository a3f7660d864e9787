"""Questions to both engines: asked in fresh programs, answered in JSON, compared number by number.

For Python 3.8 too: real Paddle's interpreter runs the scripts of questions that use this.
"""

import json
import math
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Dict

import numpy as np

Question = Callable[[Any], Any]
HERE = Path(__file__).parent


def told(value: Any) -> Any:
    """Return a value as JSON holds it."""
    if hasattr(value, "recursive_sequence_lengths"):
        return {"lengths": value.recursive_sequence_lengths(), "tensor": told(np.array(value))}
    if isinstance(value, np.ndarray):
        return {"dtype": str(value.dtype), "shape": list(value.shape), "values": value.tolist()}
    if isinstance(value, dict):
        return {key: told(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [told(item) for item in value]
    if isinstance(value, np.generic):
        return value.item()
    if value is None or isinstance(value, (str, int, float, bool)):
        return value
    return str(value)


def ask(fluid: Any, question: Question) -> Any:
    """Return the answer to a question, or the type of its error."""
    main, startup = fluid.Program(), fluid.Program()
    startup.random_seed = main.random_seed = 7
    os.environ.pop("CPU_NUM", None)
    try:
        with fluid.program_guard(main, startup), fluid.unique_name.guard():
            with fluid.scope_guard(fluid.Scope()):
                return told(question(fluid))
    except Exception as error:
        return "raises " + type(error).__name__
    finally:
        os.environ.pop("CPU_NUM", None)


def answer(questions: Dict[str, Question]) -> None:
    """Print real Paddle's answers."""
    import paddle.fluid  # type: ignore[import-untyped, unused-ignore]

    json.dump(
        {name: ask(paddle.fluid, question) for name, question in questions.items()}, sys.stdout
    )


def recorded(script: str) -> Any:
    """Return the answers of real Paddle that were written down."""
    return json.loads((HERE / f"{script}.paddle-1.8.5.json").read_text(encoding="utf-8"))


def live(python: Path, script: str) -> Any:
    """Return the answers that real Paddle gives now."""
    done = subprocess.run(
        [str(python), str(HERE / f"{script}.py")],
        stdout=subprocess.PIPE,
        check=True,
        timeout=240,
        env={"PYTHONPATH": str(HERE.parent), "OMP_NUM_THREADS": "1", "PATH": os.environ["PATH"]},
    )
    return json.loads(done.stdout)


def same(ours: Any, theirs: Any, tolerance: float) -> bool:
    """Tell whether answers agree, numbers within a relative and absolute tolerance."""
    if isinstance(theirs, float) and isinstance(ours, float):
        return math.isclose(ours, theirs, rel_tol=tolerance, abs_tol=tolerance) or (
            math.isnan(ours) and math.isnan(theirs)
        )
    if isinstance(theirs, dict) and isinstance(ours, dict):
        return list(ours) == list(theirs) and all(
            same(ours[key], theirs[key], tolerance) for key in theirs
        )
    if isinstance(theirs, list) and isinstance(ours, list):
        return len(ours) == len(theirs) and all(
            same(a, b, tolerance)
            for a, b in zip(ours, theirs)  # noqa: B905
        )
    return type(ours) is type(theirs) and bool(ours == theirs)


def write(python: Path, script: str) -> None:
    """Write real Paddle's answers down."""
    text = json.dumps(live(python, script), indent=1)
    (HERE / f"{script}.paddle-1.8.5.json").write_text(text + "\n", encoding="utf-8")
