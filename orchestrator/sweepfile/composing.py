"""YAML nodes of one document, as PyYAML composes them, with a bound on what they may cost."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml
from yaml.composer import Composer

from orchestrator.errors import RequestError
from orchestrator.sweepfile.problems import shortened

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from orchestrator.sweepfile.problems import Position

DEEPEST = 20
MOST_NODES = 100_000

_WITH_LIBYAML = hasattr(yaml, "CSafeLoader")  # not every PyYAML has it
_PARSER: Any = yaml.CSafeLoader if _WITH_LIBYAML else yaml.SafeLoader
_BASES: Any = (Composer, _PARSER) if _WITH_LIBYAML else (_PARSER,)
_SENTENCES = {
    "but found another document": "a second document; a sweep file is a single one",
    "exceeded maximum nesting depth": f"nested more than {DEEPEST} deep",
}
"""Faults of which PyYAML says in its own words what to do."""


def compose(text: str, position: Callable[[Any], Position]) -> yaml.Node | None:
    """Compose one YAML document.

    Parameters
    ----------
    text
        The document.
    position
        Where a mark of PyYAML's, or None, stands.

    Returns
    -------
    yaml.Node or None
        The root; None where there is no document. Tags are empty: what a scalar means is decided
        by the field that it stands in.

    Raises
    ------
    RequestError
        With the place of what is not plain YAML, nested more than 20 deep, or more than 100,000
        values with aliases written out.
    """
    try:
        loader = _Loader(text, position)
        return loader.get_single_node()  # type: ignore[no-any-return]  # its bases are untyped
    except yaml.MarkedYAMLError as error:
        mark, sentence = _fault(error, text)
        raise RequestError(f"{position(mark)}: {sentence}") from error
    except yaml.YAMLError as error:
        raise RequestError(
            f"{position(None)}: not YAML: {str(error).splitlines()[0]}"
        ) from error


class _Loader(*_BASES):  # type: ignore[misc]  # libyaml's parser under PyYAML's composer
    """Composes nodes, and counts each as often as its aliases repeat it."""

    def __init__(self, text: str, position: Callable[[Any], Position]) -> None:
        _PARSER.__init__(self, text)
        Composer.__init__(self)
        self._position = position
        self._count = 0
        self._depth = 0
        self._sizes: dict[str, int] = {}

    def compose_node(self, _parent: yaml.Node | None, _index: Any) -> yaml.Node:
        """Compose the next node and what is in it."""
        event = self.peek_event()
        anchor = event.anchor
        if event.__class__ is yaml.AliasEvent:
            if anchor not in self._sizes:
                raise self._refused(event, f"*{shortened(anchor)} stands for nothing yet")
            self._add(self._sizes[anchor], self.get_event())
            node: yaml.Node = self.anchors[anchor]
            return node
        if event.tag is not None:
            tag = shortened(event.tag)
            raise self._refused(event, f"the tag {tag} is not allowed; write plain values")
        self._sizes.pop(anchor, None)  # an anchor may be given anew
        before = self._count
        self._add(1, event)
        node = self._composed(event)
        if anchor is not None:
            self._sizes[anchor] = self._count - before
        return node

    def resolve(self, *_: Any) -> str:
        """Leave open what a scalar means."""
        return ""

    def _composed(self, event: Any) -> yaml.Node:
        if event.__class__ is yaml.ScalarEvent:
            return self.compose_scalar_node(event.anchor)  # type: ignore[no-any-return]  # as above
        self._depth += 1
        if self._depth > DEEPEST:
            raise self._refused(event, f"nested more than {DEEPEST} deep")
        if event.__class__ is yaml.MappingStartEvent:
            node: yaml.Node = self.compose_mapping_node(event.anchor)
        else:
            node = self.compose_sequence_node(event.anchor)
        self._depth -= 1
        return node

    def _add(self, count: int, event: Any) -> None:
        self._count += count
        if self._count > MOST_NODES:
            sentence = f"more than {MOST_NODES} values, aliases written out"
            raise self._refused(event, sentence)

    def _refused(self, event: Any, sentence: str) -> RequestError:
        return RequestError(f"{self._position(event.start_mark)}: {sentence}")


def _fault(error: yaml.MarkedYAMLError, text: str) -> tuple[Any, str]:
    """Return the mark of what has to be mended, and what it is."""
    mark = error.problem_mark or error.context_mark
    problem = error.problem or error.context or ""
    if mark is None:
        return None, f"not YAML: {problem}"
    if problem in _SENTENCES:
        return mark, _SENTENCES[problem]
    if text[mark.index : mark.index + 1] == "\t":
        return mark, "a tab; indent with spaces"
    lines = text.splitlines()
    if problem == "could not find expected ':'":
        return error.context_mark, _without_colon(lines, error.context_mark)
    if problem.startswith("mapping values") and ": " in lines[mark.line][: mark.column]:
        return mark, "a second colon in this line; put quotes around the text that has one"
    return _line_above(lines, mark) or (mark, f"not YAML: {problem}")


def _line_above(lines: Sequence[str], mark: Any) -> tuple[Any, str] | None:
    """Find the fault in the line above, if that lacks a colon."""
    for number in reversed(range(mark.line)):
        above = lines[number].lstrip(" -")
        if above and above[0] != "#":
            column = len(lines[number]) - len(above)
            start = yaml.Mark(mark.name, 0, number, column, None, 0)
            lacks = re.fullmatch(r"[\w.-]+(\s[^:]*)?", above)
            return (start, _without_colon(lines, start)) if lacks else None
    return None


def _without_colon(lines: Sequence[str], mark: Any) -> str:
    words = re.split(r"\s#", lines[mark.line][mark.column :])[0].strip()
    key = re.split(r"[\s:]", words)[0]
    value = words.removeprefix(key)
    missing = (
        "a blank is missing behind the colon" if value[:1] == ":" else "a colon is missing"
    )
    wanted = f"{shortened(key)}: {shortened(value.lstrip(': '))}".rstrip()
    return f"{missing}; write `{wanted}`"
