"""Programs: a `torch.fx` graph with the names that legacy code gave its values."""

from __future__ import annotations

import contextlib
import operator
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import fx

from paddle_compat.fluid import unique_name
from paddle_compat.fluid._clone import clone
from paddle_compat.fluid._dtypes import VarType, as_torch_dtype
from paddle_compat.fluid._layer import LayerSpec
from paddle_compat.fluid._lod import fitting
from paddle_compat.fluid._operator import Location, Operator
from paddle_compat.fluid._printing import program_code
from paddle_compat.fluid._variable import Parameter, Variable

if TYPE_CHECKING:
    from paddle_compat.fluid._reads import Read

__all__ = ["Block", "Program"]

_LARGEST_SEED = 2**31 - 1


@dataclass(eq=False)
class Block:
    """A program's variables and operators. There is one block, the global one, in a program."""

    program: Program
    idx: int = 0
    parent_idx: int = -1
    vars: dict[str, Variable] = field(default_factory=dict)
    ops: list[Operator] = field(default_factory=list)

    def var(self, name: str) -> Variable:
        """Return the variable of that name.

        Raises:
            TypeError: the name is no string.
            ValueError: there is no such variable.
        """
        if not isinstance(name, str):
            raise TypeError(f"a variable's name must be a string, but got {name!r}")
        if name not in self.vars:
            raise ValueError(f"there is no variable {name!r} in this program")
        return self.vars[name]

    def has_var(self, name: str) -> bool:
        """Tell whether there is a variable of that name."""
        return name in self.vars

    def all_parameters(self) -> list[Parameter]:
        """Return the parameters in the order in which they were made."""
        return [var for var in self.vars.values() if isinstance(var, Parameter)]

    iter_parameters = all_parameters

    def create_var(self, name: str | None = None, **attributes: Any) -> Variable:
        """Declare a variable; a name that exists already is declared anew if nothing differs.

        Raises:
            ValueError: the name exists with another shape or dtype.
        """
        attributes.pop("initializer", None)
        if name is None:
            name = unique_name.generate("_generated_var")
        variable = Variable(self, name, **attributes)
        return self.adopt(variable)

    def adopt(self, variable: Variable) -> Variable:
        """Take a variable in, after comparing it with one of the same name."""
        before = self.vars.get(variable.name)
        if before is not None:
            for what in ("shape", "dtype", "lod_level"):
                old, new = getattr(before, what), getattr(variable, what)
                if old != new:
                    raise ValueError(
                        f"variable {variable.name!r} exists already with {what} {old}, and is now "
                        f"declared with {what} {new}; give it another name, or build all of one "
                        "program under one fluid.unique_name.guard()"
                    )
            variable.node = before.node
        self.vars[variable.name] = variable
        self.program.changed()
        return variable

    def create_parameter(self, name: str, shape: Sequence[int], dtype: Any, **kw: Any) -> Parameter:
        """Return the parameter of that name, declared now or before; it may have an initializer.

        The initializer is appended to this block, once.
        """
        initializer = kw.pop("initializer", None)
        kw.pop("type", None)
        parameter = Parameter(self, name, shape, dtype, **kw)
        before = self.vars.get(name)
        if isinstance(before, Parameter) and initializer is not None and before.op is not None:
            # A shared parameter: it is initialised once, by the first who named it.
            self._same_shape(before, parameter)
            return before
        self.adopt(parameter)
        if initializer is not None:
            initializer(parameter, self)
        return parameter

    @staticmethod
    def _same_shape(before: Variable, now: Variable) -> None:
        if before.shape != now.shape:
            raise ValueError(
                f"parameter {now.name!r} is shared, and its shape was {list(before.shape)}; here "
                f"it would be {list(now.shape)}; give this one another name"
            )

    def append(
        self,
        type: str,
        function: Callable[..., Any],
        arguments: dict[str, Any],
        outputs: Sequence[Variable],
        spec: LayerSpec | None = None,
        shared: Sequence[Variable | None] = (),
    ) -> Operator:
        """Record a call of a function of torch tensors.

        Args:
            type: Paddle's name of the operator.
            function: what a run calls; it returns one tensor, or a tuple where there are several
                outputs.
            arguments: by name; variables, at any depth of lists and tuples, stand for their values.
            outputs: the variables that hold the results from here on.
            spec: which levels of detail the function takes and gives; without it, none.
            shared: for each output, the variable whose levels of detail it takes as they are.
        """
        program = self.program
        inputs: dict[str, list[Variable]] = {}
        attrs: dict[str, Any] = {}
        kwargs: dict[str, Any] = {}
        for name, value in arguments.items():
            found: list[Variable] = []
            kwargs[name] = _to_nodes(program, value, found)
            if found:
                inputs[name] = found
            else:
                attrs[name] = value
        lods = {} if spec is None else {f"{n}_lod": program.lod_of(arguments[n]) for n in spec.lods}
        sources = [program.read(v) if isinstance(v, Variable) else None for v in shared]
        node = program.graph.call_function(function, kwargs={**kwargs, **lods})
        op = Operator(type, node, inputs, list(outputs), attrs, program.role, Location.of_caller())
        node.meta["operator"] = op
        ragged = {} if spec is None else spec.ragged
        if len(outputs) == 1 and not ragged:
            items = [node]
        else:
            items = [_item(node, index, op) for index in range(len(outputs))]
        levels = [_item(node, len(outputs) + place, op) for place in sorted({*ragged.values()})]
        for index, (item, variable) in enumerate(zip(items, outputs, strict=True)):
            program.rename(item, variable.name)
            _hold(variable, item, op)
            if index in ragged:
                item.meta["lod"] = levels[ragged[index]]
                program.rename(item.meta["lod"], f"{variable.name}_lod")
            elif index < len(sources) and sources[index] is not None:
                item.meta["lod_from"] = sources[index]
        self.ops.append(op)
        program.changed()
        return op

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.ops))


def _item(node: fx.Node, index: int, op: Operator) -> fx.Node:
    item = node.graph.call_function(operator.getitem, (node, index))
    item.meta["operator"] = op
    return item


def _hold(variable: Variable, node: fx.Node, op: Operator) -> None:
    node.meta["variable"] = variable
    # Later layers may write another kind of value under the name.
    node.meta["described"] = variable.describe()
    node.meta["signature"] = variable.shape, variable.torch_dtype
    for held in (variable, variable.block.vars.get(variable.name, variable)):
        held.node = node
        held.op = op


def _to_nodes(program: Program, value: Any, found: list[Variable]) -> Any:
    """Replace variables by what holds them now, and numpy's things by what code can name."""
    if isinstance(value, Variable):
        found.append(value)
        return program.read(value)
    if isinstance(value, (list, tuple)):
        return type(value)(_to_nodes(program, item, found) for item in value)
    if isinstance(value, torch.Tensor):
        return program.constant(value)
    if isinstance(value, (VarType, np.dtype)) or (
        isinstance(value, type) and issubclass(value, np.generic)
    ):
        return as_torch_dtype(value)
    return value.item() if isinstance(value, np.generic) else value


class Program:
    """A recorded computation; `print` shows it as a function of torch tensors.

    Source:
        ``paddle.fluid.Program``, PaddlePaddle 1.8.
    """

    def __init__(self) -> None:
        self.graph = fx.Graph()
        # What executors compiled, by what is fetched; it goes with the program.
        self.compiled: dict[Any, Any] = {}
        self.constants: dict[str, torch.Tensor] = {}
        self.blocks = [Block(self)]
        # What gives data variables their values in each run, before what is fed: loaders.
        self.readers: list[Read] = []
        self.role = "forward"
        # How often gradients were asked for: later ones are named by it.
        self.gradient_calls = 0
        self.gradient_names: set[str] = set()
        self._seed = 0
        self._version = 0
        self._last_input: fx.Node | None = None

    @property
    def random_seed(self) -> int:
        """What the random operators built from now on are seeded with; 0 is a fresh seed each run.

        Raises:
            ValueError: it is no integer, or none of 32 bits.
        """
        return self._seed

    @random_seed.setter
    def random_seed(self, seed: int) -> None:
        if not isinstance(seed, int):
            raise ValueError(f"random_seed must be an integer, but it is {type(seed).__name__}")
        if not -_LARGEST_SEED - 1 <= seed <= _LARGEST_SEED:
            raise ValueError(
                f"random_seed must be in {-_LARGEST_SEED - 1}..{_LARGEST_SEED}, but it is {seed}"
            )
        self._seed = seed

    @property
    def num_blocks(self) -> int:
        """How many blocks there are: one."""
        return len(self.blocks)

    def global_block(self) -> Block:
        """Return the global block."""
        return self.blocks[0]

    def current_block(self) -> Block:
        """Return the block that layers record into: the global one."""
        return self.blocks[0]

    def block(self, index: int) -> Block:
        """Return a block by number."""
        return self.blocks[index]

    def list_vars(self) -> Iterator[Variable]:
        """Go through all variables."""
        yield from list(self.global_block().vars.values())

    def all_parameters(self) -> list[Parameter]:
        """Return the parameters in the order in which they were made."""
        return self.global_block().all_parameters()

    def changed(self) -> None:
        """Note that what was compiled before is out of date."""
        self._version += 1

    @property
    def version(self) -> int:
        """A number that grows with every change."""
        return self._version

    def read(self, variable: Variable) -> fx.Node:
        """Return the node that holds a variable at this point; data and parameters get theirs.

        Raises:
            ValueError: the variable belongs to another program, or nothing has written it.
        """
        # By name, as in Paddle: a variable that was declared twice is one.
        own = self.global_block().vars.get(variable.name)
        if own is None:
            if variable.block.program is not self:
                raise ValueError(
                    f"variable {variable.name!r} belongs to another program; build the layers that "
                    "use it inside fluid.program_guard of that program"
                )
            own = variable
        if own.node is None:
            if not own.has_value:
                raise ValueError(
                    f"variable {own.name!r} is read, but no layer has written it; declare it with "
                    "fluid.data to feed it, or with persistable=True to keep it in the scope"
                )
            own.node = self._input(own)
        return own.node

    def lod_of(self, value: Any) -> Any:
        """Return what holds the levels of detail of a variable's value; of each in a list."""
        if isinstance(value, (list, tuple)):
            return [self.lod_of(item) for item in value]
        if not isinstance(value, Variable):
            return ()
        node = self.read(value)
        found = self.lod(node)
        if found is None:
            return ()
        return (
            self.graph.call_function(fitting, (node, found)) if "lod_from" in node.meta else found
        )

    def lod(self, node: fx.Node) -> fx.Node | None:
        """Return what holds the levels of detail of a node's value; None where it has none."""
        while "lod_from" in node.meta:
            node = node.meta["lod_from"]
        if node.op == "placeholder" and "lod" not in node.meta:
            variable = node.meta["variable"]
            node.meta["lod"] = self._placeholder(f"{variable.name}_lod")
            node.meta["lod"].meta["lod_input"] = variable
        found: fx.Node | None = node.meta.get("lod")
        return found

    def _input(self, variable: Variable) -> fx.Node:
        """Make the place where a run puts in a fed value or the scope's."""
        node = self._placeholder(variable.name)
        node.meta["variable"] = variable
        return node

    def _placeholder(self, name: str) -> fx.Node:
        if self._last_input is not None:
            point = self.graph.inserting_after(self._last_input)
        else:
            point = self.graph.inserting_before(next(iter(self.graph.nodes), None))
        with point:
            node = self.graph.placeholder(_identifier(name))
        self._last_input = node
        return node

    def constant(self, value: torch.Tensor) -> fx.Node:
        """Make a tensor that every run reads, and none changes."""
        name = f"constant_{len(self.constants)}"
        self.constants[name] = value
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # fx looks for a module that owns it; there is none yet
            return self.graph.get_attr(name)

    def rename(self, node: fx.Node, name: str) -> None:
        """Name a node after its variable, as far as an identifier can."""
        node._rename(_identifier(name))

    @contextlib.contextmanager
    def as_role(self, role: str) -> Iterator[None]:
        """Record what the block builds as there for a purpose."""
        before, self.role = self.role, role
        try:
            yield
        finally:
            self.role = before

    def clone(self, for_test: bool = False) -> Program:
        """Return a copy; for testing without what computes gradients and updates.

        The copy shares parameters by name. With `for_test` its seed is 0, and layers that behave
        otherwise in testing do so.
        """
        return clone(self, for_test)

    def to_string(self, throw_on_error: bool = True, with_details: bool = False) -> str:
        """Return the program as a function of torch tensors."""
        return program_code(self)

    def __str__(self) -> str:
        return self.to_string()

    def __repr__(self) -> str:
        return self.to_string()


def _identifier(name: str) -> str:
    """Return a Python identifier near a variable's name."""
    word = "".join(c if c.isalnum() or c == "_" else "_" for c in name.replace("@GRAD", "_grad"))
    return f"_{word}" if not word or word[0].isdigit() else word
