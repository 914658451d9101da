"""One run from Python, as ReSCAL-snow's users know it."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import math
import os
import re
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from orchestrator import settings
from orchestrator.errors import EngineError, FormatError, RequestError
from orchestrator.formats import winds
from orchestrator.formats.durable import replacing
from orchestrator.formats.parameter_values import checked, parse_text
from orchestrator.formats.parameters import PARAMETERS, Kind
from orchestrator.formats.spelling import did_you_mean
from orchestrator.formats.winds import WIND
from orchestrator.model import Experiment, Outputs, Point, Run, Task
from orchestrator.records import attempts, failures
from orchestrator.records.paths import ExperimentDirectory
from orchestrator.runner import preparation, simulator
from orchestrator.runner.attempt import Assignment
from orchestrator.runner.stop import Stop
from orchestrator.runner.supervisor import supervise
from orchestrator.runner.unpiped import supervise_to_files
from orchestrator.sweepfile import expansion, tree
from orchestrator.sweepfile import winds as winds_of_sweeps
from orchestrator.sweepfile.problems import Problems

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from orchestrator.formats.parameters import Parameter, Value
    from orchestrator.model import Record

_DATA_RUNS = "data_runs"
_EVERY_T0 = 10.0
_SEED = 273676  # ReSCAL's own
_PARFILE = "run.par"
_T0 = re.compile(r"\s*([0-9.]+(?:[eE][+-]?[0-9]+)?)[ _]?t0\s*")
_SWITCHES = {"usage info": "-h", "show params": "-hm", "info interval": "-info"}
_OPTIONS = (
    *("stop after", "output interval", "random seed", "quit", "png interval", "nice"),
    *(*_SWITCHES, "parfile", "premade_csp"),
)


class DataRun:
    """One run of the simulator in a directory of its own.

    Parameters
    ----------
    parameters
        One flat dictionary of ReSCAL's parameters, by their own names, of ``wind``, a list of winds
        as a sweep file has it or the text of one, and of run options:
        ``stop after`` and ``output interval`` (t0, as ``200`` or ``"200_t0"``), ``random seed``,
        ``png interval`` (t0), ``info interval``, ``usage info``, ``show params`` and ``quit``
        (true or false), ``nice``, ``parfile`` (its name) and ``premade_csp`` (a cell space to start
        from).
    experiment_directory, experiment_parent_directory
        Where the run lives; relative directories are taken under ``data_runs`` of the root.
    rescal_root
        A built ReSCAL-snow tree; without it ``$RESCAL_SNOW_ROOT``, and without that the built-in
        engine, and the current directory as the root.
    keep_height_maps, keep_ffts
        Whether :meth:`run_simulation` leaves ``out/height_maps.npz`` and ``out/ffts.npz``.

    Raises
    ------
    RequestError
        For all that is wrong with the parameters, and for a root without its programs.
    """

    def __init__(  # noqa: PLR0913, PLR0917  # a public interface of old
        self,
        parameters: Mapping[str, Any],
        experiment_directory: str | os.PathLike[str],
        experiment_parent_directory: str | os.PathLike[str] = _DATA_RUNS,
        rescal_root: str | os.PathLike[str] | None = None,
        keep_height_maps: bool = True,  # noqa: FBT001, FBT002  # a public interface of old
        keep_ffts: bool = True,  # noqa: FBT001, FBT002  # a public interface of old
    ) -> None:
        tree = rescal_root or os.environ.get("RESCAL_SNOW_ROOT") or None
        root = Path.cwd() if tree is None else settings.expanded(tree).absolute()
        wish = _Wish(parameters, root)
        wish.check()
        engine = simulator.find(None if tree is None else root)
        if wish.nice:
            engine = dataclasses.replace(engine, rescal=("nice", *engine.rescal))
        parent = settings.expanded(experiment_parent_directory)
        if not parent.is_absolute() and parent.parts[:1] != (_DATA_RUNS,):
            parent = _DATA_RUNS / parent
        self._engine = engine
        self._wish = wish
        self._outputs = Outputs(height_maps=keep_height_maps, ffts=keep_ffts)
        root_of_run = root / parent / experiment_directory
        # a link that the user has made is followed here, once; later ones are not
        self._directory = ExperimentDirectory(
            root_of_run.resolve() if root_of_run.is_symlink() else root_of_run
        )
        key = expansion.key(wish.parameters, wish.seed)
        self._experiment = Experiment(0, Point(key, wish.parameters, wish.seed))

    @property
    def experiment_directory(self) -> Path:
        """Where the run lives."""
        return self._directory.root

    def setup(self) -> None:
        """Make the directory and the parameter file; may be repeated.

        Raises
        ------
        RequestError
            If a file that the parameters name is not there.
        """
        preparation.prepare(self._experiment, self._engine, self._directory)
        if self._wish.parfile != _PARFILE:
            with replacing(self._directory.root / self._wish.parfile) as file:
                file.write(self._directory.parfile.read_bytes())

    def run_simulation(self) -> Record:
        """Simulate, reduce each snapshot as it comes, and return the record.

        Raises
        ------
        EngineError
            With the reason, if it ends in any other way than done; what came before is kept.
        """
        return self._make(supervise)

    def run_without_piping(self) -> Record:
        """Simulate, leaving the files that the engine writes, and return the record.

        Raises
        ------
        EngineError
            With the reason, if it ends in any other way than done.
        """
        return self._make(supervise_to_files)

    def _make(self, make: Callable[..., Record]) -> Record:
        """Claim the next attempt, ``make`` it, and return its record."""
        self.setup()
        claimed = None
        while claimed is None:
            earlier = self._directory.attempts()
            number = earlier[-1].number + 1 if earlier else 1
            claimed = attempts.claim(self._directory, number, attempts.myself("", "datarun"))
        task = Task(self._experiment, claimed.number, self._wish.run, self._outputs)
        with _stop() as stop:
            assignment = Assignment(task, self._engine, self._directory, stop)
            record = make(assignment, self._wish.options)
        if record.state.bad:
            why = failures.reason(record)
            raise EngineError(f"{self._directory.root}: {record.state.value}: {why}")
        return record


class _Wish:
    """Parameters and run options, parted and checked; problems are collected."""

    def __init__(self, flat: Mapping[str, Any], root: Path) -> None:
        self._flat = {name: _plain(value) for name, value in flat.items()}
        self._problems: list[str] = []
        self._root = root
        self.parameters = self._known_parameters()
        stop = self._time("stop after", None)
        self.run = Run(stop or 0.0, self._time("output interval", _EVERY_T0) or _EVERY_T0)
        self.seed = self._seed()
        self.nice = bool(self._flat.get("nice"))
        self.parfile = self._parfile()
        self.options = self._options()
        self._take_premade()

    def check(self) -> None:
        """Raise if anything is wrong."""
        if self._problems:
            raise RequestError(*self._problems)

    def _known_parameters(self) -> dict[str, Value]:
        parameters: dict[str, Value] = {}
        for name, value in self._flat.items():
            if name in PARAMETERS:
                try:
                    parameters[name] = _value(PARAMETERS[name], value)
                except FormatError as error:
                    detail = str(error).removeprefix(f"{name}: ")
                    self._problems.append(f"{name}: {detail}")
            elif name == WIND:
                parameters.update(self._wind(value))
            elif name not in _OPTIONS:
                hint = did_you_mean(str(name), [*PARAMETERS, WIND, *_OPTIONS])
                self._problems.append(f"{name}: no such parameter or run option{hint}")
        return parameters

    def _wind(self, value: Any) -> dict[str, Value]:
        """Return winds, given as a list of mappings or as text, as the text that they have."""
        if "Wind_file" in self._flat:
            self._problems.append(f"Wind_file: beside {WIND}; keep one of the two")
        try:
            text = str(winds.parse(value)) if isinstance(value, str) else _written(value)
            blowing = winds.parse(text)
        except FormatError as error:
            self._problems.append(f"{WIND}: {error}")
            return {}
        except RequestError as error:
            prefix = f"{WIND}: "
            self._problems.extend(problem.removeprefix(prefix) for problem in error.problems)
            return {}
        if blowing.unit == "rt" and "Phys_prop_file" not in self._flat:
            self._problems.append(f"{WIND}: speeds need Phys_prop_file and Qsat_file")
        return {WIND: text}

    def _time(self, name: str, default: float | None) -> float | None:
        """Return a time in t0; a text must say that it is one."""
        value = self._flat.get(name, default)
        match = _T0.fullmatch(value) if isinstance(value, str) else None
        with contextlib.suppress(ValueError):
            if match:
                value = float(match[1])
        if not isinstance(value, int | float) or not 0 < value < math.inf or value is True:
            self._problems.append(
                f"{name}: expected a time in t0, as 200 or '200_t0', got {value!r}"
            )
            return None
        return float(value)

    def _seed(self) -> int:
        value = self._flat.get("random seed", _SEED)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        self._problems.append(f"random seed: expected a whole number, got {value!r}")
        return _SEED

    def _parfile(self) -> str:
        value = self._flat.get("parfile") or _PARFILE
        if isinstance(value, str) and Path(value).name == value:
            return value
        self._problems.append(f"parfile: expected a name without directories, got {value!r}")
        return _PARFILE

    def _options(self) -> tuple[str, ...]:
        """Return the engine's own options; it is always told to quit at the end."""
        options = [option for name, option in _SWITCHES.items() if self._flat.get(name)]
        if self._flat.get("png interval"):
            options += ["-dpng", simulator.in_t0(self._time("png interval", None) or 0.0)]
        return tuple(options)

    def _take_premade(self) -> None:
        """Let a given cell space stand in the place of what genesis makes."""
        premade = self._flat.get("premade_csp")
        if not premade:
            return
        here, there = settings.expanded(premade).absolute(), self._root / str(premade)
        if not here.is_file() and not there.is_file():
            self._problems.append(f"premade_csp: {str(premade)!r}: no such file")
        self.parameters["Csp_file"] = str(here if here.is_file() else there)


def _written(value: Any) -> str:
    """Return winds that are given as a sweep file has them as their text."""
    problems = Problems()
    written = json.dumps(value, default=_json)  # which is YAML, too
    text = winds_of_sweeps.constant(
        WIND, tree.parse(written, WIND, problems, placed=False), problems
    )
    problems.check()
    assert text is not None
    return text


def _json(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else repr(value)


def _plain(value: Any) -> Any:
    """Return a NumPy number as Python's own."""
    return value.item() if hasattr(value, "item") else value


def _value(parameter: Parameter, value: Any) -> Value:
    if parameter.kind is Kind.TEXT:
        return checked(parameter, str(value))
    if parameter.kind is Kind.BOOLEAN and value in {0, 1}:
        return bool(value)
    if isinstance(value, str):
        return checked(parameter, parse_text(parameter, value.strip()))
    if parameter.kind is Kind.INTEGER and isinstance(value, bool):
        return checked(parameter, int(value))  # High_mobility: True
    if not isinstance(value, bool | int | float):
        raise FormatError(f"expected {parameter.kind.value}, got {value!r}")
    return checked(parameter, value)


@contextlib.contextmanager
def _stop() -> Iterator[Stop]:
    """Let signals stop the run where that is possible, which is in the main thread."""
    if threading.current_thread() is threading.main_thread():
        with Stop.on_signals() as stop:
            yield stop
    else:
        with Stop() as stop:
            yield stop
