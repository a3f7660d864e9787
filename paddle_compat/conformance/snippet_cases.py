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
    snippet_lods,
    snippet_optimizers,
    snippet_parameters,
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
_OTHERS = {
    "lods": snippet_lods,
}

OWN_DIFFERENCES: Mapping[str, Mapping[str, Differs]] = {
    name: module.DIFFERS for name, module in _OTHERS.items()
}
"""By table: what holds for the snippets of that table alone."""

TABLES: Mapping[str, tuple[Snippet, ...]] = {
    **{name: with_differences(module.SNIPPETS) for name, module in _LAYERS.items()},
    **{
        name: with_differences(module.SNIPPETS, OWN_DIFFERENCES[name])
        for name, module in _OTHERS.items()
    },
}
