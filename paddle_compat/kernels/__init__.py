"""Torch-only kernels. Nothing here knows a Paddle dialect, and nothing here imports the rest."""
