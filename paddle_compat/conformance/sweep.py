"""The exhaustive sweep: every float32 as logit, against the exact value and real Paddle.

Run it with ``python -m paddle_compat.conformance.sweep``. The 2^31 magnitudes stand for all 2^32
bit patterns: each is taken with both signs and both labels, value and gradient. A strided run
takes every so many-th magnitude, and all those near the places where something changes.

An element that passes the screen (`sweep_screen`), or differs from Paddle where the ledger says
why, is done; what is left over is judged by `compare`, with mpmath, exactly as in the parity
tests.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib.metadata import PackageNotFoundError
from importlib.metadata import version as installed_version

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from paddle_compat.conformance import compare, exact, ours, quirks
from paddle_compat.conformance.call import FLUID, FUNCTIONAL, Array, Call, Json, Outcome
from paddle_compat.conformance.oracles import Oracle, OracleUnavailable, open_oracle, release
from paddle_compat.conformance.sweep_screen import CEILING, Side, Tally, reference, screen

__all__ = ["COMPLETE", "LANDMARKS", "Sweep", "main"]

COMPLETE = 1 << 31
"""The number of magnitudes: bit patterns without the sign."""

_INFINITY = 0x7F800000
# Magnitudes of a chunk. Four elements each: as many as stay in cache in Paddle and in the screen.
_CHUNK = 1 << 16
# A chunk leaves a handful to `compare` at most; beyond this the kernel is broken, and to judge
# billions of elements with mpmath would tell no more.
_JUDGED = 16
_ENOUGH = 50

LANDMARKS = (
    0.0,
    float(np.finfo(np.float32).tiny),
    1e-7,
    1.0,
    *(24 * np.log(2), 25 * np.log(2), 50 * np.log(2)),  # where Paddle's 1 - p, its p become 0 or 1
    CEILING,
    *(128 * np.log(2), 149 * np.log(2), 150 * np.log(2)),  # where e^x overflows, e^-x underflows
    np.inf,
)
"""Magnitudes near which a strided run takes every neighbour."""


@dataclass
class Sweep:
    """One face, held to the exact value and, where there is an oracle, to a real Paddle."""

    face: str
    oracle: Oracle | None = None
    gamma: float = 2.0
    alpha: float = 0.25
    tallies: dict[tuple[int, str], Tally] = field(default_factory=dict)
    findings: list[str] = field(default_factory=list)

    @property
    def quantities(self) -> tuple[str, str]:
        """The parts of an answer: the value, and the logit whose gradient it is."""
        return "value", "x" if self.face == FLUID else "logit"

    def weight(self, label: int) -> float:
        """Return what the loss of this label is multiplied by, a float32."""
        if self.face == FUNCTIONAL and not label:
            return float(np.float32(1 - self.alpha))
        alpha = float(np.float32(self.alpha))
        return alpha if label else 1 - alpha

    def run(self, bits: npt.NDArray[np.uint32]) -> None:
        """Check a chunk of magnitudes; either all of them are nan, or none."""
        magnitude = bits.view(np.float32)
        logits = np.stack([magnitude, np.negative(magnitude)])
        call = self._call(logits)
        mine = self._answer(ours.evaluate([call])[0], "paddle_compat")
        theirs = None
        if self.oracle is not None:
            theirs = self._answer(self.oracle.evaluate([call])[0], "Paddle")
        if bits.size and np.isnan(magnitude[0]):
            self._check_nan(mine, theirs)
            return
        sides = reference(torch.from_numpy(magnitude).double(), float(np.float32(self.gamma)))
        for label in (0, 1):
            for sign in (0, 1):
                # A positive at +m is a negative at -m, but for the sign of its slope.
                side = sides[sign ^ label]
                here = {part: array[label, sign] for part, array in mine.items()}
                there = theirs and {part: array[label, sign] for part, array in theirs.items()}
                self._check(label, logits[sign], side, here, there)

    def _call(self, logits: Array) -> Call:
        """Ask for both labels of [2, n] logits at once."""
        attrs: dict[str, Json] = {"gamma": self.gamma, "alpha": self.alpha}
        if self.face == FLUID:
            # One row a logit: column 0 is its positive, column 1 is not.
            x = np.repeat(logits.reshape(-1, 1), 2, axis=1)
            label = np.ones((len(x), 1), np.int32)
            inputs = {"x": x, "label": label, "fg_num": np.ones(1, np.int32)}
            return Call("sweep", FLUID, inputs, attrs, ("x",))
        logit = np.stack([logits, logits])
        label = np.zeros_like(logit)
        label[1] = 1
        attrs["reduction"] = "none"
        return Call("sweep", FUNCTIONAL, {"logit": logit, "label": label}, attrs, ("logit",))

    def _answer(self, outcome: Outcome, who: str) -> dict[str, Array]:
        """Return both parts as [label, sign, n] arrays."""
        if outcome.value is None:
            raise RuntimeError(f"{who} does not answer: {outcome}")
        parts = {"value": outcome.value, **outcome.gradients}
        if self.face == FLUID:
            return {
                part: array.reshape(2, -1, 2).transpose(2, 0, 1)[::-1]
                for part, array in parts.items()
            }
        return parts

    def _check_nan(self, mine: Mapping[str, Array], theirs: Mapping[str, Array] | None) -> None:
        """Find nan logits that do not give nan, in everything and from everyone."""
        for part in self.quantities:
            for label in (0, 1):
                array = mine[part][label]
                good = np.isnan(array)
                if theirs is not None:
                    good &= np.isnan(theirs[part][label])
                tally = Tally(elements=array.size)
                self.tallies.setdefault((label, part), Tally()).add(tally)
                if not good.all():
                    many = int((~good).sum())
                    self._find(f"label {label} · {part}: {many} nan logits do not give nan")

    def _check(
        self,
        label: int,
        logits: Array,
        side: Side,
        mine: Mapping[str, Array],
        theirs: Mapping[str, Array] | None,
    ) -> None:
        """Screen the values and gradients of one label, and judge what is left over."""
        weight = self.weight(label)
        loss = side.loss.clamp_max(CEILING) if self.face == FLUID and label else side.loss
        value, gradient = self.quantities
        truths = {value: loss * weight, gradient: side.slope * (-weight if label else weight)}
        judged: set[int] = set()
        for part, truth in truths.items():
            tally = self.tallies.setdefault((label, part), Tally())
            failed = self._screen(part, label, logits, truth, mine, theirs, tally)
            tally.judged += len(failed)
            if failed and len(self.findings) >= _ENOUGH:
                self._find(f"label {label} · {part}: {len(failed)} more, not judged, from here")
                continue
            if len(failed) > _JUDGED:
                self._find(f"label {label} · {part}: {len(failed) - _JUDGED} not judged, from here")
            judged.update(failed[:_JUDGED])
        for index in sorted(judged):
            self._judge(label, logits[index : index + 1], index, mine, theirs)

    def _screen(
        self,
        part: str,
        label: int,
        logits: Array,
        truth: Tensor,
        mine: Mapping[str, Array],
        theirs: Mapping[str, Array] | None,
        tally: Tally,
    ) -> list[int]:
        """Return the elements of one part that neither pass nor are excused by the ledger."""
        weight = self.weight(label)
        bound = compare.tolerance(self.face, part, np.dtype(np.float32))
        few = compare.ULPS * (1 + abs(self.gamma))
        own = torch.from_numpy(mine[part])
        other = None if theirs is None else torch.from_numpy(theirs[part])
        failed, passed = screen(own, other, truth, weight, bound, few)
        tally.add(passed)
        if failed is None:
            return []
        where = failed.nonzero().flatten()
        if other is not None and self.oracle is not None:
            answer = other[where]
            call = self._one_label(logits[where.numpy()], label)
            excuse = quirks.excused(call, part, answer.numpy()[:, None], self.oracle.version)
            excused = torch.from_numpy(excuse[:, 0])
            failed, passed = screen(own[where], answer, truth[where], weight, bound, few, excused)
            tally.add(replace(passed, excused=passed.elements))
            where = where[:0] if failed is None else where[failed]
        return [int(index) for index in where]

    def _one_label(self, logits: Array, label: int) -> Call:
        """Ask for one label of these logits."""
        attrs: dict[str, Json] = {"gamma": self.gamma, "alpha": self.alpha}
        name = f"label {label} at {logits[0]!r}"
        column = logits.reshape(-1, 1)
        if self.face == FLUID:
            classes = np.full(column.shape, label, np.int32)
            inputs = {"x": column, "label": classes, "fg_num": np.ones(1, np.int32)}
            return Call(name, FLUID, inputs, attrs, ("x",))
        inputs = {"logit": column, "label": np.full_like(column, label)}
        return Call(name, FUNCTIONAL, inputs, {**attrs, "reduction": "none"}, ("logit",))

    def _judge(
        self,
        label: int,
        logit: Array,
        index: int,
        mine: Mapping[str, Array],
        theirs: Mapping[str, Array] | None,
    ) -> None:
        """Leave one element to the comparison that the parity tests use."""
        call = self._one_label(logit, label)
        value, gradient = self.quantities

        def outcome(answer: Mapping[str, Array]) -> Outcome:
            got, slope = (answer[part][index].reshape(1, 1) for part in (value, gradient))
            return Outcome("ok", got, {gradient: slope})

        if theirs is not None and self.oracle is not None:
            version = self.oracle.version
            found = compare.compare(call, outcome(mine), outcome(theirs), version)
        else:
            truth = exact.evaluate(call)
            own = outcome(mine)
            assert own.value is not None
            found = compare.compare_with_truth(call, value, own.value, truth.value)
            found += compare.compare_with_truth(
                call, gradient, own.gradients[gradient], truth.gradients[gradient]
            )
        for finding in found:
            self._find(str(finding))

    def _find(self, finding: str) -> None:
        self.findings.append(f"{self.face}: {finding}")


def chunks(
    first: int, last: int, stride: int, size: int = _CHUNK
) -> Iterator[npt.NDArray[np.uint32]]:
    """Yield the magnitudes of a range, so many at a time; no piece mixes numbers and nan."""
    everything = range(first, last, stride)
    numbers = len(range(first, min(last, _INFINITY + 1), stride))
    for part in (everything[:numbers], everything[numbers:]):
        for start in range(0, len(part), size):
            piece = part[start : start + size]
            yield np.arange(piece.start, piece.stop, stride, dtype=np.uint32)


def landmarks(reach: int = 2048) -> Iterator[npt.NDArray[np.uint32]]:
    """Yield the magnitudes within so many bit patterns of a landmark."""
    centres = np.asarray(LANDMARKS, np.float32).view(np.uint32).astype(np.int64)
    near = np.unique((centres[:, None] + np.arange(-reach, reach + 1)).clip(0))
    numbers = near <= _INFINITY
    for part in (near[numbers], near[~numbers]):
        yield part.astype(np.uint32)


def table(sweeps: Sequence[Sweep]) -> str:
    """Return what was measured, as text."""
    lines = [
        "                                                   distance / scale of the row     "
        "in eps of the exact value",
        f"{'face':11}{'label':>6} {'part':9}{'elements':>12}{'ours-exact':>13}{'Paddle-exact':>13}"
        f"{'ours-Paddle':>13}{'ours-exact':>12}{'worse by':>10}"
        f"{'excused':>10}{'judged':>8}",
    ]
    for sweep in sweeps:
        for (label, part), tally in sorted(sweep.tallies.items(), key=lambda item: item[0][0]):
            theirs = ["-"] * 3
            if sweep.oracle is not None:
                theirs = [f"{tally.paddle:.2e}", f"{tally.apart:.2e}", f"{tally.worse:.2f}"]
            name = "fluid" if sweep.face == FLUID else "functional"
            what = "value" if part == "value" else "gradient"
            lines.append(
                f"{name:11}{label:>6} {what:9}{tally.elements:>12}{tally.error:>13.2e}"
                f"{theirs[0]:>13}{theirs[1]:>13}{tally.relative:>12.2f}{theirs[2]:>10}"
                f"{tally.excused:>10}{tally.judged:>8}"
            )
    return "\n".join(lines)


def _bits(text: str) -> int:
    """Read a bit pattern, decimal or hexadecimal."""
    return int(text, 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m paddle_compat.conformance.sweep", description=__doc__.split("\n\n")[0]
    )
    pace = parser.add_mutually_exclusive_group()
    pace.add_argument("--complete", action="store_true", help="every magnitude (under an hour)")
    pace.add_argument("--stride", type=int, default=2099, help="every so many-th one (%(default)s)")
    parser.add_argument("--face", choices=("both", "functional", "fluid"), default="both")
    parser.add_argument(
        "--oracle",
        action="append",
        help="a version of real Paddle, or none; below 2.5 it answers for the fluid face, else for "
        "the functional one; may be repeated (default: the installed version)",
    )
    parser.add_argument("--gamma", type=float, default=2.0, help="(%(default)s)")
    parser.add_argument("--alpha", type=float, default=0.25, help="(%(default)s)")
    parser.add_argument(
        "--first", type=_bits, default=0, help="the first magnitude's bit pattern (%(default)#x)"
    )
    parser.add_argument(
        "--last", type=_bits, default=COMPLETE, help="where to stop, exclusive (%(default)#x)"
    )
    parser.add_argument("--threads", type=int, default=1, help="(%(default)s)")
    return parser


def _open(stack: ExitStack, wanted: Sequence[str] | None) -> dict[str, Oracle]:
    """Return the oracles by face."""
    try:
        here = installed_version("paddlepaddle")
    except PackageNotFoundError:
        here = "none"
    found = {}
    for version in wanted or [here]:
        if version != "none":
            oracle = stack.enter_context(open_oracle(version, in_process=version == here))
            found[FLUID if release(version) < (2, 5) else FUNCTIONAL] = oracle
    return found


def _progress(started: float, done: int, bits: int, total: int) -> str:
    seconds = time.monotonic() - started
    left = seconds * (total - done) / done / 60
    rate = 2 * done / seconds / 1e6
    return (
        f"{100 * done / total:6.2f} %  {rate:.2f} million logits/s  {left:.1f} min left  "
        f"(to go on from here: --first {bits:#x})"
    )


def _run(sweeps: Sequence[Sweep], args: argparse.Namespace) -> None:
    """Check all chunks; twice a minute tell how far it is."""
    stride = 1 if args.complete else args.stride
    total, done = len(range(args.first, args.last, stride)), 0
    started = told = time.monotonic()
    for bits in chunks(args.first, args.last, stride):
        for sweep in sweeps:
            sweep.run(bits)
        done += len(bits)
        if time.monotonic() - told > 30:
            told = time.monotonic()
            count = sum(len(sweep.findings) for sweep in sweeps)
            progress = _progress(started, done, int(bits[-1]) + stride, total)
            print(f"{progress}  findings: {count}", file=sys.stderr, flush=True)
    if not args.complete:
        for bits in landmarks():
            for sweep in sweeps:
                sweep.run(bits)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the sweep; 0 if nothing was found, 1 if something was, 2 if it cannot run."""
    args = _parser().parse_args(argv)
    torch.set_num_threads(args.threads)
    os.environ.setdefault("OMP_NUM_THREADS", str(args.threads))
    faces = {"both": (FUNCTIONAL, FLUID), "functional": (FUNCTIONAL,), "fluid": (FLUID,)}
    with ExitStack() as stack:
        try:
            oracles = _open(stack, args.oracle)
        except OracleUnavailable as error:
            print(f"error: {error}", file=sys.stderr)
            return 2
        sweeps = [
            Sweep(face, oracles.get(face), args.gamma, args.alpha) for face in faces[args.face]
        ]
        started = time.monotonic()
        _run(sweeps, args)
    for sweep in sweeps:
        who = f"real Paddle {sweep.oracle.version} and " if sweep.oracle else ""
        print(f"{sweep.face}, held to {who}the exact value")
    print(f"gamma {args.gamma:g}, alpha {args.alpha:g}, {time.monotonic() - started:.0f} s\n")
    print(table(sweeps))
    findings = [finding for sweep in sweeps for finding in sweep.findings]
    for finding in findings[:_ENOUGH]:
        print(finding)
    print(f"\n{len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    raise SystemExit(main())
