"""Numbers are for ever, and nothing that was written down is lost or read half."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
from typing import TYPE_CHECKING, Any

import pytest

from orchestrator import sweepfile
from orchestrator.errors import FormatError, RequestError
from orchestrator.model import Axis, KeepInitial, Outputs
from orchestrator.records import intents, ledger
from orchestrator.records.lock import locked

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from orchestrator.model import Point, Submission
    from orchestrator.records.paths import SweepDirectory


def test_points_get_numbers_in_order_and_keep_them(
    sweep_directory: SweepDirectory, make_points: Callable[[int], list[Point]]
) -> None:
    first, second, third = make_points(3)

    ledger.enlist(sweep_directory, [second])
    ledger.enlist(sweep_directory, [third, first])

    keys = {e.number: e.point.key for e in ledger.experiments(sweep_directory)}
    assert keys == {0: second.key, 1: third.key, 2: first.key}


def test_reconciling_tells_new_from_kept_from_orphaned(
    sweep_directory: SweepDirectory, make_points: Callable[[int], list[Point]]
) -> None:
    points = make_points(4)
    ledger.enlist(sweep_directory, points[:3])

    found = ledger.reconcile(ledger.experiments(sweep_directory), [points[3], points[1]])

    assert [p.key for p in found.new] == [points[3].key]
    assert [e.number for e in found.kept] == [1]
    assert [e.number for e in found.orphaned] == [0, 2]


def test_what_the_sweep_file_left_out_last_counts(sweep_directory: SweepDirectory) -> None:
    assert intents.orphaned(sweep_directory) == frozenset()

    intents.leave_out(sweep_directory, [2, 0])
    once = sweep_directory.submissions.read_bytes()
    intents.leave_out(sweep_directory, [0, 2])

    assert intents.orphaned(sweep_directory) == {0, 2}
    assert sweep_directory.submissions.read_bytes() == once
    intents.leave_out(sweep_directory, [])
    assert intents.orphaned(sweep_directory) == frozenset()
    assert intents.submissions(sweep_directory) == []
    assert intents.unfinished(sweep_directory) == []


def test_a_torn_last_line_is_ignored_and_cut_off_by_the_next_writer(
    sweep_directory: SweepDirectory, make_points: Callable[[int], list[Point]]
) -> None:
    one, two, three = make_points(3)
    ledger.enlist(sweep_directory, [one, two])
    whole = sweep_directory.ledger.read_bytes()
    sweep_directory.ledger.write_bytes(whole[:-7])

    assert [e.point.key for e in ledger.experiments(sweep_directory)] == [one.key]
    ledger.enlist(sweep_directory, [three])

    read = [(e.number, e.point.key) for e in ledger.experiments(sweep_directory)]
    assert read == [(0, one.key), (1, three.key)]


def test_a_line_that_is_not_json_is_named(sweep_directory: SweepDirectory) -> None:
    sweep_directory.ledger.write_text('{"number"\n')

    with pytest.raises(FormatError, match=r"experiments\.jsonl:1: not a line of JSON"):
        ledger.experiments(sweep_directory)


@pytest.mark.parametrize(
    ("lines", "place"),
    [
        ("[]\n", "experiments.jsonl:1"),
        ("FEWER\n", "experiments.jsonl:1: number"),
        ("NONE\n", "experiments.jsonl:1: parameters"),
        ('{"pruned":[1.5]}\n', "experiments.jsonl:1: pruned"),
        ('{"number":"0","key":"k","seed":1,"parameters":{}}\n', "experiments.jsonl:1"),
        ('{"number":true,"key":"k","seed":1,"parameters":{}}\n', "experiments.jsonl:1"),
        (
            "SAME\nSAME\nMORE\n",
            "experiments.jsonl:3",
        ),
        ("SAME\nKEY\n", "experiments.jsonl:2"),
    ],
)
def test_a_line_that_is_no_experiment_or_contradicts_another_is_named(
    sweep_directory: SweepDirectory,
    lines: str,
    place: str,
    check_sentences: Callable[..., None],
) -> None:
    same = '{"number":0,"key":"k","seed":1,"parameters":{}}'
    more, key = same.replace(":1,", ":2,"), same.replace(":0,", ":1,")
    fewer, none = same.replace(":0,", ":-1,"), same.replace("{}", '{"H":NaN}')
    names = {"SAME": same, "MORE": more, "KEY": key, "FEWER": fewer, "NONE": none}
    text = "".join(f"{names.get(line, line)}\n" for line in lines.splitlines())
    sweep_directory.ledger.write_text(text)

    with pytest.raises(FormatError) as caught:
        ledger.experiments(sweep_directory)

    check_sentences([str(caught.value)], f"{sweep_directory.root}/{place}")


def test_a_line_that_stands_there_again_does_no_harm(
    sweep_directory: SweepDirectory, make_points: Callable[[int], list[Point]]
) -> None:
    (one,) = make_points(1)
    ledger.enlist(sweep_directory, [one])
    sweep_directory.ledger.write_bytes(2 * sweep_directory.ledger.read_bytes())

    assert [e.point.key for e in ledger.experiments(sweep_directory)] == [one.key]


@pytest.mark.parametrize(
    ("line", "place"),
    [
        ('{"event":"void"}', "token"),
        (
            '{"event":"orphaned","token":"","experiments":[-1]}',
            "experiments",
        ),
        (
            '{"event":"axes","token":"","axes":5}',
            "axes",
        ),
        (
            '{"event":"intended","token":"a"}',
            "time",
        ),
        (
            '{"event":"withdrawn","token":"","kind":"cancelled","attempts":[[0,1]]}',
            "attempts",
        ),
    ],
)
def test_an_event_that_lacks_what_it_must_have_is_named(
    sweep_directory: SweepDirectory, line: str, place: str, check_sentences: Callable[..., None]
) -> None:
    sweep_directory.submissions.write_text(line + "\n")

    with pytest.raises(FormatError) as caught:
        intents.submissions(sweep_directory)

    check_sentences([str(caught.value)], f"{sweep_directory.submissions}:1: {place}")


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        (
            '"stop_t0":100.0',
            '"stop_t0":-5',
            "run: stop_t0: expected a length of simulated time",
        ),
        (
            '"every_t0":50.0',
            '"every_t0":NaN',
            "run: every_t0: expected a length of simulated time",
        ),
        (
            '"every_t0":50.0',
            '"every_t0":1e-8',
            "run: a snapshot every 1e-08 t0 of 100 t0 is too",
        ),
        (
            '"silence_s":600.0',
            '"silence_s":-1',
            "run: silence_s: expected a time in s, from 0 on",
        ),
        (
            '"retries":0',
            '"retries":-1',
            "resources: retries: expected a whole number from 0 on",
        ),
        (
            "2026-01-31T",
            "1926-01-31T",
            "time: expected a time such as 2026-01-31T12:00:00Z, got",
        ),
        (
            "2026-01-31T",
            "2026-13-31T",
            "time: expected a time such as 2026-01-31T12:00:00Z, got",
        ),
        ("[[0,1]]", "[[0,-1]]", "attempts: expected a list, each 2 whole numbers from 0 on"),
        ('["17"]', '["17; rm"]', "job_ids: expected a list, each the id of a job"),
        (
            '"chunks":[1]',
            '"chunks":[0]',
            "chunks: expected a list, each a whole number from 1 on",
        ),
    ],
)
def test_a_submission_whose_numbers_mean_nothing_is_named(
    sweep_directory: SweepDirectory,
    make_submission: Callable[..., Submission],
    before: str,
    after: str,
    told: str,
) -> None:
    intents.intend(sweep_directory, make_submission("a", {0: 1}))
    intents.note(sweep_directory, "submitted", "a", job_ids=["17"], chunks=[1])
    text = sweep_directory.submissions.read_text()
    assert before in text
    sweep_directory.submissions.write_text(text.replace(before, after))

    with pytest.raises(FormatError, match=rf"submissions\.jsonl:[12]: {told}"):
        intents.submissions(sweep_directory)


def test_what_became_of_an_unknown_submission_is_passed_over(
    sweep_directory: SweepDirectory,
) -> None:
    intents.note(sweep_directory, "submitted", "lost", job_ids=["17"])

    assert intents.submissions(sweep_directory) == []
    assert intents.unfinished(sweep_directory) == []


def test_a_last_line_that_only_lacks_its_end_counts_and_stays(
    sweep_directory: SweepDirectory, make_points: Callable[[int], list[Point]]
) -> None:
    one, two, three = make_points(3)
    ledger.enlist(sweep_directory, [one, two])
    sweep_directory.ledger.write_bytes(sweep_directory.ledger.read_bytes().rstrip(b"\n"))

    before = [e.point.key for e in ledger.experiments(sweep_directory)]
    ledger.enlist(sweep_directory, [three])

    assert before == [one.key, two.key]
    after = [(e.number, e.point.key) for e in ledger.experiments(sweep_directory)]
    assert after == [(0, one.key), (1, two.key), (2, three.key)]


def test_a_number_whose_directory_is_there_is_not_given_again(
    sweep_directory: SweepDirectory, make_points: Callable[[int], list[Point]]
) -> None:
    """The ledger was lost with its last lines, the data were not."""
    for name in ("exp4", "exp05", "exp7.old", "experiment"):
        (sweep_directory.root / name).mkdir()

    (added,) = ledger.enlist(sweep_directory, make_points(1))

    assert added.number == 5


def test_a_number_that_was_asked_for_is_not_given_to_another(
    sweep_directory: SweepDirectory,
    make_points: Callable[[int], list[Point]],
    make_submission: Callable[..., Submission],
) -> None:
    """The ledger lost its last lines before any directory was made."""
    intents.intend(sweep_directory, make_submission("a", {0: 1, 2: 1}))

    (added,) = ledger.enlist(sweep_directory, make_points(1))

    assert added.number == 3


def test_a_submission_is_read_as_it_was_written(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission]
) -> None:
    one = make_submission("a", {3: 1, 1: 2})

    intents.intend(sweep_directory, one)
    intents.note(sweep_directory, "submitted", "a", job_ids=["17"])

    (read,) = intents.submissions(sweep_directory)
    assert read.job_ids == ("17",)
    assert list(read.attempts.items()) == [(3, 1), (1, 2)]
    assert (read.run, read.outputs, read.resources) == (one.run, one.outputs, one.resources)
    assert read.outputs == Outputs(keep_initial=KeepInitial.GZIP)


def test_the_axes_are_those_of_the_last_sweep_file(sweep_directory: SweepDirectory) -> None:
    wind, both = (
        Axis(("Tau_min",), ((1.0,),)),
        Axis(("Coef_A", "Coef_B"), (), "sample", ("Coef_B",)),
    )
    for axes in ([wind], [wind, both], [wind, both]):
        intents.arrange(sweep_directory, axes)

    assert len(sweep_directory.submissions.read_text().splitlines()) == 2
    assert intents.axes(sweep_directory) == (("Tau_min",), ("Coef_A", "Coef_B"))
    assert [axis.block for axis in intents.swept_axes(sweep_directory)] == ["grid", "sample"]
    assert intents.swept_axes(sweep_directory)[1].logarithmic == ("Coef_B",)
    assert intents.unfinished(sweep_directory) == []
    assert intents.submissions(sweep_directory) == []


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"weather": "fine"}, "not a readable submission: "),
        ({"run": None}, "run: expected an object, got null"),
        ({"resources": {"colour": "red"}}, "not a readable submission: "),
    ],
)
def test_a_submission_of_another_version_is_named(
    sweep_directory: SweepDirectory,
    make_submission: Callable[..., Submission],
    change: dict[str, Any],
    told: str,
) -> None:
    intents.intend(sweep_directory, make_submission("a", {0: 1}))
    line = json.loads(sweep_directory.submissions.read_text())
    sweep_directory.submissions.write_text(json.dumps({**line, **change}) + "\n")

    with pytest.raises(FormatError, match=rf"submissions\.jsonl:1: {told}"):
        intents.submissions(sweep_directory)


def test_a_void_submission_does_not_count(
    sweep_directory: SweepDirectory, make_submission: Callable[..., Submission]
) -> None:
    intents.intend(sweep_directory, make_submission("a", {0: 1}))
    intents.intend(sweep_directory, make_submission("b", {0: 2}))

    intents.note(sweep_directory, "void", "b")

    wanted = intents.wanted_attempts(intents.submissions(sweep_directory))
    assert {number: attempt for number, (attempt, _) in wanted.items()} == {0: 1}


def test_versions_of_the_sweep_file_are_kept(sweep_directory: SweepDirectory) -> None:
    for text in ("a: 1\n", "a: 1\n", "a: 2\n"):
        ledger.keep_sweep_file(sweep_directory, text)

    assert sweep_directory.sweep_file(1).read_text() == "a: 1\n"
    assert sweep_directory.sweep_file(2).read_text() == "a: 2\n"
    assert not sweep_directory.sweep_file(3).exists()
    assert ledger.last_sweep_file(sweep_directory) == sweep_directory.sweep_file(2)


def _enlist(directory: SweepDirectory, points: list[Point]) -> None:
    for point in points:
        with locked(directory):
            ledger.enlist(directory, [point])


def test_two_submitters_at_once_never_give_one_number_twice(
    sweep_directory: SweepDirectory, make_points: Callable[[int], list[Point]]
) -> None:
    points = make_points(20)
    context = multiprocessing.get_context("spawn")
    halves = [
        context.Process(target=_enlist, args=(sweep_directory, points[i::2])) for i in (0, 1)
    ]

    for half in halves:
        half.start()
    for half in halves:
        half.join()

    lines = [json.loads(line) for line in sweep_directory.ledger.read_text().splitlines()]
    assert sorted(line["number"] for line in lines) == list(range(20))
    assert {line["key"] for line in lines} == {p.key for p in points}


@pytest.mark.parametrize(
    "number", ["1e-300", "1e-9", "0.3", "1", "1e9", "1099511627776", "1e300"]
)
@pytest.mark.parametrize(
    "key",
    ["stop", "every", "silence", "time_limit", "checkpoint_every", "jobs", "pack", "time"],
)
def test_whatever_a_sweep_file_may_ask_for_can_be_read_back(
    sweep_directory: SweepDirectory,
    make_submission: Callable[..., Submission],
    tmp_path: Path,
    key: str,
    number: str,
) -> None:
    length = number if key in {"stop", "every"} else "100"  # which go together
    run, slurm = f"stop: {length}, every: {length}", ""
    if key in {"silence", "time_limit", "checkpoint_every"}:
        run += f", {key}: {number}s"
    elif key in {"jobs", "pack", "time"}:
        slurm = f"{key}: {number}{'s' * (key == 'time')}"
    (tmp_path / "x.yaml").write_text(
        "name: x\nextends: snowfall\nparameters: {H: 40, L: 160, D: 80}\n"
        f"run: {{{run}}}\nslurm: {{{slurm}}}\n"
    )
    try:
        sweep = sweepfile.load(tmp_path / "x.yaml")
    except RequestError:  # with its place
        assert number != "1"
        return

    wanted = make_submission("a", {0: 1})
    wanted = dataclasses.replace(wanted, run=sweep.run, resources=sweep.resources)
    intents.intend(sweep_directory, wanted)

    (read,) = intents.submissions(sweep_directory)
    assert (read.run, read.resources) == (sweep.run, sweep.resources)
