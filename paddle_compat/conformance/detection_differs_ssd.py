"""Where ours is meant to differ from real Paddle 1.8.5 in SSD's loss."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from paddle_compat.conformance.call import Array
from paddle_compat.conformance.detection_differs_matching import match_image
from paddle_compat.conformance.snippets import Differs
from paddle_compat.conformance.workers.fluid_program import cotangent

__all__ = ["DIFFERS"]


def _overlaps(a: Array, b: Array) -> Array:
    low, high = np.maximum(a[:, None, :2], b[:, :2]), np.minimum(a[:, None, 2:], b[:, 2:])
    shared = np.clip(high - low, 0, None).prod(2)
    areas = [(boxes[:, 2:] - boxes[:, :2]).prod(1) for boxes in (a, b)]
    return np.asarray(shared / (areas[0][:, None] + areas[1] - shared), "float32")


def _codes(box: Array, prior: Array, var: Array) -> Array:
    size, extent = prior[:, 2:] - prior[:, :2], box[:, 2:] - box[:, :2]
    place = ((box[:, :2] + box[:, 2:]) / 2 - (prior[:, :2] + prior[:, 2:]) / 2) / size
    return np.concatenate([place, np.log(extent / size)], 1) / var


def _loss(*lengths: int) -> Any:
    """Return the loss with its gradients, image by image, for the layer's default arguments."""

    def truth(**given: Array) -> Mapping[str, Array]:
        loc, conf, box, label, prior, var = (
            given[name].astype("float64")
            for name in ("loc", "conf", "box", "label", "prior", "var")
        )
        total, weights = 0, np.zeros((3, *conf.shape[:2]))
        shares = np.exp(conf - conf.max(2, keepdims=True))
        shares /= shares.sum(2, keepdims=True)
        classes = np.zeros(conf.shape[:2], int)
        slopes, losses = np.zeros_like(loc), np.zeros((len(loc), 1))
        for image, length in enumerate(lengths):
            first = sum(lengths[:image])
            rows, found = match_image(_overlaps(box[first : first + length], prior))
            matched = rows >= 0
            classes[image, matched] = label[first + rows[matched], 0]
            loss = -np.log(np.take_along_axis(shares[image], classes[image][:, None], 1)[:, 0])
            negative = np.flatnonzero(~matched & (found < 0.5))
            hardest = negative[np.argsort(-loss[negative])][: 3 * matched.sum()]
            weights[0, image, matched] = weights[1, image, matched] = 1
            weights[0, image, hardest] = 1
            total += matched.sum()
            codes = _codes(box[first + rows[matched]], prior[matched], var[matched])
            distance = loc[image, matched] - codes
            slopes[image, matched] = np.clip(distance, -1, 1)
            near = np.abs(distance) < 1
            losses[image] = np.where(near, distance**2 / 2, np.abs(distance) - 0.5).sum()
            losses[image] += (loss * weights[0, image]).sum()
        incoming = cotangent("out", losses.shape, "float32").astype("float64")[..., None] / total
        hot = np.arange(conf.shape[2]) == classes[..., None]
        answers = {
            "value/out": losses / total,
            "gradient/loc": incoming * slopes,
            "gradient/conf": incoming * (shares - hot) * weights[0][..., None],
        }
        return {name: array.astype("float32") for name, array in answers.items()}

    return truth


_EMPTY = "an image without ground truth is refused"

DIFFERS: Mapping[str, Differs] = {
    f"ssd_loss(loc, conf, box, label, prior, var) · loc float32[{len(lengths)}?,20,4], "
    f"conf float32[{len(lengths)}?,20,4], box float32[{sum(lengths)}?,4], label": Differs(
        _EMPTY, "EnforceNotMet at run", truth=_loss(*lengths)
    )
    for lengths in ((2, 0, 3), (0, 4), (3, 0))
}
