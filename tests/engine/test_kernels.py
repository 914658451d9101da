"""Kernels run from object code, with the values that they were compiled for and no others."""

from __future__ import annotations

import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest

from orchestrator.engine import compile as compiler
from orchestrator.engine import jit, kernels
from orchestrator.engine.exit_status import Exit, ExitError

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.engine.conftest import Bench


class Pile(NamedTuple):
    """A tuple as kernels take them."""

    heights: NDArray[np.int16]
    rate: float
    wet: bool


@jit.part
def doubled(number: int) -> int:
    """Return twice a number."""
    return 2 * number


@jit.kernel
def mixed(
    pile: Pile, other: Pile, steps: int, limit: np.float32
) -> tuple[int, float, bool, np.float32]:
    """Return something of each, and write into an array."""
    total = 0
    for x in range(pile.heights.shape[0]):
        for y in range(pile.heights.shape[1]):
            total += pile.heights[x, y] * (y + 1)
    other.heights[0, 0] = doubled(steps)
    return total, pile.rate + other.rate, pile.wet and not other.wet, np.float32(limit / 3)


def _loaded(
    monkeypatch: pytest.MonkeyPatch, kernel: jit.Kernel[Any, Any], *arguments: object
) -> Callable[..., object]:
    """Return a kernel as it is when it was compiled for these arguments, kept and loaded."""
    compiler.dispatcher(kernel)(*arguments)
    made = {kernel.name: compiler._object(kernel.name, kernel)}
    monkeypatch.setattr("orchestrator.engine.cache.content", lambda _make: kernels.pack(made))
    return kernels.load.__wrapped__()[kernel.name]


def _pile(seed: int, rate: float, *, wet: bool) -> Pile:
    return Pile(np.random.default_rng(seed).integers(0, 99, (3, 4), np.int16), rate, wet)


def test_a_loaded_kernel_returns_what_the_interpreted_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    piles = [_pile(1, 0.25, wet=True), _pile(2, 0.5, wet=False), _pile(3, -1.5, wet=True)]
    limit = np.float32(0.1)
    call = _loaded(monkeypatch, mixed, *piles[:2], 1, limit)

    heights = [pile.heights.copy() for pile in piles]

    def after(function: Callable[..., object], a: int, b: int, steps: int) -> object:
        for pile, before in zip(piles, heights, strict=True):
            pile.heights[:] = before
        result = function(piles[a], piles[b], steps, limit)
        return result, [pile.heights.tolist() for pile in piles]

    for a, b, steps in ((0, 1, 7), (0, 1, 8), (1, 0, 9), (2, 2, -3), (0, 1, 7)):
        assert after(call, a, b, steps) == after(mixed.py_func, a, b, steps)
    result = call(*piles[:2], 7, limit)
    assert isinstance(result, tuple)
    assert [type(each) for each in result] == [int, float, bool, float]


def test_threads_do_not_mix_their_arguments(monkeypatch: pytest.MonkeyPatch) -> None:
    piles = [_pile(seed, float(seed), wet=bool(seed % 2)) for seed in range(4)]
    limit = np.float32(0.1)
    call = _loaded(monkeypatch, mixed, piles[0], piles[1], 1, limit)
    spare = [_pile(9, 0.5, wet=False) for _ in piles]
    expected = [mixed.py_func(a, b, 5, limit) for a, b in zip(piles, spare, strict=True)]

    def many(i: int) -> set[object]:
        return {call(piles[i], spare[i], 5, limit) for _ in range(3000)}

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(many, range(4))) == [{each} for each in expected]


def test_other_values_than_it_was_compiled_for_are_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pile, limit = _pile(1, 0.25, wet=True), np.float32(0.1)
    call = _loaded(monkeypatch, mixed, pile, pile, 1, limit)
    longer = pile._replace(heights=np.zeros((3, 4), np.int32))
    turned = pile._replace(heights=pile.heights.T)

    for arguments, wanted in (
        ((longer, pile, 1, limit), "int16[2], C-contiguous: int32(3, 4)"),
        ((pile, turned, 1, limit), "int16[2], C-contiguous: int16(4, 3)"),
        ((pile, pile, 1.5, limit), "int64: 1.5"),
        ((pile, pile, 1, 0.1), "float32: 0.1"),
        ((pile._replace(rate=1), pile, 1, limit), "float64: 1"),
        ((Pile(pile.heights, 0.25, 1), pile, 1, limit), "bool: 1"),  # type: ignore[arg-type]
    ):
        with pytest.raises(TypeError, match=re.escape(wanted)):
            call(*arguments)
    with pytest.raises(ValueError, match="zip"):
        call(pile, pile, 1)
    assert call(pile, pile, 1, limit)


def test_every_kernel_is_kept_and_no_other() -> None:
    sources = Path(kernels.__file__).parent.glob("*.py")
    declared = {
        f"{path.stem}.{name}"
        for path in sources
        for name in re.findall(r"^@kernel\ndef (\w+)", path.read_text(), re.MULTILINE)
    }

    assert set(kernels.load()) == declared
    assert len(declared) > 20


def _python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """Let a shell script be the Python that compiles."""
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\n{script}\n")
    python.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(python))


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        ("echo starting >&2; echo no room >&2; exit 3", "no room"),
        ("exit 3", "exit status 3"),
        ("kill -9 $$", "ended by signal 9"),
        ("echo out of memory >&2; kill -6 $$", "out of memory, ended by signal 6"),
        ("echo hello; echo no kernels >&2", "no kernels"),
    ],
)
def test_where_it_cannot_be_compiled_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, reason: str
) -> None:
    _python(tmp_path, monkeypatch, script)

    with pytest.raises(ExitError, match=f"^the engine cannot be compiled: {reason}$"):
        kernels._compiled()


def test_where_no_process_can_be_started_the_reason_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path))

    with pytest.raises(ExitError, match=r"^the engine cannot be compiled: Permission denied$"):
        kernels._compiled()


def test_what_a_site_prints_in_every_python_is_no_part_of_the_kernels(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = kernels.pack({"gas.mix": kernels.Object("mix", ["int64"], [], b"code")})
    (tmp_path / "packed").write_bytes(packed)
    _python(tmp_path, monkeypatch, f"echo hello from here; cat {tmp_path}/packed")

    assert kernels._compiled() == packed
    assert kernels.unpack(packed)["gas.mix"].code == b"code"


def test_compiling_ends_with_whoever_waits_for_it() -> None:
    command = (sys.executable, "-m", "orchestrator.engine", "compile")
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()

        assert process.wait() == Exit.REFUSED
        assert process.stderr is not None
        assert process.stderr.read() == b""


def test_a_run_never_loads_the_compiler(bench: Bench) -> None:
    bench.parameters()
    bench.run("genesis", "-f", "run.par")
    kernels.load()

    process = bench.start("rescal", "run.par", "-stop", "1_t0", flags=("-X", "importtime"))
    _, said = process.communicate(timeout=300)

    assert process.returncode == 0
    assert "llvmlite" in said
    assert "numba" not in said
