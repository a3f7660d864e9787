"""How the rows of a batch fall into its images."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from paddle_compat.fluid._lod import Lod, as_lod
from paddle_compat.fluid.layers._shapes import fits, torch_dtype_of

__all__ = ["as_level", "check_alike", "check_columns", "check_im_info", "image_lengths"]


def image_lengths(
    layer: str, tensors: Mapping[str, tuple[Tensor, Lod]], images: int | None = None
) -> list[int]:
    """Return how many rows each image has: in all of these tensors the same.

    Args:
        layer: for the error's text.
        tensors: each with its level of detail, by name.
        images: how many there may be, where that is known.

    Raises:
        ValueError: a tensor has no level of detail, or not the same as the first one, or one for
            more images.
    """
    found: list[int] | None = None
    first = ""
    for name, (tensor, lod) in tensors.items():
        if len(lod) != 1:
            raise ValueError(
                f"{layer}: {name} must have 1 level of detail, the number of rows of each image, "
                f"but it has {len(lod)}; feed fluid.create_lod_tensor(array, [[rows of image 0, "
                "...]], place), and declare it with lod_level=1"
            )
        lengths: list[int] = lod[0].tolist()
        if sum(lengths) != tensor.shape[0]:
            raise ValueError(
                f"{layer}: {name} has {tensor.shape[0]} rows, but its level of detail counts "
                f"{lengths}"
            )
        if found is None:
            found, first = lengths, name
        elif lengths != found:
            raise ValueError(
                f"{layer}: {first} and {name} must have the same rows for each image, but they "
                f"have {found} and {lengths}"
            )
    assert found is not None
    if images is not None and len(found) > images:
        raise ValueError(
            f"{layer}: {first} has rows for {len(found)} images, but im_info tells of {images}"
        )
    return found


def as_level(lengths: list[int]) -> Lod:
    """Return one level of detail."""
    return as_lod([lengths])


def check_columns(layer: str, name: str, value: Any, *columns: int | None) -> None:
    """Check a rank, and the sizes behind the first that are known; None fits any.

    Raises:
        ValueError: they are others.
    """
    shape = tuple(value.shape)
    wanted = ", ".join(["N", *("K" if size is None else str(size) for size in columns)])
    if len(shape) != 1 + len(columns) or not all(
        size is None or fits(size, found) for size, found in zip(columns, shape[1:], strict=True)
    ):
        raise ValueError(f"{layer}: {name} must be [{wanted}], but its shape is {list(shape)}")


def check_alike(layer: str, **values: Any) -> None:
    """Check that tensors have the first one's dtype.

    Raises:
        TypeError: one has not.
    """
    first, *others = values
    wanted = str(torch_dtype_of(values[first])).removeprefix("torch.")
    for name in others:
        found = str(torch_dtype_of(values[name])).removeprefix("torch.")
        if found != wanted:
            raise TypeError(
                f"{layer}: {name} must be {wanted}, as {first} is, but it is {found}; use "
                f"fluid.layers.cast({name}, '{wanted}')"
            )


def check_im_info(layer: str, im_info: Any, images: int = -1) -> None:
    """Check each image's height, width and scale.

    Args:
        layer: for the error's text.
        im_info: the tensor or variable.
        images: how many there are at least; -1 where that is not known.

    Raises:
        ValueError: its shape is another.
    """
    shape = tuple(im_info.shape)
    short = len(shape) == 2 and images >= 0 and 0 <= shape[0] < images
    if len(shape) != 2 or 0 <= shape[1] < 3 or short:
        rows = "N" if images < 0 else images
        raise ValueError(
            f"{layer}: im_info must be [{rows}, 3], each image's height, width and scale, but its "
            f"shape is {list(shape)}"
        )
