"""The command ``paddle-compat export``."""

from __future__ import annotations

import argparse
import builtins
import difflib
import keyword
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from paddle_compat.export.files import check_free
from paddle_compat.export.formatting import needs
from paddle_compat.run import script
from paddle_compat.run.launch import add_options, count, launch, parse
from paddle_compat.run.observe import Run, Runs, Stopped, observed

__all__ = ["main"]

_DESCRIPTION = """\
Run a legacy Paddle script as 'paddle-compat run' does, and write one of its programs as Python
source that needs torch alone: PATH.py with a torch.nn.Module, and PATH.safetensors beside it with
the values that its parameters have when the script ends. By default that is the program that the
script ran last and fetched from, and the module returns what was fetched. Of a program that trains,
the part that computes the fetched values is written."""

_EPILOG = """\
All that follows SCRIPT belongs to the script, options too. Exit codes: 0 written; 1 the script
failed, or there is nothing in it to export; 2 a usage error."""

_WITH_VALUE = ("--fetch", "--program", "--output", "--class", "--after-runs")


class _NothingError(Exception):
    """There is nothing to export: the message says why."""


def main(arguments: Sequence[str]) -> int:
    """Run a script, and export a program of its; what the script raises is raised.

    Raises:
        SystemExit: 2 for a usage error.
    """
    parser = _parser()
    options, rest = parse(parser, arguments, _WITH_VALUE)
    try:
        needs("ruff", "safetensors")
        path = Path(options.output or _default_name(options.module or rest[0]))
        check_free(path, force=options.force)
    except (ModuleNotFoundError, OSError, ValueError) as error:
        parser.error(str(error))
    try:
        runs = _run(options, rest)
        print(_export(runs, options, path))
    except script.UsageError as error:
        parser.error(str(error))
    except _NothingError as error:
        print(f"paddle-compat export: {error}", file=sys.stderr)
        return 1
    return 0


def _default_name(told: str) -> str:
    """Return where a script's or a module's program goes: into the current folder."""
    stem = Path(told).stem if told.endswith(".py") else told.rpartition(".")[2]
    return f"{stem}_module.py"


def _run(options: argparse.Namespace, rest: Sequence[str]) -> Runs:
    """Run the script to its end, or as far as it is wanted."""
    hook = sys.excepthook
    with observed(options.after_runs) as runs:
        try:
            launch(options, rest)
        except Stopped:
            pass
        except SystemExit as end:
            if end.code not in (None, 0):
                if not isinstance(end.code, int):
                    print(end.code, file=sys.stderr)
                raise _NothingError(
                    f"the script ended with {end.code!r}; nothing is written"
                ) from None
    if options.after_runs is not None and runs.fetching < options.after_runs:
        raise _NothingError(
            f"the script ended after {runs.fetching} runs with fetches, so that there is no run "
            f"{options.after_runs} to stop after; leave --after-runs out"
        )
    sys.excepthook = hook
    return runs


def _export(runs: Runs, options: argparse.Namespace, path: Path) -> str:
    """Write the chosen program; return what to tell of it."""
    from paddle_compat.export.source import to_source

    run = _chosen(runs, options)
    program = run.program.clone(for_test=True) if options.test else run.program
    fetched = options.fetch or _computed(program, run.fetched)
    try:
        source = to_source(program, fetched, run.scope, options.class_name)
        weights = source.write(path, options.force)
    except (OSError, RuntimeError, TypeError, ValueError) as error:
        raise _NothingError(str(error)) from error
    return _told(path, weights, source)


def _chosen(runs: Runs, options: argparse.Namespace) -> Run:
    """Return the program to write, with what was fetched from it last, and its scope."""
    if options.program is not None:
        program = _variable(options.program)
        run = runs.last.get(program, Run(program, [], runs.scope))
        if not run.fetched and not options.fetch:
            raise _NothingError(
                f"the script fetched nothing from {options.program!r}; name what to fetch, as in "
                "--fetch loss"
            )
        return run
    latest = list(reversed(runs.last.values()))
    if not latest:
        raise _NothingError(
            "the script ran no program with a fetch_list; name a program and what to fetch, as in "
            "--program main --fetch loss"
        )
    wanted = set(options.fetch or ())
    return next(
        (run for run in latest if wanted <= set(run.program.global_block().vars)), latest[0]
    )


def _computed(program: Any, fetched: Sequence[str]) -> list[str]:
    """Return what a module can compute of what the script fetched; the rest is told of."""
    from paddle_compat.export.module import chosen

    kept: list[str] = []
    refused: list[str] = []
    for name in fetched:
        try:
            chosen(program, [name])
        except ValueError as error:
            refused.append(str(error).removeprefix("fetch_list: "))
        else:
            kept.append(name)
    if not kept:
        raise _NothingError("; ".join([*refused, "choose what to fetch with --fetch"]))
    for told in refused:
        print(f"paddle-compat export: left out: {told}", file=sys.stderr)
    return kept


def _variable(name: str) -> Any:
    """Return a program that the script holds in a variable of its module."""
    from paddle_compat.fluid.framework import Program

    held = vars(sys.modules["__main__"])
    programs = {
        key: getattr(value, "_program", value)
        for key, value in held.items()
        if isinstance(getattr(value, "_program", value), Program)
    }
    if name in programs:
        return programs[name]
    what = f"is {type(held[name]).__name__}" if name in held else "does not exist"
    near = difflib.get_close_matches(name, programs) or sorted(programs)
    hint = f"; there are {', '.join(near)}" if near else "; no variable there holds one"
    raise _NothingError(f"--program: the script's variable {name!r} {what}, and no program{hint}")


def _class_name(text: str) -> str:
    """Read a class's name, which is to be none that its source has otherwise."""
    if not text.isidentifier() or keyword.iskeyword(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no name of Python's")
    if text in {"load", "nn", "torch", "F", "Path", "Tensor", *dir(builtins)}:
        raise argparse.ArgumentTypeError(f"{text!r} has a meaning in the source; use another name")
    return text


def _told(path: Path, weights: Path, source: Any) -> str:
    """Return what was written, and how to use it."""
    count = len(source.state)
    numbers = sum(value.numel() for value in source.state.values())
    return "\n".join(
        [
            f"wrote {path}: class {source.class_name}",
            f"  takes {', '.join(source.inputs) or 'nothing'}",
            f"  returns {', '.join(source.outputs)}",
            f"wrote {weights}: {count} tensor{'s' * (count != 1)}, {numbers:,} numbers",
            "use it, where torch is installed:",
            f"  from {path.stem} import load",
            "  model = load()",
        ]
    )


def _parser() -> argparse.ArgumentParser:
    options = "[OPTION ...] [--device cpu|cuda] [--threads N]"
    parser = argparse.ArgumentParser(
        prog="paddle-compat export",
        usage=f"paddle-compat export {options} SCRIPT [ARGUMENT ...]\n"
        f"       paddle-compat export {options} -m MODULE [ARGUMENT ...]",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--fetch",
        action="append",
        metavar="NAME",
        help="what the module returns, a variable's name; once for each of several "
        "(default: what the script fetched)",
    )
    parser.add_argument(
        "--program",
        metavar="VAR",
        help="the program in this variable of the script (default: the one run last that has what "
        "is fetched)",
    )
    parser.add_argument(
        "--test", action="store_true", help="its clone for testing: clone(for_test=True)"
    )
    parser.add_argument(
        "--after-runs",
        type=count,
        metavar="N",
        help="stop the script after its Nth run with a fetch_list",
    )
    parser.add_argument(
        "--output",
        metavar="PATH.py",
        help="where the source goes (default: SCRIPT_module.py in the current folder)",
    )
    parser.add_argument(
        "--class",
        dest="class_name",
        type=_class_name,
        default="Model",
        metavar="NAME",
        help="the class's name (default: Model)",
    )
    parser.add_argument(
        "--to-source", action="store_true", help="write source, as is done by default"
    )
    parser.add_argument("--force", action="store_true", help="replace files that are there")
    add_options(parser)
    return parser
