"""Files that appear whole or not at all, lines that are appended whole, and reading of both.

File systems of clusters answer in odd ways: a directory that cannot be synced, a handle that is
stale while another node renames, a rename that was done though the answer was lost. Each is met
here, so that nobody else has to know.
"""

from __future__ import annotations

import contextlib
import errno
import io
import json
import os
import secrets
import shutil
import stat
import time
from typing import IO, TYPE_CHECKING, Any

from orchestrator.errors import FormatError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

_UNSYNCABLE = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF}
"""What a file system answers that cannot sync a directory."""

_PASSING = {errno.ESTALE, errno.EIO, errno.EAGAIN}
"""What reading may answer while another node replaces the file."""

NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT})
"""What a file system answers that is full, or on which somebody's share is."""

_TRIES = 4
_PAUSE_S = 0.05


@contextlib.contextmanager
def replacing(path: Path, *, durable: bool = True) -> Iterator[IO[bytes]]:
    """Open a new version of ``path`` that appears only if the block succeeds.

    ``durable`` waits until the bytes are on the disk, so that a machine that dies leaves the old
    version or the new one.
    """
    draft = path.with_name(f"{_draft_prefix(path.name)}{secrets.token_hex(4)}")
    try:
        with draft.open("xb") as file:
            yield file
            file.flush()
            if durable:
                os.fsync(file.fileno())
        rename_over(draft, path)
    except BaseException:
        with contextlib.suppress(OSError):
            draft.unlink(missing_ok=True)
        raise


def rename_over(draft: Path, path: Path) -> None:
    """Rename a file over another, also where the answer to a rename that was done is lost."""
    try:
        draft.replace(path)
    except FileNotFoundError:
        if draft.exists() or not path.exists():
            raise


def private_directory(path: Path) -> Path | None:
    """Return a directory that only this user can write to, made if need be; None where it is not.

    What other users could have put there must not be believed, and still less executed.
    """
    with contextlib.suppress(OSError):
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = path.lstat()
        own = stat.S_ISDIR(status.st_mode) and status.st_uid == os.geteuid()
        if own and not status.st_mode & 0o022 and os.access(path, os.W_OK | os.X_OK):
            return path
    return None


def is_gone(path: Path) -> bool:
    """Return whether a file is not there; one that this user may not look for may be."""
    try:
        path.stat()
    except PermissionError:
        return False
    except OSError:
        return True
    return False


def refuse_links(*directories: Path) -> None:
    """Refuse directories that are links, behind which nothing is to be written.

    Raises
    ------
    OSError
        For the first one.
    """
    for path in directories:
        if path.is_symlink():
            raise OSError(errno.ELOOP, "it is a link, which is not followed", str(path))


def remove_drafts(directory: Path, older_s: float = 600.0) -> None:
    """Remove drafts that killed processes have left in a directory."""
    with contextlib.suppress(OSError):
        for entry in os.scandir(directory):
            if ".draft-" in entry.name and entry.name.startswith("."):
                with contextlib.suppress(OSError):
                    if time.time() - entry.stat(follow_symlinks=False).st_mtime > older_s:
                        _remove(directory / entry.name)


def _draft_prefix(name: str) -> str:
    return f".{name}.draft-"


@contextlib.contextmanager
def draft_of(path: Path) -> Iterator[Path]:
    """Yield where to make a file or a folder that takes the place of ``path`` if the block succeeds.

    It has the same suffix, and all of it is on the disk before it gets its name. A folder that it
    takes the place of is moved aside and then removed, with everything in it.
    """
    draft = path.with_name(f"{_draft_prefix(path.stem)}{secrets.token_hex(4)}{path.suffix}")
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


def sync_directory(path: Path) -> bool:
    """Wait until the names in a directory are on the disk; return whether that can be waited for."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    except OSError as error:
        if error.errno not in _UNSYNCABLE:
            raise
        return False
    finally:
        os.close(handle)
    return True


def read_bytes(path: Path, largest: int | None = None) -> bytes:
    """Return the content of a regular file.

    Read again a few times where the file system says that the file is stale.

    Raises
    ------
    FormatError
        For what is no regular file, such as a pipe, which would be waited for without end, and
        for a file of more than ``largest`` bytes.
    """
    for last in (*(False,) * (_TRIES - 1), True):
        try:
            return _read_once(path, largest)
        except OSError as error:
            if last or error.errno not in _PASSING:
                raise
            time.sleep(_PAUSE_S)
    raise AssertionError


def _read_once(path: Path, largest: int | None) -> bytes:
    with open_regular(path) as file:
        size = os.fstat(file.fileno()).st_size
        if largest is not None and size > largest:
            raise FormatError(f"{path}: expected {largest} bytes at most, found {size}")
        return file.read()


def open_regular(path: Path) -> IO[bytes]:
    """Open a file to read, for which nobody ever waits.

    Raises
    ------
    FormatError
        For what is no regular file: a directory, or a pipe, whose writer would be waited for.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise FormatError(f"{path}: expected a regular file")
    return os.fdopen(handle, "rb")


def read_ascii(path: Path) -> str:
    """Return the text of a regular file of a simulation, with foreign characters replaced.

    Raises
    ------
    FormatError
        Naming the file, if it cannot be read.
    """
    try:
        with io.TextIOWrapper(open_regular(path), "ascii", "replace") as file:
            return file.read()
    except OSError as error:
        raise FormatError(f"{path}: cannot be read: {error.strerror}") from error


def write_json(path: Path, data: Mapping[str, Any], *, durable: bool = True) -> None:
    """Write ``data`` as a JSON file that appears whole."""
    with replacing(path, durable=durable) as file:
        file.write(_json(data))


def _json(data: Mapping[str, Any]) -> bytes:
    """Return JSON with a line for each entry; a line of its own for each value would be slow."""
    lines = (f" {json.dumps(key)}: {json.dumps(value)}" for key, value in data.items())
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def write_json_in(spare: Path, path: Path, *versions: Mapping[str, Any]) -> None:
    """Write JSON into the space that a spare file has, and let that file get the name ``path``.

    That needs no more space on a full disk. The first of ``versions`` that fits is written.

    Raises
    ------
    OSError
        Where there is no spare file, or none of the versions fits into it.
    """
    with spare.open("r+b") as file:
        size = file.seek(0, os.SEEK_END)
        texts = map(_json, versions)
        fitting = next((text for text in texts if len(text) <= size), None)
        if fitting is None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))
        file.seek(0)
        file.write(fitting)
        file.truncate()
        file.flush()
        os.fsync(file.fileno())
    rename_over(spare, path)


def write_spare(path: Path, size: int) -> None:
    """Make a file that keeps space for what must be written on a full disk."""
    path.write_bytes(b" " * size)


def read_json(path: Path) -> dict[str, Any] | None:
    """Return the object in a JSON file, or None where there is no such file or no object in it."""
    try:
        data = json.loads(read_bytes(path))
    except (FileNotFoundError, NotADirectoryError, ValueError, FormatError, RecursionError):
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
        lines = read_bytes(path).split(b"\n")
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
    except (ValueError, RecursionError):
        return False
    return True
