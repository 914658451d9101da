"""What ships: every sweep file and template loads, expands, and asks for nothing in vain."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from orchestrator import sweepfile
from orchestrator.formats.templates import parse_template
from orchestrator.sweepfile import expansion

ROOT = Path(__file__).parents[1]
SWEEPS = sorted((ROOT / "sweeps").glob("*.yaml"))
TEMPLATES = sorted((ROOT / "templates").glob("*.yaml"))
COUNTS = {
    "erosion": 16,
    "hardening": 30,
    "phase-diagram": 10,
    "pyrescal": 8,
    "quickstart": 4,
    "two-winds": 10,
    "star-dune": 2,
    "barchan": 3,
    "linear-dune": 2,
    "sintering": 24,
    "sand-slabs": 4,
}
MEANT = {
    "sintering": "Lambda_F: sintered snow erodes faster than fresh where it is 20, above 1",
}
"""Warnings that a sweep earns by what it is about."""

SNOWFALL = {
    "Model": "SNO",
    "Boundary": "OPEN",
    "Csp_template": "SNOWFALL(4)",
    "Time": 0.0,
    "Centering_delay": 0.0,
    "Phys_prop_file": "real_data/sealevel_snow.prop",
    "Qsat_file": "real_data/PDF.data",
    "Lambda_A": 1.0,
    "Lambda_E": 1.0,
    "Lambda_T": 1.5,
    "Lambda_C": 0.5,
    "Lambda_G": 100_000.0,
    "Lambda_D": 0.01,
    "Lambda_S": 0.0,
    "Lambda_F": 1.0,
    "Coef_A": 0.1,
    "Coef_B": 10.0,
    "Coef_C": 10.0,
    "Prob_link_ET": 0.5,
    "Prob_link_TT": 1.0,
    "High_mobility": 1,
    "Ava_mode": "TRANS",
    "Ava_angle": 38.0,
    "Ava_h_lim": 1,
    "Lgca_delay": 1.0,
    "Lgca_speedup": 1000,
}


def _named(path: Path) -> str:
    return f"{path.parent.name}-{path.stem}"


@pytest.mark.parametrize("path", SWEEPS, ids=_named)
def test_a_shipped_sweep_loads_and_expands_without_a_warning(path: Path) -> None:
    sweep = sweepfile.load(path)

    points = expansion.expand(sweep)

    assert sweep.name == path.stem
    assert sweep.description
    assert [text.partition(": ")[2] for text in sweep.warnings] == (
        [MEANT[sweep.name]] if sweep.name in MEANT else []
    )
    assert len(points) == COUNTS[sweep.name]


@pytest.mark.parametrize("path", TEMPLATES, ids=_named)
def test_a_shipped_template_needs_only_a_domain_and_a_duration(
    path: Path, tmp_path: Path
) -> None:
    own = f"name: mine\nextends: {path.stem}\nparameters: {{H: 50, L: 160, D: 70}}\n"
    (tmp_path / "mine.yaml").write_text(own + "run: {stop: 10, every: 5}\n")

    sweep = sweepfile.load(tmp_path / "mine.yaml")
    (point,) = expansion.expand(sweep)

    assert sweep.warnings == ()
    assert parse_template(str(point.parameters["Csp_template"])).template.name
    assert float(point.parameters["Tau_max"]) > float(point.parameters["Tau_min"])


@pytest.mark.parametrize("path", [*SWEEPS, *TEMPLATES], ids=_named)
def test_a_shipped_file_begins_by_saying_what_it_is_for(path: Path) -> None:
    lines = path.read_text().splitlines()

    assert lines[0].startswith("# ")
    assert max(len(line) for line in lines) <= 96
    assert isinstance(yaml.safe_load(path.read_text()), dict)


def test_pyrescal_is_the_snowfall_of_the_original_example() -> None:
    sweep = sweepfile.load(ROOT / "sweeps/pyrescal.yaml")

    points = expansion.expand(sweep)

    domain = {"H": 80, "L": 400, "D": 200}
    wind = {"Lambda_I": 0.002, "Tau_min": 100.0, "Tau_max": 1100.0}
    assert points[0].parameters == {**SNOWFALL, **domain, **wind}
    assert [point.seed for point in points] == list(range(1234, 1242))
    assert (sweep.run.stop_t0, sweep.run.every_t0) == (200.0, 50.0)


def test_the_phase_diagram_is_snowfall_against_wind() -> None:
    points = expansion.expand(sweepfile.load(ROOT / "sweeps/phase-diagram.yaml"))

    found = [tuple(p.parameters[n] for n in ("Lambda_I", "Tau_min", "Tau_max")) for p in points]
    assert found == [
        (rate, wind, wind + 1000)
        for rate in (0.001, 0.01)
        for wind in (0.0, 100.0, 200.0, 300.0, 1000.0)
    ]
    held = {"H": 50, "L": 400, "D": 100, **SNOWFALL}
    assert all(held.items() <= point.parameters.items() for point in points)
    assert {len(point.parameters) for point in points} == {len(held) + 3}


def test_sintering_is_the_study_of_24_runs() -> None:
    points = expansion.expand(sweepfile.load(ROOT / "sweeps/sintering.yaml"))

    found = {(p.parameters["Lambda_S"], p.parameters["Tau_min"]) for p in points}
    rates, winds = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05), (0.0, 10.0, 20.0, 30.0)
    assert found == {(rate, wind) for rate in rates for wind in winds}
    held = {
        "H": 100,
        "L": 600,
        "D": 200,
        "Csp_template": "RCONE",
        "Boundary": "PERIODIC",
        "Lambda_E": 1,
        "Lambda_C": 0.5,
        "Lambda_T": 1.5,
        "Lambda_D": 0.06,
        "Lambda_G": 1000,
        "Lambda_A": 1,
        "Lambda_F": 20,
        "Coef_A": 0.1,
        "Coef_B": 1,
        "Coef_C": 10,
        "Prob_link_ET": 0.5,
        "Prob_link_TT": 1,
        "Ava_angle": 38,
        "Init_ncycl": 150,
        "Tau_max": 1000,
        "Phys_prop_file": "real_data/niwot_snow.prop",
    }
    assert all(held.items() <= point.parameters.items() for point in points)


def test_hardening_keeps_pairs_together_and_leaves_out_the_stone() -> None:
    points = expansion.expand(sweepfile.load(ROOT / "sweeps/hardening.yaml"))

    pairs = {(p.parameters["Lambda_F"], p.parameters["Ava_angle"]) for p in points}
    assert pairs == {(0.0, 50.0), (0.05, 38.0)}
    assert (0.1, 200.0) not in {
        (p.parameters["Lambda_S"], p.parameters["Tau_min"]) for p in points
    }
    assert {point.seed for point in points} == {1, 2, 3}
