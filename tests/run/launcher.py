"""Runs many scripts from one process that has torch loaded: each in a fork of its own.

A fork goes on as the command's own process does, from `main` to the interpreter's end, and its
standard streams are the files of the request; only the seconds that torch costs are saved.
Usage: launcher.py REQUESTS REPLIES (file descriptors); one line of JSON each way a run.
"""

from __future__ import annotations

import gc
import json
import os
import signal
import sys

# Triton, where it is installed, tells at the end of what gc.freeze has kept from being collected.
sys.modules["triton"] = None  # type: ignore[assignment]

import numpy  # noqa: E402, F401
import torch  # noqa: E402

from paddle_compat import cli  # noqa: E402

_SECONDS = 60


def serve(requests: int, replies: int) -> list[str]:
    """Answer requests until they end; in a fork, return its command line."""
    with os.fdopen(requests) as lines, os.fdopen(replies, "w") as answers:
        for line in iter(lines.readline, ""):
            request = json.loads(line)
            child = os.fork()
            if child == 0:
                os.chdir(request["cwd"])
                for fd, (path, mode) in enumerate(zip(request["streams"], "rww", strict=True)):
                    flags = os.O_RDONLY if mode == "r" else os.O_WRONLY | os.O_CREAT | os.O_TRUNC
                    os.dup2(os.open(path, flags, 0o600), fd)
                signal.alarm(_SECONDS)
                return list(request["arguments"])
            _, status = os.waitpid(child, 0)
            answers.write(f"{os.waitstatus_to_exitcode(status)}\n")
            answers.flush()
    os._exit(0)


if __name__ == "__main__":
    torch.set_num_threads(1)
    # Shapes are found on meta tensors, and torch loads its compiler for some of their functions.
    torch.relu(torch.empty(1, device="meta"))
    # The interpreter's end then does not search torch for cycles: most of a fork's time.
    gc.freeze()
    sys.exit(cli.main(serve(int(sys.argv[1]), int(sys.argv[2]))))
