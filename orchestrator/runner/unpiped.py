"""An attempt without a pipe: the engine's snapshots stay files in the experiment's directory."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.records import attempts, provenance
from orchestrator.runner import preparation, start
from orchestrator.runner.attempt import Course
from orchestrator.runner.judgement import judge_end
from orchestrator.runner.results import Results
from orchestrator.runner.supervisor import attempt
from orchestrator.runner.watchdog import Watchdog

if TYPE_CHECKING:
    from orchestrator.model import Record
    from orchestrator.runner.attempt import Assignment, Verdict
    from orchestrator.runner.group import Group

_BACKGROUND_S = 300.0  # for compressions that the engine has left behind


def supervise_to_files(assignment: Assignment, options: tuple[str, ...] = ()) -> Record:
    """Make one attempt without reducing anything; parameters are those of ``supervise``."""
    task, engine, directory = assignment.task, assignment.engine, assignment.directory
    course = Course(Results(assignment.files, directory, task.outputs), attempts.now())

    def simulate(group: Group) -> Verdict:
        watchdog = Watchdog(assignment, course.beat)
        preparation.prepare(task.experiment, engine, directory)
        genesis = start.make_initial(assignment, watchdog, group)
        course.results.start(preparation.start_t0(task.experiment, directory))
        course.expected = len(task.run.multiples(course.results.start_t0))
        command = start.engine_command(assignment, task.run, None, options)
        commands = {"genesis": genesis, "rescal": command}
        provenance.describe(task, engine, directory, commands)
        with start.engine(assignment, course, group, command) as child:
            watchdog.follow("rescal", child)
            start.await_end(child, assignment, watchdog)
            child.settle(_BACKGROUND_S)
        return judge_end(assignment, course)

    return attempt(assignment, course, simulate)
