"""Prove that frames announce their size as an int32, and nothing else."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.errors import FormatError
from orchestrator.formats import frames


@given(st.integers(1, frames.LARGEST))
def test_sizes_come_back_from_four_little_endian_bytes(size: int) -> None:
    packed = frames.pack_size(size)

    assert packed == size.to_bytes(4, "little")
    assert frames.unpack_size(packed) == size


@pytest.mark.parametrize("size", [0, -1, 2**31, 2**40])
def test_a_size_that_does_not_fit_is_refused(size: int) -> None:
    with pytest.raises(FormatError) as caught:
        frames.pack_size(size)

    assert str(caught.value) == (
        f"a snapshot of {size} bytes does not fit a frame of 2147483647 bytes"
    )


@pytest.mark.parametrize("size", [0, -1, -(2**31)])
def test_a_frame_of_nothing_is_refused(size: int) -> None:
    with pytest.raises(FormatError) as caught:
        frames.unpack_size(struct.pack("<i", size))

    assert str(caught.value) == f"a frame announces {size} bytes"
