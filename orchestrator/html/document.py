"""The HTML document: template, style, script and data in one text, without outside resources."""

from __future__ import annotations

import base64
import dataclasses
import html
import json
from collections import Counter
from typing import TYPE_CHECKING

from orchestrator._version import __version__
from orchestrator.html.script import ASSETS, script
from orchestrator.model import State

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.html.values import Diagram, Overview, Packed
    from orchestrator.records.failures import Trouble

_STATES = (
    State.DONE,
    State.STOPPED,
    State.INVALID,
    State.RUNNING,
    State.PENDING,
    State.NEVER_SUBMITTED,
    *(state for state in State if state.bad),
)


def render(overview: Overview, exhibits: Sequence[Packed]) -> bytes:
    """Return the page of a sweep as one HTML document in UTF-8.

    The entries of all experiments precede their blocks, so that a browser shows the page while it
    still loads.
    """
    blanks = {
        "title": html.escape(overview.name),
        "description": html.escape(overview.description),
        "version": html.escape(__version__),
        "written": html.escape(overview.written),
        "progress": html.escape(overview.progress),
        "wind": _TURNING if overview.turning else _FROM_THE_LEFT,
        "states": _states(exhibits),
        "used": "".join(
            f'<p class="small">{html.escape(text)}.</p>\n' for text in overview.used
        ),
        "causes": _causes(overview.causes),
        "count": str(len(exhibits)),
        "style": _asset("page.css"),
        "script": script(),
        "data": _embedded(_data(overview, exhibits)),
        "sweep_file": html.escape(overview.sweep_file),
        "templates": "".join(
            _template(name, text) for name, text in overview.templates.items()
        ),
        "commands": html.escape("\n".join(overview.commands)),
    }
    head, tail = _asset("page.html").split("{{blocks}}")
    parts = [_filled(head, blanks), *(_block(packed) for packed in exhibits), tail]
    return "".join(parts).encode()


_TURNING = "wind turns"
_FROM_THE_LEFT = (
    'wind <span aria-hidden="true">⟶</span><span class="unseen">from the left</span>'
)


def _filled(template: str, blanks: dict[str, str]) -> str:
    """Fill the blanks of a template in a single pass: values are not searched for blanks."""
    pieces = template.split("{{")
    filled = [pieces[0]]
    for piece in pieces[1:]:
        name, _, rest = piece.partition("}}")
        filled += [blanks[name], rest]
    return "".join(filled)


def _template(name: str, text: str) -> str:
    """Return the paragraph of a file that the sweep file extends."""
    path, content = html.escape(f"templates/{name}.yaml"), html.escape(text)
    return (
        f"<p>It extends <code>{path}</code>:</p>\n"
        f'<div class="copyable"><pre tabindex="0" aria-label="{path}">{content}</pre></div>\n'
    )


def _states(exhibits: Sequence[Packed]) -> str:
    """Return a bar and a list of the number of experiments in each state."""
    counts = Counter(packed.entry["state"] for packed in exhibits)
    present = [(s.value, counts[s.value]) for s in _STATES if counts[s.value]]
    bar = "".join(f'<span class="{s}" style="flex-grow: {n}"></span>' for s, n in present)
    items = "".join(
        f'<li><span class="badge {s}">{s.replace("_", " ")}</span> {n}</li>' for s, n in present
    )
    return (
        f'<div class="progress" aria-hidden="true">{bar}</div>\n<ul class="states">{items}</ul>'
    )


def _causes(causes: Sequence[Trouble]) -> str:
    """Return the list of causes of failure, with commands marked as code."""
    if not causes:
        return ""
    items = "".join(f"<li>{_marked(cause)}</li>\n" for cause in causes)
    return f'<h3>What went wrong</h3>\n<ul class="causes">\n{items}</ul>'


def _marked(cause: Trouble) -> str:
    marked = html.escape(cause.sentence)
    for command in map(html.escape, cause.commands):
        marked = marked.replace(command, f"<code>{command}</code>")
    return marked


def _asset(name: str) -> str:
    return (ASSETS / name).read_text(encoding="utf-8")


def _data(overview: Overview, exhibits: Sequence[Packed]) -> dict[str, object]:
    return {
        "name": overview.name,
        "version": __version__,
        "axes": overview.axes,
        "diagram": _diagram(overview.diagram, exhibits),
        "quantities": [
            {
                "name": name,
                "longName": quantity.long_name,
                "units": quantity.units,
                "length": quantity.length,
                "time": quantity.time,
            }
            for name, quantity in overview.quantities.items()
        ],
        "states": [state.value for state in _STATES],
        "follow": overview.follow_s,
        "times": overview.times,
        "experiments": [packed.entry for packed in exhibits],
    }


def _diagram(diagram: Diagram, exhibits: Sequence[Packed]) -> dict[str, object]:
    return {
        "axes": [{"id": axis.id, "labels": axis.labels} for axis in diagram.axes],
        "positions": [diagram.positions[packed.number] for packed in exhibits],
        "rows": diagram.rows,
        "columns": diagram.columns,
        "plane": None if diagram.plane is None else dataclasses.asdict(diagram.plane),
    }


def _embedded(data: object) -> str:
    """Return JSON without the characters that an HTML parser could take for markup."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


def _block(packed: Packed) -> str:
    text = base64.b64encode(packed.block).decode()
    return f'<script type="text/plain" id="block-{packed.number}">{text}</script>\n'
