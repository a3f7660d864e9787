"""What a rule from a Paddle name to torch says, and how its signatures are written down."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from paddle_compat.port.rewrite.site import Kept, Piece, Rewrite, Site

__all__ = ["Function", "Named", "Parameter", "Template", "parameters"]

Convert = Callable[[Site, ast.expr], "tuple[Piece, ...] | Kept | None"]
Require = Callable[[Site], "str | None"]


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of Paddle's, and where it goes.

    Attributes:
        name: Paddle's name.
        torch: torch's; empty if torch has none.
        convert: the name of a conversion of the value, in `paddle_compat.port.rules.values`.
        only: the one constant, as source, that it may have where torch has no such parameter.
        keyword: whether torch takes it by keyword here.
    """

    name: str
    torch: str
    convert: str = ""
    only: str | None = None
    keyword: bool = False


def parameters(text: str) -> tuple[Parameter, ...]:
    """Read parameters off a line.

    ``x>input`` is renamed, ``dtype:dtype`` converted, ``name>`` is dropped, ``data_format>=NCHW``
    is dropped and must be that where it is given; all behind ``*`` are given by keyword.
    """
    found, keyword = [], False
    for word in text.split():
        if word == "*":
            keyword = True
            continue
        name, arrow, rest = word.partition(">")
        if arrow and rest.startswith("="):
            found.append(Parameter(name, "", only=rest[1:], keyword=keyword))
            continue
        name, _, convert = name.partition(":")
        torch, _, other = rest.partition(":")
        found.append(Parameter(name, torch if arrow else name, convert or other, None, keyword))
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Function:
    """A function whose arguments go to a torch function's, one by one.

    Attributes:
        paddle: its usual path.
        torch: the torch path.
        signature: see `parameters`.
        examples: calls on which both sides are compared.
        before: what to write before the call, and `after` behind it.
        add: what to add where a parameter is not given, by Paddle's name: torch's default differs.
        require: tells why a call cannot be rewritten, None if it can.
        method: whether tensors have it as a method too; then the last part of `torch` is one.
        gradient: whether gradients are compared too.
    """

    paddle: str
    torch: str
    signature: str
    examples: tuple[str, ...]
    before: str = ""
    after: str = ""
    add: Mapping[str, str] = field(default_factory=dict)
    require: Require | None = None
    method: bool = True
    gradient: bool = True

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """The parameters, read off `signature`."""
        return parameters(self.signature)


@dataclass(frozen=True, slots=True)
class Template:
    """A function that becomes an expression of another form.

    Attributes:
        paddle: its usual path.
        signature: the names of Paddle's parameters.
        write: writes it.
        becomes: what it becomes, in a few words.
        examples: calls on which both sides are compared.
        method: whether tensors have it as a method too.
        gradient: whether gradients are compared too.
    """

    paddle: str
    signature: str
    write: Callable[[Site], Rewrite | Kept]
    becomes: str
    examples: tuple[str, ...]
    method: bool = True
    gradient: bool = True


@dataclass(frozen=True, slots=True)
class Named:
    """A name that is another name in torch, called or not: a dtype, a class.

    Attributes:
        paddle: its usual path.
        torch: the torch path.
        examples: expressions on which both sides are compared.
    """

    paddle: str
    torch: str
    examples: Sequence[str] = ()
