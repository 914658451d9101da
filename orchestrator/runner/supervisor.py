"""Supervising one attempt: the flow from the initial cell space to the record."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
import select
import shutil
import signal
from typing import TYPE_CHECKING

from orchestrator.errors import EngineError, OrchestratorError
from orchestrator.formats.durable import replacing
from orchestrator.model import Record, State
from orchestrator.records import attempts, provenance
from orchestrator.runner import pipe, preparation, process, resume, simulator
from orchestrator.runner.decoder import CutError, Decoder
from orchestrator.runner.reducer import Reducer
from orchestrator.runner.results import Results, publish_earlier
from orchestrator.runner.resume import CellKeeper
from orchestrator.runner.watchdog import Halt, Watch

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from orchestrator.model import Engine, Task
    from orchestrator.records.paths import ExperimentDirectory
    from orchestrator.runner.process import Child
    from orchestrator.runner.resume import Resumption
    from orchestrator.runner.stop import Stop

_LAST_WORDS_S = 5.0  # for an engine to end after its stream was cut
_BACKGROUND_S = 300.0  # for compressions that an engine without a pipe has left behind
_QUOTED = 200  # characters of an engine's last line in a reason
_CONTINUED = "continued.csp"  # the cells that a continuation starts from
_SIGKILL = -9
_SHARED_SIGNALS = (-signal.SIGTERM, -signal.SIGUSR2, -signal.SIGINT)
_MOMENT_S = 1.0
_FEWER = {
    True: "from one event to the next more time passed than between them",
    False: "ReSCAL passes over one that follows within 0.1 s",
}
_OUTREACHED = "an earlier attempt came further, and its data stay"


def supervise(  # noqa: PLR0913  # four nouns and two rarely used switches
    task: Task,
    engine: Engine,
    directory: ExperimentDirectory,
    stop: Stop,
    *,
    options: Sequence[str] = (),
    piped: bool = True,
) -> Record:
    """Make one attempt at an experiment and return its record, which is the last file written.

    Whatever happens to the engine, the snapshots received before it are kept and published.

    Parameters
    ----------
    task
        Its attempt must have been claimed.
    stop
        Ends the attempt early when requested, after the snapshot that is arriving.
    options
        More of the engine's own command-line options.
    piped
        Whether snapshots come through the pipe and are reduced; otherwise the engine writes
        them to files of its own in the experiment's directory.
    """
    return _Attempt(task, engine, directory, stop).make(tuple(options), piped=piped)


class _Attempt:
    """One attempt while it is being made."""

    def __init__(
        self, task: Task, engine: Engine, directory: ExperimentDirectory, stop: Stop
    ) -> None:
        self._task = task
        self._engine = engine
        self._directory = directory
        self._stop = stop
        self._files = directory.attempt(task.attempt)
        self._started = attempts.now()
        self._results = Results(self._files, directory, task.outputs)
        self._watch = Watch(task, directory, stop, self._beat)
        self._expected = 0
        self._reducing_s = 0.0
        self._run = task.run
        self._continued = ""
        self._cells: Path | None = None
        self._guard = process.Guard()
        inexact = engine.root is not None and task.run.on_timeout == "continue"
        least_s = task.run.checkpoint_every_s if inexact else math.inf
        self._keeper = CellKeeper(self._files, least_s)
        self._status: int | None = None

    def make(self, options: tuple[str, ...], *, piped: bool) -> Record:
        """Run genesis and the engine, then write down how it went."""
        try:
            with self._guard:
                state, reason = self._simulate(options, piped=piped)
        except Halt as halt:
            state, reason = halt.state, halt.reason
        except OrchestratorError as error:
            state, reason = State.FAILED, str(error)
        except OSError as error:
            state, reason = State.FAILED, _unwritten(error)
        except KeyboardInterrupt:
            self._conclude(State.CANCELLED, "interrupted")
            raise
        return self._conclude(state, reason)

    def _simulate(self, options: tuple[str, ...], *, piped: bool) -> tuple[State, str]:
        publish_earlier(self._directory, self._task.attempt)
        preparation.prepare(self._task.experiment, self._engine, self._directory)
        resumed = self._resumption() if piped else None
        more = options
        if resumed is not None:
            genesis: tuple[str, ...] = ()
            more += self._go_on(resumed)
        else:
            genesis = self._make_initial()
            self._results.start(preparation.start_t0(self._task.experiment, self._directory))
        more += self._saving() if piped else ()
        self._expected = len(self._task.run.multiples(self._results.start_t0))
        kills = process.out_of_memory_kills()
        if piped:
            cut = self._simulate_piped(genesis, more)
        else:
            cut = ""
            self._simulate_to_files(genesis, more)
        if resumed is not None and self._status == simulator.CANNOT_GO_ON:
            self._turn_back(resumed)
            return self._simulate(options, piped=piped)
        if self._status == _SIGKILL and process.out_of_memory_kills() > kills:
            return State.OUT_OF_MEMORY, "the kernel killed the engine: memory ran out"
        if self._status != 0 or cut:
            return self._failed(cut)
        return self._verdict() if piped else (State.DONE, "")

    def _resumption(self) -> Resumption | None:
        return resume.find(self._directory, self._task, self._engine)

    def _go_on(self, resumed: Resumption) -> tuple[str, ...]:
        """Take over an earlier attempt's snapshots; return the options that continue it."""
        told = attempts.read_record(resumed.attempt) or attempts.read_progress(resumed.attempt)
        self._results.start(told.start_t0 if told is not None else 0.0)
        self._results.adopt(resumed.attempt, resumed.snapshots)
        reached = self._results.time_t0
        how = "exactly" if resumed.exact else "from its cells, with new gas and new chances"
        self._continued = (
            f"went on from attempt {resumed.attempt.number} at t = {reached:g} t0, {how}"
        )
        if resumed.exact:
            return ("-continue", str(resumed.checkpoint.absolute()))
        self._cells = self._directory.root / _CONTINUED
        with resumed.checkpoint.open("rb") as source, replacing(self._cells) as target:
            shutil.copyfileobj(source, target)
        preparation.prepare(self._task.experiment, self._engine, self._directory, self._cells)
        left = self._task.run.stop_t0 - (reached - self._results.start_t0)
        self._run = dataclasses.replace(self._run, stop_t0=left)
        return ()

    def _turn_back(self, resumed: Resumption) -> None:
        """Give up going on from a checkpoint that the engine refuses, and what was taken over."""
        resume.drop_refused(resumed)
        self._results.close()
        self._results.drop_journal()
        self._results = Results(self._files, self._directory, self._task.outputs)
        number = resumed.attempt.number
        self._continued = f"could not go on from attempt {number}{self._last_words()}"

    def _beat(self) -> None:
        self._results.beat()

    def _saving(self) -> tuple[str, ...]:
        """Return the options that let the built-in engine save its state."""
        if self._engine.root is not None:
            return ()
        every = repr(self._task.run.checkpoint_every_s)
        return (
            "-checkpoint",
            str(self._files.checkpoint.absolute()),
            "-checkpoint_every",
            every,
        )

    def _simulate_piped(self, genesis: tuple[str, ...], options: tuple[str, ...]) -> str:
        """Run the engine with a pipe; return how the stream was cut, or an empty text."""
        with pipe.data_pipe() as (reading, writing):
            command = self._command(writing.fileno(), options)
            self._account({"genesis": genesis, "rescal": command})
            with self._running(command, (writing.fileno(),)) as child:
                writing.close()
                return self._receive(child, reading)

    def _simulate_to_files(self, genesis: tuple[str, ...], options: tuple[str, ...]) -> None:
        """Run the engine without a pipe."""
        command = self._command(None, options)
        self._account({"genesis": genesis, "rescal": command})
        with self._running(command) as child:
            self._watch.follow("rescal", child)
            self._await(child)
            child.settle(_BACKGROUND_S)

    def _make_initial(self) -> tuple[str, ...]:
        """Put the initial cell space in its place; return the command line that made it."""
        given = preparation.premade(self._task.experiment, self._directory)
        if given is not None:
            preparation.take_premade(given, self._directory)
            return ()
        seed = preparation.genesis_seed(self._task.experiment)
        command = simulator.genesis_command(self._engine, self._directory.parfile.name, seed)
        self._directory.cellspace.unlink(missing_ok=True)
        log = self._files.engine_log
        with process.running(command, self._directory.root, log, self._guard) as child:
            self._watch.follow("genesis", child)
            self._await(child)
            status = child.status()
        if status != 0:
            raise EngineError(f"genesis {process.ending(status)}{self._last_words()}")
        if not self._directory.cellspace.is_file():
            name = self._directory.cellspace.name
            raise EngineError(f"genesis ended well but made no {name}{self._last_words()}")
        return command

    @contextlib.contextmanager
    def _running(
        self, command: tuple[str, ...], handles: tuple[int, ...] = ()
    ) -> Iterator[Child]:
        """Run the engine and note how it ended."""
        log = self._files.engine_log
        with contextlib.ExitStack() as stack:
            child = stack.enter_context(
                process.running(command, self._directory.root, log, self._guard, handles)
            )
            try:
                yield child
            finally:
                stack.close()
                self._status = child.status()

    def _await(self, child: Child) -> None:
        """Wait for the end of a program that sends nothing."""
        while not child.wait(self._watch(), self._stop.fileno()):
            pass

    def _command(self, pipe: int | None, options: tuple[str, ...]) -> tuple[str, ...]:
        parfile, seed = self._directory.parfile.name, self._task.experiment.point.seed
        command = simulator.rescal_command(self._engine, parfile, self._run, seed, pipe)
        return (*command, *options)

    def _receive(self, child: Child, reading: int) -> str:
        """Take what the engine sends; return how the stream was cut, or an empty text."""
        waiting = child.ended, child.ended_handle, self._stop.fileno(), self._watch
        data = pipe.Pipe(reading, *waiting)
        self._results.pid = child.pid
        decoder = Decoder(data.fill)
        self._watch.follow("rescal", child, lambda: data.received, lambda: decoder.inside)
        reducer = Reducer(decoder, spectra=self._task.outputs.ffts)
        try:
            self._keep_all(decoder, reducer)
        except CutError as cut:
            if not child.wait(_LAST_WORDS_S):
                raise EngineError(
                    f"rescal closed the data pipe but did not end; {cut}"
                ) from cut
            return str(cut)
        finally:
            self._reducing_s = reducer.spent_s
        self._await(child)
        return ""

    def _keep_all(self, decoder: Decoder, reducer: Reducer) -> None:
        while (header := decoder.header()) is not None:
            again = self._cells is not None and header.time == self._results.time_t0
            index = 0 if again else self._results.snapshots
            with self._keeper.keeping(header, index) as take:
                snapshot = reducer.reduce(header, take)
            if again:  # what a run from a snapshot's cells sends first is that snapshot
                continue
            self._results.keep(snapshot)
            resume.drop_outdated(self._files, self._results.snapshots)
            preparation.settle_initial(self._directory, self._task.outputs.keep_initial)

    def _verdict(self) -> tuple[State, str]:
        """Judge an engine that ended well by what it sent."""
        run, results = self._task.run, self._results
        if results.snapshots == 0:
            return State.FAILED, f"rescal ended well but sent no snapshot{self._last_words()}"
        if results.time_t0 < results.start_t0 + run.stop_t0 - run.every_t0:
            return State.FAILED, f"rescal ended well but too early, {self._so_far()}"
        if results.snapshots < self._expected:
            came = f"{results.snapshots} of {self._expected} snapshots came"
            return State.DONE, f"{came}; {_FEWER[self._engine.root is None]}"
        return State.DONE, ""

    def _failed(self, cut: str) -> tuple[State, str]:
        """Judge an engine that did not end well."""
        reason = self._failure(cut)
        if self._status in _SHARED_SIGNALS and not self._stop.requested:
            # schedulers signal all processes of a job; ours may be a moment behind
            select.select([self._stop], [], [], _MOMENT_S)
        if not self._stop.requested:
            return State.FAILED, reason
        if self._files.cancel_request.exists():
            return State.CANCELLED, f"cancelled on request; {reason}"
        return self._stop.state, f"{self._stop.reason}; {reason}"

    def _failure(self, cut: str) -> str:
        """Say how an engine ended that did not end well."""
        assert self._status is not None
        parts = [f"rescal {process.ending(self._status)} {self._so_far()}"]
        if cut:
            parts.append(cut)
        if self._status == _SIGKILL:  # which it cannot have known of
            return "; ".join([*parts, "somebody killed it, or memory ran out"])
        return "; ".join(parts) + self._last_words()

    def _so_far(self) -> str:
        results = self._results
        return f"after {results.snapshots} of {self._expected} snapshots, at t = {results.time_t0:g} t0"

    def _last_words(self) -> str:
        """Quote the last line of output, if there is one."""
        lines = process.last_lines(self._files.engine_log, 1)
        return f'; its last words: "{lines[0][:_QUOTED]}"' if lines else ""

    def _conclude(self, state: State, reason: str) -> Record:
        """Publish, and write account and record; say in the record what of it was impossible."""
        self._results.close()
        if self._cells is not None:
            self._cells.unlink(missing_ok=True)
        superseded = self._watch.superseded()
        published = False
        if superseded:
            state, reason = State.LOST, superseded
        else:
            try:
                preparation.settle_initial(self._directory, self._task.outputs.keep_initial)
                published = self._results.finish(complete=state is State.DONE)
            except OSError as error:
                said = dict.fromkeys((reason, _unwritten(error)))  # the same again is no news
                reason = "; ".join(part for part in said if part)
                state = State.FAILED if state is State.DONE else state
        if state is State.DONE and self._results.snapshots and not published:
            reason = "; ".join(part for part in (reason, _OUTREACHED) if part)
        record = self._record(state, reason)
        # the disk may be full: who called is told, and log.txt
        if not superseded:
            with contextlib.suppress(OSError):
                self._tell(record, published=published)
        with contextlib.suppress(OSError):
            attempts.write_record(self._files, record)
        return record

    def _tell(self, record: Record, *, published: bool) -> None:
        """Tell whose the data are, and remove what nobody needs once they are complete."""
        if record.complete:
            resume.drop_all(self._directory)
        provenance.conclude(self._directory, self._files, record, published=published)
        if record.complete and published:
            self._results.drop_journal()

    def _record(self, state: State, reason: str) -> Record:
        results = self._results
        engine = self._engine
        return Record(
            state=state,
            reason=reason,
            attempt=self._task.attempt,
            snapshots=results.snapshots,
            expected=self._expected,
            time_t0=results.time_t0,
            started=self._started,
            ended=attempts.now(),
            wall_s=results.wall_s,
            simulating_s=max(0.0, results.wall_s - self._reducing_s),
            reducing_s=self._reducing_s,
            host=os.uname().nodename,
            exit_status=self._status,
            engine=" ".join(part for part in (engine.name, engine.version) if part),
            continued=self._continued,
            start_t0=results.start_t0,
            adopted=results.adopted,
            adopted_t0=results.adopted_t0,
            last_lines=process.last_lines(self._files.engine_log) if state.bad else (),
        )

    def _account(self, commands: Mapping[str, Sequence[str]]) -> None:
        provenance.describe(self._task, self._engine, self._directory, commands)


def _unwritten(error: OSError) -> str:
    what = f" {error.filename}" if error.filename else " the results"
    return f"cannot write{what}: {error.strerror}"
