"""Bytes come through a pipe whatever else happens."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from orchestrator.runner import pipe

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(params=["pidfd", "no pidfd"])
def ended_handle(request: pytest.FixtureRequest) -> Callable[[int], int | None]:
    """Tell of a process's end as Linux has done since 5.3, or as before."""
    return os.pidfd_open if request.param == "pidfd" else lambda _: None


@pytest.fixture
def both_ends() -> Iterator[tuple[int, int]]:
    with pipe.data_pipe() as (reading, writing):
        yield reading, writing.fileno()


def _pipe(
    reading: int,
    writer: subprocess.Popen[bytes] | None = None,
    ended_handle: int | None = None,
    wake: int | None = None,
    watch: Callable[[], float] = lambda: 60.0,
) -> pipe.Pipe:
    def ended() -> bool:
        return writer is not None and writer.poll() is not None

    return pipe.Pipe(reading, ended, ended_handle, wake, watch)


def test_pieces_of_any_size_are_put_together(both_ends: tuple[int, int]) -> None:
    reading, writing = both_ends
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
    both_ends: tuple[int, int], ended_handle: Callable[[int], int | None]
) -> None:
    reading, writing = (
        both_ends  # the writing end stays open here, as a grandchild would hold it
    )
    code = f"import os; os.write({writing}, b'last words')"
    with subprocess.Popen([sys.executable, "-SEc", code], pass_fds=[writing]) as writer:
        handle = ended_handle(writer.pid)
        writer.wait()
        target = bytearray(50)
        before = time.monotonic()

        count = _pipe(reading, writer, handle).fill(memoryview(target))

        assert bytes(target[:count]) == b"last words"
        assert time.monotonic() - before < 30
        if handle is not None:
            os.close(handle)


def test_a_writer_that_ends_while_it_is_waited_for_is_noticed(
    both_ends: tuple[int, int], ended_handle: Callable[[int], int | None]
) -> None:
    reading, writing = both_ends
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


def test_a_wake_up_is_looked_at_at_once(both_ends: tuple[int, int]) -> None:
    reading, _ = both_ends
    woken, waking = os.pipe()
    looks = 0

    def watch() -> float:
        nonlocal looks
        looks += 1
        if looks == 2:
            raise InterruptedError
        os.write(waking, b"x")
        return 60.0

    before = time.monotonic()
    with pytest.raises(InterruptedError):
        _pipe(reading, wake=woken, watch=watch).fill(memoryview(bytearray(4)))
    assert time.monotonic() - before < 30
    os.close(woken)
    os.close(waking)


def test_a_stream_that_never_pauses_is_still_watched(both_ends: tuple[int, int]) -> None:
    reading, writing = both_ends

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


def test_a_pipe_is_as_large_as_is_fair() -> None:
    with pipe.data_pipe() as (reading, writing):
        assert 4096 <= fcntl.fcntl(writing, fcntl.F_GETPIPE_SZ) <= 1 << 20
        assert not os.get_blocking(reading)
        assert os.get_blocking(writing.fileno())
        assert not os.get_inheritable(reading)
