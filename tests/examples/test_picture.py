"""Pictures of detections: what is drawn where, and the PNG file."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import picture
import pytest


def read_png(path: Path) -> Any:
    """Read a PNG of eight bits a colour whose lines are not filtered; check every checksum."""
    data = path.read_bytes()
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    chunks, at = {}, 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        body = data[at + 4 : at + 8 + length]
        assert struct.unpack_from(">I", data, at + 8 + length) == (zlib.crc32(body),)
        chunks[body[:4]] = body[4:]
        at += 12 + length
    assert list(chunks) == [b"IHDR", b"IDAT", b"IEND"]
    width, height, *rest = struct.unpack(">IIBBBBB", chunks[b"IHDR"])
    assert rest == [8, 2, 0, 0, 0]
    lines = np.frombuffer(zlib.decompress(chunks[b"IDAT"]), "uint8").reshape(height, -1)
    assert not lines[:, 0].any()
    return lines[:, 1:].reshape(height, width, 3)


def blank() -> Any:
    return np.zeros((20, 30, 3), "uint8")


def test_a_png_holds_the_pixels(tmp_path: Path) -> None:
    pixels = np.random.RandomState(0).randint(0, 256, (5, 7, 3)).astype("uint8")
    picture.save_png(str(tmp_path / "a.png"), pixels)
    np.testing.assert_array_equal(read_png(tmp_path / "a.png"), pixels)


def test_an_outline_is_the_sides_alone() -> None:
    pixels = blank()
    picture.outline(pixels, [3, 2, 8, 6], picture.WHITE)
    wanted = blank()
    wanted[2:7, 3:9] = 255
    wanted[3:6, 4:8] = 0
    np.testing.assert_array_equal(pixels, wanted)


def test_a_dashed_outline_has_gaps() -> None:
    pixels = blank()
    picture.outline(pixels, [0, 0, 11, 8], picture.WHITE, dash=4)
    assert pixels[0, :12, 0].tolist() == [255] * 4 + [0] * 4 + [255] * 4


def test_a_box_outside_is_drawn_at_the_edge() -> None:
    pixels = blank()
    picture.outline(pixels, [-5, -9, 100, 200], picture.WHITE)
    assert pixels[[0, -1]].all()
    assert pixels[:, [0, -1]].all()
    assert not pixels[1:-1, 1:-1].any()


def test_a_number_is_written_in_figures() -> None:
    pixels = blank()
    picture.write_number(pixels, 17, 2, 1, picture.WHITE)
    shape = ["".join(".#"[int(value > 0)] for value in row) for row in pixels[2:7, 3:10, 0]]
    assert shape == [".#..###", "##....#", ".#....#", ".#....#", "###...#"]


@pytest.mark.parametrize("corner", [(28, 17), (-3, -3), (40, 40)])
def test_a_number_at_the_edge_is_cut(corner: tuple[int, int]) -> None:
    pixels = blank()
    picture.write_number(pixels, 88, *corner, picture.WHITE)
    assert pixels.shape == blank().shape


def test_found_boxes_are_drawn_in_their_classes_colour_and_true_ones_white() -> None:
    image = np.full((3, 20, 30), -0.5, "float32")
    found = np.array([[1, 0.5, 4, 3, 12, 9]])
    truth = np.array([[0, 15, 2, 25, 16]])
    pixels = picture.draw(image, found, truth, zoom=2)
    assert pixels.shape == (40, 60, 3)
    assert pixels[18, 20].tolist() == picture.COLOURS[1].tolist()
    assert pixels[4, 32].tolist() == [255, 255, 255]


def test_pictures_are_laid_in_rows() -> None:
    sheet = picture.tile([np.full((4, 5, 3), value, "uint8") for value in (1, 2, 3)], 2)
    assert sheet.shape == (10, 12, 3)
    assert (sheet[:4, :5] == 1).all()
    assert (sheet[:4, 7:] == 2).all()
    assert (sheet[6:, :5] == 3).all()
    assert not sheet[6:, 7:].any()
