"""Draw the rooms of the package, from the imports between them: ``python docs/rooms.py``.

Rows are the layers of ``pyproject.toml``. An arrow is an import that no longer path makes as well.
"""

from __future__ import annotations

import ast
import tomllib
from pathlib import Path
from xml.sax.saxutils import escape

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = ROOT / "orchestrator"
PICTURE = ROOT / "docs" / "rooms.svg"

_BOX = 210, 62
_GAP = 34, 40
_MARGIN = 20
_LONGEST = 34  # characters of a line in a box
_STYLE = """
text { font-family: system-ui, sans-serif; text-anchor: middle; }
.name { font-size: 15px; font-weight: 600; fill: #1b2733; }
.says { font-size: 11px; fill: #4d5b69; }
rect { fill: #f4f7fa; stroke: #8fa3b8; }
path { fill: none; stroke: #5b7fa6; stroke-width: 1.3; marker-end: url(#head); }
"""


def layers() -> list[list[str]]:
    """Return the names of the rooms, a list per layer, from the top down."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contract = settings["tool"]["importlinter"]["contracts"][0]
    return [layer.split(" | ") for layer in contract["layers"]]


def imports() -> dict[str, set[str]]:
    """Return the rooms that each room imports."""
    rooms = {room for layer in layers() for room in layer}
    found: dict[str, set[str]] = {room: set() for room in rooms}
    for path in PACKAGE.rglob("*.py"):
        room = path.relative_to(PACKAGE).parts[0].removesuffix(".py")
        if room in rooms:
            found[room] |= _imported(path) & rooms - {room}
    return found


def _imported(path: Path) -> set[str]:
    """Return the second part of each name that a file imports from the package."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in names if name.startswith("orchestrator.")}


def reduced(graph: dict[str, set[str]]) -> dict[str, set[str]]:
    """Leave out each arrow beside which a longer path leads to the same room."""

    def reach(room: str) -> set[str]:
        return graph[room].union(*(reach(below) for below in graph[room]))

    return {
        room: {b for b in below if not any(b in reach(other) for other in below if other != b)}
        for room, below in graph.items()
    }


def picture() -> str:
    """Return the picture as SVG."""
    rows = layers()
    (width, height), (across, down) = _BOX, _GAP
    widest = max(map(len, rows))
    total = 2 * _MARGIN + widest * width + (widest - 1) * across
    places = {}
    for row, rooms in enumerate(rows):
        left = (total - len(rooms) * width - (len(rooms) - 1) * across) / 2
        for column, room in enumerate(rooms):
            top = _MARGIN + row * (height + down)
            places[room] = left + column * (width + across), top
    tall = 2 * _MARGIN + len(rows) * (height + down) - down
    graph = reduced(imports())
    arrows = [_arrow(places[a], places[b]) for a in places for b in sorted(graph[a])]
    boxes = [_box(room, *place) for room, place in places.items()]
    head = (
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0L8 4L0 8z" '
        'style="fill:#5b7fa6;stroke:none;marker-end:none"/></marker></defs>'
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {total:g} {tall:g}">',
        f"<style>{_STYLE}</style>",
        head,
        *arrows,
        *boxes,
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _arrow(start: tuple[float, float], end: tuple[float, float]) -> str:
    width, height = _BOX
    x, y = start[0] + width / 2, start[1] + height
    to_x, to_y = end[0] + width / 2, end[1] - 2
    bend = max(20.0, (to_y - y) / 2)
    return f'<path d="M{x:g} {y:g}C{x:g} {y + bend:g} {to_x:g} {to_y - bend:g} {to_x:g} {to_y:g}"/>'


def _box(room: str, x: float, y: float) -> str:
    width, height = _BOX
    middle = x + width / 2
    says = [
        f'<text class="says" x="{middle:g}" y="{y + 37 + 14 * i:g}">{escape(line)}</text>'
        for i, line in enumerate(_says(room))
    ]
    return (
        f'<rect x="{x:g}" y="{y:g}" width="{width}" height="{height}" rx="6"/>'
        f'<text class="name" x="{middle:g}" y="{y + 20:g}">{room}</text>{"".join(says)}'
    )


def _says(room: str) -> list[str]:
    """Return the first sentence of a room's docstring, on two lines at most."""
    path = (
        PACKAGE / room / "__init__.py" if (PACKAGE / room).is_dir() else PACKAGE / f"{room}.py"
    )
    sentence = (ast.get_docstring(ast.parse(path.read_text())) or "").split("\n")[0]
    lines = [""]
    for word in sentence.rstrip(".").split():
        if len(f"{lines[-1]} {word}") > _LONGEST:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return lines[:2]


if __name__ == "__main__":
    PICTURE.write_text(picture())
