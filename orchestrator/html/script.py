"""The script of the page: the ES modules of the assets joined to one text."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from importlib.resources import files

ASSETS = files("orchestrator.html") / "assets"
"""The modules, and the page's template and style."""

_IMPORT = re.compile(r'^import \{[^}]*\} from "\./(\w+)\.js";\n', re.MULTILINE)
_EXPORT = re.compile("^export ", re.MULTILINE)
_COMMENT = re.compile(r"^ *//.*\n", re.MULTILINE)


def script() -> str:
    """Return all modules in one scope, each after those that it imports, without comments.

    A module imports names as they are (no ``as``, ``default`` or ``*``), and no two modules have a
    top-level name in common.

    Raises
    ------
    CycleError
        If modules import each other.
    """
    modules = _modules()
    imports = {name: _IMPORT.findall(text) for name, text in modules.items()}
    order = TopologicalSorter(imports).static_order()
    texts = (_COMMENT.sub("", _IMPORT.sub("", modules[name])) for name in order)
    return "\n".join(_EXPORT.sub("", text).strip() for text in texts)


def _modules() -> dict[str, str]:
    """Return the text of each module by name."""
    modules = (path for path in ASSETS.iterdir() if path.name.endswith(".js"))
    paths = sorted(modules, key=lambda path: path.name)
    return {path.name.removesuffix(".js"): path.read_text(encoding="utf-8") for path in paths}
