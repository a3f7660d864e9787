"""Parameters and buffers of a module, under the names that they have in Paddle.

A name such as ``conv2d_0.w_0`` is the parameter ``w_0`` of a submodule ``conv2d_0``. The few names
that cannot be attributes so are kept under others; the state dict has Paddle's all the same.
"""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from torch import Tensor, nn

__all__ = ["attribute_paths", "hold", "name_in_state"]


def attribute_paths(names: Iterable[str]) -> dict[str, str]:
    """Return where each value lies, as a dotted path of attributes; mostly its name.

    Args:
        names: of all values of a module.
    """
    paths: dict[str, str] = {}
    taken = set(dir(nn.Module()))
    for name in sorted(names):
        path = name
        while not _fits(path, paths.values(), taken):
            path = "_".join(part or "_" for part in path.split(".")) + "_"
        paths[name] = path
    return paths


def _fits(path: str, others: Iterable[str], taken: set[str]) -> bool:
    parts = path.split(".")
    if not all(parts) or not taken.isdisjoint(parts) or any(map(keyword.iskeyword, parts)):
        return False
    return not any(
        path == other or path.startswith(f"{other}.") or other.startswith(f"{path}.")
        for other in others
    )


def hold(module: nn.Module, path: str, value: Tensor, *, persistent: bool = True) -> None:
    """Let a module hold a value at a path: a parameter, or else a buffer."""
    *parents, last = path.split(".")
    for part in parents:
        if not hasattr(module, part):
            module.add_module(part, nn.Module())
        module = getattr(module, part)
    if isinstance(value, nn.Parameter):
        module.register_parameter(last, value)
    else:
        module.register_buffer(last, value, persistent=persistent)


def name_in_state(module: nn.Module, paths: Mapping[str, str]) -> None:
    """Let the state dict of a module have names where it holds values at other paths."""
    renamed = {path: name for name, path in paths.items() if path != name}
    if renamed:
        module.register_state_dict_post_hook(partial(_to_names, renamed))  # type: ignore[no-untyped-call]
        module.register_load_state_dict_pre_hook(partial(_to_paths, renamed))  # type: ignore[no-untyped-call]


def _to_names(
    renamed: Mapping[str, str], module: nn.Module, state: Any, prefix: str, metadata: Any
) -> None:
    for path, name in renamed.items():
        if prefix + path in state:
            state[prefix + name] = state.pop(prefix + path)


def _to_paths(
    renamed: Mapping[str, str], module: nn.Module, state: Any, prefix: str, *unused: Any
) -> None:
    for path, name in renamed.items():
        if prefix + name in state:
            state[prefix + path] = state.pop(prefix + name)
