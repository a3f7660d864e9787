"""From Paddle source to PyTorch source: ``paddle-compat port``.

Works on source alone and imports neither torch nor Paddle, nor anything that is not in Python's
standard library (for pyproject.toml on Python 3.10: tomli).
"""
