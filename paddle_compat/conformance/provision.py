"""Interpreters that have one version of real Paddle each, created on demand and kept.

They live under ``$PADDLE_COMPAT_ORACLES`` or the user's cache directory, one virtual
environment a version. Creating one installs Paddle from the configured package index: the only
place where this package uses the network.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

__all__ = [
    "Environment",
    "OracleUnavailable",
    "Progress",
    "cache_directory",
    "find_python",
    "provision",
]

Progress: TypeAlias = Callable[[str], None]
"""Takes a line about what is being done."""

DONE = "oracle.json"
INSTALL_TIMEOUT = 900.0


class OracleUnavailable(RuntimeError):  # noqa: N818 - a state of the machine, told as such
    """A version of real Paddle that cannot be had here; the message says why."""


@dataclass(frozen=True)
class Environment:
    """An interpreter with a Paddle: where it is, and which wheel it was installed from."""

    python: Path
    version: str
    wheel: str
    sha256: str


def _recipe(version: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the Pythons that a version of Paddle runs on, best first, and what it needs pinned."""
    numbers = tuple(int(part) for part in version.split(".")[:2])
    if numbers < (2, 5):
        # Generated protobuf code and np.bool: both gone from the newer releases.
        return ("3.8", "3.7"), ("protobuf<3.21", "numpy<1.24", "setuptools<60")
    if numbers < (3, 0):
        return ("3.11", "3.10", "3.9", "3.8"), ("numpy<2", "setuptools<80")
    return ("3.11", "3.12", "3.10", "3.13", "3.9"), ("setuptools",)


def cache_directory() -> Path:
    """Return the folder that the environments live in."""
    override = os.environ.get("PADDLE_COMPAT_ORACLES")
    if override:
        return Path(override)
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "paddle-compat" / "oracles"


def _candidates(python: str) -> Iterator[str]:
    """Yield every place where an interpreter of that version may be."""
    on_path = shutil.which(f"python{python}")
    if on_path:
        yield on_path
    managers = (
        (os.environ.get("PYENV_ROOT"), ".pyenv", f"versions/{python}*/bin/python"),
        (os.environ.get("ASDF_DATA_DIR"), ".asdf", f"installs/python/{python}*/bin/python"),
        (None, ".local/share/mise", f"installs/python/{python}*/bin/python"),
        (None, ".local/share/uv/python", f"cpython-{python}*/bin/python"),
    )
    for root, default, pattern in managers:
        folder = Path(root) if root else Path.home() / default
        yield from (str(path) for path in sorted(folder.glob(pattern)))
    uv = shutil.which("uv")
    if uv:
        found = subprocess.run(
            [uv, "python", "find", python], capture_output=True, text=True, check=False
        )
        if found.returncode == 0:
            yield found.stdout.strip()


def find_python(python: str) -> Path | None:
    """Find an interpreter of a version such as ``3.8``; each candidate is run to make sure.

    A version manager puts launchers on PATH that fail for a version that is not switched on, so
    a name alone proves nothing.
    """
    probe = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"
    for candidate in _candidates(python):
        try:
            ran = subprocess.run(
                [candidate, "-c", probe], capture_output=True, text=True, check=False, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired):
            continue
        lines = ran.stdout.split("\n")
        if ran.returncode == 0 and lines[0] == python:
            return Path(lines[1])
    return None


@contextlib.contextmanager
def _locked(path: Path, progress: Progress) -> Iterator[None]:
    """Hold a file lock: one process creates an environment, the others wait for it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            progress(f"waiting for another process that creates {path.stem}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _read(folder: Path, version: str) -> Environment | None:
    try:
        done = json.loads((folder / DONE).read_text())
    except (OSError, ValueError):
        return None
    python = folder / "bin" / "python"
    if done.get("version") != version or not python.exists():
        return None
    return Environment(python, version, done["wheel"], done["sha256"])


def _run(command: list[str], what: str) -> str:
    """Run a command to its end and return what it printed."""
    try:
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=INSTALL_TIMEOUT
        )
    except subprocess.TimeoutExpired as error:
        raise OracleUnavailable(f"{what} took longer than {INSTALL_TIMEOUT:.0f} s") from error
    if ran.returncode != 0:
        reason = _reason(ran.stderr or ran.stdout) or f"exit {ran.returncode}"
        raise OracleUnavailable(f"{what} failed: {reason}")
    return ran.stdout


_NETWORK = ("connection", "resolution", "timed out", "unreachable", "proxy")


def _reason(output: str) -> str:
    """Return the line of a failed command that says why."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    if not lines:
        return ""
    # pip ends with "No matching distribution" also where it reached no index at all.
    offline = [line for line in lines if any(word in line.lower() for word in _NETWORK)]
    if offline and "No matching distribution" in lines[-1]:
        return f"the package index cannot be reached: {offline[-1]}"
    return lines[-1]


def _silent(line: str) -> None:
    """Tell nobody."""


def provision(version: str, *, create: bool = True, progress: Progress = _silent) -> Environment:
    """Return the interpreter that has this version of Paddle, creating it where it is missing.

    Args:
        version: a release of paddlepaddle, such as ``1.8.5``.
        create: whether a missing environment may be created (minutes, and the network).
        progress: is told what is being done, line by line; nothing where the environment exists.

    Raises:
        OracleUnavailable: no such version, no Python that is suitable for it, or the installation
            failed; the message names what is missing.
    """
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        raise OracleUnavailable(f"{version!r} is no version of Paddle; write one as 1.8.5")
    folder = cache_directory() / version
    ready = _read(folder, version)
    if ready is not None:
        return ready
    if not create:
        raise OracleUnavailable(f"there is no environment for Paddle {version} in {folder}")
    try:
        with _locked(folder.with_name(version + ".lock"), progress):
            return _read(folder, version) or _create(folder, version, progress)
    except OSError as error:
        raise OracleUnavailable(f"cannot create an environment in {folder}: {error}") from error


def _create(folder: Path, version: str, progress: Progress) -> Environment:
    pythons, pins = _recipe(version)
    wanted = " or ".join(pythons)
    progress(f"Paddle {version}: looking for Python {wanted}")
    python = next(filter(None, map(find_python, pythons)), None)
    if python is None:
        raise OracleUnavailable(
            f"Paddle {version} needs Python {wanted}, and none that can create environments was "
            "found (on PATH, in pyenv, asdf, mise or uv); install one, for example with "
            f"`uv python install {pythons[0]}`"
        )
    shutil.rmtree(folder, ignore_errors=True)
    try:
        done = _install(folder, version, python, pins, progress)
    except BaseException:
        # Also for Ctrl-C: hundreds of megabytes that nothing would use.
        shutil.rmtree(folder, ignore_errors=True)
        raise
    # Written last, and whole: an environment without it is unfinished, and is started afresh.
    unfinished = folder / (DONE + ".new")
    unfinished.write_text(json.dumps(done, indent=1) + "\n")
    unfinished.replace(folder / DONE)
    created = _read(folder, version)
    assert created is not None
    progress(f"Paddle {version}: ready, {created.wheel}")
    return created


def _install(
    folder: Path, version: str, python: Path, pins: tuple[str, ...], progress: Progress
) -> dict[str, str]:
    """Create the environment, and return what is to be noted of it."""
    progress(f"Paddle {version}: creating an environment with {python} in {folder}")
    _run([str(python), "-m", "venv", str(folder)], f"creating an environment with {python}")
    own = str(folder / "bin" / "python")
    pip = [own, "-m", "pip", "--disable-pip-version-check", "install"]
    report = folder / "report.json"
    _run([*pip, "--quiet", "pip>=23"], "updating pip")
    progress(f"Paddle {version}: installing paddlepaddle {version}, which takes minutes")
    _run(
        [*pip, "--quiet", "--report", str(report), f"paddlepaddle=={version}", *pins],
        f"installing paddlepaddle {version}",
    )
    installed = json.loads(report.read_text())["install"]
    [wheel] = [item for item in installed if item["metadata"]["name"].lower() == "paddlepaddle"]
    progress(f"Paddle {version}: trying it")
    # A missing library of the system, or a processor that is too old, shows here.
    code = "import paddle; print(paddle.__version__)"
    _run([own, "-c", code], f"importing paddlepaddle {version}, which is installed,")
    download = wheel["download_info"]
    return {
        "version": version,
        "wheel": download["url"].rsplit("/", 1)[-1],
        "sha256": download["archive_info"]["hashes"]["sha256"],
    }
