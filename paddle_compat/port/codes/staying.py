"""PC1xx: what is not rewritten to torch, and why."""

from __future__ import annotations

from paddle_compat.port.diagnostics import declare

__all__: list[str] = []

declare(
    "PC100",
    "stays-on-the-shim",
    """
    paddle_compat offers it, on torch tensors, and no function of torch is known to do the same. It
    keeps working; rewrite it by hand if paddle_compat has to go.
    """,
)
declare(
    "PC101",
    "differs-in-torch",
    """
    Torch has a function of that kind, which differs in the way that the message tells: other
    random numbers, another gradient where elements are equal, other files. Decide, and rewrite it.
    """,
)
declare(
    "PC102",
    "not-certain",
    """
    Torch has an equal function for some arguments, and it is not certain that these are such: an
    axis or a dtype in a variable, a list that may hold tensors, arguments behind * or **.
    """,
)
declare(
    "PC103",
    "builds-a-program",
    """
    The file builds a static program, in which a name stands for a value of a later run; torch's
    functions take tensors. It stays on paddle_compat, which runs such programs on torch:
    'paddle-compat export' writes them as source for torch alone.
    """,
)
declare(
    "PC104",
    "unknown-receiver",
    """
    A method or attribute that only Paddle's tensors, layers or optimizers have, on something of
    which it is not certain what it is. Annotate it (x: paddle.Tensor), or rewrite it by hand.
    """,
)
declare(
    "PC105",
    "comment-inside",
    """
    The rewrite would lose a comment that stands inside of the call. Move it and port again.
    """,
)
