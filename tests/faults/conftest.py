"""A desk at which file systems, terminals and shells behave as they seldom do."""

from __future__ import annotations

import dataclasses
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.conftest import Bench

SOURCE = Path(__file__).with_name("faults.c")


@pytest.fixture(scope="session")
def preloaded(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Return the path of the library that makes system calls fail."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler here to build the library of faults")
    library = tmp_path_factory.mktemp("faults") / "faults.so"
    subprocess.run(
        [compiler, "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], check=True
    )
    return str(library)


@pytest.fixture
def odd(bench: Bench, preloaded: str) -> Callable[..., Bench]:
    """Return what makes the bench's file system fail in some way."""

    def make(faults: str, faulty: str = "") -> Bench:
        variables = {"LD_PRELOAD": preloaded, "FAULTS": faults, "FAULTY": faulty}
        return dataclasses.replace(bench, variables=variables)

    return make
