"""Record what real Paddle 1.8.5 defines of the operators that inference models may have.

`--write` writes ``paddle_compat/fluid/io/_operators/definitions.json``; without it, exit status 1
tells that the file is not what real Paddle says.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from paddle_compat.conformance.provision import provision
from paddle_compat.fluid.io import _operators
from paddle_compat.fluid.io._operators import newer

FILE = Path(_operators.__file__).with_name("definitions.json")

_ASK = """
import json, sys
from paddle.fluid import core
from paddle.fluid.framework import OpProtoHolder
KINDS = ["INT", "FLOAT", "STRING", "INTS", "FLOATS", "STRINGS", "BOOLEAN", "BOOLEANS", "BLOCK",
         "LONG", "BLOCKS", "LONGS"]
def slot(var):
    return var.name + "*" * var.duplicable + "?" * var.dispensable
found = {}
for name in json.load(sys.stdin):
    proto = OpProtoHolder.instance().get_op_proto(name)
    defaults = core.get_op_attrs_default_value(name.encode())
    found[name] = {
        "inputs": [slot(var) for var in proto.inputs],
        "outputs": [slot(var) for var in proto.outputs],
        "attrs": {
            attr.name: [KINDS[attr.type]] + ([defaults[attr.name]] if attr.name in defaults else [])
            for attr in proto.attrs
        },
    }
print(json.dumps(found))
"""


def recorded() -> str:
    """Return what real Paddle defines, as the file's text: an operator a line."""
    done = subprocess.run(
        [provision("1.8.5").python, "-c", _ASK],
        input=json.dumps(sorted(_operators.FORMS.keys() - newer.FORMS.keys())),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout.splitlines()[-1])
    lines = [f"{json.dumps(name)}: {json.dumps(found[name])}" for name in sorted(found)]
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main(arguments: list[str]) -> int:
    """Write the file, or compare it."""
    text = recorded()
    if "--write" in arguments:
        FILE.write_text(text, encoding="utf-8")
        return 0
    if FILE.read_text(encoding="utf-8") == text:
        return 0
    print(f"{FILE} is not what Paddle 1.8.5 defines; run tools/operator_definitions.py --write")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
