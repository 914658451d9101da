"""Length-prefixed frames on the data pipe: an int32 size, then one cell space of so many bytes."""

from __future__ import annotations

import struct

from orchestrator.errors import FormatError

SIZE_BYTES = 4
"""Bytes of the size in front of each frame."""

LARGEST = 2**31 - 1
"""The largest frame that an int32 can announce, in bytes."""

_SIZE = struct.Struct("<i")


def pack_size(size: int) -> bytes:
    """Return the four bytes that announce a frame of ``size`` bytes.

    Raises
    ------
    FormatError
        If the size does not fit; ReSCAL would announce a wrong one.
    """
    if not 0 < size <= LARGEST:
        raise FormatError(f"a snapshot of {size} bytes does not fit a frame of {LARGEST} bytes")
    return _SIZE.pack(size)


def unpack_size(head: bytes | bytearray | memoryview) -> int:
    """Return the size that four bytes announce, which must be positive.

    Raises
    ------
    FormatError
        For zero or a negative number.
    """
    size: int = _SIZE.unpack(head)[0]
    if size <= 0:
        raise FormatError(f"a frame announces {size} bytes")
    return size
