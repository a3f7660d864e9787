"""The implementations that are timed; each is checked against the formula in double first."""

from __future__ import annotations

import subprocess
import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

import formula
import numpy as np
import torch
from measure import Peer, seconds_of
from torch import Tensor
from workload import Workload

__all__ = [
    "COMPILED",
    "COMPOSED",
    "PADDLE_1",
    "PADDLE_3",
    "CheckFailedError",
    "Expected",
    "Paddle1",
    "compiled",
    "expect",
    "import_paddle",
    "no_gradient",
    "paddle_3",
    "torch_peer",
]

COMPOSED, COMPILED = "composed", "compiled"
PADDLE_3, PADDLE_1 = "Paddle 3.3.1", "Paddle 1.8.5"
# Totals of float32 terms added in float32 lose digits; real Paddle's sums lose most.
TOTAL_TOLERANCE = 1e-2
GRADIENT_TOLERANCE = 1e-5


class CheckFailedError(AssertionError):
    """An implementation that does not compute the loss it is timed for."""


@dataclass(frozen=True)
class Expected:
    """The right total and gradient, and the largest weight any element has."""

    total: float
    gradient: Tensor
    weight: float

    def check(
        self, name: str, total: float, gradient: Tensor | None, tolerance: float | None = None
    ) -> None:
        """Raise CheckFailedError where these are not the right ones."""
        allowed = TOTAL_TOLERANCE if tolerance is None else tolerance
        if not abs(total - self.total) <= allowed * abs(self.total):
            raise CheckFailedError(f"{name}: the total is {total}, but it should be {self.total}")
        if gradient is None:
            return
        error = (gradient - self.gradient).abs().max().item() / self.weight
        if not error <= GRADIENT_TOLERANCE:
            raise CheckFailedError(f"{name}: the gradient is off by {error:.1e} of its weight")


def expect(
    work: Workload, label: Tensor, *, by_class: bool = False, mean: bool = False
) -> Expected:
    """Compute what every implementation of a problem has to give."""
    total, gradient = formula.reference(work.logit, label, work.foreground if by_class else None)
    divisor = float(work.elements) if mean else 1.0
    foreground = max(int(work.foreground.item()), 1) if by_class else 1
    return Expected(total / divisor, gradient.div_(divisor), 1 / (divisor * foreground))


def torch_peer(
    name: str,
    logit: Tensor,
    loss: Callable[[], Tensor],
    expected: Expected,
    tolerance: float | None = None,
) -> Peer:
    """Check a torch implementation; time its forward, sum and backward."""

    def step() -> Tensor:
        logit.grad = None
        result = loss()
        total = result.sum() if result.ndim else result
        total.backward()  # type: ignore[no-untyped-call]
        return total

    total = step().item()
    expected.check(name, total, logit.grad, tolerance)
    logit.grad = None

    def measured() -> None:
        step()
        logit.grad = None

    return Peer(name, seconds_of(measured))


def no_gradient(
    name: str, loss: Callable[[], Tensor], expected: Expected, tolerance: float | None = None
) -> Peer:
    """Check a torch implementation; time its forward alone, under `torch.no_grad`."""

    def step() -> Tensor:
        with torch.no_grad():
            result = loss()
            return result.sum() if result.ndim else result

    expected.check(name, step().item(), None, tolerance)
    return Peer(name, seconds_of(step))


def compiled(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Compile for the one shape that it will see: the most that the compiler can do."""
    return torch.compile(function, dynamic=False, fullgraph=True)


def paddle_3(
    paddle: Any, work: Workload, label: Tensor, reduction: str, expected: Expected, backward: bool
) -> Peer:
    """Check and time real Paddle 3.3.1's functional; `label` is dense, or [N, 1] class indices."""
    face = paddle.nn.functional
    x = paddle.to_tensor(work.logit.detach().numpy(), stop_gradient=not backward)
    y = paddle.to_tensor(label.numpy())
    foreground = paddle.to_tensor(work.foreground.numpy())
    classes = work.logit.shape[1]

    def total() -> Any:
        if label.shape == work.logit.shape:
            return face.sigmoid_focal_loss(x, y, reduction=reduction)
        one_hot = face.one_hot(y.squeeze(1).clip(min=0), classes + 1)[:, 1:]
        row = (y != -1).astype("float32") / foreground.clip(min=1).astype("float32")
        return (face.sigmoid_focal_loss(x, one_hot, reduction="none") * row).sum()

    def step() -> Any:
        result = total()
        if backward:
            x.clear_gradient(False)
            result.backward()
        return result

    value = float(step())
    gradient = torch.from_numpy(x.grad.numpy()) if backward else None
    expected.check(PADDLE_3, value, gradient)
    return Peer(PADDLE_3, seconds_of(step), slow=True)


class Paddle1:
    """Real Paddle 1.8.5's operator, in a process of its own that waits between its rounds."""

    def __init__(self, python: Path, work: Workload, expected: Expected) -> None:
        with tempfile.TemporaryDirectory() as folder:
            problem, gradient = Path(folder) / "problem.npz", Path(folder) / "gradient.npy"
            np.savez(
                problem,
                x=work.logit.detach().numpy(),
                label=work.label.numpy(),
                foreground=work.foreground.numpy(),
            )
            script = Path(__file__).with_name("paddle_1x.py")
            self._process = subprocess.Popen(
                [str(python), str(script), str(problem), str(gradient)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            answer = self._read().split()
            found = torch.from_numpy(np.load(gradient))
        if answer[:1] != ["ready"]:
            raise CheckFailedError(f"{PADDLE_1}: the worker did not start, it said {answer}")
        self.version = answer[1]
        expected.check(PADDLE_1, float(answer[2]), found)

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{PADDLE_1}: the worker ended with {self._process.wait()}")
        return line

    def _seconds(self) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write("run\n")
        self._process.stdin.flush()
        return float(self._read())

    def peer(self) -> Peer:
        """Return it as one more implementation to time."""
        return Peer(PADDLE_1, self._seconds, slow=True)

    def __enter__(self) -> Paddle1:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait()


def import_paddle() -> Any:
    """Import real Paddle; ImportError where it is not installed or another version."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import paddle
    version = paddle.__dict__["__version__"]
    if version != "3.3.1":
        raise ImportError(f"paddlepaddle {version} is installed, not 3.3.1")
    return paddle
