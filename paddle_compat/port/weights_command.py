"""The command ``paddle-compat port-weights``."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from paddle_compat.port.weights import port_weights
from paddle_compat.port.weights_files import write_state
from paddle_compat.port.weights_module import find_module
from paddle_compat.port.weights_names import Rule, RuleError, read_rules
from paddle_compat.port.weights_source import read_source

__all__ = ["main"]

_DESCRIPTION = """\
Write Paddle's weights as a torch state_dict, and tell what became of each. IN is a .pdparams file,
a folder of save_params or of an inference model, one file of several tensors, or what several files
begin with (as fluid.save and jit.save take it). Nothing in these files is run; with --module, that
file of yours is."""

_EPILOG = """\
rules:
  OLD=NEW          a name, or the layers that it begins with: conv2d_0=backbone.conv1
  re:PATTERN=NEW   a pattern for the whole name: 're:conv(\\d+)_weights=conv\\1.weight'
  OLD=             leave it out
Rules are applied one after the other, to Paddle's name and to the one that torch would have for it.

Exit codes: 0 all weights are used and the module has all that it wants; 1 something is not used,
missing or mismatched; 2 an error, and nothing is written."""

_FORMATS = {".safetensors": "safetensors", ".pt": "pt", ".pth": "pt", ".bin": "pt"}


def main(arguments: Sequence[str]) -> int:
    """Port a file of weights and return the exit code.

    Raises:
        SystemExit: 2 for a usage error.
    """
    parser = _parser()
    options = parser.parse_args(arguments)
    target = Path(options.target)
    form = options.format or _FORMATS.get(target.suffix)
    if form is None:
        parser.error(
            f"OUT is {target.name!r}: end it with .safetensors or .pt, or tell --format "
            "safetensors or --format pt"
        )
    try:
        rules = _rules(options)
        if target.is_dir() or (target.exists() and not options.force):
            parser.error(f"{options.target!r} is there already; choose another name, or --force")
        source = read_source(
            options.source,
            model=options.model,
            params=options.params,
            names=_names(options.names),
            entry=options.entry,
        )
        module = None if options.module is None else find_module(options.module)
        ported = port_weights(
            source,
            rules,
            module,
            transpose=options.transpose,
            keep_names=options.keep_names,
            by_order=options.by_order,
        )
        report = ported.report
        written = report.complete or not options.strict
        if written:
            write_state(target, ported.weights, form)
    except (OSError, ValueError, TypeError, MemoryError, ModuleNotFoundError) as error:
        told = str(error) or type(error).__name__
        if isinstance(error, ModuleNotFoundError):
            told = f"{error.name} is not installed, which a .pt file and --module need"
        print(f"paddle-compat port-weights: {told}", file=sys.stderr)
        return 2
    end = f"{options.target} is written" if written else f"{options.target} is not written"
    if options.json:
        print(json.dumps({**report.as_dict(), "written": written}, indent=2))
    else:
        print(report.text())
        print(end if written else f"{end}: --strict")
    return 0 if report.complete else 1


def _rules(options: argparse.Namespace) -> list[Rule]:
    rules: list[Rule] = []
    for told in options.rename:
        if "=" not in told:
            if not Path(told).is_file():
                raise RuleError(f"--rename {told!r} is no rule OLD=NEW, and no file of rules")
            rules += read_rules(Path(told).read_text(encoding="utf-8"))
        else:
            rules.append(Rule.parse(told))
    return rules


def _names(path: str | None) -> list[str] | None:
    if path is None:
        return None
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    return [line.strip() for line in lines if line.strip()]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="paddle-compat port-weights",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add("source", metavar="IN", help="Paddle's weights")
    add("target", metavar="OUT", help="a .safetensors or a .pt file")
    add("--format", choices=("safetensors", "pt"), help="of OUT, whatever its name ends with")
    add(
        "--module",
        metavar="FILE.py:CLASS",
        help="the torch module that decides names and shapes: a class or a function of a file or a "
        "package.module; its code is run",
    )
    add(
        "--rename",
        action="append",
        default=[],
        metavar="RULE",
        help="a rule for names, or a file with one a line; may be repeated",
    )
    add(
        "--transpose",
        action="append",
        default=[],
        metavar="NAME",
        help="transpose these too, with * for many; may be repeated",
    )
    add("--keep-names", action="store_true", help="without --module: keep Paddle's names")
    add(
        "--by-order",
        action="store_true",
        help="with --module: pair conv2d_0, conv2d_1, ... that no rule names with its layers of "
        "that kind, in order",
    )
    add("--strict", action="store_true", help="write nothing unless the exit code is 0")
    add("--force", action="store_true", help="replace OUT")
    add("--json", action="store_true", help="print the report as JSON")
    add("--model", metavar="FILE", help="the program with the names, for one file of tensors")
    add("--params", metavar="NAME", help="the one file of all tensors, in a folder")
    add("--names", metavar="FILE", help="a file with the tensors' names, one a line, in order")
    add("--entry", metavar="NAME", help="the state that is meant, of a file with several")
    return parser
