"""PC0xx: names, imports and files."""

from __future__ import annotations

from paddle_compat.port.diagnostics import declare

__all__: list[str] = []

declare(
    "PC001",
    "unsupported-name",
    """
    Neither torch nor paddle_compat has a function that does the same. The message says what to do;
    the line is left as it is, and so is the import that it needs.
    """,
)
declare(
    "PC002",
    "import-of-paddle",
    """
    An import of Paddle that becomes one of paddle_compat or torch. The names that it binds stay,
    so that the code below it does not change for its sake.
    """,
)
declare(
    "PC003",
    "no-python",
    """
    The file cannot be read as Python 3: its syntax (Python 2 source, say) or its encoding. It is
    left untouched, and the other files are ported. Run 2to3 or python-modernize on it first.
    """,
)
declare(
    "PC004",
    "ambiguous-name",
    """
    The name is Paddle's or something else, depending on what ran before: it is bound more than
    once. Nothing that it stands for is rewritten. Give the two things two names.
    """,
)
declare(
    "PC005",
    "import-by-string",
    """
    Paddle is imported by __import__ or importlib, by a name in a string, which is not rewritten:
    such strings are often made at run time. Import it with an import statement.
    """,
)
declare(
    "PC006",
    "name-by-string",
    """
    getattr of a Paddle module takes a name that is not known before the program runs, so it is not
    known either whether it is supported. List the functions in a dictionary.
    """,
)
declare(
    "PC008",
    "rewrite-refused",
    """
    The rewritten file would not parse, or porting it again would change it again. It is left
    untouched. This is a fault of the porter's: please report it with the file.
    """,
)
declare(
    "PC010",
    "equal-in-torch",
    """
    Torch has the same: values, dtypes, shapes and gradients have been compared with real Paddle
    3.3.1 on examples, and with 1.8.5 for 1.x in eager mode. --write rewrites it. A size that a
    variable holds is taken not to be 0.
    """,
)
