"""Where ours is meant to differ from real Paddle 1.8.5 in RetinaNet's detections."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]


def _call(arguments: str) -> str:
    return f"retinanet_detection_output({arguments}"


_MISFIT = Differs(
    "the real op reads a tensor with another one's sizes, and beyond its end; ours refuses it",
    paddle=CHANCE,
    ours="ValueError at build",
)

DIFFERS: Mapping[str, Differs] = {
    _call("[b0, b1], [s0, s1], [a0, a1], im[:, :2])"): _MISFIT,
    _call("[b0, b1], [s0, s1], [a0, a1[:1]], im)"): _MISFIT,
    _call("[b0, b1], [s0, s1[:, :1]], [a0, a1], im)"): _MISFIT,
    _call("[b0, b1], [s0, s1[:, :, :2]], [a0, a1], im)"): _MISFIT,
    _call("[b0, b1], [s0, s1], [a0, a1], im, keep_top_k=-1)"): Differs(
        "documented to keep all; the real op resizes a vector to -1",
        paddle="ValueError at run",
        report={"lods.out": [[38, 33]]},
    ),
}
