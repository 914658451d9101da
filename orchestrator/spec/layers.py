"""A sweep file, what it extends, and what the command line sets over it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import orchestrator
from orchestrator.errors import FormatError, RequestError
from orchestrator.spec import fields, tree
from orchestrator.spec.tree import Branch, Leaf, Place

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.spec.fields import Problems
    from orchestrator.spec.tree import Node

SECTIONS = {
    "name": "what the sweep is called; its directory under data_runs",
    "description": "what it is for, in a sentence",
    "extends": "a template, by its name",
    "parameters": "held constant; ReSCAL's own names",
    "sweep": "what varies: grid, zip, list",
    "derived": "parameters computed from others",
    "where": "keep only the points for which this holds",
    "seeds": "replicates: a number, a list, or {first, count}",
    "run": "how long and how often",
    "outputs": "what is kept",
    "slurm": "what is asked of Slurm",
}
"""The keys of a sweep file, and what they are for."""

_NOT_IN_TEMPLATES = ("sweep", "where", "seeds")
_LONGEST_CHAIN = 10


def chain(path: Path, overrides: Sequence[str], problems: Problems) -> tuple[list[Branch], str]:
    """Return the file's tree behind those of its templates, the remotest first, and its text."""
    file, text = tree.read(path)
    for override in overrides:
        file = _overridden(file, override)
    if overrides:
        text = text.rstrip("\n") + "\n" + "".join(f"# --set {said}\n" for said in overrides)
    layers = [file]
    seen = [path.resolve()]
    here = path
    while (node := layers[0].nodes.get("extends")) is not None:
        template = _named(node, here, problems)
        if template is None:
            break
        if template.resolve() in seen or len(seen) > _LONGEST_CHAIN:
            problems.add(node.place, "extends", f"{template} extends itself, in a circle")
            break
        seen.append(template.resolve())
        layer, _ = tree.read(template)
        for key in _NOT_IN_TEMPLATES:
            if key in layer.nodes:
                problems.add(layer.keys[key], key, "belongs into a sweep file, not a template")
        layers.insert(0, layer)
        here = template
    return layers, text


def shipped(kind: str) -> Path:
    """Return the directory of ``templates`` or ``sweeps`` that came with the package."""
    package = Path(orchestrator.__file__).parent
    installed = package / "starter" / kind
    return installed if installed.is_dir() else package.parent / kind


def _named(node: Node, here: Path, problems: Problems) -> Path | None:
    """Find the template that ``extends`` names, seen from the file ``here``."""
    if not isinstance(node, Leaf):
        wish = f"expected the name of a template, got {fields.kind_of(node)}"
        problems.add(node.place, "extends", wish)
        return None
    try:
        name = fields.name(node)
    except FormatError as error:
        problems.add(node.place, "extends", str(error))
        return None
    beside = here.parent
    places = [beside, beside / "templates", beside.parent / "templates", Path("templates")]
    for place in (*places, shipped("templates")):
        candidate = place / f"{name}.yaml"
        if candidate.is_file() and candidate.resolve() != here.resolve():
            return candidate
    known = {p.stem for place in places[1:] if place.is_dir() for p in place.glob("*.yaml")}
    known |= {p.stem for p in shipped("templates").glob("*.yaml")}
    listed = f"; there are {', '.join(sorted(known))}" if known else ""
    problems.add(node.place, "extends", f"no template {name!r}{listed}")
    return None


def _overridden(file: Branch, said: str) -> Branch:
    """Return the tree with ``KEY=VALUE`` put in the place of what its dotted key names."""
    key, equals, value = said.partition("=")
    words = key.strip().split(".")
    source = f"--set {key.strip()}"
    if not equals or not all(words):
        raise RequestError(f"--set {said}: expected KEY=VALUE, as run.stop=100")
    place = Place(source)
    node = tree.parse(value, source, placed=False) if value.strip() else Leaf(place, "")
    return _put(file, words, node, place)


def _put(branch: Branch, words: Sequence[str], node: Node, place: Place) -> Branch:
    first, *rest = words
    if rest:
        inner = branch.nodes.get(first)
        within = inner if isinstance(inner, Branch) else Branch(place, {}, {})
        node = _put(within, rest, node, place)
    return Branch(branch.place, {**branch.nodes, first: node}, {**branch.keys, first: place})
