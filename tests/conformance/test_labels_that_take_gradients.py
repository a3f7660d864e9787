"""Where labels take gradients other code runs: the logits' gradients must be no less exact."""

from __future__ import annotations

import numpy as np
import pytest

from paddle_compat.conformance import exact, ours
from paddle_compat.conformance.call import FUNCTIONAL, Call, Json
from paddle_compat.conformance.cases import GAMMAS
from paddle_compat.conformance.compare import ULPS


@pytest.mark.parametrize("gamma", GAMMAS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_gradients_beside_a_labels_own_are_a_few_roundings_off(dtype: str, gamma: float) -> None:
    logit = np.repeat(np.linspace(-40, 40, 161).astype(dtype)[:, None], 5, axis=1)
    label = np.broadcast_to(np.array([0, 1, 0.5, 0.3, 0.9], dtype), logit.shape).copy()
    attrs: dict[str, Json] = {"reduction": "none", "gamma": gamma}
    call = Call("soft", FUNCTIONAL, {"logit": logit, "label": label}, attrs, ("logit", "label"))
    [mine], truth = ours.evaluate([call]), exact.evaluate(call)
    info = np.finfo(dtype)
    for part, quantity in truth.gradients.items():
        bound = ULPS * (1 + gamma) * float(info.eps) * quantity.magnitude + float(info.tiny)
        assert (quantity.error(mine.gradients[part]) <= bound).all(), part
