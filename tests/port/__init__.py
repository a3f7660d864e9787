"""Tests of the porter from Paddle source to PyTorch source."""
