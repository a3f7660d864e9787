"""Programs as Python source that needs torch alone."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, fx

from paddle_compat.export import layers as own_layers
from paddle_compat.export.files import write
from paddle_compat.export.formatting import WIDTH, formatted
from paddle_compat.export.forward import Forward, forward_of
from paddle_compat.export.lifting import Held, Layer, is_trained, lifted
from paddle_compat.export.module import chosen, values_of
from paddle_compat.export.reading import read_tensors
from paddle_compat.export.vendor import vendored
from paddle_compat.export.writing import Writer
from paddle_compat.fluid._scope import Scope, global_scope
from paddle_compat.fluid._variable import Parameter

__all__ = ["Source", "to_source", "unformatted"]

_IMPORTS = (
    "from __future__ import annotations",
    "import torch",
    "import torch.nn.functional as F",
    "from torch import Tensor, nn",
)


@dataclass(frozen=True)
class Source:
    """A module's source, and what it starts with.

    Attributes:
        text: Python source that needs torch alone.
        state: the values for its `load_state_dict`.
        class_name: the class that it defines.
        inputs: the names of its arguments.
        outputs: the names in Paddle of what it returns.
        held: where `state` has each of Paddle's parameters.
    """

    text: str
    state: dict[str, Tensor]
    class_name: str
    inputs: list[str]
    outputs: list[str]
    held: dict[str, Held]

    def write(self, path: str | os.PathLike[str], force: bool = False) -> Path:
        """Write the source, and beside it the state as safetensors; both, or neither.

        Args:
            path: of the source; its name ends with ``.py``.
            force: whether files that are there are replaced.

        Returns:
            The path of the state.

        Raises:
            FileExistsError: one of them is there.
            ModuleNotFoundError: safetensors is not installed.
            OSError: one cannot be written.
            ValueError: the path's name does not end with ``.py``.
        """
        return write(Path(path), self.text, self.state, force=force)


def to_source(
    program: Any = None,
    fetch_list: Any = None,
    scope: Scope | None = None,
    class_name: str = "Model",
) -> Source:
    """Return a program as source of a torch module.

    Args:
        program: as in `to_module`.
        fetch_list: as in `to_module`.
        scope: as in `to_module`.
        class_name: what the class is called.

    Returns:
        Source that defines a class and a function `load`. Convolutions, products and batch norms
        are torch's own modules, named after Paddle's parameters; other calls stand in `forward`,
        below the lines of the script that they come from. What torch has no function for is
        defined below, as this package has it.

    Raises:
        ModuleNotFoundError: ruff, which formats the source, is not installed.
        RuntimeError: a parameter has no value yet.
        TypeError: an argument has the wrong type.
        ValueError: the class's name is no name, or the fetched variables as in `to_module`.

    Example:
        >>> from paddle_compat import export, fluid
        >>> main, startup = fluid.Program(), fluid.Program()
        >>> with fluid.program_guard(main, startup), fluid.unique_name.guard():
        ...     x = fluid.data("x", [None, 3])
        ...     y = fluid.layers.fc(x, 2, act="relu")
        >>> fluid.Executor().run(startup)
        []
        >>> source = export.to_source(main, [y], class_name="Head")
        >>> lines = [line.strip() for line in source.text.splitlines()]
        >>> [line for line in lines if line.startswith("self.")]
        ['self.fc_0 = nn.Linear(3, 2)  # fc_0.w_0, fc_0.b_0']
        >>> list(source.state), source.inputs, source.outputs
        (['fc_0.weight', 'fc_0.bias'], ['x'], ['fc_0.tmp_2'])
    """
    written = unformatted(program, fetch_list, scope, class_name)
    return replace(written, text=formatted(written.text))


def unformatted(
    program: Any, fetch_list: Any, scope: Scope | None = None, class_name: str = "Model"
) -> Source:
    """Return a program as source, as it is before it is formatted: see `to_source`."""
    if not class_name.isidentifier():
        raise ValueError(f"class_name must be a name of Python's, but it is {class_name!r}")
    program, fetches = chosen(program, fetch_list)
    forward = forward_of(program, fetches)
    values = values_of(forward, global_scope() if scope is None else scope)
    modules, held = lifted(forward, values)
    text = _text(forward, modules, held, values, class_name)
    state = {
        held[name].key: (value.T if held[name].transposed else value).contiguous()
        for name, value in values.items()
    }
    state |= {_constant(path): value for path, value in forward.constants.items()}
    inputs = [node.name for node in forward.graph.nodes if node.op == "placeholder"]
    return Source(text, state, class_name, inputs, [v.name for v in fetches], held)


def _constant(path: str) -> str:
    return path.replace(".", "_")


def _text(
    forward: Forward,
    modules: list[Layer],
    held: dict[str, Held],
    values: dict[str, Tensor],
    class_name: str,
) -> str:
    needed = _functions(forward.graph)
    taken = {class_name, "load", "torch", "nn", "F", "Tensor"}
    taken |= {node.name for node in forward.graph.nodes}
    used = {layer.kind.__name__ for layer in modules}
    classes = [getattr(own_layers, name) for name in own_layers.__all__ if name in used]
    taken |= {cls.__name__ for cls in classes}
    bundle = vendored([*needed, read_tensors], sorted(taken), _IMPORTS)
    attributes = {forward.paths[name]: where.key for name, where in held.items()}
    attributes |= {path: _constant(path) for path in forward.constants}
    writer = Writer(forward.graph, attributes, bundle.names)
    parts = [
        f'"""{_about(class_name)}"""',
        _imports([*_IMPORTS, *bundle.imports]),
        f'__all__ = ["{class_name}", "load"]',
        *(inspect.getsource(cls) for cls in classes),
        "\n".join(
            [
                f"class {class_name}(nn.Module):",
                *_indented(
                    [f'"""{_contract(forward)}"""', "", *_init(forward, modules, held, values)]
                ),
                "",
                *_indented([_signature(forward), *_indented(_folded(writer.lines()))]),
            ]
        ),
        _LOAD.format(name=class_name, read=bundle.names[read_tensors]),
        "# What the module above uses of paddle_compat, in its own words.",
        bundle.source,
    ]
    return "\n\n\n".join(part.strip("\n") for part in parts) + "\n"


_LOAD = '''\
def load(path: str | Path = Path(__file__).with_suffix(".safetensors")) -> {name}:
    """Return the module with the parameters of a file, by default the one beside this."""
    module = {name}()
    module.load_state_dict({read}(path))
    return module
'''


_INDENT = 4


def _functions(graph: fx.Graph) -> list[Callable[..., Any]]:
    """Return the functions of this package that a graph calls, in their order."""
    return list(
        dict.fromkeys(
            node.target
            for node in graph.nodes
            if node.op == "call_function"
            and str(getattr(node.target, "__module__", "")).startswith("paddle_compat.")
        )
    )


def _imports(lines: Iterable[str]) -> str:
    lines = sorted({*lines, "from pathlib import Path"})
    first = [line for line in lines if "__future__" in line]
    torch_ = [line for line in lines if "torch" in line.split()[1]]
    others = [line for line in lines if line not in first and line not in torch_]
    return "\n".join([*first, "", *others, "", *torch_])


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" if line else "" for text in lines for line in text.split("\n")]


def _folded(lines: Iterable[str]) -> list[str]:
    """Drop empty lines at the beginning."""
    found = list(lines)
    while found and not found[0]:
        found.pop(0)
    return found


def _about(class_name: str) -> str:
    return (
        f"`{class_name}`: a PaddlePaddle program as a torch module, which needs torch alone.\n\n"
        "Written by paddle-compat; its parameters are in the file of the same name that ends with\n"
        ".safetensors, which `load` reads.\n"
    )


def _contract(forward: Forward) -> str:
    lines = ["Computes " + ", ".join(variable.name for variable in forward.outputs) + ".", ""]
    lines.append("Takes:")
    for variable in forward.inputs:
        lines.append(f"    {variable.name}: {variable.describe()}; -1 is any size.")
    lines += ["", "Returns:"]
    for variable in forward.outputs:
        lines.append(f"    {variable.name}: {variable.describe()}")
    return "\n".join(lines) + "\n"


def _signature(forward: Forward) -> str:
    told = []
    for node in forward.graph.nodes:
        if node.op == "placeholder":
            levels = "levels_of" in node.meta
            told.append(f"{node.name}: " + ("tuple[Tensor, ...] = ()" if levels else "Tensor"))
    return f"def forward({', '.join(['self', *told])}) -> {_result(forward)}:"


def _result(forward: Forward) -> str:
    [output] = [node for node in forward.graph.nodes if node.op == "output"]

    def kind(value: Any) -> str:
        return "tuple[Tensor, tuple[Tensor, ...]]" if isinstance(value, tuple) else "Tensor"

    result = output.args[0]
    if len(forward.outputs) == 1:
        return kind(result)
    assert isinstance(result, tuple)
    return f"tuple[{', '.join(map(kind, result))}]"


def _init(
    forward: Forward, modules: list[Layer], held: dict[str, Held], values: dict[str, Tensor]
) -> list[str]:
    lines = ["def __init__(self) -> None:", "    super().__init__()"]
    for layer in modules:
        names = ", ".join(layer.values.values())
        options = dict(layer.options)
        dtype = values[layer.values["weight"]].dtype
        if dtype != torch.float32:
            options["dtype"] = dtype
        kind = layer.kind.__name__
        kind = kind if layer.kind.__module__ == own_layers.__name__ else f"nn.{kind}"
        positional, keywords = _split(layer, options)
        arguments = ", ".join(
            [*map(repr, positional), *(f"{key}={value!r}" for key, value in keywords.items())]
        )
        made = f"    self.{layer.attribute} = {kind}({arguments})"
        lines += _commented(made, names)
        for own, trained in layer.trained.items():
            if not trained and not own.startswith("running"):
                lines.append(f"    self.{layer.attribute}.{own}.requires_grad_(False)")
    lifted_names = {name for layer in modules for name in layer.values.values()}
    for variable in forward.held:
        if variable.name in lifted_names:
            continue
        value, key = values[variable.name], held[variable.name].key
        made = f"torch.empty({_sizes(value)}{_dtype(value)})"
        comment = "" if variable.name == key else f"  # {variable.name}"
        if isinstance(variable, Parameter):
            if not is_trained(variable):
                made += ", requires_grad=False"
            lines.append(f"    self.{key} = nn.Parameter({made}){comment}")
        else:
            lines.append(f'    self.register_buffer("{key}", {made}){comment}')
    for path, value in forward.constants.items():
        made = f"torch.empty({_sizes(value)}{_dtype(value)})"
        lines.append(f'    self.register_buffer("{_constant(path)}", {made})')
    return lines


_POSITIONAL = (
    "in_channels", "out_channels", "kernel_size", "in_features", "out_features", "num_features",
    "num_groups", "num_channels",
)  # fmt: skip


def _split(layer: Layer, options: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    """Return which arguments of a layer are written without their names."""
    first = [key for key in _POSITIONAL if key in options]
    return [options[k] for k in first], {k: v for k, v in options.items() if k not in first}


def _commented(line: str, comment: str) -> list[str]:
    """Return a line with a comment beside it, or above it where both are long."""
    beside = f"{line}  # {comment}"
    return [beside] if len(beside) + _INDENT <= WIDTH else [f"    # {comment}", line]


def _sizes(value: Tensor) -> str:
    return ", ".join(map(str, value.shape)) if value.ndim else "()"


def _dtype(value: Tensor) -> str:
    return "" if value.dtype == torch.float32 else f", dtype={value.dtype}"
