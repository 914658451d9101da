"""Show what submitting a sweep file would do; change nothing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from orchestrator.cli import arguments

if TYPE_CHECKING:
    import argparse


EXAMPLES = (
    "sweeps/quickstart.yaml",
    "sweeps/quickstart.yaml --set run.stop=100 --all",
    "sweeps/quickstart.yaml -p pdebug -t 30min",
    'sweeps/quickstart.yaml --extend-seeds "ci(wavelength) > 0.1"',
)
"""What may stand behind the verb."""


def configure(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this verb."""
    arguments.add_sweep_file(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument("--all", action="store_true", help="a line for every experiment")
    parser.add_argument(
        "--extend-seeds",
        metavar="CRITERION",
        help="propose more seeds where this holds, e.g. 'ci(wavelength) > 0.1'",
    )
    arguments.add_placement(parser)


def perform(options: argparse.Namespace) -> int:
    """Compare the file with what is on disk and print the difference."""
    from orchestrator import sweepfile
    from orchestrator.cli import plan_table, screen
    from orchestrator.errors import RequestError
    from orchestrator.submission.plan import compare_sweep, plan_sweep

    console = screen.console(options)
    sweep = sweepfile.load(options.sweep, options.set)
    if options.extend_seeds is not None:
        from orchestrator.cli import seeds_table

        comparison = compare_sweep(sweep, options.data_dir)
        seeds_table.show(console, comparison, options.extend_seeds, as_json=options.json)
        return 0
    try:
        planned = plan_sweep(sweep, options.data_dir, arguments.placement(options))
    except RequestError:
        if not options.json:  # the file is well, so the table is known
            comparison = compare_sweep(sweep, options.data_dir)
            plan_table.show_experiments(console, comparison, everything=options.all)
        raise
    if options.json:
        print(json.dumps(planned.as_json(), indent=1))
    else:
        plan_table.show(console, planned, everything=options.all)
    return 0
