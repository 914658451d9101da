"""Files that appear whole or not at all, and lines that are appended whole."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from typing import IO, TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a new version of ``path`` that appears only if the block succeeds.

    ``durable`` waits until the bytes are on the disk, so that a machine that dies leaves the old
    version or the new one.
    """
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with draft.open("wb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


@contextlib.contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Yield where to make a file or a folder that takes the place of ``path`` if the block succeeds.

    It has the same suffix, and all of it is on the disk before it gets its name. A folder that it
    takes the place of is moved aside and then removed, with everything in it.
    """
    draft = path.with_name(f".{path.stem}.{os.getpid()}{path.suffix}")
    try:
        yield draft
        _sync(draft)
        if path.is_dir():
            _exchange(draft, path)
        else:
            draft.replace(path)
        sync_directory(path.parent)
    finally:
        _remove(draft)


def _exchange(draft: Path, path: Path) -> None:
    """Let a draft take the place of a folder, or leave the folder as it was."""
    aside = draft.with_name(f"{draft.name}.old")
    path.rename(aside)
    try:
        draft.rename(path)
    except OSError:
        aside.rename(path)
        raise
    _remove(aside)


def _sync(path: Path) -> None:
    """Wait until a file, or a folder and everything in it, is on the disk."""
    for each in (path, *path.rglob("*")):
        if each.is_dir():
            sync_directory(each)
        else:
            with each.open("rb") as file:
                os.fsync(file.fileno())


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync_directory(path: Path) -> None:
    """Wait until the names in a directory are on the disk."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_json(path: Path, data: Mapping[str, Any], *, durable: bool = True) -> None:
    """Write ``data`` as a JSON file that appears whole."""
    with replacing(path, durable=durable) as file:
        file.write(json.dumps(data, indent=1).encode() + b"\n")


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file, or None where there is no such file or no object in it."""
    try:
        data = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return None
    return data if isinstance(data, dict) else None


def append_lines(path: Path, lines: Sequence[Mapping[str, Any]]) -> None:
    """Append one line of JSON per item and wait until they are on the disk.

    A torn last line, left by a writer that was killed, is cut off first; one that only lacks its
    end of line, as an editor may leave it, gets that. One writer at a time.
    """
    if not lines:
        return
    text = "".join(json.dumps(line, separators=(",", ":")) + "\n" for line in lines)
    with path.open("ab+", buffering=0) as file:
        end = file.seek(0, os.SEEK_END)
        if end:
            file.seek(end - 1)
            if file.read(1) != b"\n":
                before, newline, last = path.read_bytes().rpartition(b"\n")
                if _is_whole(last):
                    text = "\n" + text
                else:
                    end = len(before) + len(newline)
                    file.truncate(end)
        try:
            left = memoryview(text.encode())
            while left:
                left = left[file.write(left) :]
            os.fsync(file.fileno())
            if not end:
                sync_directory(path.parent)
        except OSError:  # as on a full disk: all of the lines or none
            file.truncate(end)
            raise


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """Yield the whole lines of JSON in a file with their numbers, without the end of line.

    A torn last line is passed over, and so is a missing file.
    """
    try:
        lines = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return
    if not _is_whole(lines[-1]):
        lines.pop()
    for number, line in enumerate(lines, 1):
        if line.strip():
            yield number, line


def _is_whole(line: bytes) -> bool:
    """Tell whether a line of JSON is all there."""
    try:
        json.loads(line)
    except ValueError:
        return False
    return True
