"""Faults of vendored source and of the command that exports: data, and nothing else."""

from __future__ import annotations

from mutation_type import Mutation

__all__ = ["VENDORING"]

_GATHER = "export/vendor_gather.py"
_NAMES = "export/vendor_names.py"
_NAMING = "export/vendor_naming.py"
_TEXT = "export/vendor_text.py"
_PLAIN = "export/vendor_plain.py"
_FILES = "export/files.py"
_COMMAND = "export/command.py"
_OBSERVE = "run/observe.py"

_VENDOR_TESTS = ("export/test_vendor.py",)
_FILE_TESTS = ("export/test_files.py",)
_COMMAND_TESTS = ("export/test_command.py",)

VENDORING = (
    Mutation(
        "vendor: a comprehension's own names are the module's",
        _NAMES,
        "frozenset(n.id for n in targets if isinstance(n, ast.Name))",
        "frozenset[str]()",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: functions see the names of their class",
        _NAMES,
        "if not of_class or i == 0",
        "if not of_class or i >= 0",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: a name means something else where it is used",
        _NAMING,
        "if use.written != candidate",
        "if use.written == candidate",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: Python's own names are hidden",
        _NAMING,
        "{*dir(builtins), *keyword.kwlist, *taken}",
        "{*keyword.kwlist, *taken}",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: the caller's names are taken",
        _NAMING,
        "{*dir(builtins), *keyword.kwlist, *taken}",
        "{*dir(builtins), *keyword.kwlist}",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: modules stand before those that they import",
        _NAMING,
        "        for neighbour in module.neighbours():\n            visit(neighbour)\n"
        "        order[name] = len(order)\n",
        "        order[name] = len(order)\n"
        "        for neighbour in module.neighbours():\n            visit(neighbour)\n",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: a layer with levels of detail is called as a plain function",
        _GATHER,
        "(spec.levelled or spec.creates or spec.into)",
        "(spec.creates or spec.into)",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: the engine comes along",
        _GATHER,
        "if symbol.module in _ENGINE:",
        "if symbol.name in _ENGINE:",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: NumPy comes along",
        _GATHER,
        "symbol = _TWINS.get(symbol, symbol)",
        "symbol = symbol",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: a made function keeps the names of its maker",
        _GATHER,
        "                if reference.name in cells:",
        "                if reference.name in cells and not cells:",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: notes to tools stay",
        _TEXT,
        'kept = _FOR_TOOLS.sub("", line[column:])',
        "kept = line[column:]",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: decorators of layers stay",
        _TEXT,
        'self._edits.append(((decorator.lineno, 0), (decorator.end_lineno + 1, 0), ""))',
        "pass",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: float32 without its smallest numbers",
        _PLAIN,
        "- 24, -149)",
        "- 24, -126)",
        _VENDOR_TESTS,
    ),
    Mutation(
        "vendor: float32 without infinity",
        _PLAIN,
        "rounded if rounded < 2.0**128 else math.inf",
        "rounded",
        _VENDOR_TESTS,
    ),
    Mutation(
        "files: what is there is replaced unasked",
        _FILES,
        "if file.exists() and not force:",
        "if file.exists() and not force and file.suffix != '.safetensors':",
        _FILE_TESTS,
    ),
    Mutation(
        "files: source stands beside weights that are not its own",
        _FILES,
        "            for place, new, _ in reversed(places):",
        "            for place, new, _ in places:",
        _FILE_TESTS,
    ),
    Mutation(
        "files: what was moved away is lost",
        _FILES,
        "                if old.exists():\n"
        "                    old.replace(place)\n"
        "                elif",
        "                if",
        _FILE_TESTS,
    ),
    Mutation(
        "files: tensors are written as they lie",
        _FILES,
        "clone(memory_format=torch.contiguous_format)",
        "clone()",
        _FILE_TESTS,
    ),
    Mutation(
        "formatting: the user's settings count",
        "export/formatting.py",
        '"--isolated", "--no-cache"',
        '"--no-cache"',
        _FILE_TESTS,
    ),
    Mutation(
        "export: the script stops one run late",
        _OBSERVE,
        "runs.fetching >= stop_after",
        "runs.fetching > stop_after",
        _COMMAND_TESTS,
    ),
    Mutation(
        "export: the scope of the run is forgotten",
        _OBSERVE,
        "executor.global_scope() if scope is None else scope",
        "executor.global_scope()",
        _COMMAND_TESTS,
    ),
    Mutation(
        "export: the program that was run first is the last one",
        _OBSERVE,
        "            self.last.pop(run.program, None)\n",
        "",
        _COMMAND_TESTS,
    ),
    Mutation(
        "export: a script that failed is exported",
        _COMMAND,
        "if end.code not in (None, 0):",
        "if end.code in (1,):",
        _COMMAND_TESTS,
    ),
    Mutation(
        "export: --test is passed over",
        _COMMAND,
        "run.program.clone(for_test=True) if options.test else run.program",
        "run.program",
        _COMMAND_TESTS,
    ),
    Mutation(
        "export: fetches are looked for in the last program alone",
        _COMMAND,
        "if wanted <= set(run.program.global_block().vars)",
        "if wanted is not None",
        _COMMAND_TESTS,
    ),
    Mutation(
        "export: the script runs before the place is looked at",
        _COMMAND,
        "        check_free(path, force=options.force)\n",
        "",
        _COMMAND_TESTS,
    ),
)
