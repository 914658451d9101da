"""Texts and bytes that were right before something happened to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Callable

ODD = (
    *(b"", b"\0", b"-1", b"0", b"1e309", b"nan", b"-inf", b"99999999999999999999", b"1" * 5000),
    *(b"[" * 2000, b"{" * 2000, b"(" * 500, b'"', b"'", b"\n", b"\r\n", b"\xff\xfe", b"null"),
    *(b"true", b"{}", b"[]", b":", b",", b"|", b"%", b"/dev/zero", b"../../x", b"1-999999999"),
    *(b"\xef\xbb\xbf", b"&a *a", b"!!python/object:os.system", b"0x7f", b"1_0", b"**" * 60),
    *(
        "Ω".encode(),
        "٣".encode(),
        b"\x1b[31m",
        b"2026-13-45T99:99:99",
        b"2^31",
        b"\x7f\xff\xff\xff",
    ),
)
"""What stands in files by mistake, by damage or on purpose."""


@st.composite
def mutated(draw: Callable[..., Any], *seeds: bytes) -> bytes:
    """Draw one of the seeds with up to six changes, or bytes of any kind."""
    data: bytes = draw(st.sampled_from(seeds) | st.binary(max_size=300))
    for _ in range(draw(st.integers(0, 6))):
        start = draw(st.integers(0, len(data)))
        end = draw(st.integers(start, min(len(data), start + 40)))
        put = draw(st.sampled_from(ODD) | st.binary(max_size=8) | st.just(data[start:end] * 2))
        data = data[:start] + put + data[end:]
    return data
