"""`paddle.fluid.unique_name`: names that are numbered by key, as 1.8 numbers them."""

from __future__ import annotations

import contextlib
from collections import defaultdict
from collections.abc import Iterator

from paddle_compat.fluid._publish import publish

__all__ = ["generate", "guard", "switch"]


class UniqueNameGenerator:
    """Numbers the names of each key from 0.

    Args:
        prefix: what every name starts with.
    """

    def __init__(self, prefix: str | None = None) -> None:
        self.prefix = prefix or ""
        self.ids: defaultdict[str, int] = defaultdict(int)

    def __call__(self, key: str) -> str:
        number = self.ids[key]
        self.ids[key] = number + 1
        return f"{self.prefix}{key}_{number}"


generator = UniqueNameGenerator()


def generate(key: str) -> str:
    """Return the next name of a key.

    Example:
        >>> from paddle_compat import fluid
        >>> with fluid.unique_name.guard():
        ...     fluid.unique_name.generate("fc"), fluid.unique_name.generate("fc")
        ('fc_0', 'fc_1')

    Source:
        ``paddle.fluid.unique_name.generate``, PaddlePaddle 1.8.
    """
    return generator(key)


def switch(
    new_generator: UniqueNameGenerator | None = None, new_para_name_checker: object = None
) -> tuple[UniqueNameGenerator, object]:
    """Change the generator of names (to a fresh one by default); return the one before.

    The second argument and result stand for 1.8's register of eager parameter names, which has
    no counterpart here.

    Source:
        ``paddle.fluid.unique_name.switch``, PaddlePaddle 1.8.
    """
    global generator
    before = generator
    generator = UniqueNameGenerator() if new_generator is None else new_generator
    return before, new_para_name_checker


@contextlib.contextmanager
def guard(new_generator: str | bytes | UniqueNameGenerator | None = None) -> Iterator[None]:
    """Start numbering names from 0 again inside the block, with a prefix if one is given.

    Source:
        ``paddle.fluid.unique_name.guard``, PaddlePaddle 1.8.
    """
    if isinstance(new_generator, bytes):
        new_generator = new_generator.decode()
    if isinstance(new_generator, str):
        new_generator = UniqueNameGenerator(new_generator)
    before, checker = switch(new_generator)
    try:
        yield
    finally:
        switch(before, checker)


__getattr__ = publish(__name__, globals(), __all__)
