"""Exports an example's losses as source, beside what its program gives: FOLDER fcos|retinanet."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np

from paddle_compat.run.process import prepare_process

prepare_process(None, None)
sys.path.insert(0, str(Path(__file__).parents[2] / "examples"))

import paddle.fluid as fluid  # noqa: E402

from paddle_compat import export  # noqa: E402

SIZE, SEED = 64, 1


def fcos() -> tuple[Any, dict[str, Any]]:
    """Build FCOS; return its loss and a feed."""
    import fcos_data
    import fcos_fluid

    loss = fcos_fluid.build(SIZE, "giou")["loss"]
    return loss, fcos_data.make_batch(np.random.RandomState(SEED), 2, SIZE)


def retinanet() -> tuple[Any, dict[str, Any]]:
    """Build RetinaNet; return its loss and a feed."""
    import retinanet_data
    import retinanet_fluid

    inputs = retinanet_fluid.declare_inputs(SIZE)
    loss = retinanet_fluid.build_losses(retinanet_fluid.build_network(inputs), inputs)["loss"]
    drawn = retinanet_data.scenes(np.random.RandomState(SEED), 2, SIZE)
    return loss, retinanet_fluid.feed_of(drawn)


def main(folder: Path, name: str) -> None:
    """Write the source, and the inputs, the loss and the gradients as npz."""
    program, startup = fluid.Program(), fluid.Program()
    startup.random_seed = SEED
    with fluid.program_guard(program, startup), fluid.unique_name.guard():
        loss, feed = {"fcos": fcos, "retinanet": retinanet}[name]()
        pairs = fluid.backward.append_backward(loss)
    executor = fluid.Executor(fluid.CPUPlace())
    executor.run(startup)
    values = executor.run(program, feed=feed, fetch_list=[loss, *(grad for _, grad in pairs)])
    source = export.to_source(program, [loss])
    source.write(folder / "made.py")
    arrays = {"loss": values[0]}
    for (parameter, _), value in zip(pairs, values[1:], strict=True):
        where = source.held[parameter.name]
        arrays[f"gradient {where.key}"] = value.T if where.transposed else value
    for wanted in source.inputs:
        held = feed[wanted.removesuffix("_lod")]
        if wanted.endswith("_lod"):
            arrays[f"input {wanted}"] = np.array(held.recursive_sequence_lengths()[0])
        else:
            arrays[f"input {wanted}"] = np.array(held)
    np.savez(folder / "given.npz", **arrays)


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
