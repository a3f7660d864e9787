"""Print the supported names of `paddle.fluid` as the table of migration_guide.md.

`--write` puts the table there.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import sys
from types import ModuleType

from guide_table import GuideTable

from paddle_compat import fluid


def modules() -> list[ModuleType]:
    """Return the public modules of `paddle_compat.fluid`, itself first."""
    found = [fluid]
    for info in pkgutil.walk_packages(fluid.__path__, fluid.__name__ + "."):
        if not any(part.startswith("_") for part in info.name.split(".")):
            module = importlib.import_module(info.name)
            # Without it: a part of a module of Paddle's that is a package here.
            if hasattr(module, "__getattr__") and info.name != GENERATED:
                found.append(module)
    return found


# Where Paddle's generated layers say that they are; one finds them elsewhere.
GENERATED = f"{fluid.__name__}.layers.layer_function_generator"


def names(module: ModuleType) -> list[str]:
    """Return what a module offers of its own; `fluid` and `layers` also what they hand on."""
    own = []
    for name in module.__all__:
        item = getattr(module, name)
        home = getattr(item, "__module__", module.__name__)
        handed_on = home.startswith(fluid.__name__) and home not in (module.__name__, GENERATED)
        if inspect.ismodule(item) or (handed_on and module is not fluid):
            continue
        own.append(name)
    return sorted(own, key=lambda name: (name.lower(), name))


def table() -> str:
    """Return the names as Markdown, a row for each module that has some of its own."""
    rows = ["| module | names |", "|---|---|"]
    for module in modules():
        path = module.__name__.replace("paddle_compat", "paddle", 1)
        listed = ", ".join(f"`{name}`" for name in names(module))
        if listed:
            rows.append(f"| `{path}` | {listed} |")
    return "\n".join(rows)


TABLE = GuideTable(
    "<!-- names: written by tools/supported_names.py -->",
    "<!-- end of names -->",
    table,
    "supported_names.py",
)

if __name__ == "__main__":
    sys.exit(TABLE.main(sys.argv[1:]))
