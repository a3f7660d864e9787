"""What a launcher of several processes tells legacy scripts in the environment."""

from __future__ import annotations

from collections.abc import MutableMapping

__all__ = ["announce"]

# Paddle's launcher's names, and torchrun's.
_NAMES = {
    "PADDLE_TRAINER_ID": "RANK",
    "PADDLE_TRAINERS_NUM": "WORLD_SIZE",
    "FLAGS_selected_gpus": "LOCAL_RANK",
}


def announce(variables: MutableMapping[str, str]) -> None:
    """Say under Paddle's names what torchrun said, for scripts that take their part by them."""
    if all(name in variables for name in _NAMES.values()) and int(variables["WORLD_SIZE"]) > 1:
        for name, told in _NAMES.items():
            variables.setdefault(name, variables[told])
