"""Hold the ported head to real Paddle 1.8.5: ``pytest examples/test_port_head.py``."""

import port_head
import pytest
from port_head_data import INPUTS, batch


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("name", INPUTS)
def test_port(paddle_parity, name, seed):  # type: ignore[no-untyped-def]
    """The port gives the old function's values and gradients."""
    inputs = batch(seed, *INPUTS[name])
    paddle_parity(f"port_head_fluid.py:{name}", getattr(port_head, name), inputs)
