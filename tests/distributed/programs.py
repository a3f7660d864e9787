"""What each process of the tests of programs runs; started by torchrun, or as Paddle's launcher.

python programs.py FOLDER CASE
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from paddle_compat import fluid

STEPS, ROWS = 6, 8
DATA = np.random.RandomState(3).randn(ROWS, 5).astype("float32")
NAMES = ("w0", "b0", "w1", "b1")


def decayed() -> Any:
    rate = fluid.layers.piecewise_decay([3, 5], [0.4, 0.1, 0.02])
    return fluid.layers.linear_lr_warmup(rate, 2, 0.05, 0.4)


def limited() -> dict[str, Any]:
    return {
        "regularization": fluid.regularizer.L2Decay(0.05),
        "grad_clip": fluid.clip.GradientClipByGlobalNorm(0.2),
    }


OPTIMIZERS: dict[str, Callable[[], Any]] = {
    "sgd": lambda: fluid.optimizer.SGD(0.2),
    "momentum": lambda: fluid.optimizer.Momentum(decayed(), 0.9, **limited()),
    "adam": lambda: fluid.optimizer.Adam(decayed(), **limited()),
}


class Net:
    """A small network; its parameters depend on the seed."""

    def __init__(self, optimizer: str, seed: int, extra: int = 0, norm: bool = False) -> None:
        self.main, startup = fluid.Program(), fluid.Program()
        startup.random_seed = seed
        with fluid.program_guard(self.main, startup), fluid.unique_name.guard():
            x = fluid.data("x", [None, 5])
            hidden = fluid.layers.fc(x, 6 + extra, act="tanh", param_attr="w0", bias_attr="b0")
            if norm:
                hidden = fluid.layers.batch_norm(hidden)
            out: Any = fluid.layers.fc(hidden, 3, param_attr="w1", bias_attr="b1")
            self.loss: Any = fluid.layers.mean(out * out)
            self.test = self.main.clone(for_test=True)
            OPTIMIZERS[optimizer]().minimize(self.loss)
        self.exe = fluid.Executor(fluid.CPUPlace())
        self.exe.run(startup)

    def compiled(self, **options: Any) -> Any:
        return fluid.CompiledProgram(self.main).with_data_parallel(self.loss.name, **options)

    def train(self, program: Any, rows: slice, steps: int = STEPS) -> dict[str, Any]:
        """Return the losses and what was trained."""
        losses = [
            self.exe.run(program, feed={"x": DATA[rows] * (1 + step)}, fetch_list=[self.loss])[0]
            for step in range(steps)
        ]
        scope = fluid.global_scope()
        values = {name: scope.find_var(name) for name in NAMES}
        trained = {name: np.array(held.get_tensor()) for name, held in values.items() if held}
        return {"losses": np.array(losses), **trained}


def run_all(rank: int, world: int) -> dict[str, Any]:
    """Run every case as one of several processes."""
    share = ROWS // world
    rows = slice(rank * share, (rank + 1) * share)
    results: dict[str, Any] = {}

    def case(name: str, net: Net, program: Any, rows: slice) -> None:
        results.update((f"{name} {k}", v) for k, v in net.train(program, rows).items())

    for name in OPTIMIZERS:
        with fluid.scope_guard(fluid.Scope()):
            # Each process begins with parameters of its own: the first one's are taken.
            net = Net(name, seed=5 + rank)
            case(name, net, net.compiled(), rows)
    with fluid.scope_guard(fluid.Scope()):
        net = Net("momentum", seed=5)
        case("places", net, net.compiled(places=[fluid.CPUPlace()] * 2), rows)
    with fluid.scope_guard(fluid.Scope()):
        net = Net("momentum", seed=5)
        case("uneven", net, net.compiled(), slice(0, 6) if rank == 0 else slice(6, 8))
    with fluid.scope_guard(fluid.Scope()):
        net = Net("sgd", seed=5)
        strategy = fluid.BuildStrategy()
        strategy.gradient_scale_strategy = strategy.GradientScaleStrategy.One
        strategy.num_trainers = world
        case("added", net, net.compiled(build_strategy=strategy), rows)
        if rank == 0:
            # Others need not test too.
            test = fluid.CompiledProgram(net.test).with_data_parallel()
            (loss,) = net.exe.run(test, feed={"x": DATA}, fetch_list=[net.loss.name])
            results["tested"] = loss
    with fluid.scope_guard(fluid.Scope()):
        net = Net("sgd", seed=5, norm=True)
        strategy = fluid.BuildStrategy()
        strategy.sync_batch_norm = True
        case("synchronized", net, net.compiled(build_strategy=strategy), rows)
    with fluid.scope_guard(fluid.Scope()):
        net = Net("sgd", seed=5)
        case("alone", net, net.main, rows)
    return results


def main() -> None:
    """Run a case; what it gives goes into the folder."""
    folder, case = Path(sys.argv[1]), sys.argv[2]
    rank = int(os.environ.get("RANK", os.environ.get("PADDLE_TRAINER_ID", "0")))
    if case == "all":
        world = int(os.environ["WORLD_SIZE"])
        np.savez(folder / f"rank{rank}.npz", **run_all(rank, world))
    elif case == "fails":
        net = Net("sgd", seed=5)
        program = net.compiled()
        net.train(program, slice(0, 4), steps=1)
        if rank == 1:
            raise KeyError("what this process did wrong")
        net.train(program, slice(0, 4))
    elif case == "differs":
        net = Net("sgd", seed=5, extra=rank)
        net.train(net.compiled(), slice(0, 4))


if __name__ == "__main__":
    main()
