"""The arguments of a call, by the names of the parameters that they go to."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

__all__ = ["Argument", "Arguments", "bind"]


@dataclass(frozen=True, slots=True, eq=False)
class Argument:
    """An argument.

    Attributes:
        parameter: the parameter that it goes to.
        value: its expression.
        keyword: its keyword node, None if it is given by position.
    """

    parameter: str
    value: ast.expr
    keyword: ast.keyword | None


class Arguments:
    """The arguments of a call, in the order of their writing."""

    def __init__(self, given: Sequence[Argument]) -> None:
        self.given = tuple(given)
        self._by_name = {each.parameter: each for each in given}

    def __contains__(self, parameter: str) -> bool:
        return parameter in self._by_name

    def __iter__(self) -> Iterator[Argument]:
        return iter(self.given)

    def __getitem__(self, parameter: str) -> ast.expr:
        return self._by_name[parameter].value

    def get(self, parameter: str) -> ast.expr | None:
        """Return the expression given for a parameter, None if there is none."""
        found = self._by_name.get(parameter)
        return found.value if found else None

    def argument(self, parameter: str) -> Argument | None:
        """Return the argument given for a parameter, None if there is none."""
        return self._by_name.get(parameter)

    def by_position(self, parameter: str) -> bool:
        """Tell whether a parameter is given, and by position."""
        found = self._by_name.get(parameter)
        return found is not None and found.keyword is None


def bind(call: ast.Call, parameters: Sequence[str]) -> Arguments | None:
    """Bind a call's arguments to parameters; None where ``*`` or ``**`` hides which goes where.

    None too where the call cannot be one of that signature: too many arguments, an unknown name,
    or a parameter given twice.
    """
    given = []
    if len(call.args) > len(parameters):
        return None
    for parameter, value in zip(parameters, call.args, strict=False):
        if isinstance(value, ast.Starred):
            return None
        given.append(Argument(parameter, value, None))
    taken = {each.parameter for each in given}
    for keyword in call.keywords:
        if keyword.arg is None or keyword.arg not in parameters or keyword.arg in taken:
            return None
        taken.add(keyword.arg)
        given.append(Argument(keyword.arg, keyword.value, keyword))
    return Arguments(given)
