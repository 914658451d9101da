"""The modules of the assets become one script."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from orchestrator.html.script import ASSETS, script

NAMES = re.compile(r"^(?:async )?(?:function\*?|const|let|class) (\w+)", re.MULTILINE)


def test_the_script_has_every_top_level_name_once_and_no_imports() -> None:
    joined = script()

    names = Counter(NAMES.findall(joined))
    assert [name for name, count in names.items() if count > 1] == []
    assert {"short", "blockOf", "startTable", "data"} <= names.keys()
    assert re.findall(r"^ *(?:import|export|//)\b.*", joined, re.MULTILINE) == []


def test_modules_stand_after_those_that_they_import() -> None:
    joined = script()

    assert joined.index("function nearest(") < joined.index("function frameAt(")
    assert joined.index("const view = ") < joined.index("function startTable(")
    assert joined.endswith("addCopyButton(holder);")  # of main.js


def test_every_import_is_of_a_form_that_can_be_joined() -> None:
    form = re.compile(r'import \{[\w, \n]+\} from "\./\w+\.js";')

    for module in ASSETS.iterdir():
        if module.name.endswith(".js"):
            text = module.read_text(encoding="utf-8")
            assert text.count("\nimport ") == len(form.findall(text)), module.name
            assert " as " not in "".join(form.findall(text)), module.name


def test_the_functions_of_the_script_do_what_their_tests_in_javascript_say() -> None:
    """It is node that runs them; where RESCAL_SWEEP_REQUIRE_BROWSER is 1 there has to be one."""
    node = shutil.which("node")
    if node is None and os.environ.get("RESCAL_SWEEP_REQUIRE_BROWSER") != "1":
        pytest.skip("there is no node here (Debian: apt-get install nodejs)")
    assert node is not None, "expected node on PATH"
    tests = sorted(Path(__file__).parent.glob("*.test.js"))

    done = subprocess.run([node, "--test", *tests], capture_output=True, text=True, check=False)

    assert tests
    assert done.returncode == 0, done.stdout + done.stderr
