"""Options: from the command line, and from ``[tool.paddle-compat.port]`` of pyproject.toml."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["ConfigError", "chosen_codes", "read_config"]

_LISTS = ("select", "ignore", "exclude")
_WORDS: Mapping[str, tuple[str, ...]] = {
    "to": ("shim", "torch"),
    "format": ("text", "json", "sarif", "github"),
}


# What paddle_compat does as Paddle does, and only a port to torch itself brings in.
_OF_TORCH = [
    "PC205",
    "PC208",
    "PC209",
    "PC210",
    "PC211",
    "PC213",
    "PC214",
    "PC215",
    "PC216",
    "PC217",
]


class ConfigError(ValueError):
    """An option that is not one, or has a value that it cannot have."""


def read_config(near: Path) -> dict[str, Any]:
    """Return the table of the nearest pyproject.toml, of a folder or above; empty if none has it.

    Raises:
        ConfigError: the file is no TOML, or an option in it is none.
    """
    start = near.resolve()
    for folder in [start, *start.parents]:
        file = folder / "pyproject.toml"
        if file.is_file():
            return _table(file)
    return {}


def _table(file: Path) -> dict[str, Any]:
    try:
        read = tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, OSError) as error:
        raise ConfigError(f"{file}: {error}") from error
    found = read.get("tool", {}).get("paddle-compat", {}).get("port", {})
    for name, value in found.items():
        if name in _LISTS:
            if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
                raise ConfigError(f"{file}: {name} is to be a list of strings, but is {value!r}")
        elif name in _WORDS:
            if value not in _WORDS[name]:
                told = " or ".join(_WORDS[name])
                raise ConfigError(f"{file}: {name} is to be {told}, but is {value!r}")
        else:
            known = ", ".join([*_LISTS, *_WORDS])
            raise ConfigError(
                f"{file}: [tool.paddle-compat.port] has no option {name!r}; it has {known}"
            )
    return dict(found)


def chosen_codes(
    known: Sequence[str], select: Sequence[str] | None, ignore: Sequence[str], target: str
) -> frozenset[str]:
    """Return the codes that begin with one that is selected and with none that is ignored.

    By default all are selected; for ``--to shim`` without what holds for torch alone.

    Raises:
        ConfigError: one of them begins no code.
    """
    for word in [*(select or ()), *ignore]:
        if not word or not any(code.startswith(word) for code in known):
            raise ConfigError(f"there is no code that begins with {word!r}; --explain lists them")
    wide = tuple(select) if select is not None else ("",)
    silent = set(_OF_TORCH) if select is None and target == "shim" else set()
    return frozenset(
        code
        for code in known
        if code.startswith(wide) and not code.startswith(tuple(ignore)) and code not in silent
    )
