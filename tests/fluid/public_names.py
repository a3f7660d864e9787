"""The public names of an engine, with their signatures; run by ours and by real Paddle 1.8.5.

Stand-alone Python 3.8: real Paddle's interpreter runs this file. It reads {module: [names]} from
its input and prints, for each name, what it finds there.
"""

import importlib
import inspect
import json
import sys
from typing import Any, Dict, List


def signature(item: Any) -> Any:
    """Return the arguments of a function or a class, with their defaults."""
    try:
        found = inspect.signature(item)
    except (TypeError, ValueError):
        return None
    told = []
    for parameter in found.parameters.values():
        default = parameter.default
        if default is inspect.Parameter.empty:
            text = "required"
        elif default is None or isinstance(default, (bool, int, float, str, list, tuple)):
            text = repr(default)
        else:
            text = type(default).__name__
        told.append([parameter.name, text])
    return told


def describe(package: str, wanted: Dict[str, List[str]]) -> Dict[str, Any]:
    """Return the signature and home of each name; None where the package lacks it."""
    answers: Dict[str, Any] = {}
    for path, names in wanted.items():
        module = importlib.import_module(package + "." + path if path else package)
        for name in names:
            item = getattr(module, name, None)
            key = (path + "." if path else "") + name
            home = getattr(item, "__module__", None) or ""
            answers[key] = item is not None and [
                type(item).__name__ in ("function", "method"),
                signature(item),
                home[len(package) :] if home.startswith(package) else home,
            ]
    return answers


if __name__ == "__main__":
    json.dump(describe("paddle.fluid", json.load(sys.stdin)), sys.stdout)
