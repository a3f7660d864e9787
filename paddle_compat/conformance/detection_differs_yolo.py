"""Where ours is meant to differ from real Paddle 1.8.5 in YOLOv3's loss and boxes."""

from __future__ import annotations

from collections.abc import Mapping

from paddle_compat.conformance.snippets import CHANCE, Differs

__all__ = ["DIFFERS"]

_UNCHECKED = "a number is not checked, and what comes out is infinite, or read from elsewhere"
_LOSS = "yolov3_loss(x, b, l, "
_NINE = "[10, 13, 16, 30, 33, 23], [0, 1, "

_REFUSED = {
    name: Differs(_UNCHECKED, "ok", "ValueError at build")
    for name in (
        f"{_LOSS}[10, -13, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)",
        f"{_LOSS}[0, 0, 16, 30, 33, 23], [0, 1, 2], 4, 0.7, 8)",
        f"{_LOSS}{_NINE}2], 4, 0.7, 0)",
        "yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 0)",
        "yolo_box(x, z, [10, -13, 16, 30, 33, 23], 4, 0.01, 32)",
    )
}

_ANCHOR = "an anchor's number is not checked to be positive, and the sides of none are read"
_CENTRE = "a centre is not checked to be in the image, and a prediction of another one is read"

_OUTSIDE = {
    f"yolov3_loss of {name}": Differs(_CENTRE, CHANCE, "EnforceNotMet at run")
    for name in (
        "a centre in pixels",
        "a centre far outside",
        "a centre that is no number",
        "a centre on the lower edge",
    )
}

_SIZES = "the number of boxes is multiplied from -1 where a size is unknown"


def _unknown(images: int) -> Differs:
    shape = [images, -1, 4]
    return Differs(_SIZES, report={"outs.0.shape": shape, "outs.1.shape": shape})


DIFFERS: Mapping[str, Differs] = {
    **_REFUSED,
    f"{_LOSS}{_NINE}-1], 4, 0.7, 8)": Differs(_ANCHOR, CHANCE, "ValueError at build"),
    **_OUTSIDE,
    **{
        f"yolo_box(x, z, [10, 13, 16, 30, 33, 23], 4, 0.01, 32) · x {dtype}[{sizes}]": _unknown(n)
        for dtype in ("float32", "float64")
        for sizes, n in (("2?,27,5?,5?", -1), ("2,27,5?,5", 2), ("2,27,5,5?", 2))
    },
}
