"""Pages of the reference that are made from the code whenever the site is built."""

from __future__ import annotations

import argparse
import ast
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import yaml

from orchestrator import reference
from orchestrator._version import PACKAGE
from orchestrator.cli import arguments
from orchestrator.cli.command_line import parser
from orchestrator.cli.verbs import GROUPS
from orchestrator.engine import settings
from orchestrator.errors import RequestError
from orchestrator.formats.parameters import PARAMETERS
from orchestrator.formats.templates import TEMPLATES
from orchestrator.model import State
from orchestrator.model.reductions import REDUCTIONS
from orchestrator.settings import PRESETS
from orchestrator.sweepfile import fields

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from sphinx.application import Sphinx

DIRECTORY = Path(__file__).parent / "reference"


def table(titles: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    cells = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(map(_cell, row)) + " |" for row in cells) + "\n"


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")


def commands() -> str:
    """Return the page of all verbs with their options."""
    parts = ["# Commands\n"]
    parts.append(
        "`rescal-sweep VERB ...`. Options of every verb may stand before or behind it. Exit codes: 0\n"
        "done; 1 some experiments ended badly; 2 the request was wrong; 130 interrupted.\n"
    )
    everywhere = argparse.ArgumentParser()
    arguments.add_everywhere(everywhere)
    parts.append(table(("option of every verb", "meaning"), _arguments(everywhere)))
    common = {tuple(action.option_strings) for action in everywhere._actions}  # noqa: SLF001
    for title, group in GROUPS.items():
        parts.append(f"## {title}\n")
        for verb in group:
            made = parser(verb)
            usage = (
                made.format_usage().removeprefix("usage: ").replace("\n       ", "\n").strip()
            )
            parts.append(f"### {verb}\n\n{made.description}\n\n```text\n{usage}\n```\n")
            if rows := list(_arguments(made, without=common)):
                parts.append(table(("argument", "meaning"), rows))
            examples = [line.strip() for line in (made.epilog or "").splitlines()[1:]]
            lines = "\n".join(line for line in examples if line.startswith("rescal-sweep"))
            parts.append(f"```shell\n{lines}\n```\n")
    return "\n".join(parts)


def _arguments(
    made: argparse.ArgumentParser, without: Collection[tuple[str, ...]] = ()
) -> Iterable[tuple[str, str]]:
    for action in made._actions:  # noqa: SLF001  # argparse shows them nowhere else
        if tuple(action.option_strings) in without:
            continue
        name = ", ".join(action.option_strings) or str(action.metavar or action.dest)
        value = (
            "" if action.nargs == 0 or not action.option_strings else f" {action.metavar or ''}"
        )
        if action.choices and action.option_strings:
            value = " " + "|".join(map(str, action.choices))
        yield f"`{name}{value.rstrip()}`", (action.help or "").replace("%%", "%")


def parameters() -> str:
    """Return the page of ReSCAL-snow's parameters."""
    rows = []
    users, builtin = _templates_by_parameter(), _names_in_engine()
    for name in PARAMETERS:
        (entry,) = [e for e in reference.find(name) if e.kind.startswith("parameter")]
        known = entry.details
        limits = known.get("one of") or known.get("range", "")
        values = ", ".join(filter(None, (known["type"], known.get("unit"), limits)))
        readers = f"{known['read by'].replace(' and ', ', ')}; {_by_builtin(name, builtin)}"
        row = (
            f"`{name}`",
            "; ".join(filter(None, (entry.meaning, known.get("in nature")))),
            values,
            known["default"],
            readers,
        )
        rows.append((*row, ", ".join(users.get(name, ()))))
    titles = ("name", "meaning", "type, unit, range", "default", "read by", "set in")
    return (
        "# Parameters of ReSCAL-snow\n\n"
        "What stands under `parameters`, `sweep` and `derived` of a sweep file, by ReSCAL's own\n"
        "names. Times are in t0, lengths in cells.\n\n"
        "*read by* has ReSCAL-snow's programs (`genesis` makes the initial bed, `rescal` runs it) and\n"
        "what the [built-in engine](../engine.md) does with the parameter. *set in* names the\n"
        "[templates](templates.md) of sweep files that give it a value.\n"
        f"`Lambda_I` acts where the bed has a source: {_injecting()}, or with `Boundary: REINJECTION`.\n\n"
        + table(titles, rows)
    )


def _templates_by_parameter() -> dict[str, list[str]]:
    """Return which templates of sweep files give each parameter a value."""
    users: dict[str, list[str]] = {}
    for template in reference.templates():
        content = yaml.safe_load(template.path.read_text(encoding="utf-8"))
        for name in {**content.get("parameters", {}), **content.get("derived", {})}:
            users.setdefault(name, []).append(template.name)
    return users


def _names_in_engine() -> set[str]:
    """Return the texts that stand in the built-in engine's sources."""
    trees = (
        ast.parse(p.read_text(encoding="utf-8")) for p in (PACKAGE / "engine").glob("*.py")
    )
    nodes = (node for tree in trees for node in ast.walk(tree))
    return {node.value for node in nodes if isinstance(node, ast.Constant) and node.value}


def _by_builtin(name: str, known: set[str]) -> str:
    if name not in known:
        return "built-in: ignored"
    try:
        settings.refuse_unsupported({name: ""} if name.endswith("_file") else {})
    except RequestError:
        return "built-in: refused"
    return "built-in"


def _injecting() -> str:
    return ", ".join(f"`{t.name}`" for t in TEMPLATES.values() if t.injects)


def templates() -> str:
    """Return the page of the templates of beds and of sweep files."""
    beds = [
        (f"`{t.name}`", t.meaning, ", ".join(f"{k} = {v:g}" for k, v in t.arguments.items()))
        for t in TEMPLATES.values()
    ]
    files = [(f"`{t.name}`", t.purpose) for t in reference.templates()]
    return (
        "# Templates\n\n## Of sweep files\n\n"
        "`extends: NAME` starts from the values of one; a project's own lie in `templates/`.\n\n"
        + table(("name", "what it is"), files)
        + "\n## Of the initial bed\n\n"
        "`Csp_template: NAME(arguments)`; arguments that are left out have these values.\n\n"
        + table(("name", "bed", "arguments"), beds)
    )


def sweep_file() -> str:
    """Return the page of all keys of a sweep file."""
    parts = ["# Keys of the sweep file\n"]
    parts.append(
        "The [page on the sweep file](../sweep-file.md) tells how they work together.\n"
    )
    meanings = {**fields.SECTIONS, **fields.NESTED}
    parts.append(table(("key", "meaning"), ((f"`{k}`", m) for k, m in meanings.items())))
    for section, keys in reference.SECTIONS.items():
        entries = [e for key in keys for e in reference.find(f"{section}.{key}")]
        rows = (
            (f"`{e.name}`", e.meaning, *_values(e.details), e.details["default"])
            for e in entries
        )
        parts.append(
            f"## `{section}`\n\n" + table(("key", "meaning", "values", "unit", "default"), rows)
        )
    return "\n".join(parts)


def _values(details: Mapping[str, str]) -> tuple[str, str]:
    """Return what a key may be, and its unit."""
    values = details.get("one of") or details["type"]
    if "examples" in details:
        values += f", such as {details['examples']}"
    return values, details.get("unit", "")


def states() -> str:
    """Return the page of the states of experiments."""
    rows = ((f"`{s.value}`", s.meaning, "yes" if s.retried else "") for s in State)
    return "# States of experiments\n\n" + table(
        ("state", "meaning", "`resubmit` takes it unasked"), rows
    )


def outputs() -> str:
    """Return the page of what is kept of each snapshot, and of the quantities made of it."""
    kept = (
        (
            f"`out/{r.name}.npz`",
            r.long_name,
            np.dtype(r.dtype).name,
            r.units,
            " x ".join(("snapshot", *r.dims)),
        )
        for r in REDUCTIONS
    )
    entries = [
        e
        for n in reference.names()["quantity over time"]
        for e in reference.find(n)
        if e.kind == "quantity over time"
    ]
    quantities = (
        (f"`{e.name}`", e.meaning, e.details["unit"], e.details["in detail"]) for e in entries
    )
    return (
        "# Outputs and quantities\n\n## Files of each experiment\n\n"
        + table(("file", "content", "dtype", "unit", "shape"), kept)
        + "\n## Quantities over time\n\nOf `plot SWEEP series`, `collect`, `export` and `open_sweep`.\n\n"
        + table(("name", "quantity", "unit", "in detail"), quantities)
    )


def environment() -> str:
    """Return the page of the variables that are read."""
    rows = [
        (
            f"`RESCAL_SWEEP_{name.upper()}`",
            f"`{name}` where neither command line nor file says it",
        )
        for name in PRESETS
    ]
    rows.insert(
        0,
        ("`RESCAL_SNOW_ROOT`", "the tree of ReSCAL-snow; without it the built-in engine runs"),
    )
    rows += [
        ("`XDG_CONFIG_HOME`", "where `rescal-sweep/config.yaml` is, else `~/.config`"),
        (
            "`NUMBA_CACHE_DIR`",
            "where compiled kernels of the built-in engine are kept; an absolute path",
        ),
        ("`SBATCH_PARTITION`, `SBATCH_ACCOUNT`, `SBATCH_QOS`", "looked at last, and told"),
        ("`NO_COLOR`", "no colours, as `--color never`"),
        ("`COLUMNS`", "width of tables where there is no terminal"),
    ]
    return "# Environment\n\n" + table(("variable", "meaning"), rows)


PAGES: dict[str, Callable[[], str]] = {
    "commands": commands,
    "keys": sweep_file,
    "parameters": parameters,
    "templates": templates,
    "outputs": outputs,
    "states": states,
    "environment": environment,
}


def write(_app: Sphinx | None = None) -> None:
    """Write the pages that have changed."""
    for name, page in PAGES.items():
        path, text = DIRECTORY / f"{name}.md", page()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            path.write_text(text, encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx write them before it reads."""
    app.connect("builder-inited", write)
    return {"parallel_read_safe": True}
