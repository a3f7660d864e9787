"""Errors of running programs."""

from __future__ import annotations

__all__ = ["EOFException", "EnforceNotMet"]


class EnforceNotMet(RuntimeError):  # noqa: N818 - Paddle's name
    """A condition that 1.8's native code would have enforced does not hold in a run.

    1.8 raises its own `EnforceNotMet`, a plain Exception; here it is a RuntimeError too.
    """


class EOFException(Exception):  # noqa: N818 - Paddle's name
    """A reader has no more data."""
