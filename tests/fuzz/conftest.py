"""Fuzzing: how much of it, and within which memory."""

from __future__ import annotations

import os
import resource
from typing import TYPE_CHECKING

import hypothesis
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_MORE_BYTES = 1 << 31  # of address space that reading a small file may take

hypothesis.settings.register_profile(
    "fuzz",
    deadline=None,
    max_examples=int(os.environ.get("FUZZ_EXAMPLES", "200")),
    derandomize="FUZZ_EXAMPLES" not in os.environ,
    suppress_health_check=list(hypothesis.HealthCheck),
)


@pytest.fixture(autouse=True)
def _little_memory() -> Iterator[None]:
    """Let a reader that asks for too much memory fail."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123  # before any limit
        size = int(file.read().split()[0]) * resource.getpagesize()
    before = resource.getrlimit(resource.RLIMIT_AS)
    resource.setrlimit(resource.RLIMIT_AS, (size + _MORE_BYTES, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_AS, before)
