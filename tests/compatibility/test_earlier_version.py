"""Sweeps that version 0.1.0 ran are read, resubmitted and shown as they were then.

``ran-before.tar.gz`` has two sweeps as that version left them: ``before`` finished, half of it
failed; ``stopped`` has an engine that was killed, a time limit and a cancelled experiment. The
JSON files have what that version printed of them.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from tests.conftest import Bench

HERE = Path(__file__).parent
UNALIKE = ("jobs", "DUN.csp.gz", "checkpoint")
"""Parts of paths that were left out of what was recorded."""


@pytest.fixture
def earlier(bench: Bench) -> Bench:
    """A desk at which the two sweeps lie, with the files that they came from."""
    with tarfile.open(HERE / "ran-before.tar.gz") as archive:
        archive.extractall(bench.place, filter="data")
    for name in ("before", "stopped"):
        (bench.place / f"{name}.yaml").write_text((HERE / f"{name}.yaml").read_text())
    # the kernels that other tests have compiled serve here, too
    cache = os.environ.get("XDG_CACHE_HOME", str(Path.home() / ".cache"))
    variables = {"RESCAL_SNOW_ROOT": "", "XDG_CACHE_HOME": cache}
    return dataclasses.replace(bench, variables=variables)


def _recorded(name: str) -> Any:
    return json.loads((HERE / name).read_text())


@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("status before --json", "status-before.json"),
        ("status stopped --json", "status-stopped.json"),
        ("status --json", "status-all.json"),
        ("plan before.yaml --json --workers 2", "plan-before.json"),
        ("plan before.yaml --json --extend-seeds ci(roughness)>0.1", "seeds-before.json"),
    ],
)
def test_json_output_has_the_fields_and_values_that_it_had(
    earlier: Bench, words: str, name: str
) -> None:
    done = earlier.run(*words.split())

    assert done.returncode == 0, done.stderr
    recorded = _recorded(name)
    assert _without_new_fields(json.loads(done.stdout), recorded) == recorded


def _without_new_fields(found: Any, recorded: Any) -> Any:
    """Leave out what that version did not print; fields are only ever added."""
    if isinstance(found, dict) and isinstance(recorded, dict):
        return {
            k: _without_new_fields(v, recorded[k]) for k, v in found.items() if k in recorded
        }
    if isinstance(found, list) and isinstance(recorded, list):
        pairs = itertools.zip_longest(found, recorded)
        return [_without_new_fields(*pair) for pair in pairs]
    return found


def test_a_sweep_leaves_the_files_and_arrays_that_it_left(earlier: Bench) -> None:
    """Without the property file that is not there, which is refused by now."""
    file = earlier.place / "before.yaml"
    lines = [line for line in file.read_text().splitlines() if "none.prop" not in line]
    file.write_text("\n".join(lines))
    again = earlier.place / "again"

    done = earlier.run("submit", "before.yaml", "--data-dir", str(again), "--wait")

    assert done.returncode == 0, done.stderr
    numbers = {0: 0, 1: 1, 2: 4, 3: 5}
    before = (HERE / "files-before.txt").read_text().splitlines()
    for new, old in numbers.items():
        root = again / "before" / f"exp{new}"
        found = [str(path.relative_to(root)) for path in root.rglob("*") if path.is_file()]
        kept = sorted(path for path in found if not any(part in path for part in UNALIKE))
        prefix = f"before/exp{old}/"
        assert kept == [p.removeprefix(prefix) for p in before if p.startswith(prefix)]
        for path in (name for name in kept if name.endswith(".npz")):
            recorded = earlier.place / "data_runs" / prefix / path
            with np.load(root / path) as one, np.load(recorded) as other:
                assert one.files == other.files
                for name in one.files:
                    assert np.array_equal(one[name], other[name]), (path, name)
    listed = {path.name for path in (again / "before").iterdir()}
    assert listed >= {p.split("/")[1] for p in before if p.count("/") == 1}


def test_what_ended_badly_is_resubmitted(earlier: Bench) -> None:
    done = earlier.run("resubmit", "before", "--wait")

    assert "4 experiments resubmitted (exp2, exp3, exp6, exp7)" in done.stdout
    record = json.loads(
        (earlier.place / "data_runs/before/exp2/attempts/2/record.json").read_text()
    )
    assert record["causes"] == [
        {
            "kind": "refused",
            "subject": "Phys_prop_file",
            "detail": record["reason"].removeprefix("Phys_prop_file: "),
        }
    ]


@pytest.mark.parametrize(
    ("words", "made"),
    [
        ("plot before", "phase-diagram.png"),
        ("plot before series", "series.png"),
        ("report before", "report.html"),
        ("collect before", "before.zarr"),
    ],
)
def test_it_is_shown(earlier: Bench, words: str, made: str) -> None:
    done = earlier.run(*words.split())

    assert done.returncode == 0, done.stderr
    assert (earlier.place / "data_runs" / "before" / made).exists()
