"""Prove that cell spaces are read and written to the byte, and that foreign files are named."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import struct
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import FormatError
from orchestrator.formats import cellspace
from orchestrator.formats.cellspace import Cell, Header, header_bytes, parse_header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SIDES = st.integers(1, 2000)
HEADERS = st.builds(
    Header,
    model=st.sampled_from(["SNO", "DUN"]),
    height=SIDES,
    length=SIDES,
    depth=SIDES,
    cell_bytes=st.sampled_from([1, 2, 4, 8]),
    time=st.floats(allow_nan=False),
    borders=st.booleans(),
)
SMALL = Header("SNO", 2, 3, 4, time=2.5)


def test_a_header_is_these_bytes() -> None:
    # a snapshot of the real simulator's example, with walls, at its start
    header = Header("SNO", 80, 400, 200, borders=True)

    assert header_bytes(header).hex(" ", 4) == (
        "8a435350 40315f0a 0c000000 4844535a 68000000 0c000000 4d4f444c 534e4f00 14000000 53495a45 "
        "50000000 90010000 c8000000 0c000000 43454c4c 08000000 10000000 54494d45 00000000 00000000 "
        "18000000 424f5244 52000000 92010000 ca000000 01000000"
    )
    assert header.stored_shape == (202, 82, 402)
    assert header.size + header.payload_bytes == 53_269_928


@given(
    header=HEADERS,
    boxed=st.booleans(),
    walls=st.tuples(st.integers(1, 900), st.integers(1, 900)),
    rest=st.binary(max_size=20),
)
def test_headers_come_back(
    header: Header, *, boxed: bool, walls: tuple[int, int], rest: bytes
) -> None:
    header = replace(header, boxed=boxed and not header.borders)
    if header.boxed or header.borders:
        header = replace(header, margins=(walls[0], 1, walls[1]))
    data = header_bytes(header)

    assert len(data) == cellspace.HEADER_BYTES
    assert parse_header(data + rest) == header
    assert cellspace.header_size(data[: cellspace.FIRST_BYTES]) == len(data)


def test_a_box_without_its_walls_keeps_its_sizes() -> None:
    data = header_bytes(replace(SMALL, boxed=True))

    assert struct.unpack_from("<4i", data, 88) == (4, 5, 6, 0)
    assert parse_header(data).stored_shape == (4, 2, 3)


def test_time_and_walls_may_be_left_out() -> None:
    data = header_bytes(SMALL)
    shorter = data[:16] + struct.pack("<i", 64) + data[20:64]

    assert parse_header(shorter) == replace(SMALL, time=0.0, size=64)


def test_chunks_that_are_not_known_are_passed_over() -> None:
    data = header_bytes(SMALL)
    extra = struct.pack("<i", 12) + b"NOTE" + b"hell"
    longer = data[:16] + struct.pack("<i", 116) + data[20:] + extra

    assert parse_header(longer) == replace(SMALL, size=116)


@given(st.binary(max_size=150), st.integers(0, 104))
def test_any_bytes_are_a_header_or_a_format_error(junk: bytes, kept: int) -> None:
    with contextlib.suppress(FormatError):
        parse_header(header_bytes(SMALL)[:kept] + junk)


def _put(at: int, form: str, *values: object) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        changed = bytearray(data)
        struct.pack_into(form, changed, at, *values)
        return bytes(changed)

    return change


@pytest.mark.parametrize("sides", [(7, 3, 4), (0, 0, 0)])
def test_without_walls_nothing_else_is_read_from_their_chunk(sides: tuple[int, ...]) -> None:
    data = _put(88, "<3i", *sides)(header_bytes(SMALL))

    assert parse_header(data) == SMALL


def test_a_chunk_of_walls_that_is_too_short_says_nothing() -> None:
    data = header_bytes(SMALL)
    short = (
        data[:16] + struct.pack("<i", 92) + data[20:80] + struct.pack("<i", 12) + data[84:92]
    )

    assert parse_header(short) == dataclasses.replace(SMALL, size=92)


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda _data: b"", "not a cell space: it begins with b''"),
        (lambda data: b"GIF89a.." + data[8:], "not a cell space: it begins with b'GIF89a..'"),
        (
            lambda data: data[:6] + b"b" + data[7:],
            "the cell space was written on a big-endian machine",
        ),
        (lambda data: data[:12], "the header of the cell space does not tell its size"),
        (_put(12, "4s", b"XXXX"), "the header of the cell space does not tell its size"),
        (_put(16, "<i", 2**30), f"the header of the cell space claims {2**30} bytes"),
        (_put(16, "<i", -1), "the header of the cell space claims -1 bytes"),
        (lambda data: data[:50], "the header of the cell space ends after 50 of 104 bytes"),
        (_put(20, "<i", 0), "the header of the cell space has a broken chunk at byte 20"),
        (_put(32, "<i", 2000), "the header of the cell space has a broken chunk at byte 32"),
        (_put(36, "4s", b"EZIS"), "the header of the cell space has no whole SIZE chunk"),
        (_put(56, "4s", b"LLEC"), "the header of the cell space has no whole CELL chunk"),
        (_put(40, "<i", 0), "impossible sizes: H 0, L 3, D 4"),
        (_put(44, "<i", -3), "impossible sizes: H 2, L -3, D 4"),
        (_put(48, "<i", 2**30), f"impossible sizes: H 2, L 3, D {2**30}"),
        (_put(60, "<i", 0), "cells of 0 bytes; expected 1 to 64"),
        (_put(60, "<i", 65), "cells of 65 bytes; expected 1 to 64"),
        (
            _put(100, "<i", 1),
            "the header contradicts itself: sizes 2, 3, 4 but 2, 3, 4 with walls",
        ),
    ],
)
def test_what_is_wrong_with_a_header_is_said(
    spoil: Callable[[bytes], bytes], sentence: str
) -> None:
    with pytest.raises(FormatError) as caught:
        parse_header(spoil(header_bytes(SMALL)))

    assert str(caught.value) == sentence


def _cells(header: Header, seed: int = 1) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    shape = (header.depth, header.height, header.length)
    return np.random.default_rng(seed).integers(0, 9, shape, np.uint8)


def test_written_cells_come_back_at_time_zero(tmp_path: Path) -> None:
    cells = _cells(SMALL)

    cellspace.write(tmp_path / "a.csp", SMALL, cells)

    header, found, times = cellspace.read(tmp_path / "a.csp")
    assert header == SMALL
    np.testing.assert_array_equal(found, cells)
    assert (found.dtype, times.dtype) == (np.dtype(np.uint8), np.dtype(np.int32))
    assert not times.any()


def test_a_cell_is_eight_bytes_with_its_state_first(tmp_path: Path) -> None:
    cells = _cells(SMALL)

    cellspace.write(tmp_path / "a.csp", SMALL, iter(cells))

    data = (tmp_path / "a.csp").read_bytes()
    wide = np.frombuffer(data, np.uint8)[104:].reshape(-1, 8)
    np.testing.assert_array_equal(wide[:, 0], cells.ravel())
    assert not wide[:, 1:].any()


@pytest.mark.parametrize("name", ["a.csp", "a.csp.gz"])
@pytest.mark.parametrize(
    ("borders", "margins"), [(False, (1, 1, 1)), (True, (1, 1, 1)), (True, (3, 1, 2))]
)
def test_walls_are_left_out_and_times_kept(
    tmp_path: Path, name: str, margins: tuple[int, int, int], *, borders: bool
) -> None:
    header = replace(SMALL, borders=borders, margins=margins)
    stored = np.zeros(header.stored_shape, np.dtype([("state", "<u4"), ("time", "<i4")]))
    stored["state"] = Cell.BORD
    stored["time"] = -7
    assert stored.shape == (
        tuple(np.add((4, 2, 3), np.multiply(margins, 2))) if borders else (4, 2, 3)
    )
    inner = stored[header.inner]
    inner["state"] = _cells(SMALL)
    inner["time"] = np.arange(24).reshape(4, 2, 3)
    data = header_bytes(header) + stored.tobytes()
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)

    _, cells, times = cellspace.read(tmp_path / name)

    np.testing.assert_array_equal(cells, _cells(SMALL))
    np.testing.assert_array_equal(times.ravel(), np.arange(24))


@pytest.mark.parametrize("cell_bytes", [1, 2, 4])
def test_smaller_cells_have_no_time(tmp_path: Path, cell_bytes: int) -> None:
    header = replace(SMALL, cell_bytes=cell_bytes)
    data = _cells(SMALL).astype(f"<u{cell_bytes}")
    (tmp_path / "a.csp").write_bytes(header_bytes(header) + data.tobytes())

    _, cells, times = cellspace.read(tmp_path / "a.csp")

    np.testing.assert_array_equal(cells, _cells(SMALL))
    assert not times.any()


@pytest.mark.parametrize(
    ("cell_bytes", "largest_time"), [(3, 0), (5, 255), (7, 2**24 - 1), (16, 2**31 - 1)]
)
def test_cells_of_other_sizes_are_copied_as_far_as_they_go(
    tmp_path: Path, cell_bytes: int, largest_time: int
) -> None:
    header = replace(SMALL, cell_bytes=cell_bytes)
    whole = np.full((*_cells(SMALL).shape, max(cell_bytes, 8)), 0xFF, np.uint8)
    whole[..., 0] = _cells(SMALL)
    whole[..., 7] = 0x7F
    (tmp_path / "a.csp").write_bytes(header_bytes(header) + whole[..., :cell_bytes].tobytes())

    _, cells, times = cellspace.read(tmp_path / "a.csp")

    np.testing.assert_array_equal(cells, _cells(SMALL))
    assert (times == largest_time).all()


@pytest.mark.parametrize(
    ("spoil", "sentence"),
    [
        (lambda data: data[:-1], "truncated: 191 of 192 bytes of cells"),
        (lambda data: data[:104], "truncated: 0 of 192 bytes of cells"),
        (lambda data: data[:30], "the header of the cell space ends after 30 of 104 bytes"),
        (lambda data: data[:-8] + b"\x0c" + data[-7:], "holds a cell of state 12, which"),
        (lambda data: b"H = 3\n" + data, "not a cell space: it begins with b'H = 3"),
    ],
)
@pytest.mark.parametrize("name", ["a.csp", "a.csp.gz"])
def test_a_foreign_or_truncated_file_is_named(
    tmp_path: Path, name: str, spoil: Callable[[bytes], bytes], sentence: str
) -> None:
    cellspace.write(tmp_path / "whole.csp", SMALL, _cells(SMALL))
    data = spoil((tmp_path / "whole.csp").read_bytes())
    (tmp_path / name).write_bytes(gzip.compress(data) if name.endswith("gz") else data)

    with pytest.raises(FormatError) as caught:
        cellspace.read(tmp_path / name)

    assert str(caught.value).startswith(f"{tmp_path / name}: {sentence}")


def test_a_missing_or_badly_compressed_file_is_named(tmp_path: Path) -> None:
    cut = tmp_path / "cut.csp.gz"
    cut.write_bytes(gzip.compress(header_bytes(SMALL))[:-20])
    plain = tmp_path / "plain.csp.gz"
    plain.write_bytes(header_bytes(SMALL))

    with pytest.raises(FormatError, match=r"none\.csp: cannot be read: No such file"):
        cellspace.read(tmp_path / "none.csp")
    with pytest.raises(
        FormatError, match=r"cut\.csp\.gz: cannot be read: Compressed file ended"
    ):
        cellspace.read(cut)
    with pytest.raises(
        FormatError, match=r"plain\.csp\.gz: cannot be read: Not a gzipped file"
    ):
        cellspace.read(plain)


def test_more_cells_than_can_be_counted_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.csp").write_bytes(header_bytes(Header("SNO", 2000, 2000, 1000)))

    with pytest.raises(FormatError, match="4000000000 cells; 2147483647 are the most"):
        cellspace.read(tmp_path / "a.csp")


def test_a_file_that_cannot_be_finished_does_not_appear(tmp_path: Path) -> None:
    def planes() -> Iterator[np.ndarray[tuple[int, ...], np.dtype[np.uint8]]]:
        yield _cells(SMALL)[0]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        cellspace.write(tmp_path / "a.csp", SMALL, planes())

    assert not list(tmp_path.iterdir())
