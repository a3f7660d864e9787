"""Where ours is meant to differ from real Paddle 1.8.5 in the masks that regions learn."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]

_EARLY = "ValueError at build"
_LATE = "EnforceNotMet at run"
_WIDTH = 4 * 14 * 14


def _unlearnt(r: Array, **_: Array) -> Mapping[str, Array]:
    """Return three regions that learn nothing."""
    return {
        "value/0": r,
        "value/1": np.arange(3, dtype="int32")[:, None],
        "value/2": np.full((3, _WIDTH), -1, "int32"),
    }


def _nothing(r: Array, **_: Array) -> Mapping[str, Array]:
    return {
        "value/0": r[:0],
        "value/1": np.empty((0, 1), "int32"),
        "value/2": np.empty((0, _WIDTH), "int32"),
    }


def _first_image(r: Array, **_: Array) -> Mapping[str, Array]:
    """Return which regions have labels; those of the second image have no objects."""
    return {"value/0": r[[0, 2, 3]], "value/1": np.array([[0], [2], [0]], "int32")}


def _differs() -> dict[str, Differs]:
    call = "generate_mask_labels(4, 14) · {}"
    sliced = "each tensor is cut by its own level of detail"
    beyond = "masks are written beyond their row"
    entries = {
        "all crowd": Differs("what is not there is read", "crash SIGSEGV", truth=_unlearnt),
        "labels of nothing": Differs(
            "a row is left as the memory was",
            truth=_nothing,
            report={f"lods.{index}": [[0]] for index in range(3)},
        ),
        "a label too high": Differs(beyond, CHANCE, _LATE),
        "other crowd's levels": Differs(sliced, ours=_LATE),
        "other objects": Differs(sliced, "IndexError at run", _LATE),
        "regions of 5": Differs("rows are read across", CHANCE, _EARLY),
        "im_info of 2": Differs("rows are read across", CHANCE, _EARLY),
        "an image without objects": Differs(
            "an image without objects has no slice, and is refused", _LATE, truth=_first_image
        ),
    }
    found = {call.format(told): entry for told, entry in entries.items()}
    for arguments, ending in (
        ("4, 0", "ok"),
        ("4, -3", "ok"),
        ("0, 14", "crash SIGSEGV"),
    ):
        found[f"generate_mask_labels({arguments}) · arguments"] = Differs(
            "sizes are not checked", ending, _EARLY
        )
    found["generate_mask_labels(1, 14) · arguments"] = Differs(beyond, CHANCE, _LATE)
    return found


DIFFERS: Mapping[str, Differs] = _differs()
