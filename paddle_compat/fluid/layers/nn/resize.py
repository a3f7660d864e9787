"""Resizing of pictures."""

from __future__ import annotations

import functools
from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch import Tensor

from paddle_compat.fluid._attributes import single
from paddle_compat.fluid._infer import Signature
from paddle_compat.fluid._layer import layer
from paddle_compat.fluid.layers._checks import check_tensor, dtypes
from paddle_compat.fluid.layers._stand_in import stand_in
from paddle_compat.fluid.layers.nn._windows import check_choice

__all__ = ["image_resize", "image_resize_short", "resize_bilinear", "resize_nearest"]

Sizes = Sequence[int | Tensor] | Tensor | None

_DTYPES = dtypes("float32", "float64", "uint8")


def _is_tensor(value: Any) -> bool:
    return isinstance(value, Tensor) or hasattr(value, "torch_dtype")


def _check_resize(layer: str, arguments: dict[str, Any]) -> None:
    """Check all arguments of a layer, be they variables or tensors."""
    x, out_shape, scale = (arguments[name] for name in ("input", "out_shape", "scale"))
    check_tensor(layer, "input", stand_in(x), _DTYPES)
    if len(x.shape) != 4:
        raise ValueError(
            f"{layer}: input must have 4 dimensions, {arguments['data_format']}, but its shape is "
            f"{list(x.shape)}"
        )
    if not isinstance(arguments["align_corners"], bool):
        raise TypeError(
            f"{layer}: align_corners must be True or False, but it is "
            f"{arguments['align_corners']!r}"
        )
    if arguments.get("align_mode", 1) not in (0, 1):
        raise ValueError(f"{layer}: align_mode must be 0 or 1, but it is {arguments['align_mode']}")
    if out_shape is None and scale is None:
        raise ValueError(f"{layer}: give one of out_shape and scale")
    check_choice(layer, "data_format", arguments["data_format"], ("NCHW", "NHWC"))
    if _is_tensor(out_shape):
        pass
    elif out_shape is not None:
        if not isinstance(out_shape, (list, tuple)):
            raise TypeError(
                f"{layer}: out_shape must be a list, a tuple or a variable, but it is "
                f"{type(out_shape).__name__}"
            )
        for size in out_shape:
            if not _is_tensor(size) and size <= 0:
                raise AssertionError(
                    f"{layer}: each size in out_shape must be positive, but it is {out_shape}"
                )
        if len(out_shape) != 2:
            raise ValueError(f"{layer}: out_shape must be [height, width], but it is {out_shape}")
    elif not _is_tensor(scale):
        if not isinstance(scale, (int, float)):
            raise TypeError(
                f"{layer}: scale must be a number or a variable, but it is {type(scale).__name__}"
            )
        if scale <= 0:
            raise ValueError(f"{layer}: scale must be positive, but it is {scale}")
    if arguments["actual_shape"] is not None and not _is_tensor(arguments["actual_shape"]):
        raise TypeError(
            f"{layer}: actual_shape must be a variable, but it is "
            f"{type(arguments['actual_shape']).__name__}; use out_shape"
        )


def _rule(layer: str) -> Callable[[dict[str, Any]], Signature]:
    def rule(arguments: dict[str, Any]) -> Signature:
        _check_resize(layer, arguments)
        x, out_shape, scale = (arguments[name] for name in ("input", "out_shape", "scale"))
        shape = list(x.shape)
        first = 2 if arguments["data_format"] == "NCHW" else 1
        for i in range(2):
            if _is_tensor(out_shape) or (out_shape is None and _is_tensor(scale)):
                size = -1
            elif out_shape is not None:
                size = -1 if _is_tensor(out_shape[i]) else int(out_shape[i])
            else:
                size = max(_scaled(shape[first + i], scale), 0) or -1
            shape[first + i] = size
        return tuple(shape), x.torch_dtype

    return rule


def _scaled(size: int, scale: float) -> int:
    """Return a size times a scale, in float32 as 1.8 does it."""
    return int(single(single(size) * single(scale)))


def _sizes(layer: str, arguments: dict[str, Any], height: int, width: int) -> tuple[int, int]:
    """Return the new height and width."""
    _check_resize(layer, arguments)
    out_shape, scale = arguments["out_shape"], arguments["scale"]
    if arguments["actual_shape"] is not None:
        out_shape = arguments["actual_shape"]
    if out_shape is not None:
        wanted = [int(size) for size in out_shape]
    else:
        wanted = [_scaled(size, float(scale)) for size in (height, width)]
    if len(wanted) != 2 or min(wanted) < 1:
        raise ValueError(
            f"{layer}: the new height and width must be positive, but they are {wanted}; use a "
            "larger scale"
        )
    return wanted[0], wanted[1]


def _ratio(size: int, wanted: int, align_corners: bool) -> float:
    """Return how far it is from one new row to the next, in old ones: a float32."""
    if wanted == 1:
        return 0.0
    if align_corners:
        return single(single(size - 1) / single(wanted - 1))
    return single(single(size) / single(wanted))


def _singles(values: Iterable[float]) -> list[float]:
    """Return numbers rounded to float32."""
    return array("f", values).tolist()


@functools.lru_cache(maxsize=256)
def _nearest(size: int, wanted: int, align_corners: bool) -> list[int] | None:
    """Return the source of each new row; None where each row is repeated as often."""
    ratio = _ratio(size, wanted, align_corners)
    position = _singles(ratio * k for k in range(wanted))
    if align_corners:
        position = _singles(p + 0.5 for p in position)
    source = [min(int(p), size - 1) for p in position]
    if wanted % size == 0 and source == [k // (wanted // size) for k in range(wanted)]:
        return None
    return source


@layer("nearest_interp", infer=_rule("resize_nearest"), shares=None)
def resize_nearest(
    input: Tensor,
    out_shape: Sizes = None,
    scale: float | Tensor | None = None,
    name: str | None = None,
    actual_shape: Tensor | None = None,
    align_corners: bool = True,
    data_format: str = "NCHW",
) -> Tensor:
    """Return pictures in another size, each new element being one old one.

    Args:
        input: float32, float64 or uint8, [N, C, H, W].
        out_shape: [height, width]; each may be a tensor [1], or the whole a tensor [2].
        scale: a number, or a tensor [1]; sizes times it are rounded down. `out_shape` goes before.
        name: names the result.
        actual_shape: a tensor [2] that goes before both.
        align_corners: whether the first and last rows stay the first and last: row k comes from
            round(k (H - 1) / (H' - 1)); or else from k H / H', rounded down. In float32.
        data_format: ``'NHWC'`` has the channels last.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: neither of out_shape and scale is given, or a new size is not positive.
        AssertionError: a size in out_shape is not positive.

    Example:
        >>> import torch
        >>> from paddle_compat import fluid
        >>> x = torch.arange(3.0).reshape(1, 1, 1, 3)
        >>> fluid.layers.resize_nearest(x, out_shape=[1, 5]).flatten().tolist()
        [0.0, 1.0, 1.0, 2.0, 2.0]

    Source:
        ``paddle.fluid.layers.resize_nearest``, PaddlePaddle 1.8.
    """
    arguments = {
        "input": input,
        "out_shape": out_shape,
        "scale": scale,
        "actual_shape": actual_shape,
        "align_corners": align_corners,
        "data_format": data_format,
    }
    first = 1 if data_format == "NHWC" else 2
    old = input.shape[first], input.shape[first + 1]
    new = _sizes("resize_nearest", arguments, *old)
    rows, columns = (_nearest(old[i], new[i], align_corners) for i in range(2))
    if rows is None and columns is None and first == 2:
        return torch.nn.functional.interpolate(input, new)
    result = input
    for i, source in ((0, rows), (1, columns)):
        if source is None:
            result = result.repeat_interleave(new[i] // old[i], first + i)
        else:
            result = result.index_select(first + i, torch.tensor(source, device=input.device))
    return result


@functools.lru_cache(maxsize=256)
def _linear(
    size: int, wanted: int, align_corners: bool, align_mode: int
) -> tuple[tuple[list[int], list[float]], tuple[list[int], list[float]]]:
    """Return the two sources of each new row, each with their weights."""
    half = align_mode == 0 and not align_corners
    ratio = _ratio(size, wanted, align_corners)
    if half:
        position = _singles(ratio * (k + 0.5) for k in range(wanted))
        position = [max(p, 0.0) for p in _singles(p - 0.5 for p in position)]
    else:
        position = _singles(ratio * k for k in range(wanted))
    first = [int(p) for p in position]
    weight = [p - n for p, n in zip(position, first, strict=True)]
    second = [min(n + 1, size - 1) for n in first]
    return (first, _singles(1 - w for w in weight)), (second, weight)


@layer("bilinear_interp", infer=_rule("resize_bilinear"), shares=None)
def resize_bilinear(
    input: Tensor,
    out_shape: Sizes = None,
    scale: float | Tensor | None = None,
    name: str | None = None,
    actual_shape: Tensor | None = None,
    align_corners: bool = True,
    align_mode: int = 1,
    data_format: str = "NCHW",
) -> Tensor:
    """Return pictures in another size, interpolating between the nearest rows and columns.

    Args:
        input: float32, float64 or uint8, [N, C, H, W].
        out_shape: [height, width]; each may be a tensor [1], or the whole a tensor [2].
        scale: a number, or a tensor [1]; sizes times it are rounded down. `out_shape` goes before.
        name: names the result.
        actual_shape: a tensor [2] that goes before both.
        align_corners: whether the first and last rows stay the first and last: row k comes from
            k (H - 1) / (H' - 1).
        align_mode: without align_corners, row k comes from k H / H' with 1, and from
            (k + 1/2) H / H' - 1/2 with 0. All in float32.
        data_format: ``'NHWC'`` has the channels last.

    Raises:
        TypeError: an argument has the wrong type.
        ValueError: neither of out_shape and scale is given, or a new size is not positive.
        AssertionError: a size in out_shape is not positive.

    Source:
        ``paddle.fluid.layers.resize_bilinear``, PaddlePaddle 1.8.
    """
    arguments = {
        "input": input,
        "out_shape": out_shape,
        "scale": scale,
        "actual_shape": actual_shape,
        "align_corners": align_corners,
        "align_mode": align_mode,
        "data_format": data_format,
    }
    first = 1 if data_format == "NHWC" else 2
    old = input.shape[first], input.shape[first + 1]
    new = _sizes("resize_bilinear", arguments, *old)
    # torch's own rule is the same but for its float64 positions, and for a single new row.
    known = align_corners or (align_mode == 0 and min(new) > 1)
    if known and first == 2 and input.dtype == torch.float32:
        return torch.nn.functional.interpolate(
            input, new, mode="bilinear", align_corners=align_corners
        )
    result = input if input.is_floating_point() else input.float()
    for i in range(2):
        parts = []
        for source, weights in _linear(old[i], new[i], align_corners, align_mode):
            weight = torch.tensor(weights, dtype=result.dtype, device=input.device)
            weight = weight.reshape([-1 if d == first + i else 1 for d in range(4)])
            index = torch.tensor(source, device=input.device)
            parts.append(result.index_select(first + i, index) * weight)
        result = parts[0] + parts[1]
    return result.to(input.dtype)


def image_resize(
    input: Any,
    out_shape: Any = None,
    scale: Any = None,
    name: str | None = None,
    resample: str = "BILINEAR",
    actual_shape: Any = None,
    align_corners: bool = True,
    align_mode: int = 1,
    data_format: str = "NCHW",
) -> Any:
    """Return pictures in another size, as `resize_bilinear` or `resize_nearest`.

    Args:
        input: as theirs; likewise the other arguments.
        resample: ``'BILINEAR'`` or ``'NEAREST'``.
        out_shape: as theirs.
        scale: as theirs.
        name: as theirs.
        actual_shape: as theirs.
        align_corners: as theirs.
        align_mode: as `resize_bilinear`'s.
        data_format: as theirs.

    Raises:
        ValueError: resample is neither.

    Source:
        ``paddle.fluid.layers.image_resize``, PaddlePaddle 1.8; ``'TRILINEAR'`` is not offered.
    """
    check_choice("image_resize", "resample", resample, ("BILINEAR", "NEAREST"))
    if resample == "NEAREST":
        return resize_nearest(
            input, out_shape, scale, name, actual_shape, align_corners, data_format
        )
    return resize_bilinear(
        input, out_shape, scale, name, actual_shape, align_corners, align_mode, data_format
    )


def image_resize_short(input: Any, out_short_len: int, resample: str = "BILINEAR") -> Any:
    """Return pictures in another size, of which the shorter side is given.

    Args:
        input: [N, C, H, W], with H and W known.
        out_short_len: the shorter side's new length.
        resample: ``'BILINEAR'`` or ``'NEAREST'``.

    Raises:
        ValueError: the input has not 4 dimensions.

    Source:
        ``paddle.fluid.layers.image_resize_short``, PaddlePaddle 1.8.
    """
    if len(input.shape) != 4:
        raise ValueError(
            f"image_resize_short: input must have 4 dimensions, but its shape is "
            f"{list(input.shape)}"
        )
    sides = list(input.shape[2:4])
    short = sides.index(min(sides))
    ratio = float(out_short_len) / float(sides[short])
    sides[1 - short] = int(float(sides[1 - short]) * ratio + 0.5)
    sides[short] = out_short_len
    return image_resize(input, out_shape=sides, resample=resample)
