"""Layers of a sweep: the file, the templates that it extends, and ``--set`` over both."""

from __future__ import annotations

import contextlib
import itertools
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from orchestrator._version import PACKAGE
from orchestrator.errors import RequestError
from orchestrator.sweepfile import scalars, tree
from orchestrator.sweepfile.fields import SECTIONS
from orchestrator.sweepfile.problems import OVERRIDE, Position, unknown
from orchestrator.sweepfile.sections import converted, misplaced
from orchestrator.sweepfile.tree import Branch, Leaf
from orchestrator.sweepfile.yaml_nodes import DEEPEST

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.sweepfile.problems import Problems
    from orchestrator.sweepfile.tree import Node

_SET = "# --set "
_NOT_IN_TEMPLATES = ("name", "sweep", "where", "seeds")


class Layers(NamedTuple):
    """A sweep file and what it extends.

    Attributes
    ----------
    trees
        The file's own behind those of its templates, the remotest first.
    text
        Of the file.
    templates
        The text of each template by its name, the nearest first.
    """

    trees: list[Branch]
    text: str
    templates: dict[str, str]


def chain(path: Path, overrides: Sequence[str], problems: Problems) -> Layers:
    """Read a sweep file and the templates behind it.

    What the command line sets is kept at the end of the text, as a comment.
    """
    file, text = _sweep_file(path, problems)
    for override in overrides:
        file = _overridden(file, override, problems)
    if overrides:
        text = (
            text.rstrip("\n") + "\n" + "".join(f"{_SET}{override}\n" for override in overrides)
        )
    layers, read, templates = [file], [path], {}
    while (node := layers[0].nodes.get("extends")) is not None:
        template = _named(node, read, problems)
        if template is None:
            break
        layer, templates[template.stem] = tree.read(template, problems)
        for key in _NOT_IN_TEMPLATES:
            if key in layer.nodes:
                problems.add(layer.keys[key], key, "belongs in a sweep file, not in a template")
        layers.insert(0, layer)
        read.append(template)
    for layer in layers:
        for key, position in layer.keys.items():
            if key not in SECTIONS:
                problems.add(position, key, misplaced(key, SECTIONS))
    return Layers(layers, text, templates)


def overrides_of(text: str) -> list[str]:
    """Return what the command line set, of a file's text as :func:`chain` returns it."""
    lines = reversed(text.splitlines())
    last = itertools.takewhile(lambda line: line.startswith(_SET), lines)
    return [line.removeprefix(_SET) for line in last][::-1]


def shipped(kind: str) -> Path:
    """Return the directory of ``templates`` or ``sweeps`` that came with the package."""
    package = PACKAGE
    installed = package / "starter" / kind
    return installed if installed.is_dir() else package.parent / kind


def template_folders(path: Path) -> list[Path]:
    """Return the directories in which templates of a sweep file are looked for, its own first.

    The file may lie in ``sweeps/``, in ``templates/``, or, as a copy, in ``data_runs/NAME/``.
    """
    beside = path.absolute().parent
    above = [beside, beside.parent, beside.parent.parent]
    folders = [beside, *(each / "templates" for each in above), Path("templates").absolute()]
    return list(dict.fromkeys([*folders, shipped("templates")]))


def _named(node: Node, read: Sequence[Path], problems: Problems) -> Path | None:
    """Find the template that ``extends`` names and that was not read yet."""
    name = converted("extends", node, scalars.name, problems)
    if name is None:
        return None
    folders = template_folders(read[0])
    before = {path.resolve() for path in read}
    candidates = [folder / f"{name}.yaml" for folder in folders]
    existing = [candidate for candidate in candidates if candidate.is_file()]
    left = [candidate for candidate in existing if candidate.resolve() not in before]
    if left:
        return shortly(min(left, key=_is_sweep))  # the first of those that are none
    if existing:
        circle = " -> ".join([*(path.stem for path in read), name])
        problems.add(node.position, "extends", f"extends itself, in a circle: {circle}")
    else:
        known = {path.stem for folder in folders[1:] for path in folder.glob("*.yaml")}
        listed = f"; there are {', '.join(sorted(known))}" if known else ""
        problems.add(node.position, "extends", f"{unknown(name, known, 'template')}{listed}")
    return None


def _is_sweep(path: Path) -> bool:
    """Return whether a file is a sweep file, so that a template of the same name is meant."""
    with contextlib.suppress(OSError):
        return (
            re.search(rb"^name[ \t]*:", path.read_bytes()[: tree.LARGEST_FILE], re.MULTILINE)
            is not None
        )
    return False


def shortly(path: Path) -> Path:
    """Return a path as people write it, from where they are if it is below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _sweep_file(path: Path, problems: Problems) -> tuple[Branch, str]:
    file, text = tree.read(path, problems)
    if not file.nodes:
        raise RequestError(f"{path}: empty; a sweep file says at least name, H, L, D and run")
    return file, text


def _overridden(file: Branch, override: str, problems: Problems) -> Branch:
    """Return the tree in which ``KEY=VALUE`` replaces what its dotted key names."""
    _check_text(override)
    key, equals, value = override.partition("=")
    words = key.strip().split(".")
    if not equals or not all(words):
        raise RequestError(f"--set {override}: expected KEY=VALUE, such as run.stop=100")
    position = Position(f"{OVERRIDE}{key.strip()}")
    node: Node = Leaf(position, "")
    if value.strip():
        node = tree.parse(value, position.source, problems, placed=False)
    return _put(file, words, node, position)


def _check_text(override: str) -> None:
    """Refuse what the copy of the sweep file could not hold in a comment."""
    shown = override.encode(errors="backslashreplace").decode()
    if shown != override:
        raise RequestError(f"--set {shown}: not UTF-8 text")
    if override.partition("=")[0].count(".") >= DEEPEST:
        raise RequestError(f"--set: a key nested more than {DEEPEST} deep")
    if len(override.splitlines()) > 1:
        raise RequestError(f"--set {shown.splitlines()[0]}: expected one line")


def _put(branch: Branch, words: Sequence[str], node: Node, position: Position) -> Branch:
    first, *rest = words
    if rest:
        inner = branch.nodes.get(first)
        within = inner if isinstance(inner, Branch) else Branch(position, {}, {})
        node = _put(within, rest, node, position)
    return Branch(
        branch.position,
        {**branch.nodes, first: node},
        {**branch.keys, first: position},
    )
