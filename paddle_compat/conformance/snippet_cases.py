"""Every snippet that is compared, by table, with the differences that are known."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping

from paddle_compat.conformance import (
    layer_cases_math,
    layer_cases_networks,
    layer_cases_nn,
    layer_cases_shape,
    layer_cases_tensor,
    snippet_detectors,
    snippet_idioms,
    snippet_optimizers,
    snippet_parameters,
    snippet_scripts,
    snippet_training,
)
from paddle_compat.conformance.snippet_differs import known_difference
from paddle_compat.conformance.snippets import Snippet

__all__ = ["TABLES", "with_differences"]


def with_differences(snippets: Iterable[Snippet]) -> tuple[Snippet, ...]:
    """Return the snippets, each with the difference that is known of it."""
    return tuple(
        dataclasses.replace(snippet, differs=known_difference(snippet.name)) for snippet in snippets
    )


TABLES: Mapping[str, tuple[Snippet, ...]] = {
    "math": with_differences(layer_cases_math.SNIPPETS),
    "shape": with_differences(layer_cases_shape.SNIPPETS),
    "tensor": with_differences(layer_cases_tensor.SNIPPETS),
    "nn": with_differences(layer_cases_nn.SNIPPETS),
    "networks": with_differences(layer_cases_networks.SNIPPETS),
    "parameters": with_differences(snippet_parameters.SNIPPETS),
    "idioms": with_differences(snippet_idioms.SNIPPETS),
    "scripts": with_differences(snippet_scripts.SNIPPETS),
    "optimizers": with_differences(snippet_optimizers.SNIPPETS),
    "training": with_differences(snippet_training.SNIPPETS),
    "detectors": with_differences(snippet_detectors.SNIPPETS),
}
