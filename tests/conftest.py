"""Test-wide settings."""

from __future__ import annotations

import os

import torch

# Parallel test processes share the cores; one thread each is faster than all of them in each.
if "PYTEST_XDIST_WORKER" in os.environ:
    torch.set_num_threads(1)
