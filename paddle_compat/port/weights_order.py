"""Layers that are paired by their order, where Paddle has counted them and names say no more.

A program of 1.x calls its layers ``conv2d_0``, ``conv2d_1``, ``batch_norm_0``; a torch module has
them as attributes. The first ``conv2d`` is the module's first `Conv2d`, and so on.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from paddle_compat.port.weights_module import Place

__all__ = ["pair_by_order"]

_COUNTED = re.compile(r"(?P<kind>[a-z][a-z0-9_]*?)_(?P<number>\d+)")
# What Paddle's counted layers are in torch.
_KINDS: Mapping[str, tuple[str, ...]] = {
    "fc": ("Linear",),
    "linear": ("Linear",),
    "conv2d": ("Conv2d",),
    "conv3d": ("Conv3d",),
    "conv1d": ("Conv1d",),
    "conv2d_transpose": ("ConvTranspose2d",),
    "conv3d_transpose": ("ConvTranspose3d",),
    "batch_norm": ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"),
    "batch_norm1d": ("BatchNorm1d",),
    "batch_norm2d": ("BatchNorm2d", "SyncBatchNorm"),
    "batch_norm3d": ("BatchNorm3d",),
    "sync_batch_norm": ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "SyncBatchNorm"),
    "layer_norm": ("LayerNorm",),
    "group_norm": ("GroupNorm",),
    "embedding": ("Embedding",),
    "prelu": ("PReLU",),
}


def pair_by_order(
    names: Mapping[str, str], places: Mapping[str, Place]
) -> tuple[dict[str, str], list[str]]:
    """Pair layers of one kind in their order.

    Args:
        names: torch's names for Paddle's, such as ``conv2d_3.weight``, by Paddle's.
        places: what of a module has no weight yet, in its order.

    Returns:
        The names of places by Paddle's names, and notes on kinds of which there are not as many
        layers on both sides: of these none is paired.
    """
    counted: dict[tuple[str, ...], dict[tuple[int, str], dict[str, str]]] = {}
    for name, standard in names.items():
        layer, _, role = standard.rpartition(".")
        found = _COUNTED.fullmatch(layer)
        if found and found["kind"] in _KINDS:
            layers = counted.setdefault(_KINDS[found["kind"]], {})
            layers.setdefault((int(found["number"]), layer), {})[role] = name
    paired: dict[str, str] = {}
    notes = []
    for classes, layers in counted.items():
        own = [roles for _, roles in sorted(layers.items())]
        theirs = list(
            dict.fromkeys(
                name.rpartition(".")[0]
                for name, place in places.items()
                if set(place.kinds) & set(classes)
            )
        )
        if len(own) != len(theirs):
            kind = min(layers)[1].rpartition("_")[0]
            notes.append(
                f"{len(own)} {kind} and {len(theirs)} {'/'.join(classes)}: none is paired by order"
            )
            continue
        for roles, layer in zip(own, theirs, strict=True):
            for role, name in roles.items():
                target = f"{layer}.{role}" if layer else role
                if target in places:
                    paired[name] = target
    return paired, notes
