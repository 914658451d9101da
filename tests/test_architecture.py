"""What import-linter is told of the package is all of it."""

from __future__ import annotations

import pkgutil
import tomllib
from pathlib import Path

import orchestrator

PROJECT = Path(orchestrator.__file__).parents[1] / "pyproject.toml"


def test_the_engine_may_import_nothing_of_ours_but_formats_and_errors() -> None:
    contracts = tomllib.loads(PROJECT.read_text())["tool"]["importlinter"]["contracts"]
    (leaf,) = [c for c in contracts if c.get("source_modules") == ["orchestrator.engine"]]
    modules = {m.name for m in pkgutil.iter_modules(orchestrator.__path__, "orchestrator.")}

    allowed = {f"orchestrator.{name}" for name in ("engine", "formats", "errors", "__main__")}
    assert modules - set(leaf["forbidden_modules"]) == allowed
