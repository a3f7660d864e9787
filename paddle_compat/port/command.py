"""The command ``paddle-compat port``."""

from __future__ import annotations

import argparse
import difflib
import os
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from paddle_compat.atomic import write_atomically
from paddle_compat.port.config import ConfigError, chosen_codes, read_config
from paddle_compat.port.coverage import coverage, many, statistics, summary
from paddle_compat.port.diagnostics import rules
from paddle_compat.port.files import find, shown
from paddle_compat.port.formats import FORMATS
from paddle_compat.port.progress import Progress
from paddle_compat.port.work import FileResult, port

__all__ = ["main"]

_DESCRIPTION = """\
Say what Paddle source needs to become PyTorch source, and rewrite it. Reads source only: it needs
neither Paddle nor torch, and runs nothing. Without --diff or --write it changes nothing and prints
a line for each place: 'path:line:col: CODE message', and '[fix]' where --write mends it."""

_EPILOG = """\
Options may also stand in [tool.paddle-compat.port] of the nearest pyproject.toml: to, select,
ignore, exclude, format. Exit codes: 0 nothing found; 1 findings, or with --diff a change; 2 a usage
error or a file that cannot be read or written."""

# Below this many bytes of source, starting processes costs more than they save.
_WORTH_PROCESSES = 2_000_000


def main(arguments: Sequence[str]) -> int:
    """Run the command and return its exit code.

    Raises:
        SystemExit: 2 for a usage error.
    """
    parser = _parser()
    options = parser.parse_args(list(arguments))
    if options.explain is not None:
        return _explain(options.explain)
    if not options.paths:
        parser.error("name the files or folders to port")
    paths = [Path(path) for path in options.paths]
    try:
        config = read_config(paths[0] if paths[0].is_dir() else paths[0].parent)
        known = list(rules())
        select = _codes(options.select) or config.get("select")
        target = options.to or config.get("to", "torch")
        ignore = _codes(options.ignore) or config.get("ignore", [])
        chosen = chosen_codes(known, select, ignore, target)
        files = list(find(paths, [*options.exclude, *config.get("exclude", [])]))
    except (ConfigError, FileNotFoundError) as error:
        parser.error(str(error))
    form = options.format or config.get("format", "text")
    try:
        return _run(files, target, chosen, options, form)
    except BrokenPipeError:  # whoever reads the findings has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1


def _run(
    files: Sequence[Path],
    target: str,
    chosen: frozenset[str],
    options: argparse.Namespace,
    form: str,
) -> int:
    results: list[FileResult] = []
    failed = False
    for file, outcome in _ported(files, target, chosen, options.jobs):
        if isinstance(outcome, OSError):
            failed = True
            print(f"{shown(file)}: {outcome.strerror or outcome}", file=sys.stderr)
            continue
        results.append(outcome)
        if options.write and outcome.new is not None:
            failed |= not _write(file, outcome)
    return _tell(results, options, form, failed)


def _ported(
    files: Sequence[Path], target: str, chosen: frozenset[str], jobs: int | None
) -> Iterator[tuple[Path, FileResult | OSError]]:
    work = partial(_one, target=target, chosen=chosen)
    processes = jobs or min(os.cpu_count() or 1, len(files))
    if processes > 1 and (jobs or sum(map(_size, files)) > _WORTH_PROCESSES):
        with ProcessPoolExecutor(processes) as pool, Progress(len(files)) as progress:
            for file, outcome in zip(files, pool.map(work, files, chunksize=8), strict=True):
                progress.advance()
                yield file, outcome
        return
    with Progress(len(files)) as progress:
        for file in files:
            outcome = work(file)
            progress.advance()
            yield file, outcome


def _one(file: Path, target: Any, chosen: frozenset[str]) -> FileResult | OSError:
    try:
        data = file.read_bytes()
    except OSError as error:
        return error
    return port(data, shown(file), target, chosen)


def _size(file: Path) -> int:
    try:
        return file.stat().st_size
    except OSError:
        return 0


def _write(file: Path, result: FileResult) -> bool:
    try:
        write_atomically(file, result.data)
    except OSError as error:
        print(f"{result.path}: not written: {error.strerror or error}", file=sys.stderr)
        return False
    return True


def _tell(
    results: Sequence[FileResult], options: argparse.Namespace, form: str, failed: bool
) -> int:
    changed = [result for result in results if result.new is not None]
    if options.diff:
        for result in changed:
            sys.stdout.write(_diff(result))
        found = bool(changed)
    else:
        told = [each for r in results for each in (r.left if options.write else r.told)]
        found = bool(told)
        sys.stdout.write(FORMATS[form](told, counted := coverage(results)))
        if options.statistics:
            table = statistics(counted, {code: rule.name for code, rule in rules().items()})
            print(table, file=sys.stdout if form == "text" else sys.stderr)
    sys.stdout.flush()
    if form == "text" or options.diff:
        print(_last(results, changed, options), file=sys.stderr)
    return 2 if failed else int(found)


def _last(
    results: Sequence[FileResult], changed: Sequence[FileResult], options: argparse.Namespace
) -> str:
    counted = coverage(results)
    told = summary(counted)
    if options.write:
        return f"{many(len(changed), 'file')} rewritten. Before: {told}"
    fixable = sum(each.fix is not None for result in results for each in result.told)
    if options.diff:
        return f"{many(len(changed), 'file')} would change. {told}"
    return f"{told}. {many(fixable, 'fix')}: --diff shows them, --write makes them"


def _diff(result: FileResult) -> str:
    assert result.new is not None
    lines = difflib.unified_diff(
        result.old.splitlines(keepends=True),
        result.new.splitlines(keepends=True),
        f"a/{result.path}",
        f"b/{result.path}",
    )
    told = []
    for line in lines:
        ended = line.endswith(("\n", "\r"))
        told.append(line if ended else f"{line}\n\\ No newline at end of file\n")
    return "".join(told)


def _explain(code: str) -> int:
    known = rules()
    if code in ("all", ""):
        width = max(len(rule.name) for rule in known.values())
        for rule in known.values():
            print(f"{rule.code}  {rule.name:<{width}}  {rule.explanation.splitlines()[0]}")
        return 0
    if code not in known:
        print(
            f"paddle-compat port: there is no code {code!r}; --explain lists them", file=sys.stderr
        )
        return 2
    print(f"{code} {known[code].name}\n\n{known[code].explanation}")
    return 0


def _codes(text: str | None) -> list[str] | None:
    return [word.strip() for word in text.split(",")] if text is not None else None


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paddle-compat port",
        usage="paddle-compat port [options] PATH ...",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("paths", metavar="PATH", nargs="*", help="a file, or a folder whose *.py files are meant")
    add(
        "--to",
        choices=("shim", "torch"),
        help="paddle_compat, or torch wherever it is equal (default)",
    )
    either = parser.add_mutually_exclusive_group()
    either.add_argument("--diff", action="store_true", help="print what --write would change")
    either.add_argument("--write", action="store_true", help="rewrite the files")
    add("--select", metavar="CODES", help="only codes that begin with these: PC0,PC201")
    add("--ignore", metavar="CODES", help="no codes that begin with these")
    add("--exclude", metavar="GLOB", action="append", default=[], help="leave out; may be repeated")
    add("--format", choices=tuple(FORMATS), help="how findings are printed (text)")
    add("--statistics", action="store_true", help="count findings, and say what to add first")
    add(
        "--jobs",
        metavar="N",
        type=_jobs,
        help="processes (by default as many as there is work for)",
    )
    add(
        "--explain", metavar="CODE", nargs="?", const="all", help="explain a code, or list them all"
    )
    return parser


def _jobs(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        number = 0
    if number < 1:
        raise argparse.ArgumentTypeError(f"it is to be a number from 1, but is {text!r}")
    return number
