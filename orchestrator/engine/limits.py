"""What is refused before a run: what this engine does not simulate, and what never ends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from orchestrator.engine import settings
from orchestrator.engine.active_region import corridor
from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.engine.settings import in_16_bits
from orchestrator.engine.transitions import negative, table
from orchestrator.errors import RequestError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from numpy.typing import NDArray

    from orchestrator.formats.parameters import Value
    from orchestrator.formats.parfile import ParFile

LATEST = 2.0**31
"""The first time, in t0, that cells cannot keep any more."""

_RATES = {"12": "Lambda_D", "13": "Lambda_D", "14": "Lambda_A", "15": "Lambda_A"}
_LEAST_GAS_DELAY = 1e-3  # t0; less than the time between two events


def refuse(file: ParFile, values: Mapping[str, Value]) -> None:
    """Refuse what this engine does not simulate or what never ends, naming file and line.

    Raises
    ------
    ExitError
        One sentence for each problem.
    """
    try:
        settings.refuse_unsupported(values)
    except RequestError as error:
        names = [problem.split(" = ", 1)[0] for problem in error.problems]
        rates = all(name.startswith("Lambda_") for name in names)
        sentences = (
            f"{file.place(name)}: {problem}"
            for name, problem in zip(names, error.problems, strict=True)
        )
        raise ExitError(Exit.REFUSED if rates else Exit.UNSUPPORTED, *sentences) from error
    if "Bin_file" in values and "Csp_file" not in values:
        raise ExitError(
            Exit.UNSUPPORTED,
            f"{file.place('Bin_file')}: Bin_file: cells without a header are not read; use Csp_file",
        )
    problems = [f"{file.place(name)}: {name}: {why}" for name, why in _impossible(values)]
    if _boundless(values):
        problems.append(f"{file.path}: the rates of Lambda_* and Coef_* are too large together")
    if problems:
        raise ExitError(Exit.REFUSED, *problems)


def refuse_negative(
    file: ParFile, values: Mapping[str, Value], cells: NDArray[np.uint8]
) -> None:
    """Refuse negative rates of checked or linked transitions that start from ``cells`` [D, H, L].

    Raises
    ------
    ExitError
        One sentence for each parameter that makes one negative.
    """
    wanted = settings.read(values, "SNO")
    across = bool(wanted.diffusion < 0) and corridor(cells).width > 1
    names = negative(wanted, across=across)
    at_fault = {_RATES[name]: "" for name in names if name in _RATES}
    if "11" in names:
        at_fault["Lambda_C"] = ", and that of transport is three times this one"
    elif "10" in names:
        at_fault["Coef_A"] = ""
    if at_fault:
        raise ExitError(
            Exit.REFUSED,
            *(
                f"{file.place(name)}: {name} = {values[name]}: a rate cannot be negative{why}"
                for name, why in at_fault.items()
            ),
        )


def _impossible(values: Mapping[str, Value]) -> Iterator[tuple[str, str]]:
    """Yield a name and what is wrong with its value, for each that would never let a run end."""
    time = float(values.get("Time", 0))
    if not abs(time) < LATEST:
        yield "Time", f"expected less than 2^31 t0, got {time:g}"
    delay = float(values.get("Lgca_delay", 0))
    if delay != 0 and delay < _LEAST_GAS_DELAY:
        yield "Lgca_delay", f"expected 0 or at least {_LEAST_GAS_DELAY:g} t0, got {delay:g}"
    step = in_16_bits(int(values.get("Ava_h_lim", 1)))
    if values.get("Ava_mode", "SYNC") == "SYNC" and step < 1:
        yield "Ava_h_lim", f"synchronous avalanches need 1 or more, got {step}"
    for name in ("Prob_link_ET", "Prob_link_TT"):
        share = float(values.get(name, 0))
        if share > 1:
            yield name, f"a probability is at most 1, got {share:g}"


def _boundless(values: Mapping[str, Value]) -> bool:
    """Return whether a rate is larger than single precision can hold."""
    with np.errstate(all="ignore"):
        rows = table(settings.read(values, "SNO"), across=True, sources=True, sinks=True)
    return any(math.isinf(row.rate) for row in rows)
