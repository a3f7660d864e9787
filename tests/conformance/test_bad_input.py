"""Bad input: our exception type and message, without Paddle."""

from __future__ import annotations

import pytest

from paddle_compat.conformance import ours
from paddle_compat.conformance.bad_input import BadInput, bad_input
from paddle_compat.conformance.call import FACES


@pytest.mark.parametrize(
    "bad", [bad for face in FACES for bad in bad_input(face)], ids=lambda bad: bad.call.name
)
def test_bad_input_is_refused_with_a_message_that_names_it(bad: BadInput) -> None:
    [outcome] = ours.evaluate([bad.call])
    assert (outcome.kind, outcome.error) == ("error", bad.error), outcome
    assert outcome.message.startswith(bad.message)
