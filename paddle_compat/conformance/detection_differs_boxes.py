"""Where ours is meant to differ from real Paddle 1.8.5 in boxes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]


def _decoded(variance: list[float], offset: float, axis: int) -> Any:
    def truth(p: Array, v: Array, t: Array) -> Mapping[str, Array]:
        size = p[:, 2:] - p[:, :2] + offset
        centre = p[:, :2] + size / 2
        if axis:
            size, centre = size[:, None], centre[:, None]
        codes = np.array(variance, "float32").astype(t.dtype) * t
        middle = codes[..., :2] * size + centre
        half = np.exp(codes[..., 2:]) * size / 2
        return {"value/out": np.concatenate([middle - half, middle + half - offset], -1)}

    return truth


def _clipped(x: Array, info: Array) -> Mapping[str, Array]:
    rows = np.repeat(info, [3, 0, 2, 4], 0) if len(info) == 4 else info
    height, width = (np.floor(rows[:, axis] / rows[:, 2] + 0.5) - 1 for axis in (0, 1))
    far = np.stack([width, height, width, height], 1)
    return {"value/out": np.maximum(np.minimum(x, far), 0)}


def _assigned(limit: float) -> Any:
    def truth(p: Array, v: Array, t: Array, s: Array) -> Mapping[str, Array]:
        size = (p[:, 2:] - p[:, :2] + 1)[:, None]
        centre = p[:, None, :2] + size / 2
        codes = t.reshape(len(p), -1, 4) * v
        middle = codes[..., :2] * size + centre
        half = np.exp(np.minimum(codes[..., 2:], np.float32(limit).astype(t.dtype))) * size / 2
        decoded = np.concatenate([middle - half, middle + half - 1], -1)
        scores = np.where(s > -1, s, -1)
        scores[:, 0] = -1
        best = scores.argmax(1)
        chosen = np.where(best[:, None] > 0, decoded[np.arange(len(p)), best], p)
        return {"value/0": decoded.reshape(t.shape), "value/1": chosen}

    return truth


_VARIANCE = "float32 numbers are read as float64 ones, and memory beyond them"
_EMPTY = "an image without boxes is refused"
_FLOAT64 = "the operator's float64 kernel asks for an attribute of a type that it has not"
_NO_LEVEL = "the missing level of detail is read all the same"


def _coder() -> dict[str, Differs]:
    told = "p float64[6,4], v float64[6,4], t float64"
    unknown = "p float64[6?,4], v float64[6?,4], t float64"
    entries = {}
    for axis, given, named in ((0, "", ""), (1, ", axis=1", ", axis=1")):
        for kind in (told, unknown):
            for variance, offset, call in (
                (
                    [0.1, 0.2, 0.3, 0.4],
                    1.0,
                    f"[.1, .2, .3, .4], t, 'decode_center_size', False{given}",
                ),
                ([1.0] * 4, 0.0, f"[1., 1., 1., 1.], t, 'decode_center_size', True, 'code'{named}"),
            ):
                entries[f"box_coder(p, {call}) · {kind}"] = Differs(
                    _VARIANCE, CHANCE, truth=_decoded(variance, offset, axis)
                )
    return entries


def _assign() -> dict[str, Differs]:
    calls = {
        "p, v, t, s, 4.135": 4.135,
        "prior_box=p, prior_box_var=v, target_box=t, box_score=s, box_clip=0.1, name='best'": 0.1,
        "p, v, t, s, 2": 2.0,
        "p, v, t, s, -1.0": -1.0,
    }
    return {
        f"box_decoder_and_assign({call}) · p float64": Differs(
            _FLOAT64, "RuntimeError at run", truth=_assigned(limit)
        )
        for call, limit in calls.items()
    }


def _clip() -> dict[str, Differs]:
    entries = {
        f"{call} · x {kind}[9,4], info {kind}[4,3] ([3, 0, 2, 4])": Differs(
            _EMPTY, "EnforceNotMet at run", truth=_clipped
        )
        for kind in ("float32", "float64")
        for call in ("box_clip(x, info)", "box_clip(input=x, im_info=info, name='clipped')")
    }
    entries["box_clip(x, info) · x float32[4,4], info float32[1,3] (no level)"] = Differs(
        _NO_LEVEL, CHANCE, truth=_clipped
    )
    entries["box_clip(x, info) · x float32[4,4], info float32[2,3] (no level)"] = Differs(
        _NO_LEVEL, CHANCE, "EnforceNotMet at run"
    )
    return entries


DIFFERS: Mapping[str, Differs] = {**_coder(), **_assign(), **_clip()}
