"""Detection layers called with tensors give the bits that they give in a program."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from paddle_compat import fluid
from paddle_compat.conformance.snippet_cases import OWN_DIFFERENCES, TABLES
from paddle_compat.conformance.snippets import Snippet, answer_ours
from paddle_compat.conformance.workers.fluid_program import cotangent

# What needs a program: parameters, names, shapes that are known before a run.
_STATIC = ("fluid.data", "param", "create_", ".shape", "name=", "multi_box_head", "deformable_conv")
# Most of a table's cases differ in their numbers alone.
_ONE_IN = 5


def _eager(snippet: Snippet) -> bool:
    return (
        snippet.mode == "static"
        and not snippet.steps
        and snippet.differs is None
        and not any(word in snippet.source for word in _STATIC)
    )


CASES = [
    snippet
    for table in OWN_DIFFERENCES
    if table != "lods"
    for snippet in list(filter(_eager, TABLES[table]))[::_ONE_IN]
]


def _outputs(out: Any) -> dict[str, Any]:
    if isinstance(out, dict):
        return out
    if isinstance(out, (list, tuple)):
        return {str(index): item for index, item in enumerate(out)}
    return {"out": out}


@pytest.mark.parametrize("snippet", CASES, ids=[snippet.name for snippet in CASES])
def test_tensors_and_a_program_get_the_same_bits(snippet: Snippet) -> None:
    static = answer_ours(snippet)
    with fluid.dygraph.guard():
        inputs = {}
        for name, array in snippet.inputs.items():
            lengths = (snippet.lods or {}).get(name, [])
            held = fluid.create_lod_tensor(array, lengths, fluid.CPUPlace())
            inputs[name] = fluid.dygraph.to_variable(held)
        for name in snippet.wrt:
            inputs[name].requires_grad_()
        namespace = {"fluid": fluid, "layers": fluid.layers, "np": np, **inputs}
        if static.report["kind"] == "error":
            # A program refuses some unknown sizes, and to fetch levels of detail as arrays.
            if static.report["phase"] == "run" and "return_numpy" not in static.report["message"]:
                with pytest.raises((TypeError, ValueError, RuntimeError)):
                    exec(snippet.source, namespace)
            return
        exec(snippet.source, namespace)
    total = torch.zeros((), dtype=torch.float64)
    for key, result in _outputs(namespace["out"]).items():
        value = static.arrays[f"value/{key}"]
        assert result.detach().numpy().tobytes() == value.tobytes()
        assert tuple(result.shape) == value.shape
        if "lods" in static.report:
            lengths = fluid.LoDTensor(result).recursive_sequence_lengths()
            wanted = static.report["lods"][key]
            # What a layer hands on without looking at it stays behind outside of programs.
            handed_on = not lengths and wanted in (snippet.lods or {}).values()
            assert lengths == wanted or handed_on
        if result.requires_grad and value.size:
            weight = torch.from_numpy(cotangent(key, value.shape, value.dtype))
            total = total + (result * weight).sum().double()
    if total.requires_grad:
        torch.autograd.backward(total)
    for name in snippet.wrt:
        expected = static.arrays.get(f"gradient/{name}")
        if expected is None or not expected.any():
            continue
        gradient = inputs[name].grad
        assert gradient is not None
        scale = float(np.abs(expected[np.isfinite(expected)]).max(initial=0.0))
        np.testing.assert_allclose(gradient.numpy(), expected, rtol=0, atol=1e-6 * scale)


def test_matches_of_overlaps_know_the_images() -> None:
    anchors = torch.tensor([[0.0, 0, 4, 3], [1, 1, 5, 6], [4, 5, 8, 8]])
    boxes = np.array([[0, 0, 4, 4], [4, 4, 8, 8], [1, 1, 5, 5]], "float32")
    truth: Any = fluid.create_lod_tensor(boxes, [[2, 1]], fluid.CPUPlace())
    match, _ = fluid.layers.bipartite_match(fluid.layers.iou_similarity(truth, anchors))
    assert match.tolist() == [[0, -1, 1], [-1, 0, -1]]


def test_decoded_boxes_know_the_images() -> None:
    anchors = np.array([[0, 0, 4, 3], [1, 1, 5, 6], [4, 5, 8, 8]], "float32")
    rois: Any = fluid.create_lod_tensor(anchors, [[2, 1]], fluid.CPUPlace())
    info = torch.tensor([[8.0, 8, 1], [6, 6, 1]])
    deltas, variances = torch.zeros(3, 2, 4), [1.0, 1.0, 1.0, 1.0]
    decoded = fluid.layers.box_coder(
        rois, variances, deltas, "decode_center_size", box_normalized=False, axis=1
    )
    clipped = fluid.layers.box_clip(decoded, info)
    assert clipped[2].tolist() == [[4, 5, 5, 5]] * 2
    weights, scores = torch.ones(4), torch.tensor([[0.9, 0.1]] * 3)
    _, assigned = fluid.layers.box_decoder_and_assign(
        rois, weights, deltas.reshape(3, 8), scores, 4.0
    )
    assert fluid.LoDTensor(assigned).recursive_sequence_lengths() == [[2, 1]]
