"""Blocks of the page taken apart, as its script does it."""

from __future__ import annotations

import json
import struct
import zlib
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_LENGTH = struct.Struct("<I")


def unpack(block: bytes) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Return the head of a block, and its arrays by name."""
    raw = zlib.decompress(block)
    (length,) = _LENGTH.unpack_from(raw)
    start = _LENGTH.size + length
    head = json.loads(raw[_LENGTH.size : start])
    arrays = {}
    for name, dtype, shape in head["arrays"]:
        count = int(np.prod(shape, dtype=np.int64))
        arrays[name] = np.frombuffer(raw, dtype, count, start).reshape(shape)
        start += arrays[name].nbytes
    return head, arrays
