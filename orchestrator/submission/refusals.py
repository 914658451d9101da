"""What the engine would refuse in the job, found out before anything is submitted."""

from __future__ import annotations

import itertools
import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.errors import ParameterError
from orchestrator.formats import winds
from orchestrator.runner.preparation import PROPERTY_FILES, property_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from orchestrator.formats.parameters import Value
    from orchestrator.model import Engine, Point, Sweep
    from orchestrator.records.paths import SweepDirectory

_ALL = 500  # points that are asked about one by one
_SHOWN = 10  # problems
_OURS = {"Csp_file", "Seed"}  # set anew for each experiment

Problem = tuple[str, str]


class Checker:
    """The built-in engine's check of parameter sets, which starts while others are at work.

    ReSCAL-snow cannot be asked.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self._folder = tempfile.TemporaryDirectory()
        self._process: subprocess.Popen[str] | None = None
        if engine.checks:
            self._process = subprocess.Popen(
                (*engine.rescal[:-1], "check"),
                cwd=self._folder.name,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )

    def ask(
        self,
        sets: Sequence[Mapping[str, Value]],
        files: Mapping[str, Path],
        made: Mapping[str, str],
    ) -> Iterable[list[Problem]]:
        """Ask once about parameter sets, beside these files and those that are ``made`` for it."""
        if self._process is None or not sets:
            return [[] for _ in sets]
        # as the experiment's own directory will be
        for name, path in files.items():
            Path(self._folder.name, name).symlink_to(path)
        for name, text in made.items():
            Path(self._folder.name, name).write_text(text, encoding="ascii")
        lines = "".join(f"{json.dumps(dict(parameters))}\n" for parameters in sets)
        written, _ = self._process.communicate(lines)
        try:  # before them there is what a site prints in every Python
            answers = [json.loads(line) for line in written.splitlines()[-len(sets) :]]
        except ValueError:
            answers = []
        if len(answers) != len(sets):  # it will say in the job what is wrong with it
            return [[] for _ in sets]
        return [[(name, sentence) for name, sentence in answer] for answer in answers]

    def close(self) -> None:
        """End the check, whether it was asked or not."""
        if self._process is not None:
            self._process.kill()
            self._process.communicate()
        self._folder.cleanup()


def refusals(
    checker: Checker, sweep: Sweep, directory: SweepDirectory, points: Sequence[Point]
) -> list[str]:
    """Return a sentence for each thing that the engine would refuse, with its place in the file.

    Of very many points, each value on each axis is asked about once.
    """
    if sweep.engine is not None:
        return []  # nobody knows but its table, by which the file was read
    chosen = _chosen(sweep, points)
    problems_at: dict[Problem, Point] = {}
    sets: list[tuple[Point, dict[str, Value]]] = []
    made: dict[str, str] = {}
    for point in chosen:
        try:
            sets.append((point, _parameters(point, checker.engine, directory, made)))
        except ParameterError as error:
            problems_at.setdefault((error.name, error.detail), point)
    files = _files(directory) | {
        name: p for point in chosen for name, p in point.inputs.items()
    }
    answers = checker.ask([parameters for _, parameters in sets], files, made)
    for (point, _), problems in zip(sets, answers, strict=True):
        for name, sentence in problems:
            problems_at.setdefault((name, sentence), point)
    sentences = [_located(sweep, problem, point) for problem, point in problems_at.items()]
    more = len(sentences) - _SHOWN
    return sentences[:_SHOWN] + [f"and {more} more"] * (more > 0)


def _chosen(sweep: Sweep, points: Sequence[Point]) -> list[Point]:
    """Return one point of each parameter set, or of each value where there are very many."""
    sets: dict[object, Point] = {}
    for point in points:
        sets.setdefault(tuple(point.parameters.items()), point)
        if len(sets) > _ALL:
            break
    else:
        return list(sets.values())
    names = (
        {name for axis in sweep.axes for name in axis.names} | set(sweep.derived) | {winds.WIND}
    )
    values: dict[object, Point] = {"all that is held": points[0]}
    for point in points:
        for name in names & point.parameters.keys():
            values.setdefault((name, point.parameters[name]), point)
    unique = {point.key: point for point in values.values()}
    return list(itertools.islice(unique.values(), _ALL))


def _files(directory: SweepDirectory) -> dict[str, Path]:
    """Return the input files that were copied for earlier submissions, by name."""
    there = directory.inputs.iterdir() if directory.inputs.is_dir() else ()
    return {path.name: path.absolute() for path in there}


def _parameters(
    point: Point, engine: Engine, directory: SweepDirectory, made: dict[str, str]
) -> dict[str, Value]:
    """Return the parameters as the engine is to read them, with the paths of property files.

    The text of the wind file that the experiment is to have is put into ``made``, by its name.
    """
    file = f"{winds.WIND}-{len(made)}"
    parameters, text = winds.for_engine(point.parameters, file)
    parameters = {k: v for k, v in parameters.items() if k not in _OURS}
    if text is not None:
        made[file] = text
    for name in PROPERTY_FILES:
        value = str(parameters.get(name, ""))
        if value and value not in point.inputs and not (directory.inputs / value).is_file():
            path = property_file(name, value, engine, directory.root)
            parameters[name] = str(path)
    return parameters


def _located(sweep: Sweep, problem: Problem, point: Point) -> str:
    """Return a problem with where its parameter stands and at which values it comes up."""
    name, sentence = problem
    if name == "Wind_file" and winds.WIND in point.parameters:
        name = winds.WIND
    for named, path in point.inputs.items():
        sentence = sentence.replace(named, path.name)
    where = sweep.positions.get(name, str(sweep.path))
    varied = [n for axis in sweep.axes for n in axis.names]
    values = ", ".join(f"{n} = {point.parameters[n]}" for n in varied if n in point.parameters)
    return f"{where}: {name}: {sentence}{f', at {values}' if values else ''}"
