"""Making further attempts at experiments that ended."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator import settings, sweepfile, text
from orchestrator.errors import RequestError
from orchestrator.model import Cluster, EngineKind, State, Task
from orchestrator.records import arrays, intents, ledger, selection
from orchestrator.records.live_status import LiveStatus
from orchestrator.records.lock import locked
from orchestrator.records.selection import Selection
from orchestrator.records.status import read_statuses
from orchestrator.runner import resume, simulator
from orchestrator.submission import local_pool, packing, start
from orchestrator.submission.comparison import compare
from orchestrator.submission.cost import expected_s
from orchestrator.submission.intent import intend
from orchestrator.submission.recovery import recover
from orchestrator.submission.request import Request, cluster_of, request, workers_of
from orchestrator.submission.resources import effective
from orchestrator.sweepfile import expansion

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Collection, Mapping, Sequence
    from typing import Unpack

    from orchestrator.model import Status, Submission, Sweep
    from orchestrator.records.paths import SweepDirectory
    from orchestrator.submission.packing import Site
    from orchestrator.submission.request import Placement
    from orchestrator.submission.start import Started


@dataclass(frozen=True, slots=True, repr=False)
class Resubmitted:
    """What a resubmission did.

    Attributes
    ----------
    statuses
        The status of each selected experiment before.
    numbers
        Those that get another attempt.
    started
        Who runs them, one for each way in which attempts are made.
    starts
        Where those go on that do not begin anew, by number: simulated time in t0; or why one
        cannot, though it has a state.
    """

    directory: SweepDirectory
    statuses: tuple[Status, ...]
    numbers: tuple[int, ...]
    started: tuple[Started, ...]
    starts: Mapping[int, float | str]

    def __repr__(self) -> str:
        named = f" ({text.names(self.numbers)})" if self.numbers else ""
        counted = text.counted(len(self.numbers), "experiment")
        return f"{self.directory.name}: {counted} resubmitted{named}"


def resubmit(  # noqa: PLR0913  # what is chosen, and how, by name
    sweep: str | os.PathLike[str],
    experiments: Collection[str | int] = (),
    *,
    states: Collection[State | str] | None = None,
    stale: bool = False,
    overrides: Sequence[str] = (),
    data_dir: str | os.PathLike[str] | None = None,
    tell: Callable[[str], None] = lambda _message: None,
    **placement: Unpack[Placement],
) -> Resubmitted:
    """Make another attempt at experiments that ended; what they computed is kept until then.

    Parameters
    ----------
    sweep
        A sweep's name: attempts are made as they were last. Or its file: as the file says now.
    experiments
        ``3``, ``"exp3"``, ``"3-7"`` or ``"all"`` (default: all).
    states
        Only experiments in these states (default: those that are :attr:`State.retried`; any state that has ended
        where experiments are given by number).
    stale
        Only experiments whose last attempt had other ``run`` or ``outputs`` than the sweep file,
        which must be given then; in any state that has ended.
    overrides
        ``KEY=VALUE`` with dotted keys, put over the values of a sweep file.
    data_dir
        Where sweeps are kept (default: ``$RESCAL_SWEEP_DATA_DIR``, else the project's ``data_runs``).
    tell
        Called with messages for a person.
    **placement
        Where to run: see :class:`orchestrator.submission.request.Placement`.

    Raises
    ------
    RequestError
        For an experiment that is running or pending, or for anything that submit would refuse.
    """
    file, directory, selected = _choose(sweep, experiments, (stale, overrides, data_dir))
    wanted = _states(states, selected)
    cluster = cluster_of(placement)
    workers = workers_of(placement, local_pool.cores())
    site = packing.site(cluster)
    with locked(directory):
        for message in recover(directory):
            tell(message)
        statuses = LiveStatus(directory, selected.numbers).read()
        _refuse_live(statuses, selected)
        statuses = [s for s in statuses if selected.explicit or not s.orphaned]
        ended, groups = _grouped(statuses, wanted, file, (cluster, placement))
        _tell_engines(groups, tell)
        _refuse_impossible(directory, groups, site, tell)
        if file is not None and ended:
            _keep(file, directory, tell)
        name = site.name if site is not None else ""
        intended = [intend(directory, group, wish, name) for wish, group in groups]
        submissions = [submission for submission in intended if submission is not None]
        started = _start(directory, submissions, site, workers, statuses)
    numbers = sorted(number for submission in submissions for number in submission.attempts)
    starts = _starts(directory, submissions, {s.experiment.number: s for s in statuses})
    return Resubmitted(directory, tuple(statuses), tuple(numbers), started, starts)


def computed_anew(  # noqa: PLR0913  # as resubmit
    sweep: str | os.PathLike[str],
    experiments: Collection[str | int] = (),
    *,
    states: Collection[State | str] | None = None,
    stale: bool = False,
    overrides: Sequence[str] = (),
    data_dir: str | os.PathLike[str] | None = None,
) -> tuple[int, ...]:
    """Return the complete experiments that :func:`resubmit` would compute again, and no further.

    Raises
    ------
    RequestError
        As :func:`resubmit`.
    """
    file, directory, selected = _choose(sweep, experiments, (stale, overrides, data_dir))
    statuses = read_statuses(directory, selected.numbers)
    statuses = [s for s in statuses if selected.explicit or not s.orphaned]
    wanted = _states(states, selected)
    _, groups = _grouped(statuses, wanted, file, (Cluster.LOCAL, {}))
    return tuple(
        sorted(
            status.experiment.number
            for wish, group in groups
            for status in group
            if status.state.complete
            and not _comes_further(directory, status, wish)
            and _is_whole(directory, status)
        )
    )


def _is_whole(directory: SweepDirectory, status: Status) -> bool:
    """Return whether an experiment has all its arrays, and all of them can be read."""
    files = directory.experiment(status.experiment.number)
    return not (status.missing or arrays.reduced(files).damaged)


def _comes_further(directory: SweepDirectory, status: Status, wish: Request) -> bool:
    """Return whether the next attempt is for more than there is, or begins where the last ended."""
    if status.submission is not None and status.submission.run.stop_t0 < wish.run.stop_t0:
        return True
    if wish.kind is EngineKind.OWN:
        return False
    task = Task(status.experiment, status.attempt + 1, wish.run, wish.outputs)
    files = directory.experiment(status.experiment.number)
    there = resume.find(files, task, simulator.find(wish.root))
    return isinstance(there, resume.Resumption) and there.time_t0 is not None


def _choose(
    sweep: str | os.PathLike[str],
    experiments: Collection[str | int],
    options: tuple[bool, Sequence[str], str | os.PathLike[str] | None],
) -> tuple[Sweep | None, SweepDirectory, Selection]:
    """Return the sweep file, if one is named, the sweep's directory and the selected experiments."""
    stale, overrides, data_dir = options
    named = str(sweep)
    is_file = named.endswith((".yaml", ".yml"))
    if overrides and not is_file:
        raise RequestError(f"--set {overrides[0]}: only for a sweep file; {named} is a name")
    file = sweepfile.load(Path(named), overrides) if is_file else None
    # an override may have another name than the file
    directory = selection.find_sweep(sweep if file is None else file.name, data_dir)
    selected = selection.choose(experiments, directory)
    return file, directory, _stale(file, directory, selected) if stale else selected


def _grouped(
    statuses: Sequence[Status],
    wanted: Collection[State],
    file: Sweep | None,
    where: tuple[Cluster, Placement],
) -> tuple[list[Status], list[tuple[Request, list[Status]]]]:
    """Return what gets another attempt, and how: each as the last time, or all as a file says."""
    cluster, placement = where
    ended = [s for s in statuses if s.state in wanted and s.submission is not None]
    if file is not None and ended:
        return ended, [(request(file, cluster, placement), ended)]
    return ended, _alike(cluster, placement, ended)


def _starts(
    directory: SweepDirectory,
    submissions: Sequence[Submission],
    statuses: Mapping[int, Status],
) -> dict[int, float | str]:
    """Find out where the attempts of submissions will go on."""
    starts: dict[int, float | str] = {}
    for made in submissions:
        if made.kind is EngineKind.OWN:
            continue  # begins anew
        engine = simulator.find(made.root)
        for number, attempt in made.attempts.items():
            task = Task(statuses[number].experiment, attempt, made.run, made.outputs)
            there = resume.find(directory.experiment(number), task, engine)
            if isinstance(there, resume.Obstacle):
                starts[number] = there.reason
            elif there is not None and there.time_t0 is not None:
                starts[number] = there.time_t0
    return starts


def _start(
    directory: SweepDirectory,
    submissions: Sequence[Submission],
    site: Site | None,
    workers: int,
    statuses: Sequence[Status],
) -> tuple[Started, ...]:
    if site is not None:
        shared = dataclasses.replace(site, submissions=max(1, len(submissions)))
        return tuple(
            start.send_jobs(directory, made, shared, _expected_s(made, statuses))
            for made in submissions
        )
    waiting = sum(
        status.state is State.PENDING
        and status.submission is not None
        and status.submission.cluster is Cluster.LOCAL
        for status in read_statuses(directory)
    )
    return tuple(
        start.start_workers(directory, made, waiting, workers)
        for made in submissions or (None,)  # somebody may have to take what waits
    )


def _expected_s(made: Submission, statuses: Sequence[Status]) -> float:
    points = [s.experiment.point for s in statuses if s.experiment.number in made.attempts]
    return sum(expected_s(points, made.run, statuses, made.kind))


def _refuse_impossible(
    directory: SweepDirectory,
    groups: Sequence[tuple[Request, Sequence[Status]]],
    site: Site | None,
    tell: Callable[[str], None],
) -> None:
    """Refuse what can be refused before anything is written, and compile the engines."""
    roots = {wish.root for wish, _ in groups if wish.kind is not EngineKind.OWN}
    for wish, _ in groups:
        if problems := packing.problems(directory, wish, site):
            raise RequestError(*problems)
    for root in roots:
        start.warm(simulator.find(root), tell)


def _keep(sweep: Sweep, directory: SweepDirectory, tell: Callable[[str], None]) -> None:
    """Keep a sweep file by which attempts are made again, if it has the same experiments.

    Tell where it has not: it would orphan others, and is not the sweep then. The sweep's lock
    must be held.
    """
    ledger.keep_files(directory, sweep.modules)
    reconciliation = compare(sweep, directory, expansion.expand(sweep)).reconciliation
    orphaned = frozenset(e.number for e in reconciliation.orphaned)
    if reconciliation.new or orphaned != intents.orphaned(directory):
        tell(
            f"{sweep.path} has other experiments than the sweep has; "
            "these attempts are made as it says, but it is not kept with them"
        )
    else:
        ledger.keep_sweep_file(directory, sweep.text, sweep.templates)


def _alike(
    cluster: Cluster, placement: Placement, statuses: Sequence[Status]
) -> list[tuple[Request, list[Status]]]:
    """Group experiments by how each one was requested last.

    A sweep file that has changed since may have requested others in another way.
    """
    groups: list[tuple[Request, list[Status]]] = []
    for status in statuses:
        last = status.submission
        assert last is not None
        resources = effective(last.resources, placement)
        wish = Request(cluster, last.run, last.outputs, resources, _root(last))
        group = next((group for other, group in groups if other == wish), None)
        if group is None:
            groups.append((wish, [status]))
        else:
            group.append(status)
    return groups


def _root(last: Submission) -> Path | None:
    """Return the engine's tree for a further attempt: the environment's, else that of the last."""
    chosen = settings.engine_root()
    if last.run.engine == "builtin" or last.run.own_engine or chosen is None:
        return last.root
    return chosen.resolve()


def _tell_engines(
    groups: Sequence[tuple[Request, Sequence[Status]]], tell: Callable[[str], None]
) -> None:
    """Tell which engine makes attempts, where another one made the last."""
    for root, before in sorted(
        {
            (_engine(wish.root), _engine(status.submission.root))
            for wish, group in groups
            for status in group
            if status.submission is not None and status.submission.root != wish.root
        }
    ):
        tell(f"the engine is {root}; the last attempt was made with {before}")


def _engine(root: Path | None) -> str:
    return "the built-in one" if root is None else str(root)


def _stale(sweep: Sweep | None, directory: SweepDirectory, selected: Selection) -> Selection:
    """Leave of a selection those whose last attempt had other times or outputs than the file."""
    if sweep is None:
        raise RequestError("--stale: name the sweep file, with which attempts are compared")
    others = compare(sweep, directory, expansion.expand(sweep)).otherwise
    numbers = tuple(n for n in selected.numbers if n in set(others))
    return Selection(numbers, explicit=True)


def _states(states: Collection[State | str] | None, selected: Selection) -> set[State]:
    ended = {s.value: s for s in State if s.ended and s is not State.NEVER_SUBMITTED}
    if states is None:
        return (
            set(ended.values())
            if selected.explicit
            else {state for state in State if state.retried}
        )
    words = [s.value if isinstance(s, State) else s.strip() for s in states]
    if unknown := [word for word in words if word not in ended]:
        raise RequestError(f"--state {', '.join(unknown)}: not one of {', '.join(ended)}")
    return {ended[word] for word in words}


def _refuse_live(statuses: Sequence[Status], selected: Selection) -> None:
    if selected.explicit and (live := [s for s in statuses if not s.state.ended]):
        raise RequestError(*map(_live, live))


def _live(status: Status) -> str:
    name, state = status.experiment.name, status.state.value
    waits = "; submit starts it if nobody is about to" * (status.state is State.PENDING)
    return f"{name} is {state}; cancel it first{waits}"
