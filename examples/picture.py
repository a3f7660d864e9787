"""Draws boxes on images and writes them as PNG, with numpy and the standard library alone."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import numpy as np

# The figures 0 to 9, three pixels wide and five high: a row is three bits.
FIGURES = ("75557", "26227", "71747", "71717", "55711", "74717", "74757", "71111", "75757", "75717")
COLOURS = np.array([[255, 150, 150], [150, 255, 150], [150, 190, 255]], "uint8")
WHITE, BLACK = np.full(3, 255, "uint8"), np.zeros(3, "uint8")


def canvas(image: Any, zoom: int) -> Any:
    """Return pixels [zoom * H, zoom * W, 3] of an image [3, H, W] with values from -0.5 to 2."""
    pixels = np.clip((image.transpose(1, 2, 0) + 0.5) / 2.5, 0, 1) * 200
    return pixels.astype("uint8").repeat(zoom, axis=0).repeat(zoom, axis=1)


def outline(pixels: Any, box: Any, colour: Any, dash: int = 0) -> None:
    """Draw the sides of a box x1, y1, x2, y2, given in pixels; with a dash, in pieces."""
    height, width = pixels.shape[:2]
    x1, x2 = (int(np.clip(round(float(x)), 0, width - 1)) for x in box[0::2])
    y1, y2 = (int(np.clip(round(float(y)), 0, height - 1)) for y in box[1::2])
    across, down = np.arange(x1, x2 + 1), np.arange(y1, y2 + 1)
    if dash:
        across, down = (side[side // dash % 2 == 0] for side in (across, down))
    pixels[[y1, y2], across[:, None]] = colour
    pixels[down[:, None], [x1, x2]] = colour


def write_number(pixels: Any, number: int, left: int, top: int, colour: Any) -> None:
    """Write a number in small figures on black; what lies outside the picture is cut."""
    figures = [[int(row) for row in FIGURES[int(figure)]] for figure in str(number)]
    ink = np.zeros((7, 4 * len(figures) + 1), bool)
    for index, rows in enumerate(figures):
        for row, bits in enumerate(rows):
            for column in range(3):
                ink[row + 1, 4 * index + column + 1] = bits >> (2 - column) & 1
    area = pixels[max(top, 0) : max(top, 0) + 7, max(left, 0) : max(left, 0) + ink.shape[1]]
    ink = ink[: area.shape[0], : area.shape[1]]
    area[...] = np.where(ink[..., None], colour, BLACK)


def draw(image: Any, found: Any, truth: Any, zoom: int = 2) -> Any:
    """Return pixels of an image with the true boxes dashed and the found ones with their score.

    Args:
        image: [3, H, W].
        found: rows of class, score, x1, y1, x2, y2; classes are coloured in turn.
        truth: rows of class, x1, y1, x2, y2.
        zoom: how many pixels wide and high each of the image is drawn.
    """
    pixels = canvas(image, zoom)
    for row in truth:
        outline(pixels, row[1:] * zoom, WHITE, dash=4)
    for row in found[::-1]:
        colour = COLOURS[int(row[0]) % len(COLOURS)]
        outline(pixels, row[2:] * zoom, colour)
        left, top = (int(value * zoom) for value in row[2:4])
        write_number(pixels, round(100 * float(row[1])), left + 1, top + 1, colour)
    return pixels


def tile(pictures: list[Any], columns: int) -> Any:
    """Lay pictures of one size side by side, in rows, with a gap; what is missing is black."""
    height, width, _ = pictures[0].shape
    rows = -(-len(pictures) // columns)
    sheet = np.zeros((rows * (height + 2) - 2, columns * (width + 2) - 2, 3), "uint8")
    for index, picture in enumerate(pictures):
        top, left = index // columns * (height + 2), index % columns * (width + 2)
        sheet[top : top + height, left : left + width] = picture
    return sheet


def save_png(path: str, pixels: Any) -> None:
    """Write pixels [H, W, 3] of uint8 as a PNG file."""
    height, width, _ = pixels.shape

    def chunk(kind: bytes, data: bytes) -> bytes:
        body = kind + data
        return struct.pack(">I", len(data)) + body + struct.pack(">I", zlib.crc32(body))

    # Every line starts with the filter that it uses: 0, none.
    lines = np.concatenate([np.zeros((height, 1), "uint8"), pixels.reshape(height, -1)], axis=1)
    with open(path, "wb") as file:  # noqa: PTH123
        file.write(b"\x89PNG\r\n\x1a\n")
        file.write(chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)))
        file.write(chunk(b"IDAT", zlib.compress(lines.tobytes(), 9)))
        file.write(chunk(b"IEND", b""))
