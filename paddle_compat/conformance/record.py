"""Re-records the bundled vectors from real Paddle.

    python -m paddle_compat.conformance.record
    python -m paddle_compat.conformance.record --versions 3.3.1 --out /tmp/focal.json

Each version runs in an interpreter of its own, which is created where it is missing. Recording
the same version on the same machine gives the same bytes.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from paddle_compat.conformance import cases
from paddle_compat.conformance.bad_input import bad_input
from paddle_compat.conformance.call import FACES, FLUID, FUNCTIONAL, MODULE, Call
from paddle_compat.conformance.oracles import OracleUnavailable, SubprocessOracle
from paddle_compat.conformance.provision import provision
from paddle_compat.conformance.quirk import within
from paddle_compat.conformance.quirks import LEDGER
from paddle_compat.conformance.vectors_file import VECTORS, Recording, Vectors, load, save

__all__ = ["VERSIONS", "calls_of", "faces_of", "main", "record"]

VERSIONS = ("1.8.5", "2.6.2", "3.0.0", "3.1.1", "3.2.2", "3.3.1")


def faces_of(version: str) -> tuple[str, ...]:
    """Return the faces that a version of real Paddle answers for."""
    return (FLUID,) if within(version, "1.8.5", "2.4.2") else (FUNCTIONAL, MODULE)


def calls_of(face: str) -> list[Call]:
    """Return what is asked of every version that has this face, in order."""
    reproductions = [
        replace(quirk.call, name=f"quirk {quirk.id}") for quirk in LEDGER if quirk.face == face
    ]
    bad = [case.call for case in bad_input(face)]
    if face == FLUID:
        # Its checks differ between building a program and running eagerly.
        static = [replace(call, name=f"{call.name}, static", mode="static") for call in bad]
        # Eagerly an empty fg_num is read out of bounds: no two runs answer the same.
        bad = [call for call in bad if call.inputs["fg_num"].size] + static
    return [*reproductions, *cases.recorded(face), *bad]


def record(versions: Sequence[str]) -> Vectors:
    """Ask every version, and return what they answer.

    Raises:
        OracleUnavailable: with the reason, when one of the versions cannot be had here.
    """
    vectors = Vectors()
    start = {}
    for face in FACES:
        start[face] = len(vectors.calls)
        vectors.calls += calls_of(face)
    for version in versions:
        environment = provision(version)
        vectors.builds[version] = Recording(environment.wheel, environment.sha256)
        vectors.outcomes[version] = {}
        with SubprocessOracle(environment.python, version) as oracle:
            for face in faces_of(version):
                answers = oracle.evaluate(calls_of(face))
                vectors.outcomes[version].update(enumerate(answers, start[face]))
    return vectors


def _merge(fresh: Vectors, kept: Vectors) -> None:
    """Keep the versions that were not recorded anew; only right while the calls are the same."""
    if [call.name for call in fresh.calls] != [call.name for call in kept.calls]:
        raise ValueError("the calls have changed since the last recording: record every version")
    for version in kept.builds.keys() - fresh.builds.keys():
        fresh.builds[version] = kept.builds[version]
        fresh.outcomes[version] = kept.outcomes[version]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command: 0 when it is done, 2 when it cannot be."""
    parser = argparse.ArgumentParser(
        prog="python -m paddle_compat.conformance.record", description=__doc__.splitlines()[0]
    )
    parser.add_argument("--versions", nargs="+", default=list(VERSIONS), metavar="VERSION")
    parser.add_argument("--out", type=Path, default=VECTORS, help="the JSON file to write")
    options = parser.parse_args(arguments)
    try:
        vectors = record(options.versions)
        if options.out.exists() and set(options.versions) != set(VERSIONS):
            _merge(vectors, load(options.out))
    except (OracleUnavailable, ValueError) as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    save(vectors, options.out)
    for version in options.versions:
        build = vectors.builds[version]
        print(f"{version}: {len(vectors.outcomes[version])} calls from {build.wheel}")
    size = sum(path.stat().st_size for path in (options.out, options.out.with_suffix(".npz")))
    print(f"{options.out}: {size / 1024:.0f} KiB")
    return 0


if __name__ == "__main__":
    sys.exit(main())
