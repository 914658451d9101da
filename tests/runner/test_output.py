"""Logs keep their beginning and their end, and say how much is missing between them."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from orchestrator.runner import process
from orchestrator.runner.group import Group
from orchestrator.runner.output import HEAD_BYTES, TAIL_BYTES, BoundedLog, Output

if TYPE_CHECKING:
    from pathlib import Path


def _lines(first: int, last: int) -> bytes:
    return b"".join(b"line %07d\n" % i for i in range(first, last))


@pytest.mark.parametrize("parts", [1, 3])
def test_a_flood_keeps_its_beginning_its_end_and_the_number_of_bytes_between(
    tmp_path: Path, parts: int
) -> None:
    path, count = tmp_path / "log", 700_000
    largest = 0
    for part in range(parts):  # programs that write to one log, one after the other
        log = BoundedLog(path)
        for start in range(part * count // parts, (part + 1) * count // parts, 1000):
            log.write(_lines(start, min(start + 1000, (part + 1) * count // parts)))
            largest = max(largest, path.stat().st_size)
        log.close()

    whole, kept = _lines(0, count), path.read_bytes()
    head, line, tail = kept[:HEAD_BYTES], kept[HEAD_BYTES:].split(b"\n", 2)[1], b""
    tail = kept[HEAD_BYTES:].split(b"\n", 2)[2]
    left_out = len(whole) - len(head) - len(tail)
    assert line == f"[... {left_out:>20} bytes left out ...]".encode()
    assert whole.startswith(head)
    assert whole.endswith(tail)
    assert len(tail) >= TAIL_BYTES
    assert largest < HEAD_BYTES + 2 * TAIL_BYTES + 100


def test_a_log_that_fits_is_kept_as_it_was_printed(tmp_path: Path) -> None:
    (tmp_path / "log").write_bytes(b"before\n")

    with Output(tmp_path / "log") as output:
        os.write(output.handle, _lines(0, 1000))

    assert (tmp_path / "log").read_bytes() == b"before\n" + _lines(0, 1000)


def test_what_still_holds_the_output_keeps_nobody_waiting(tmp_path: Path) -> None:
    with Output(tmp_path / "log") as output:
        held = os.dup(output.handle)
        os.write(held, b"said\n")

    with pytest.raises(BrokenPipeError):
        os.write(held, b"said to nobody\n")
    os.close(held)
    assert (tmp_path / "log").read_bytes() == b"said\n"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"kept")
    (tmp_path / "log").symlink_to("other")

    with pytest.raises(OSError, match="symbolic links"):
        BoundedLog(tmp_path / "log")

    assert (tmp_path / "other").read_bytes() == b"kept"


def test_a_program_that_floods_is_not_held_up(tmp_path: Path) -> None:
    code = "for i in range(400): os.write(1, b'x' * 99999 + b'\\n')\nprint('end')"
    command = [sys.executable, "-SEc", f"import os\n{code}"]

    with (
        Group() as group,
        process.running(process.Program(command, tmp_path, group), tmp_path / "log") as child,
    ):
        assert child.wait(60)
        assert child.status() == 0

    assert process.last_lines(tmp_path / "log", 1) == ("end",)
    assert (tmp_path / "log").stat().st_size < 4 * TAIL_BYTES
