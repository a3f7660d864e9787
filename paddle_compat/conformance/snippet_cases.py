"""Every snippet that is compared, by table, with the differences that are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from paddle_compat.conformance import (
    detection_cases_anchors,
    detection_cases_assign,
    detection_cases_boxes,
    detection_cases_deformable,
    detection_cases_levels,
    detection_cases_masks,
    detection_cases_matching,
    detection_cases_nms,
    detection_cases_nms_more,
    detection_cases_perspective,
    detection_cases_proposals,
    detection_cases_psroi,
    detection_cases_retinanet,
    detection_cases_roi,
    detection_cases_ssd,
    detection_cases_yolo,
    detection_differs_anchors,
    detection_differs_assign,
    detection_differs_boxes,
    detection_differs_deformable,
    detection_differs_levels,
    detection_differs_masks,
    detection_differs_matching,
    detection_differs_nms,
    detection_differs_nms_more,
    detection_differs_perspective,
    detection_differs_proposals,
    detection_differs_psroi,
    detection_differs_retinanet,
    detection_differs_roi,
    detection_differs_ssd,
    detection_differs_yolo,
    layer_cases_math,
    layer_cases_networks,
    layer_cases_nn,
    layer_cases_shape,
    layer_cases_tensor,
    snippet_detectors,
    snippet_engine,
    snippet_files,
    snippet_idioms,
    snippet_lods,
    snippet_optimizers,
    snippet_parameters,
    snippet_readers,
    snippet_scripts,
    snippet_training,
)
from paddle_compat.conformance.snippet_differs import DIFFERS, known_difference
from paddle_compat.conformance.snippets import Differs, Snippet

__all__ = ["OWN_DIFFERENCES", "TABLES", "with_differences"]


def with_differences(
    snippets: Iterable[Snippet], differs: Mapping[str, Differs] = DIFFERS
) -> tuple[Snippet, ...]:
    """Return the snippets, each with the difference that is known of it.

    Args:
        snippets: a table.
        differs: the differences; each holds for the snippets whose names begin with its key.
    """
    return tuple(
        dataclasses.replace(snippet, differs=known_difference(snippet.name, differs))
        for snippet in snippets
    )


# These share `DIFFERS`.
_LAYERS = {
    "math": layer_cases_math,
    "shape": layer_cases_shape,
    "tensor": layer_cases_tensor,
    "nn": layer_cases_nn,
    "networks": layer_cases_networks,
    "parameters": snippet_parameters,
    "idioms": snippet_idioms,
    "scripts": snippet_scripts,
    "optimizers": snippet_optimizers,
    "training": snippet_training,
    "detectors": snippet_detectors,
}
# These have differences of their own.
_OTHERS: Mapping[str, tuple[Iterable[Snippet], Mapping[str, Differs]]] = {
    "lods": (snippet_lods.SNIPPETS, snippet_lods.DIFFERS),
    "engine": (snippet_engine.SNIPPETS, snippet_engine.DIFFERS),
    "readers": (snippet_readers.SNIPPETS, snippet_readers.DIFFERS),
    "files": (snippet_files.SNIPPETS, snippet_files.DIFFERS),
    "anchors": (detection_cases_anchors.SNIPPETS, detection_differs_anchors.DIFFERS),
    "boxes": (detection_cases_boxes.SNIPPETS, detection_differs_boxes.DIFFERS),
    "ssd": (detection_cases_ssd.SNIPPETS, detection_differs_ssd.DIFFERS),
    "matching": (detection_cases_matching.SNIPPETS, detection_differs_matching.DIFFERS),
    "nms": (detection_cases_nms.SNIPPETS, detection_differs_nms.DIFFERS),
    "nms_more": (detection_cases_nms_more.SNIPPETS, detection_differs_nms_more.DIFFERS),
    "retinanet": (detection_cases_retinanet.SNIPPETS, detection_differs_retinanet.DIFFERS),
    "yolo": (detection_cases_yolo.SNIPPETS, detection_differs_yolo.DIFFERS),
    "assign": (detection_cases_assign.SNIPPETS, detection_differs_assign.DIFFERS),
    "roi": (detection_cases_roi.SNIPPETS, detection_differs_roi.DIFFERS),
    "deformable": (detection_cases_deformable.SNIPPETS, detection_differs_deformable.DIFFERS),
    "proposals": (detection_cases_proposals.SNIPPETS, detection_differs_proposals.DIFFERS),
    "perspective": (detection_cases_perspective.SNIPPETS, detection_differs_perspective.DIFFERS),
    "levels": (detection_cases_levels.SNIPPETS, detection_differs_levels.DIFFERS),
    "masks": (detection_cases_masks.SNIPPETS, detection_differs_masks.DIFFERS),
    "psroi": (detection_cases_psroi.SNIPPETS, detection_differs_psroi.DIFFERS),
}

OWN_DIFFERENCES: Mapping[str, Mapping[str, Differs]] = {
    name: differs for name, (_, differs) in _OTHERS.items()
}
"""By table: what holds for the snippets of that table alone."""

TABLES: Mapping[str, tuple[Snippet, ...]] = {
    **{name: with_differences(module.SNIPPETS) for name, module in _LAYERS.items()},
    **{name: with_differences(snippets, differs) for name, (snippets, differs) in _OTHERS.items()},
}
