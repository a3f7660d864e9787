"""What writes files, each for a process that writes without end until it is killed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import paddle_compat
from paddle_compat import fluid

SIZE = 200_000


def started() -> tuple[Any, Any]:
    """Return a program with one variable, and an executor."""
    main = fluid.Program()
    with fluid.program_guard(main, fluid.Program()), fluid.unique_name.guard():
        fluid.layers.create_global_var([SIZE], 0.0, "float32", True, name="w")
    return main, fluid.Executor(fluid.CPUPlace())


def tensor() -> Any:
    return fluid.global_scope().var("w").get_tensor()


def from_scope(load: Callable[[], Any]) -> Any:
    with fluid.scope_guard(fluid.Scope()):
        load()
        return np.array(tensor())


def state(array: Any) -> dict[str, Any]:
    return {"w": paddle_compat.to_tensor(np.array(array))}


Write = Callable[[str, Any, Any], Any]
Read = Callable[[str, Any, Any], Any]
# By name: how the scope's variable is written, and how it is read again.
WRITERS: dict[str, tuple[Write, Read]] = {
    "save_persistables": (
        lambda root, main, exe: fluid.io.save_persistables(exe, root, main),
        lambda root, main, exe: from_scope(lambda: fluid.io.load_persistables(exe, root, main)),
    ),
    "save_persistables into one file": (
        lambda root, main, exe: fluid.io.save_persistables(exe, root, main, "all"),
        lambda root, main, exe: from_scope(
            lambda: fluid.io.load_persistables(exe, root, main, "all")
        ),
    ),
    "fluid.save": (
        lambda root, main, exe: fluid.save(main, f"{root}/model"),
        lambda root, main, exe: from_scope(lambda: fluid.load(main, f"{root}/model", exe)),
    ),
    "paddle.save": (
        lambda root, main, exe: paddle_compat.save(state(tensor()), f"{root}/m.pdparams"),
        lambda root, main, exe: paddle_compat.load(f"{root}/m.pdparams")["w"].numpy(),
    ),
    "paddle.save of records": (
        lambda root, main, exe: paddle_compat.save(
            state(tensor())["w"], f"{root}/w", use_binary_format=True
        ),
        lambda root, main, exe: paddle_compat.load(f"{root}/w").numpy(),
    ),
    "a directory": (
        lambda root, main, exe: fluid.io.save_persistables(exe, root, main),
        lambda root, main, exe: fluid.io.load_program_state(root)["w"],
    ),
}


def write_without_end(name: str, root: str, ready: Any) -> None:
    """Write one value after the other; tell once there is a file."""
    write, _ = WRITERS[name]
    main, exe = started()
    step = 0
    while True:
        step += 1
        tensor().set(np.full([SIZE], step, "float32"), fluid.CPUPlace())
        write(root, main, exe)
        if step == 1:
            assert any(Path(root).iterdir())
            ready.set()
