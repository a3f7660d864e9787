"""Trees of inputs: every dtype, shapes with empty ones and 0-D, nan and infinities."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st

from paddle_compat.testing.recorder import DTYPES, FLOATS, Leaf


@st.composite
def arrays(draw: st.DrawFn) -> Any:
    """Draw an array, or a leaf of bfloat16 bits."""
    dtype = draw(st.sampled_from(DTYPES))
    shape = tuple(draw(st.lists(st.integers(0, 3), max_size=3)))
    if dtype == "bfloat16":
        elements: st.SearchStrategy[Any] = st.integers(0, 65535)
    elif dtype in FLOATS:
        elements = st.floats(width={"float16": 16, "float32": 32, "float64": 64}[dtype])  # type: ignore[arg-type]
    elif dtype == "bool":
        elements = st.booleans()
    else:
        limits = np.iinfo(dtype)
        elements = st.integers(int(limits.min), int(limits.max))
    size = int(np.prod(shape))
    drawn = draw(st.lists(elements, min_size=size, max_size=size))
    stored = "uint16" if dtype == "bfloat16" else dtype
    array = np.array(drawn, stored).reshape(shape)
    return Leaf(dtype, array) if dtype == "bfloat16" else array


plain = st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3)
trees = st.recursive(
    arrays() | plain,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=2) | st.integers(0, 3), inner, max_size=3)
    ),
    max_leaves=5,
)
