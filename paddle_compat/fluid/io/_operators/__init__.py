"""Operators of Paddle and layers of ours: one table, used to read programs and to write them."""

from __future__ import annotations

from paddle_compat.fluid.io._operators import dense, detection, newer, pointwise, shapes
from paddle_compat.fluid.io._operators.forms import Forms

__all__ = ["FORMS"]

FORMS: Forms = {
    **dense.FORMS,
    **detection.FORMS,
    **newer.FORMS,
    **pointwise.FORMS,
    **shapes.FORMS,
}
"""By operator: the layers that it may have been written of; the first that fits is read."""
