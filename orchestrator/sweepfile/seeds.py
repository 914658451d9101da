"""The seeds of a sweep: a number of them, a range, a list, or a first one and a count."""

from __future__ import annotations

from typing import TYPE_CHECKING

from orchestrator.sweepfile import scalars
from orchestrator.sweepfile.consistency import MOST_EXPERIMENTS
from orchestrator.sweepfile.fields import SEEDS
from orchestrator.sweepfile.sections import converted, mapping
from orchestrator.sweepfile.tree import Branch, Items, Leaf

if TYPE_CHECKING:
    from collections.abc import Sequence

    from orchestrator.sweepfile.problems import Position, Problems
    from orchestrator.sweepfile.tree import Node


def read(node: Node | None, problems: Problems) -> Sequence[int]:
    """Read ``seeds``; (1,) where the file has none."""
    if node is None or (isinstance(node, Leaf) and node.null):
        return (1,)
    if isinstance(node, Items):
        return _listed(node, problems)
    if isinstance(node, Branch):
        return _counted(node, problems)
    return converted("seeds", node, scalars.seeds, problems) or (1,)


def _listed(node: Items, problems: Problems) -> tuple[int, ...]:
    if not node.nodes:
        problems.add(node.position, "seeds", "empty; leave it out for one seed")
    positions: dict[int, Position] = {}
    for child in node.nodes:
        seeds = converted("seeds", child, scalars.seed_range, problems) or ()
        if len(positions) + len(seeds) > MOST_EXPERIMENTS:
            count = len(positions) + len(seeds)
            text = f"{count} seeds; a sweep has at most {MOST_EXPERIMENTS} experiments"
            problems.add(child.position, "seeds", text)
            break
        for seed in seeds:
            if seed in positions:
                text = f"{seed} stands {positions[seed].shortly} already"
                problems.add(child.position, "seeds", text)
            else:
                positions[seed] = child.position
    return tuple(positions)


def _counted(node: Branch, problems: Problems) -> Sequence[int]:
    section = mapping(node, "seeds", SEEDS, problems)
    for key in SEEDS:
        if key not in section.positions:
            problems.add(
                node.position, f"seeds.{key}", "required, as in {first: 1234, count: 8}"
            )
    first, count = section.values.get("first", 1), section.values.get("count", 1)
    if first + count - 1 > scalars.LARGEST_SEED:
        text = f"the last seed is larger than {scalars.LARGEST_SEED}"
        problems.add(section.positions["count"], "seeds.count", text)
        return (first,)
    return range(first, first + count)
