"""What is raised for a file that is not what it should be."""

from __future__ import annotations

__all__ = ["DamagedFileError"]


class DamagedFileError(ValueError):
    """A file is cut off, of another kind, or asks for what a file of parameters never needs."""
