"""Snippets that are saved for inference, and run from their files, by real Paddle or by ours.

Stand-alone Python 3.8. Usage::

    inference_snippets.py PACKAGE save CASES ROOT   save each into ROOT/NUMBER
    inference_snippets.py PACKAGE run CASES ROOT    load each from ROOT/NUMBER, and run it

CASES.json holds the snippets' headers and CASES.npz their inputs. What came out of each is written
to ROOT/ACTION.npz, and what failed to ROOT/ACTION.json.
"""

import functools
import importlib
import importlib.util
import json
import os
import sys
from typing import Any, Dict, List, Tuple

import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
RUNNER = os.path.join(HERE, "../../paddle_compat/conformance/workers/fluid_program.py")


@functools.lru_cache(maxsize=None)
def runner() -> Any:
    """Return the module that runs snippets, without its package."""
    found = importlib.util.spec_from_file_location("fluid_program", RUNNER)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def build(fluid: Any, header: Dict[str, Any], arrays: Dict[str, Any]) -> Tuple[Any, List[Any]]:
    """Build a snippet into the default programs; return its feed and its results."""
    run = runner()
    namespace = run._namespace(fluid, **run._declare(fluid, header, arrays))
    run._execute(header["source"], namespace)
    results = [out for _, out in run._outputs(namespace)]
    # What is fetched must be numbers.
    truth = fluid.core.VarDesc.VarType.BOOL
    results = [fluid.layers.cast(out, "int32") if out.dtype == truth else out for out in results]
    return run._feeds(fluid, header, arrays), results


def save(fluid: Any, header: Dict[str, Any], arrays: Dict[str, Any], path: str) -> List[Any]:
    """Save a snippet's results; return what the program itself gives for them, in testing."""
    main, startup = fluid.Program(), fluid.Program()
    main.random_seed = startup.random_seed = header["seed"]
    executor = fluid.Executor(fluid.CPUPlace())
    with fluid.scope_guard(fluid.Scope()), fluid.unique_name.guard():
        with fluid.program_guard(main, startup):
            feed, results = build(fluid, header, arrays)
            executor.run(startup)
            needed = {result.name for result in results}
            for op in reversed(main.global_block().ops):
                if needed.intersection(op.output_arg_names):
                    needed.update(op.input_arg_names)
            feeds = [name for name in feed if name in needed]
            names = [result.name for result in results]
            fluid.io.save_inference_model(path, feeds, results, executor, main)
        return tensors(executor, main.clone(for_test=True), feed, names)


def run(fluid: Any, header: Dict[str, Any], arrays: Dict[str, Any], path: str) -> List[Any]:
    """Load a snippet; return what it gives."""
    executor = fluid.Executor(fluid.CPUPlace())
    with fluid.scope_guard(fluid.Scope()):
        program, feeds, fetches = fluid.io.load_inference_model(path, executor)
        feed = runner()._feeds(fluid, header, arrays)
        wanted = [fetch.name for fetch in fetches] if fluid.__name__ != "paddle.fluid" else fetches
        return tensors(executor, program, {name: feed[name] for name in feeds}, wanted)


def tensors(executor: Any, program: Any, feed: Dict[str, Any], wanted: List[Any]) -> List[Any]:
    """Run a program; return each result as an array and its lengths, None without elements."""
    found = executor.run(program, feed=feed, fetch_list=wanted, return_numpy=False)
    return [
        (np.array(one) if one._is_initialized() else None, one.recursive_sequence_lengths())
        for one in found
    ]


def case(cases: List[Dict[str, Any]], stored: Any, number: int) -> Tuple[Dict[str, Any], Any]:
    header = cases[number]
    keys = ["input/" + name for name in header["inputs"]]
    return header, {key: stored["%d/%s" % (number, key)] for key in keys}


def main(package: str, action: str, source: str, root: str) -> None:
    fluid = importlib.import_module(package)
    with open(source + ".json") as file:
        cases = json.load(file)
    stored = np.load(source + ".npz")
    answers: Dict[str, Any] = {}
    failed = {}
    for number in range(len(cases)):
        try:
            found = {"save": save, "run": run}[action](
                fluid, *case(cases, stored, number), path=os.path.join(root, str(number))
            )
        except Exception as error:
            failed[number] = "%s: %s" % (type(error).__name__, error)
            continue
        for place, (value, lengths) in enumerate(found):
            if value is not None:
                answers["%d/%d" % (number, place)] = value
            answers["%d/%d/lengths" % (number, place)] = np.array(json.dumps(lengths))
    np.savez(os.path.join(root, action), **answers)
    with open(os.path.join(root, action + ".json"), "w") as file:
        json.dump(failed, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
