"""The command ``paddle-compat verify``."""

from __future__ import annotations

import argparse
import contextlib
import os
import re
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from paddle_compat.checkpoints import write_atomically
from paddle_compat.conformance.verify.formats import FORMATS

if TYPE_CHECKING:
    from paddle_compat.conformance.verify.running import Progress, Source
    from paddle_compat.conformance.verify.selection import Case

__all__ = ["main"]

_DESCRIPTION = """\
Hold paddle_compat to real Paddle, case by case: both focal losses and the module, every layer of
fluid, and whole programs. By default against the recorded answers of real Paddle that are part of
the package: seconds, and no Paddle is needed. A case passes, or is waived (a known difference
occurred, and is named), or fails; or it is unsupported: nothing could be compared, and the report
says why."""

_EPILOG = """\
A PATTERN is a case's id, or a part of one, or with asterisks the whole of one. Exit codes: 0 every
case passed or is waived; 1 a case failed, also where a waiver no longer occurs; 2 a usage error, or
nothing could be compared; 130 interrupted, with a report of what was reached."""

_VERSION = re.compile(r"\d+(\.\d+)+\Z")


class _SetUpError(Exception):
    """The run cannot begin; the message says why."""


def main(arguments: Sequence[str]) -> int:
    """Verify, and write the report.

    Raises:
        SystemExit: 2 for a usage error.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    _sort_words(options)
    if options.budget is not None and not options.budget > 0:
        parser.error(
            f"argument --budget: it must be more than 0 seconds, but it is {options.budget}"
        )
    if find_spec("mpmath") is None:
        parser.error("exact values need mpmath: pip install 'paddle-compat[cli]'")
    try:
        if options.names:
            return _list_names()
        return _list(options) if options.list else _verify(options)
    except _SetUpError as error:
        print(f"paddle-compat verify: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        # Before the first case: there is nothing to report.
        return 130


def _sort_words(options: argparse.Namespace) -> None:
    """Take the words behind --against that are no versions as patterns."""
    against = []
    for word in options.against or ["recorded"]:
        if word in ("recorded", "installed") or _VERSION.match(word):
            against.append(word)
        else:
            options.patterns.append(word)
    options.against = list(dict.fromkeys(against)) or ["recorded"]


def _verify(options: argparse.Namespace) -> int:
    from paddle_compat.conformance.verify.running import verify

    # Everything that can be wrong with the output is found out before the work.
    output = None if options.output is None else Path(options.output)
    if output is not None and not output.resolve().parent.is_dir():
        raise _SetUpError(f"there is no folder {str(output.parent)!r} to write {output.name!r} to")
    cases = _chosen(options)
    with _sources(options.against) as sources, _progress() as progress:
        report = verify(
            cases,
            sources,
            patterns=options.patterns,
            seed=options.seed,
            budget=options.budget,
            progress=progress,
        )
    text = FORMATS[options.format](report)
    if output is None:
        colour = options.format == "text" and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        sys.stdout.write(_coloured(text) if colour else text)
    else:
        write_atomically(output, text.encode("utf-8"))
    if output is not None or options.format != "text":
        from paddle_compat.conformance.verify.formats.text import summary

        print(summary(report), file=sys.stderr)
    if options.format == "github":
        from paddle_compat.conformance.verify.formats.github import append_summary

        append_summary(report)
    if report.failed:
        return 1
    if report.stopped == "interrupted":
        return 130
    compared = sum(count for status, count in report.counts.items() if status != "unsupported")
    if not compared:
        print("paddle-compat verify: nothing was compared", file=sys.stderr)
        return 2
    return 0


_COLOURS = ((r"^FAIL.*$", 31), (r"^ok: .*$", 32), (r"^    fault: .*$", 33), (r"^waived, .*$", 33))


def _coloured(text: str) -> str:
    """Return the text with the escapes that colour it in a terminal."""
    for pattern, colour in _COLOURS:
        text = re.sub(pattern, f"\x1b[{colour}m\\g<0>\x1b[0m", text, flags=re.MULTILINE)
    return text


def _chosen(options: argparse.Namespace) -> list[Case]:
    """Return the cases that are asked for."""
    from paddle_compat.conformance.verify.answers import recorded
    from paddle_compat.conformance.verify.selection import choose, live_cases

    live = any(word != "recorded" for word in options.against)
    known = live_cases(options.seed) if live else recorded().cases
    cases = choose(known, options.patterns)
    if cases:
        return cases
    told = " ".join(repr(pattern) for pattern in options.patterns)
    more = "" if live else choose(live_cases(options.seed), options.patterns)
    if more:
        raise _SetUpError(
            f"no recorded case matches {told}; {len(more)} match that a live Paddle can be asked: "
            "--against 1.8.5 for fluid, 3.3.1 for nn"
        )
    raise _SetUpError(f"no case matches {told}; paddle-compat verify --list lists them")


@contextlib.contextmanager
def _sources(against: Sequence[str]) -> Iterator[list[Source]]:
    """Open what is compared with: recordings, and Paddles in interpreters of their own."""
    from paddle_compat.conformance.oracles import (
        OracleUnavailable,
        installed_oracle,
        open_oracle,
        release,
    )
    from paddle_compat.conformance.provision import provision
    from paddle_compat.conformance.verify.answers import recorded
    from paddle_compat.conformance.verify.running import live_source, recorded_source

    with contextlib.ExitStack() as stack:
        sources = []
        for word in against:
            try:
                if word == "recorded":
                    versions = sorted(recorded().answers, key=release)
                    sources += [recorded_source(version) for version in versions]
                elif word == "installed":
                    oracle = stack.enter_context(installed_oracle())
                    sources.append(live_source(oracle, spelled="installed"))
                else:
                    build = provision(word, progress=_say).wheel
                    oracle = stack.enter_context(open_oracle(word))
                    sources.append(live_source(oracle, build))
            except OracleUnavailable as error:
                raise _SetUpError(f"Paddle {word}: {error}") from error
        yield sources


def _say(line: str) -> None:
    print(f"paddle-compat verify: {line}", file=sys.stderr, flush=True)


@contextlib.contextmanager
def _progress() -> Iterator[Progress | None]:
    """Return what shows the progress: a line that renews itself, on a terminal alone."""
    if not sys.stderr.isatty():
        yield None
        return
    shown = [-1]

    def show(done: int, every: int, what: str) -> None:
        percent = 100 * done // every
        width = max(os.get_terminal_size(sys.stderr.fileno()).columns - 1, 20)
        if percent != shown[0] or every < 200:
            shown[0] = percent
            line = f"{percent:3d} %  {done}/{every}  {what}"[:width]
            print(f"\r{line:<{width}}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def _list(options: argparse.Namespace) -> int:
    """Print the ids of the cases."""
    for case in _chosen(options):
        print(case.id)
    return 0


def _list_names() -> int:
    """Print every public name, with the number of cases that use it."""
    from paddle_compat.conformance.coverage import covered

    for name, count in covered().items():
        print(f"{count:6d}  {name}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paddle-compat verify",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument("patterns", nargs="*", metavar="PATTERN", help="which cases; default all")
    parser.add_argument(
        "--against",
        nargs="+",
        action="extend",
        metavar="WHAT",
        help="'recorded' (default); 'installed', the Paddle of this Python; or versions such as "
        "1.8.5 3.3.1, each in an environment of its own, created where it is missing",
    )
    parser.add_argument("--format", choices=list(FORMATS), default="text", help="default: text")
    parser.add_argument("--output", metavar="FILE", help="write the report there")
    parser.add_argument("--list", action="store_true", help="print the cases' ids and end")
    parser.add_argument(
        "--names", action="store_true", help="print every public name with its cases, and end"
    )
    parser.add_argument(
        "--seed", type=int, default=0, metavar="N", help="of the calls drawn for a live Paddle"
    )
    parser.add_argument(
        "--budget", type=float, metavar="SECONDS", help="begin no further case after that"
    )
    return parser
