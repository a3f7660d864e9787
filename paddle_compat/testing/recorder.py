"""Record what a function of real Paddle answers, in one portable file.

This file is complete in itself: Python 3.6 or later, numpy, and any Paddle from 1.8 on. Copy it
beside legacy code that lives where `paddle_compat` cannot (``python -m paddle_compat.testing
recorder > paddle_recorder.py``), or let `paddle_compat.testing.record` run it there.

    from paddle_recorder import record
    record("head.npz", class_loss, {"logits": logits, "label": label, "gamma": 2.0})

A recording is an npz archive, uncompressed, without pickles and without dates: equal content is
equal bytes. Its ``header.json`` describes the cases; arrays stand beside it as ``arrays/N.npy``. A
node of a tree is one of ``{"array": N, "dtype": NAME, "lod": LENGTHS}`` (bfloat16 as its bits, in
uint16), ``{"value": ...}`` (None, a bool, an int, a str), ``{"float": HEXADECIMAL}``, ``{"list":
[...]}``, ``{"tuple": [...]}`` and ``{"dict": [[key, node], ...]}``.
"""

import ast
import contextlib
import importlib
import importlib.util
import inspect
import io
import json
import os
import struct
import sys
import tempfile
import zipfile
from collections import OrderedDict, namedtuple
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Tuple

import numpy as np

FORMAT, FORMAT_VERSION = "paddle-recording", 1
FLOATS = ("float16", "bfloat16", "float32", "float64")
DTYPES = ("bool", "uint8", "int8", "int16", "int32", "int64") + FLOATS
MODES = ("static", "dygraph")
SEED = 1
_MAGIC = b"\x93NUMPY\x01\x00"

Lod = namedtuple("Lod", "data lengths")
Lod.__doc__ = "A tensor with levels of detail: its data, and a list of lengths for each level."


class RecordingError(ValueError):
    """A file is no recording, is damaged, or is of a later format."""


class Leaf:
    """An array of a recording: its dtype's name, its elements, its levels of detail.

    The elements of bfloat16, which numpy lacks, are their bits, as uint16.
    """

    def __init__(self, dtype: str, data: Any, lod: Sequence[Sequence[int]] = ()) -> None:
        if dtype not in DTYPES:
            raise TypeError("an array is %s; recordings hold %s" % (dtype, ", ".join(DTYPES)))
        self.dtype = dtype
        # Not ascontiguousarray, which gives a 0-D array an axis.
        self.data = np.array(data, order="C")
        self.lod = tuple(tuple(int(n) for n in level) for level in lod)


class Case:
    """One call and what Paddle answered to it; before that, the call alone.

    Attributes:
        name: the case's, unlike every other of its recording.
        function: the name of what was called.
        mode: ``static`` or ``dygraph``.
        seed: of Paddle's random numbers.
        wrt: names of the inputs whose gradients were asked; None for every floating array.
        args: inputs by position, as trees.
        kwargs: inputs by name.
        names: of the positional inputs.
        paddle: the version that answered.
        outputs: what the function returned, as a tree.
        error: or what it raised: type, bases, message, phase, and whether C++ code refused.
        cotangents: what enters the backward pass, by path of the output.
        gradients: by path of the input; None where nothing reaches it.
        gradient_error: what was raised on the way to them.
        parameters: what the function made, by name, with first values.
        parameter_gradients: of those that are trained.
    """

    def __init__(self, **fields: Any) -> None:
        self.name = ""
        self.function = ""
        self.mode = ""
        self.seed = SEED
        self.wrt = None  # type: Optional[List[str]]
        self.args = []  # type: Sequence[Any]
        self.kwargs = {}  # type: Dict[str, Any]
        self.names = []  # type: List[str]
        self.paddle = ""
        self.outputs = None  # type: Any
        self.error = None  # type: Optional[Dict[str, Any]]
        self.cotangents = {}  # type: Dict[str, Leaf]
        self.gradients = {}  # type: Dict[str, Optional[Leaf]]
        self.gradient_error = None  # type: Optional[Dict[str, Any]]
        self.parameters = {}  # type: Dict[str, Leaf]
        self.parameter_gradients = {}  # type: Dict[str, Optional[Leaf]]
        unknown = set(fields) - set(vars(self))
        if unknown:
            raise TypeError("a case has no %s" % sorted(unknown))
        vars(self).update(fields)


# ---- trees


def leaves(tree: Any, path: str) -> Iterator[Tuple[str, Any]]:
    """Yield every array of a tree, with its path such as ``features[0]`` or ``out['loss']``."""
    if isinstance(tree, Leaf):
        yield path, tree
    elif isinstance(tree, dict):
        for key, item in tree.items():
            for found in leaves(item, "%s[%r]" % (path, key)):
                yield found
    elif isinstance(tree, (list, tuple)):
        for index, item in enumerate(tree):
            for found in leaves(item, "%s[%d]" % (path, index)):
                yield found


def rebuild(tree: Any, path: str, change: Callable[[str, Any], Any]) -> Any:
    """Return a tree with every leaf (all but dict, list, tuple) changed."""
    if isinstance(tree, dict):
        return OrderedDict(
            (key, rebuild(item, "%s[%r]" % (path, key), change)) for key, item in tree.items()
        )
    if isinstance(tree, (list, tuple)) and not isinstance(tree, Lod):
        items = [rebuild(x, "%s[%d]" % (path, i), change) for i, x in enumerate(tree)]
        return tuple(items) if isinstance(tree, tuple) else items
    return change(path, tree)


def leaf_of(array: Any, lod: Sequence[Sequence[int]] = ()) -> Leaf:
    """Return a numpy array, or a torch tensor, as a leaf."""
    if hasattr(array, "detach") and hasattr(array, "cpu"):
        array = array.detach().cpu()
        if str(array.dtype) == "torch.bfloat16":
            return Leaf("bfloat16", _bfloat16(array.float().numpy()), lod)
        array = array.numpy()
    return Leaf(array.dtype.name, array, lod)


def freeze(tree: Any) -> Any:
    """Return inputs with arrays and tensors as leaves, and numpy's numbers as Python's."""

    def change(path: str, item: Any) -> Any:
        if isinstance(item, Lod):
            return leaf_of(item.data, item.lengths)
        if isinstance(item, np.generic):
            return item.item()
        if isinstance(item, np.ndarray) or hasattr(item, "detach"):
            return leaf_of(item)
        if item is None or isinstance(item, (bool, int, float, str, Leaf)):
            return item
        raise TypeError(
            "%s is %s; inputs are arrays, numbers, strings, None, and lists, tuples and dicts of "
            "them" % (path, type(item).__name__)
        )

    return rebuild(tree, "input", change)


def _bfloat16(array: Any) -> Any:
    """Return the bits of float32 numbers that are bfloat16 numbers."""
    return (np.array(array, "<f4").view("<u4") >> 16).astype("<u2").reshape(np.shape(array))


def widened(leaf: Leaf) -> Any:
    """Return a leaf's numbers in a dtype that numpy has: bfloat16 as float32."""
    if leaf.dtype != "bfloat16":
        return leaf.data
    return (leaf.data.astype("<u4") << 16).view("<f4").reshape(leaf.data.shape)


# ---- files


def _encode(tree: Any, arrays: Dict[bytes, int]) -> Any:
    """Return a tree's node; equal arrays are stored once."""
    if isinstance(tree, Leaf):
        index = arrays.setdefault(_npy(tree), len(arrays))
        node = {"array": index, "dtype": tree.dtype}  # type: Dict[str, Any]
        if tree.lod:
            node["lod"] = [list(level) for level in tree.lod]
        return node
    if isinstance(tree, dict):
        if not all(isinstance(key, (str, int)) for key in tree):
            raise TypeError("keys of a dict must be strings or integers: %r" % list(tree))
        return {"dict": [[key, _encode(item, arrays)] for key, item in tree.items()]}
    if isinstance(tree, (list, tuple)):
        kind = "tuple" if isinstance(tree, tuple) else "list"
        return {kind: [_encode(item, arrays) for item in tree]}
    if isinstance(tree, float):
        return {"float": tree.hex()}
    return {"value": tree}


def _npy(leaf: Leaf) -> bytes:
    """Write an array as npy 1.0; numpy's own writer pads differently from version to version."""
    kind = "uint16" if leaf.dtype == "bfloat16" else leaf.dtype
    data = leaf.data.astype(np.dtype(kind).newbyteorder("<"))
    head = "{'descr': %r, 'fortran_order': False, 'shape': %r, }" % (data.dtype.str, data.shape)
    head += " " * (-(len(head) + 11) % 64) + "\n"
    return _MAGIC + struct.pack("<H", len(head)) + head.encode("ascii") + bytes(data.tobytes())


def dumps(cases: Sequence[Case]) -> bytes:
    """Return a recording's bytes."""
    arrays = OrderedDict()  # type: OrderedDict[bytes, int]
    told = [
        {field: _encode(value, arrays) for field, value in vars(case).items()} for case in cases
    ]
    header = {"format": FORMAT, "version": FORMAT_VERSION, "cases": told}
    text = json.dumps(header, indent=1, sort_keys=True, ensure_ascii=True) + "\n"
    entries = [("header.json", text.encode("ascii"))]
    entries += [("arrays/%d.npy" % index, body) for body, index in arrays.items()]
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name, body in entries:
            info = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            info.create_system, info.external_attr = 3, 0o644 << 16
            archive.writestr(info, body)
    return stream.getvalue()


def write(path: Any, cases: Sequence[Case]) -> None:
    """Write a recording: the file is there whole, or as it was before."""
    target = os.path.realpath(os.fspath(path))
    data = dumps(cases)
    handle, temporary = tempfile.mkstemp(".tmp", ".recording.", os.path.dirname(target))
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        mask = os.umask(0)
        os.umask(mask)
        os.chmod(temporary, 0o666 & ~mask)
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


def _need(condition: Any, told: str) -> None:
    if not condition:
        raise RecordingError(told)


def _decode(node: Any, arrays: Dict[int, Any]) -> Any:
    _need(isinstance(node, dict) and node, "a node of its header is none")
    kind = next((k for k in ("array", "dict", "list", "tuple", "float", "value") if k in node), "")
    content = node.get(kind)
    if kind == "array":
        dtype, lod = node.get("dtype"), node.get("lod", [])
        _need(isinstance(content, int) and content in arrays, "it lacks an array")
        stored = "uint16" if dtype == "bfloat16" else dtype
        _need(dtype in DTYPES and arrays[content].dtype.name == stored, "a dtype is wrong")
        levels = [n for level in lod for n in level]
        _need(all(isinstance(n, int) and n >= 0 for n in levels), "levels of detail are wrong")
        return Leaf(dtype, arrays[content], lod)
    if kind == "value":
        _need(content is None or isinstance(content, (bool, int, str)), "a value is none")
        return content
    if kind == "float":
        return float.fromhex(content)
    _need(kind and isinstance(content, list), "a node of its header is none")
    if kind == "dict":
        _need(all(isinstance(key, (str, int)) for key, _ in content), "a key is none")
        return OrderedDict((key, _decode(item, arrays)) for key, item in content)
    items = [_decode(item, arrays) for item in content]
    return tuple(items) if kind == "tuple" else items


def _array(body: bytes) -> Any:
    """Read npy 1.0 of one of our dtypes; nothing is allocated that the file does not hold."""
    _need(body[:8] == _MAGIC and len(body) >= 10, "an array is no npy file")
    start = 10 + struct.unpack("<H", body[8:10])[0]
    head = ast.literal_eval(body[10:start].decode("ascii").strip())
    _need(isinstance(head, dict) and head.get("fortran_order") is False, "an array's head is wrong")
    descr, shape = head.get("descr"), head.get("shape")
    allowed = [np.dtype(d).newbyteorder("<").str for d in DTYPES if d != "bfloat16"] + ["<u2"]
    _need(descr in allowed, "an array has a dtype that recordings have not")
    _need(isinstance(shape, tuple) and len(shape) <= 32, "an array's shape is none")
    _need(all(type(n) is int and n >= 0 for n in shape), "an array's shape is none")
    size = np.dtype(descr).itemsize
    for n in shape:
        size *= n
    _need(size == len(body) - start, "an array is shorter or longer than its shape")
    dtype = np.dtype(descr)
    return np.frombuffer(body[start:], dtype).reshape(shape).astype(dtype.newbyteorder("="))


def _load(data: bytes) -> List[Case]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        entries = archive.infolist()
        plain = all(e.compress_type == 0 and e.compress_size == e.file_size for e in entries)
        _need(plain and sum(e.file_size for e in entries) <= len(data), "it is compressed")
        _need("header.json" in archive.namelist(), "it has no header.json")
        header = json.loads(archive.read("header.json").decode("ascii"))
        _need(isinstance(header, dict) and header.get("format") == FORMAT, "it has another header")
        version = header.get("version")
        _need(isinstance(version, int), "it has no version")
        told = "it is of version %s of the format; this reads %d" % (version, FORMAT_VERSION)
        _need(version == FORMAT_VERSION, told)
        names = ["arrays/%d.npy" % i for i in range(len(entries) - 1)]
        arrays = {i: _array(archive.read(name)) for i, name in enumerate(names)}
    cases = []
    for described in header["cases"]:
        fields = {field: _decode(node, arrays) for field, node in described.items()}
        for field, default in vars(Case()).items():
            kind = object if default is None else type(default)
            _need(isinstance(fields[field], kind), "the %s of a case has another type" % field)
        error = fields["error"]
        _need(error is None or set(error) == set(_ERROR), "an error is described wrongly")
        cases.append(Case(**fields))
    _need(len({case.name for case in cases}) == len(cases), "two cases have one name")
    return cases


def read(path: Any) -> List[Case]:
    """Read a recording.

    Raises:
        RecordingError: the file is no recording, is damaged, or is of a later format.
        OSError: it cannot be read at all.
    """
    with open(os.fspath(path), "rb") as file:
        data = file.read()
    try:
        return _load(data)
    except RecordingError as error:
        raise RecordingError("%s: not a recording: %s" % (path, error))
    except (
        zipfile.BadZipFile,
        ArithmeticError,
        AttributeError,
        EOFError,
        LookupError,
        MemoryError,
        RecursionError,
        RuntimeError,
        SyntaxError,
        TypeError,
        ValueError,
        struct.error,
    ) as error:
        told = "%s: not a recording, or damaged: %s: %s" % (path, type(error).__name__, error)
        raise RecordingError(told)


# ---- what differs between Paddle 1 and its successors


@contextlib.contextmanager
def _inside(*guards: Any) -> Iterator[None]:
    """Enter guards of Paddle's; those of Paddle 1 switch back only where nothing is raised."""
    for guard in guards:
        guard.__enter__()
    try:
        yield
    finally:
        for guard in reversed(guards):
            guard.__exit__(None, None, None)


class Fluid1:
    """How things are said in Paddle 1."""

    def __init__(self, paddle: Any) -> None:
        self.fluid = importlib.import_module("paddle.fluid")
        self.version = str(paddle.__version__)
        self.base = self.fluid
        self.layers = self.fluid.layers
        self.parameter_class = self.fluid.framework.ParamBase
        self.gradients = self.fluid.gradients

    @contextlib.contextmanager
    def dygraph(self, seed: int) -> Iterator[None]:
        """Switch to eager tensors."""
        guard = self.fluid.dygraph.guard(self.fluid.CPUPlace())
        with _inside(guard, self.fluid.unique_name.guard()):
            self.fluid.default_main_program().random_seed = seed
            self.fluid.default_startup_program().random_seed = seed
            yield

    @contextlib.contextmanager
    def static(self) -> Iterator[None]:
        """Switch to programs, which is how Paddle 1 starts."""
        yield

    def data(self, name: str, array: Any, levels: int) -> Any:
        """Declare an input; with levels of detail, results have other numbers of rows."""
        shape = [-1] + list(array.shape[1:]) if levels else list(array.shape)
        return self.fluid.data(name, shape, str(array.dtype), lod_level=levels)

    def feed(self, array: Any, lod: Sequence[Sequence[int]]) -> Any:
        """Return what is fed."""
        lengths = [list(level) for level in lod]
        return self.fluid.create_lod_tensor(array, lengths, self.fluid.CPUPlace()) if lod else array

    def tensor(self, array: Any) -> Any:
        """Make an eager tensor."""
        return self.fluid.dygraph.to_variable(array)

    def cast(self, x: Any, dtype: str) -> Any:
        """Cast in either mode."""
        return self.layers.cast(x, dtype)

    def total(self, products: Sequence[Tuple[Any, Any]]) -> Any:
        """Return the sum of products of two tensors."""
        pieces = []
        for x, y in products:
            piece = self.layers.elementwise_mul(x, y)
            # Paddle 1 cannot reduce what has no axes.
            piece = piece if len(piece.shape) else self.layers.reshape(piece, [1])
            pieces.append(self.layers.reduce_sum(piece))
        return pieces[0] if len(pieces) == 1 else self.layers.sums(pieces)

    def gradient(self, tensor: Any) -> Any:
        """Return the gradient that reached an eager tensor, or None."""
        return tensor.gradient()

    def eager(self, tensor: Any) -> Any:
        """Return an eager tensor's elements."""
        return tensor.detach().numpy()


class Paddle2(Fluid1):
    """How things are said in Paddle 2 and 3."""

    def __init__(self, paddle: Any) -> None:
        self.paddle = paddle
        self.version = str(paddle.__version__)
        self.base = paddle.static
        framework = getattr(paddle, "base", None) or importlib.import_module("paddle.fluid")
        self.unique_name = paddle.utils.unique_name
        inner = framework.framework
        self.parameter_class = getattr(inner, "EagerParamBase", None) or inner.ParamBase
        self.gradients = paddle.static.gradients

    @contextlib.contextmanager
    def dygraph(self, seed: int) -> Iterator[None]:
        """Switch to eager tensors."""
        with self._switched(False), _inside(self.unique_name.guard()):
            self.paddle.seed(seed)
            yield

    @contextlib.contextmanager
    def static(self) -> Iterator[None]:
        """Switch to programs."""
        with self._switched(True), _inside(self.unique_name.guard()):
            yield

    @contextlib.contextmanager
    def _switched(self, static: bool) -> Iterator[None]:
        before, place = self.paddle.in_dynamic_mode(), self.paddle.get_device()
        switches = (self.paddle.disable_static, self.paddle.enable_static)
        switches[static]()
        self.paddle.set_device("cpu")
        try:
            yield
        finally:
            self.paddle.set_device(place)
            switches[not before]()

    def data(self, name: str, array: Any, levels: int) -> Any:
        """Declare an input."""
        if levels:
            raise NotImplementedError("levels of detail are recorded in programs of Paddle 1")
        return self.paddle.static.data(name, list(array.shape), str(array.dtype))

    def feed(self, array: Any, lod: Sequence[Sequence[int]]) -> Any:
        """Return what is fed."""
        return array

    def tensor(self, array: Any) -> Any:
        """Make an eager tensor."""
        return self.paddle.to_tensor(array)

    def cast(self, x: Any, dtype: str) -> Any:
        """Cast in either mode."""
        return self.paddle.cast(x, dtype)

    def total(self, products: Sequence[Tuple[Any, Any]]) -> Any:
        """Return the sum of products of two tensors."""
        return sum(self.paddle.sum(x * y) for x, y in products)

    def gradient(self, tensor: Any) -> Any:
        """Return the gradient that reached an eager tensor, or None."""
        return None if tensor.grad is None else self.eager(tensor.grad)

    def eager(self, tensor: Any) -> Any:
        """Return an eager tensor's elements, bfloat16 as float32."""
        tensor = tensor.detach()
        return (self.cast(tensor, "float32") if _is_bfloat16(tensor) else tensor).numpy()


def _is_bfloat16(tensor: Any) -> bool:
    return str(tensor.dtype).lower().endswith(("bfloat16", "bf16"))


def _dialect() -> Any:
    try:
        paddle = importlib.import_module("paddle")
    except ImportError as error:
        raise ImportError(
            "no Paddle here (%s): name the version to record, or an interpreter that has it" % error
        )
    return (Fluid1 if str(paddle.__version__).startswith("1.") else Paddle2)(paddle)


# ---- calling the function


_ERROR = ("type", "bases", "message", "phase", "native")


_NATIVE = ("Error Message Summary", "[Hint:", "[operator <", "(at /paddle/")


def _message(text: str) -> str:
    """Return an error's message without its traces: they name the files of one machine."""
    text = text.rpartition("Error Message Summary:")[2].replace("In user code:", "")
    lines = text.splitlines()
    traced = [i for i, line in enumerate(lines) if line.lstrip().startswith('File "')]
    kept = [s for i, s in enumerate(lines) if i not in traced and i - 1 not in traced]
    return "\n".join(line.strip() for line in kept if line.strip(" -"))[:2000]


class _Failed(Exception):  # noqa: N818 - an answer on its way out
    def __init__(self, phase: str, error: BaseException) -> None:
        Exception.__init__(self, phase)
        bases = [kind.__name__ for kind in type(error).__mro__[1:-1]]
        text = str(error)
        native = type(error).__name__ == "EnforceNotMet" or any(sign in text for sign in _NATIVE)
        values = (type(error).__name__, bases, _message(text), phase, native)
        self.told = OrderedDict(zip(_ERROR, values))


@contextlib.contextmanager
def _phase(name: str) -> Iterator[None]:
    try:
        yield
    except _Failed:
        raise
    except Exception as error:
        raise _Failed(name, error)


@contextlib.contextmanager
def _made_by(cls: Any, made: List[Any]) -> Iterator[None]:
    """Collect the parameters that are made inside."""
    before = cls.__init__

    def init(self: Any, *args: Any, **kwargs: Any) -> None:
        before(self, *args, **kwargs)
        made.append(self)

    cls.__init__ = init
    try:
        yield
    finally:
        cls.__init__ = before


def resolve(name: str) -> Any:
    """Find a function that is named as ``path/file.py:function`` or ``package.module:function``."""
    place, _, attribute = name.rpartition(":")
    if not place or not attribute:
        raise ValueError("%r names no function: write FILE.py:FUNCTION or MODULE:FUNCTION" % name)
    if place.endswith(".py"):
        path = os.path.realpath(place)
        stem = os.path.splitext(os.path.basename(path))[0]
        found = sys.modules.get(stem)
        if found is None or os.path.realpath(getattr(found, "__file__", None) or "") != path:
            if os.path.dirname(path) not in sys.path:
                sys.path.insert(0, os.path.dirname(path))
            spec = importlib.util.spec_from_file_location(stem, path)
            found = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
            sys.modules[stem] = found
            try:
                spec.loader.exec_module(found)  # type: ignore[union-attr]
            except BaseException:
                del sys.modules[stem]
                raise
    else:
        if os.getcwd() not in sys.path:
            sys.path.insert(0, os.getcwd())
        found = importlib.import_module(place)
    for part in attribute.split("."):
        found = getattr(found, part)
    if not callable(found):
        raise TypeError("%s is no function, but %s" % (name, type(found).__name__))
    return found


def _names(function: Any, count: int) -> List[str]:
    """Return names for positional inputs: the parameters', and numbers behind them."""
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        parameters = {}.values()
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    names = [p.name for p in parameters if p.kind in kinds][:count]
    return names + ["input%d" % i for i in range(len(names), count)]


def named_inputs(case: Case) -> "OrderedDict[str, Any]":
    """Return all inputs of a case by name, the positional ones first."""
    named = OrderedDict(zip(case.names, case.args))
    named.update(case.kwargs)
    return named


def _wanted(case: Case) -> List[str]:
    """Return the paths of the inputs whose gradients are recorded."""
    found = [pair for name, tree in named_inputs(case).items() for pair in leaves(tree, name)]
    floats = [path for path, leaf in found if leaf.dtype in FLOATS]
    if case.wrt is None:
        return floats
    chosen = []  # type: List[str]
    for asked in case.wrt:
        below = [path for path in floats if path == asked or path.startswith(asked + "[")]
        if not below:
            raise ValueError("wrt: no floating input is %r; there are %s" % (asked, floats))
        chosen += below
    return chosen


def cotangent(path: str, shape: Sequence[int]) -> Any:
    """Return the gradient that enters at an output: exact in every dtype, never 0, mixed signs.

    One element gets 1, so that the gradient of a loss is the gradient of the loss.
    """
    if int(np.prod(shape)) == 1:
        return np.ones(tuple(shape))
    random = np.random.RandomState(sum(path.encode("utf-8")) + 1)
    sizes = random.randint(4, 13, tuple(shape)) / 8.0
    return sizes * random.choice([-1.0, 1.0], tuple(shape))


class _Inputs:
    """A case's inputs as Paddle's: tensors by path, and the call's arguments."""

    def __init__(self, case: Case, make: Callable[[str, Leaf], Any]) -> None:
        self.tensors = OrderedDict()  # type: OrderedDict[str, Any]

        def change(path: str, item: Any) -> Any:
            if not isinstance(item, Leaf):
                return item
            self.tensors[path] = make(path, item)
            return self.tensors[path]

        named = OrderedDict(
            (name, rebuild(tree, name, change)) for name, tree in named_inputs(case).items()
        )
        self.args = [named.pop(name) for name in case.names]
        self.kwargs = dict(named)


def _is_tensor(item: Any) -> bool:
    return hasattr(item, "stop_gradient") and hasattr(item, "shape")


def _flat(tree: Any) -> List[Tuple[str, Any]]:
    """Return the tensors of what the function returned, by path."""
    found = []  # type: List[Tuple[str, Any]]

    def change(path: str, item: Any) -> Any:
        if _is_tensor(item):
            found.append((path, item))
        elif not (item is None or isinstance(item, (bool, int, float, str, np.generic))):
            raise TypeError(
                "%s is %s; results are tensors, numbers, strings, None, and lists, tuples and "
                "dicts of them" % (path, type(item).__name__)
            )

    rebuild(tree, "output", change)
    return found


def _kept(tree: Any, values: Dict[str, Leaf]) -> Any:
    """Return what the function returned, with its tensors as leaves."""

    def change(path: str, item: Any) -> Any:
        return values[path] if path in values else freeze(item)

    return rebuild(tree, "output", change)


def _products(api: Any, outputs: Sequence[Tuple[str, Any]], case: Case, weight: Any) -> List[Any]:
    """Return what is added up to be differentiated; its weights are left in the case."""
    values = dict(leaves(case.outputs, "output"))
    products = []  # type: List[Any]
    for path, tensor in outputs:
        leaf = values[path]
        if leaf.dtype in FLOATS and leaf.data.size and not tensor.stop_gradient:
            array = cotangent(path, leaf.data.shape)
            case.cotangents[path] = Leaf("float64", array)
            products.append((api.cast(tensor, "float64"), weight(len(products), array)))
    return products


class _Static:
    """A case in programs, a scope and names of its own."""

    def __init__(self, api: Any, function: Any, case: Case) -> None:
        self.api, self.function, self.case = api, function, case
        self.main, self.startup = api.base.Program(), api.base.Program()
        self.main.random_seed = self.startup.random_seed = case.seed
        if hasattr(api, "paddle"):
            api.paddle.seed(case.seed)
        self.feed = {}  # type: Dict[str, Any]
        self.levels = {}  # type: Dict[str, Any]

    @contextlib.contextmanager
    def building(self) -> Iterator[None]:
        """Make what is built and run here this case's."""
        base = self.api.base
        scope = type(base.global_scope())() if not hasattr(base, "Scope") else base.Scope()
        names = getattr(self.api, "unique_name", None) or self.api.fluid.unique_name
        programs = base.program_guard(self.main, self.startup)
        with _inside(base.scope_guard(scope), programs, names.guard()):
            self.executor = base.Executor()
            self.scope = scope
            yield

    def declare(self, path: str, leaf: Leaf) -> Any:
        """Declare one input; bfloat16 comes in as float32, which is exact."""
        name = "".join(c if c.isalnum() else "_" for c in path)
        while name in self.feed:
            name += "_"
        array = widened(leaf)
        self.feed[name] = self.api.feed(array, leaf.lod)
        variable = self.api.data(name, array, len(leaf.lod))
        if leaf.dtype == "bfloat16":
            variable = self.api.cast(variable, "bfloat16")
        variable.stop_gradient = leaf.dtype not in FLOATS
        return variable

    def build(self) -> Any:
        """Call the function; return what it returned."""
        self.inputs = _Inputs(self.case, self.declare)
        self.returned = self.function(*self.inputs.args, **self.inputs.kwargs)
        self.outputs = _flat(self.returned)

    def start(self) -> None:
        """Run the startup program, and keep the parameters' first values."""
        self.executor.run(self.startup)
        for parameter in self.parameters():
            value = np.array(self.scope.find_var(parameter.name).get_tensor())
            self.case.parameters[parameter.name] = leaf_of(value)

    def parameters(self) -> List[Any]:
        """Return the program's parameters."""
        block = self.main.global_block()
        return list(block.all_parameters())

    def fetch(self, variables: Sequence[Any]) -> List[Leaf]:
        """Run the main program."""
        wide = [self.api.cast(v, "float32") if _is_bfloat16(v) else v for v in variables]
        found = []
        with_levels = self.executor.run(
            self.main, feed=self.feed, fetch_list=wide, return_numpy=False
        )
        for variable, tensor in zip(variables, with_levels):
            lod = getattr(tensor, "recursive_sequence_lengths", tuple)()  # type: Any
            if tensor._is_initialized():
                leaf = leaf_of(np.array(tensor), lod)
            else:  # nothing was allocated for a result without elements
                shape = [max(int(n), 0) for n in variable.shape]
                leaf = leaf_of(np.zeros(shape, self.dtype_of(variable)), lod)
            if _is_bfloat16(variable):
                leaf = Leaf("bfloat16", _bfloat16(leaf.data), lod)
            found.append(leaf)
        return found

    def dtype_of(self, variable: Any) -> str:
        """Name the dtype of a variable without elements."""
        told = str(variable.dtype).rsplit(".", 1)[-1].lower()
        short = {"fp16": "float16", "fp32": "float32", "fp64": "float64", "bf16": "float32"}
        return short.get(told, "float32" if told == "bfloat16" else told)


def _run_static(api: Any, function: Any, case: Case) -> None:
    with api.static():
        forward = _Static(api, function, case)
        with forward.building():
            with _phase("build"):
                forward.build()
            with _phase("startup"):
                forward.start()
            with _phase("run"):
                values = forward.fetch([tensor for _, tensor in forward.outputs])
                paths = [path for path, _ in forward.outputs]
                case.outputs = _kept(forward.returned, dict(zip(paths, values)))
        # Again, with the gradients' operators: their inputs need the results' shapes.
        backward = _Static(api, function, case)
        with backward.building():
            backward.build()
            wanted = OrderedDict((p, backward.inputs.tensors[p]) for p in _wanted(case))
            trained = [p for p in backward.parameters() if not p.stop_gradient]
            wanted.update(("parameter " + p.name, p) for p in trained)

            def weight(index: int, array: Any) -> Any:
                return backward.declare("cotangent %d" % index, Leaf("float64", array))

            products = _products(api, backward.outputs, case, weight)
            found = {}  # type: Dict[str, Any]
            if products and wanted:
                with _phase("backward"):
                    made = api.gradients([api.total(products)], list(wanted.values()))
                    if len(made) == len(wanted):
                        found = {p: g for p, g in zip(wanted, made) if g is not None}
                with _phase("gradient"):
                    backward.start()
                    values = backward.fetch(list(found.values()))
                    found = dict(zip(found, values))
            _keep_gradients(case, {path: found.get(path) for path in wanted})


def _keep_gradients(case: Case, found: Dict[str, Any]) -> None:
    for path, leaf in found.items():
        if path.startswith("parameter "):
            case.parameter_gradients[path[len("parameter ") :]] = leaf
        else:
            case.gradients[path] = leaf


def _run_dygraph(api: Any, function: Any, case: Case, made: List[Any]) -> None:
    def make(path: str, leaf: Leaf) -> Any:
        if leaf.lod:
            raise NotImplementedError("levels of detail are recorded in programs of Paddle 1")
        tensor = api.tensor(widened(leaf))
        if leaf.dtype == "bfloat16":
            tensor = api.cast(tensor, "bfloat16")
        tensor.stop_gradient = leaf.dtype not in FLOATS
        return tensor

    def leaf_from(tensor: Any, value: Any = None) -> Leaf:
        array = api.eager(tensor) if value is None else np.array(value)
        bits = _is_bfloat16(tensor)
        return Leaf("bfloat16", _bfloat16(array)) if bits else leaf_of(array)

    known = list(made)
    owners = (function, getattr(function, "__self__", None))  # type: Sequence[Any]
    for owner in owners:
        if hasattr(owner, "parameters") and hasattr(owner, "sublayers"):
            known += owner.parameters()
    with api.dygraph(case.seed):
        for parameter in known:
            case.parameters[parameter.name] = leaf_from(parameter)
            parameter.clear_gradient()
        new = []  # type: List[Any]
        with _phase("run"), _made_by(api.parameter_class, new):
            inputs = _Inputs(case, make)
            returned = function(*inputs.args, **inputs.kwargs)
            outputs = _flat(returned)
            values = {path: leaf_from(tensor) for path, tensor in outputs}
        case.outputs = _kept(returned, values)
        for parameter in new:
            case.parameters[parameter.name] = leaf_from(parameter)
        wanted = OrderedDict((path, inputs.tensors[path]) for path in _wanted(case))
        trained = [p for p in known + new if not p.stop_gradient]
        wanted.update(("parameter " + p.name, p) for p in trained)
        with _phase("backward"):
            products = _products(api, outputs, case, lambda _, array: api.tensor(array))
            if products and any(not tensor.stop_gradient for tensor in wanted.values()):
                api.total(products).backward()
        with _phase("gradient"):
            found = {path: api.gradient(tensor) for path, tensor in wanted.items()}
        _keep_gradients(
            case,
            {p: None if g is None else leaf_from(wanted[p], g) for p, g in found.items()},
        )


def fill(case: Case, function: Any = None) -> None:
    """Call the function of a case under the Paddle of this process, and keep what it answers.

    Args:
        case: its call; the rest is filled in.
        function: what is called; by default what the case's `function` names.
    """
    api = _dialect()
    case.paddle = api.version
    if not case.mode:
        case.mode = "static" if type(api) is Fluid1 else "dygraph"
    if case.mode not in MODES:
        raise ValueError("mode must be one of %s, but it is %r" % (MODES, case.mode))
    made = []  # type: List[Any]
    if function is None:
        guard = api.dygraph(case.seed) if case.mode == "dygraph" else api.static()
        with guard, _made_by(api.parameter_class, made):
            function = resolve(case.function)
    case.names = _names(function, len(case.args))
    both = set(case.names) & set(case.kwargs)
    if both:
        raise TypeError("inputs are given twice: %s" % sorted(both))
    case.cotangents, case.gradients = OrderedDict(), OrderedDict()
    case.parameters, case.parameter_gradients = OrderedDict(), OrderedDict()
    _wanted(case)
    try:
        if case.mode == "static":
            _run_static(api, function, case)
        else:
            _run_dygraph(api, function, case, made)
    except _Failed as failure:
        if case.outputs is None:
            case.error = failure.told
        else:
            case.gradient_error = failure.told
            case.cotangents = OrderedDict()


def request(function: Any, inputs: Any, name: Optional[str] = None, **fields: Any) -> Case:
    """Return the case that a call is, not yet answered.

    Args:
        function: what is called, or its name as `resolve` takes it.
        inputs: a dict gives them by name, a list or tuple by position, anything else is one.
        name: of the case; the function's by default.
        fields: ``mode``, ``seed`` and ``wrt`` of the case.
    """
    told = function if isinstance(function, str) else getattr(function, "__name__", "function")
    args = inputs if isinstance(inputs, (list, tuple)) else [inputs]
    kwargs = {}  # type: Dict[str, Any]
    if isinstance(inputs, dict):
        args, kwargs = [], inputs
    if not all(isinstance(key, str) for key in kwargs):
        raise TypeError("names of inputs must be strings: %r" % list(kwargs))
    place, _, attribute = told.rpartition(":")
    wrt = fields.pop("wrt", None)
    return Case(
        wrt=None if wrt is None else [wrt] if isinstance(wrt, str) else list(wrt),
        name=attribute if name is None else name,
        function=os.path.basename(place) + ":" + attribute if place else attribute,
        args=list(freeze(list(args))),
        kwargs=dict(freeze(dict(kwargs))),
        **fields,
    )


def merged(cases: Sequence[Case], new: Sequence[Case]) -> List[Case]:
    """Return cases with new ones, each in the place of the one that had its name."""
    by_name = OrderedDict((case.name, case) for case in cases)
    by_name.update((case.name, case) for case in new)
    return list(by_name.values())


def record(
    path: Any,
    function: Any,
    inputs: Any,
    case: Optional[str] = None,
    mode: str = "",
    wrt: Optional[Sequence[str]] = None,
    seed: int = SEED,
    append: bool = False,
) -> None:
    """Call a function under the Paddle of this process, and write what it answers.

    Args:
        path: the recording.
        function: a function of Paddle's tensors, or its name: ``file.py:function``.
        inputs: arrays, numbers, and lists, tuples and dicts of them: a dict by name, a list or
            tuple by position.
        case: a name; the function's by default.
        mode: ``static`` or ``dygraph``; by default static in Paddle 1, and dygraph since.
        wrt: names of the inputs whose gradients are recorded; by default all floating arrays.
        seed: of Paddle's random numbers.
        append: whether the cases of other names that the file has are kept.
    """
    new = request(function, inputs, case, mode=mode, wrt=wrt, seed=seed)
    if isinstance(function, str):
        function = resolve(function)
    fill(new, function)
    before = read(path) if append and os.path.exists(os.fspath(path)) else []
    write(path, merged(before, [new]))


# ---- as a process: what `paddle_compat.testing` starts in another interpreter


def serve() -> None:
    """Answer requests: a JSON line names a recording of calls, and where the answers go."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what Paddle and the function print is no reply
    sys.stdout = sys.stderr

    def reply(**told: Any) -> None:
        replies.write(json.dumps(told) + "\n")
        replies.flush()

    for line in sys.stdin:
        asked = json.loads(line)
        try:
            cases = read(asked["request"])
            for case in cases:
                reply(case=case.name)
                name, case.function = case.function, asked["function"]
                fill(case)
                case.function = name
            write(asked["response"], cases)
            reply(done=True)
        except Exception as error:
            reply(error="%s: %s" % (type(error).__name__, error))


if __name__ == "__main__":
    serve()
