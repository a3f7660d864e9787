"""The scans behind a report's plots: each loss along the logit, and a mean along its length.

    python -m paddle_compat.conformance.scans

records what every version of real Paddle answers, as `record` does for the other calls.

A scan goes from a logit of -40 to 40 for one gamma and dtype, with both hard labels: far enough
to see where ``1 - p`` has lost its last digit (16.6355 in float32, 36.74 in float64), with more
points there, and with both zeros. The points are the same numbers in both dtypes, so an exact
value serves them all.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import numpy as np

from paddle_compat.conformance import cases, exact, vectors_file
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Array, Call, Json, Outcome
from paddle_compat.conformance.exact import Quantity, Truth
from paddle_compat.conformance.oracles import OracleUnavailable, SubprocessOracle
from paddle_compat.conformance.provision import provision
from paddle_compat.conformance.record import VERSIONS, faces_of
from paddle_compat.conformance.vectors_file import Recording, Vectors, save
from paddle_compat.conformance.verify.model import Curve

__all__ = [
    "LENGTHS",
    "VECTORS",
    "curves",
    "is_scan",
    "main",
    "points",
    "record",
    "scan_calls",
    "truth",
]

VECTORS = vectors_file.VECTORS.with_name("scans.json")
LENGTHS = (10, 30, 100, 300, 1000, 3000, 10_000, 30_000, 100_000)
"""The numbers of equal elements whose mean is taken."""

_BITS = (24, 25, 53, 54)
"""``1 + e^-x`` and ``1 - p`` round to 1 from so many ``log 2`` on, in float32 and float64."""


def points() -> Array:
    """Return the logits in rising order, -0 before 0; each is a float32 too."""
    even = np.arange(-40.0, 40.5, 0.5)
    # Both sides of where digits run out, in multiples of 1/64: exact in both dtypes.
    inside = np.floor(64 * np.log(2) * np.array(_BITS)) / 64
    walls = np.concatenate([inside, inside + 1 / 64])
    near = [-0.25, -0.0625, 0.0625, 0.25]
    rising = np.sort(np.concatenate([even[even != 0], walls, -walls, near]))
    return np.insert(rising, np.searchsorted(rising, 0.0), [-0.0, 0.0])


def scan_calls(face: str) -> list[Call]:
    """Return the scans of a function; of none but the two losses there are any."""
    if face not in (FLUID, FUNCTIONAL):
        return []
    calls = [_along_logits(face, dtype, g) for dtype in cases.DTYPES for g in cases.GAMMAS]
    return calls + [_mean(length) for length in LENGTHS if face == FUNCTIONAL]


def _along_logits(face: str, dtype: str, gamma: float) -> Call:
    x = points().astype(dtype)[:, None]
    attrs: dict[str, Json] = {"gamma": gamma}
    name = f"scan ({dtype}, gamma={gamma})"
    if face == FLUID:
        label = np.repeat(np.array([0, 1], np.int32), x.size)[:, None]
        inputs = {"x": np.concatenate([x, x]), "label": label, "fg_num": np.ones(1, np.int32)}
        return Call(f"fluid {name}", face, inputs, attrs, ("x",))
    label = np.broadcast_to(np.array([0, 1], dtype), (x.size, 2)).copy()
    inputs = {"logit": np.repeat(x, 2, axis=1), "label": label}
    return Call(f"functional {name}", face, inputs, {**attrs, "reduction": "none"}, ("logit",))


def _mean(length: int) -> Call:
    logit = np.full((1, length), 0.3, np.float32)
    inputs = {"logit": logit, "label": np.zeros_like(logit)}
    name = f"functional scan (float32, mean of {length})"
    return Call(name, FUNCTIONAL, inputs, {"reduction": "mean"})


def is_scan(call: Call) -> bool:
    """Tell whether a call, recorded or not, is one of these."""
    return call.name.startswith(("fluid scan (", "functional scan ("))


@lru_cache(maxsize=256)
def truth(call: Call) -> Truth:
    """Return the exact answer to a scan: a mean of equal elements costs no more than one of them.

    Raises:
        ValueError: the call is no scan.
    """
    if not is_scan(call):
        raise ValueError(f"truth: {call.name!r} is no scan; ask exact.evaluate")
    if not call.wrt:
        one = {name: array[:, :1] for name, array in call.inputs.items()}
        return exact.evaluate(Call(call.name, call.face, one, call.attrs))
    return exact.evaluate(call)


def curves(call: Call, ours: Outcome, paddle: Outcome, version: str) -> list[Curve]:
    """Return how far the two answers to a scan are from the exact value: a curve a label and part.

    Errors are rounded to four digits. A mean gives a curve of one point; `joined` makes one curve
    of several. Where either side gave no result there is none, and for a call that is no scan.

    Args:
        call: the scan.
        ours: what we answered.
        paddle: what real Paddle answered.
        version: its version.
    """
    if not is_scan(call) or ours.value is None or paddle.value is None:
        return []
    right = truth(call)
    logit = call.inputs["x" if call.face == FLUID else "logit"]
    gamma = call.attrs.get("gamma", 2.0)
    assert isinstance(gamma, int | float)

    def curve(part: str, label: float, at: Array) -> Curve:
        if part == "value":
            quantity, arrays = right.value, (ours.value, paddle.value)
        else:
            quantity = right.gradients[part]
            arrays = (ours.gradients[part], paddle.gradients[part])
        mine, theirs = (_errors(quantity, array, at) for array in arrays if array is not None)
        return Curve(
            api=call.face,
            version=version,
            dtype=logit.dtype.name,
            gamma=float(gamma),
            label=label,
            part="value" if part == "value" else "gradient",
            axis="logit" if call.wrt else "elements",
            x=tuple(logit[at].tolist() if call.wrt else [float(logit.size)]),
            exact=tuple(quantity.high[at].ravel().tolist()),
            ours=mine,
            paddle=theirs,
        )

    if not call.wrt:
        return [curve("value", float(call.inputs["label"].flat[0]), np.asarray(True))]
    labels = np.broadcast_to(call.inputs["label"], logit.shape)
    return [
        curve(part, label, labels == label)
        for label in (0.0, 1.0)
        for part in ("value", *right.gradients)
    ]


def _errors(quantity: Quantity, got: Array, at: Array) -> tuple[float | None, ...]:
    """Return the absolute errors at some places; None where an answer is nan or inf alone."""
    errors = quantity.error(got)[at].ravel()
    return tuple(float(f"{error:.3e}") if np.isfinite(error) else None for error in errors)


def record(versions: Sequence[str]) -> Vectors:
    """Ask every version for the scans of the loss that it has.

    Raises:
        OracleUnavailable: with the reason, when one of the versions cannot be had here.
    """
    asked = {face: scan_calls(face) for face in (FLUID, FUNCTIONAL)}
    vectors = Vectors(calls=[*asked[FLUID], *asked[FUNCTIONAL]])
    start = {FLUID: 0, FUNCTIONAL: len(asked[FLUID])}
    for version in versions:
        [face] = asked.keys() & set(faces_of(version))
        environment = provision(version)
        vectors.builds[version] = Recording(environment.wheel, environment.sha256)
        with SubprocessOracle(environment.python, version) as oracle:
            answers = oracle.evaluate(asked[face])
        vectors.outcomes[version] = dict(enumerate(answers, start[face]))
    return vectors


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 when it is done, 2 when it cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m paddle_compat.conformance.scans",
        description="Re-records the scans behind a report's plots from real Paddle.",
    )
    parser.add_argument("--versions", nargs="+", default=list(VERSIONS), metavar="VERSION")
    parser.add_argument("--out", type=Path, default=VECTORS, help="the JSON file to write")
    options = parser.parse_args(arguments)
    try:
        vectors = record(options.versions)
    except OracleUnavailable as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    save(vectors, options.out)
    size = sum(path.stat().st_size for path in (options.out, options.out.with_suffix(".npz")))
    print(f"{options.out}: {len(vectors.calls)} scans, {size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
