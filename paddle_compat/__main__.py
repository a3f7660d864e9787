"""``python -m paddle_compat``: the command ``paddle-compat``."""

import sys

from paddle_compat.cli import main

if __name__ == "__main__":
    sys.exit(main())
