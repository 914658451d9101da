"""Pictures of the gallery: made by the commands that its page shows, whenever these have changed."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

HERE = Path(__file__).parent
PAGE = HERE / "gallery.md"
PICTURES = HERE / "gallery"
"""What the page shows; made, and not kept with it."""

_PLACE = HERE / "_build" / "gallery"
_WIDTH = 60  # characters of a command that are shown as it runs
_DONE = "commands"  # the file that has the commands whose pictures are there


def commands() -> list[list[str]]:
    """Return the words of each command on the page, in their order."""
    blocks = re.findall(r"(?ms)^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"))
    lines = "".join(blocks).replace("\\\n", "").splitlines()
    return [shlex.split(line, comments=True) for line in lines]


def files() -> dict[str, str]:
    """Return what the page says stands in files, by their names."""
    blocks = re.findall(
        r"(?ms)^```\{code-block\} \w+\n:caption: (\S+)\n\n(.*?)^```$",
        PAGE.read_text(encoding="utf-8"),
    )
    return dict(blocks)


def shown() -> list[str]:
    """Return the names of the pictures that the page shows."""
    return re.findall(r"\]\(gallery/([^)]+)\)", PAGE.read_text(encoding="utf-8"))


def make(_app: Sphinx | None = None) -> None:
    """Run the commands in a project of their own; sweeps that are there are not run again."""
    wanted = "\n".join([*map(shlex.join, commands()), *files().values()]) + "\n"
    done = _PLACE / _DONE
    if done.exists() and done.read_text() == wanted and all(map(_is_there, shown())):
        return
    _PLACE.mkdir(parents=True, exist_ok=True)
    done.unlink(missing_ok=True)
    for name in ("sweeps", "templates"):  # of another version
        shutil.rmtree(_PLACE / name, ignore_errors=True)
    programs = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": f"{programs}{os.pathsep}{os.environ.get('PATH', '')}",
        "RESCAL_SWEEP_CLUSTER": "local",
    }
    for name, content in files().items():
        (_PLACE / name).write_text(content, encoding="utf-8")
    todo = [["rescal-sweep", "init", "."], *commands()]
    sys.stderr.write(f"gallery: {len(todo)} commands, one or two minutes on two cores\n")
    for number, words in enumerate(todo, 1):
        sys.stderr.write(f"gallery: {number} of {len(todo)}: {shlex.join(words)[:_WIDTH]}\n")
        subprocess.run(
            words, cwd=_PLACE, env=environment, check=True, stdout=subprocess.DEVNULL
        )
    PICTURES.mkdir(exist_ok=True)
    for name in shown():
        shutil.copyfile(_PLACE / name, PICTURES / name)
    done.write_text(wanted)


def _is_there(name: str) -> bool:
    return (PICTURES / name).exists()


def setup(app: Sphinx) -> dict[str, bool]:
    """Let Sphinx make them before it reads the page."""
    app.connect("builder-inited", make)
    return {"parallel_read_safe": True}
