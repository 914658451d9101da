"""Streams are taken apart whatever pieces they come in, and what is wrong with them is said."""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator import stream
from orchestrator.errors import StreamError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from numpy.typing import NDArray

    Frame = Callable[..., bytes]
    Fill = Callable[[memoryview], int]


def _states(seed: int, shape: tuple[int, int, int] = (5, 4, 6)) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 5, shape).astype(np.uint8)


def _filling(data: bytes) -> Fill:
    """Fill buffers from ``data`` as a pipe would."""
    left = memoryview(data)

    def fill(target: memoryview) -> int:
        nonlocal left
        count = min(len(left), len(target))
        target[:count] = left[:count]
        left = left[count:]
        return count

    return fill


def _decode(data: bytes) -> list[tuple[float, NDArray[np.uint8]]]:
    decoder = stream.Decoder(_filling(data))
    found = []
    while (header := decoder.header()) is not None:
        inside = [decoder.inside]
        planes = [batch.astype(np.uint8) for batch in decoder.planes()]
        inside.append(decoder.inside)
        assert inside == [True, False]
        found.append((header.time, np.concatenate(planes)))
    return found


@pytest.mark.parametrize("cell_bytes", [1, 2, 4, 8])
def test_snapshots_are_decoded_without_their_walls(frame: Frame, cell_bytes: int) -> None:
    data = b"".join(frame(_states(i), 10.5 * i, cell_bytes) for i in range(3))

    found = _decode(data)

    assert [time for time, _ in found] == [0.0, 10.5, 21.0]
    for i, (_, cells) in enumerate(found):
        np.testing.assert_array_equal(cells, _states(i))


@pytest.mark.parametrize("planes", [1, 2, 3, 5, 7, 100])
def test_planes_come_in_batches_of_any_size(
    frame: Frame, planes: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "_BATCH_BYTES", planes * 6 * 8 * 8)

    ((_, cells),) = _decode(frame(_states(1), 0.0))

    np.testing.assert_array_equal(cells, _states(1))


def test_a_stream_without_walls_is_decoded_too(frame: Frame) -> None:
    walled = frame(_states(1), 3.0)
    header = bytearray(walled[4:108])
    header[88:104] = struct.pack("<4i", 4, 6, 5, 0)
    cells = np.frombuffer(walled[108:], "<u8").reshape(7, 6, 8)[1:-1, 1:-1, 1:-1]
    body = bytes(header) + cells.tobytes()

    ((_, found),) = _decode(struct.pack("<i", len(body)) + body)

    np.testing.assert_array_equal(found, _states(1))


def test_an_empty_stream_has_no_snapshots() -> None:
    assert _decode(b"") == []


WHOLE = 4 + 104 + 7 * 6 * 8 * 8
PLANE = 6 * 8 * 8


@pytest.mark.parametrize(
    ("length", "where"),
    [
        (1, "inside the size of snapshot 2 (1 of 4 bytes)"),
        (3, "inside the size of snapshot 2 (3 of 4 bytes)"),
        (4, "inside the header of snapshot 2 (0 of 20 bytes)"),
        (4 + 19, "inside the header of snapshot 2 (19 of 20 bytes)"),
        (4 + 20, "inside the header of snapshot 2 (20 of 104 bytes)"),
        (4 + 103, "inside the header of snapshot 2 (103 of 104 bytes)"),
        (4 + 104, "inside plane 1 of 7 of snapshot 2 (0 of 384 bytes)"),
        (4 + 104 + 1, "inside plane 1 of 7 of snapshot 2 (1 of 384 bytes)"),
        (4 + 104 + 2 * PLANE + 5, "inside plane 3 of 7 of snapshot 2 (5 of 384 bytes)"),
        (WHOLE - 1, "inside plane 7 of 7 of snapshot 2 (383 of 384 bytes)"),
    ],
)
def test_a_cut_is_placed(frame: Frame, length: int, where: str) -> None:
    data = frame(_states(1), 0.0) + frame(_states(2), 1.0)[:length]

    with pytest.raises(stream.CutError) as caught:
        _decode(data)

    assert str(caught.value) == f"the stream ends {where}"


def test_every_cut_is_either_clean_or_told(frame: Frame) -> None:
    data = frame(_states(1, (2, 2, 3)), 0.0) * 2

    for length in range(len(data)):
        if length % (len(data) // 2) == 0:
            assert len(_decode(data[:length])) == 2 * length // len(data)
        else:
            with pytest.raises(stream.CutError):
                _decode(data[:length])


def _changed(data: bytes, place: int, form: str, *values: object) -> bytes:
    changed = bytearray(data)
    struct.pack_into(form, changed, place, *values)
    return bytes(changed)


@pytest.mark.parametrize(
    ("place", "form", "value", "said"),
    [
        (0, "<i", 0, "snapshot 2: a frame announces 0 bytes"),
        (0, "<i", -5, "snapshot 2: a frame announces -5 bytes"),
        (0, "<i", 7, "snapshot 2: a frame of 7 bytes holds no cell space"),
        (0, "<i", 50, "snapshot 2: a header of 104 bytes in a frame of 50"),
        (
            0,
            "<i",
            WHOLE,
            "snapshot 2: the frame announces 2692 bytes of cells, but 7 x 6 x 8 cells of 8 bytes are 2688",
        ),
        (4, "<8s", b"\x89PNG\r\n\x1a\n", "snapshot 2: not a cell space: it begins with"),
        (10, "<c", b"b", "snapshot 2: the cell space was written on a big-endian machine"),
        (20, "<i", 5000, "snapshot 2: the header of the cell space claims 5000 bytes"),
        (44, "<i", 9, "snapshot 2: the header contradicts itself"),
        (64, "<i", 3, "snapshot 2: cells of 3 bytes; known are 1, 2, 4 and 8"),
        (76, "<d", float("nan"), "snapshot 2: its time is nan"),
    ],
)
def test_what_is_wrong_is_said(
    frame: Frame, place: int, form: str, value: object, said: str
) -> None:
    data = frame(_states(1), 0.0) + _changed(frame(_states(2), 1.0), place, form, value)

    with pytest.raises(StreamError) as caught:
        _decode(data)

    assert str(caught.value).startswith(said)
    assert not isinstance(caught.value, stream.CutError)


def test_sizes_may_not_change_between_snapshots(frame: Frame) -> None:
    data = frame(_states(1), 0.0) + frame(_states(2, (5, 4, 7)), 1.0)

    with pytest.raises(StreamError) as caught:
        _decode(data)

    assert str(caught.value) == "snapshot 2: its sizes differ from those of the first snapshot"


@pytest.fixture(params=["pidfd", "no pidfd"])
def ended_handle(request: pytest.FixtureRequest) -> Callable[[int], int | None]:
    """Tell of a process's end as Linux has done since 5.3, or as before."""
    return os.pidfd_open if request.param == "pidfd" else lambda _: None


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    with stream.data_pipe() as (reading, writing):
        yield reading, writing.fileno()


def _pipe(
    reading: int,
    writer: subprocess.Popen[bytes] | None = None,
    ended_handle: int | None = None,
    wake: int | None = None,
    watch: Callable[[], float] = lambda: 60.0,
) -> stream.Pipe:
    def ended() -> bool:
        return writer is not None and writer.poll() is not None

    return stream.Pipe(reading, ended, ended_handle, wake, watch)


def test_pieces_of_any_size_are_put_together(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    data = np.random.default_rng(1).bytes(50_000)

    def dribble() -> None:
        at = 0
        for size in [1, 2, 3, 500, 4096, 7, 20_000, 50_000]:
            at += os.write(writing, data[at : at + size])

    feeder = threading.Thread(target=dribble)
    target = bytearray(len(data))
    taken = _pipe(reading, watch=lambda: 0.01)
    feeder.start()
    count = taken.fill(memoryview(target))
    feeder.join()

    assert count == taken.received == len(data)
    assert bytes(target) == data


def test_what_is_in_the_pipe_after_the_writer_has_ended_is_read(
    pipe: tuple[int, int], ended_handle: Callable[[int], int | None]
) -> None:
    reading, writing = pipe  # the writing end stays open here, as a grandchild would hold it
    code = f"import os; os.write({writing}, b'last words')"
    with subprocess.Popen([sys.executable, "-SEc", code], pass_fds=[writing]) as writer:
        handle = ended_handle(writer.pid)
        writer.wait()
        target = bytearray(50)
        before = time.monotonic()

        count = _pipe(reading, writer, handle).fill(memoryview(target))

        assert bytes(target[:count]) == b"last words"
        assert time.monotonic() - before < 5
        if handle is not None:
            os.close(handle)


def test_a_writer_that_ends_while_it_is_waited_for_is_noticed(
    pipe: tuple[int, int], ended_handle: Callable[[int], int | None]
) -> None:
    reading, writing = pipe
    code = f"import os, sys; sys.stdin.read(1); os.write({writing}, b'abc')"
    command = [sys.executable, "-SEc", code]
    with subprocess.Popen(command, pass_fds=[writing], stdin=subprocess.PIPE) as writer:
        handle = ended_handle(writer.pid)
        looks = 0

        def watch() -> float:
            nonlocal looks
            looks += 1
            if looks == 2:  # the first wait is over
                assert writer.stdin is not None
                writer.stdin.close()
            return 0.05 if looks < 2 else 60.0

        target = bytearray(50)
        count = _pipe(reading, writer, handle, watch=watch).fill(memoryview(target))

        assert bytes(target[:count]) == b"abc"
        if handle is not None:
            os.close(handle)


def test_a_wake_up_is_looked_at_at_once(pipe: tuple[int, int]) -> None:
    reading, _ = pipe
    woken, waking = os.pipe()
    looks = 0

    def watch() -> float:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise InterruptedError
        os.write(waking, b"x")
        return 60.0

    with pytest.raises(InterruptedError):
        _pipe(reading, wake=woken, watch=watch).fill(memoryview(bytearray(4)))
    os.close(woken)
    os.close(waking)


def test_a_stream_that_never_pauses_is_still_watched(pipe: tuple[int, int]) -> None:
    reading, writing = pipe

    def watch() -> float:
        if os.get_blocking(writing):  # the first look
            os.set_blocking(writing, False)
            return 0.0
        raise InterruptedError

    os.write(writing, bytes(60_000))
    taken = _pipe(reading, watch=watch)
    assert taken.fill(memoryview(bytearray(1000))) == 1000

    with pytest.raises(InterruptedError):
        taken.fill(memoryview(bytearray(1000)))


def test_the_pipe_is_enlarged_where_the_system_allows() -> None:
    with stream.data_pipe() as (reading, writing):
        assert fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ) in {
            stream.PIPE_BYTES,
            65536,
            4096,
            8192,
        }
        assert not os.get_blocking(reading)
        assert os.get_blocking(writing.fileno())
        assert not os.get_inheritable(reading)
