"""The documentation as a site: `make docs` builds it, with warnings as errors."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

from orchestrator._version import __version__  # noqa: E402

project = "rescal-sweep"
author = "the rescal-sweep maintainers"
copyright = author  # noqa: A001  # Sphinx calls it so
release = version = __version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc", "generated", "gallery"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
nitpicky = False
autosummary_generate = False
numpydoc_show_class_members = False
autodoc_typehints = "none"
autodoc_preserve_defaults = True

html_theme = "furo"
html_title = f"rescal-sweep {__version__}"
html_copy_source = False
html_show_sphinx = False
html_static_path = ["static"]
html_css_files = ["site.css"]

man_pages = [
    ("reference/commands", "rescal-sweep", "parameter sweeps of ReSCAL-snow", author, 1)
]
