"""Operators: the recorded calls of a program, and the lines of code that built them."""

from __future__ import annotations

import linecache
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import fx

if TYPE_CHECKING:
    from paddle_compat.fluid._variable import Variable

__all__ = ["Location", "Operator"]

_PACKAGE = str(Path(__file__).parent.parent)


@dataclass(frozen=True)
class Location:
    """The line of the user's code that built an operator."""

    file: str
    line: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"

    @property
    def source(self) -> str:
        """The line's text; empty where the file cannot be read."""
        return linecache.getline(self.file, self.line).strip()

    @staticmethod
    def of_caller() -> Location:
        """Return where the code outside this package stands that is calling into it."""
        frame = sys._getframe(1)
        while frame.f_back is not None and frame.f_code.co_filename.startswith(_PACKAGE):
            frame = frame.f_back
        return Location(frame.f_code.co_filename, frame.f_lineno)


@dataclass(eq=False)
class Operator:
    """One recorded call.

    Attributes:
        type: Paddle's name of the operator.
        node: the call in the program's graph.
        inputs: the variables that it reads, by argument.
        outputs: the variables that it writes.
        attrs: its other arguments.
        role: what it is there for: forward, backward, optimize or lr (a learning rate's schedule).
        location: the user's line that built it.
    """

    type: str
    node: fx.Node
    inputs: dict[str, list[Variable]]
    outputs: list[Variable]
    attrs: dict[str, Any]
    role: str
    location: Location

    @property
    def input_arg_names(self) -> list[str]:
        """The names of the variables that it reads."""
        return [variable.name for group in self.inputs.values() for variable in group]

    @property
    def output_arg_names(self) -> list[str]:
        """The names of the variables that it writes."""
        return [variable.name for variable in self.outputs]

    def attr(self, name: str) -> Any:
        """Return an argument that is no variable."""
        return self.attrs[name]

    def has_attr(self, name: str) -> bool:
        """Tell whether there is such an argument."""
        return name in self.attrs

    def all_attrs(self) -> dict[str, Any]:
        """Return the arguments that are no variables."""
        return dict(self.attrs)

    def __repr__(self) -> str:
        reads = ", ".join(self.input_arg_names)
        return f"{', '.join(self.output_arg_names)} = {self.type}({reads})  # {self.location}"
