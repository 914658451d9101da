"""A sweep file, a data directory and a root with small programs in the place of ReSCAL's."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from orchestrator.workspace import SweepDirectory

GENESIS = """#!{python}
import struct
print("genesis speaks")
open("DUN.csp", "wb").write(b"cells")
"""

# sends as many snapshots as it is asked for, as fast as it is let: it waits for a file named "go"
# in the root after the first one if the parameter Tau_min is 7, and fails if it is 13
RESCAL = """#!{python}
import os, struct, sys, time
par = dict(line.split(" = ") for line in open(sys.argv[1]).read().splitlines() if " = " in line)
value = lambda option: sys.argv[sys.argv.index(option) + 1]
H, L, D = (int(par[name]) for name in "HLD")
every, stop = (float(value(o).split("_")[0]) for o in ("-dcsp", "-stop"))
tau = float(par["Tau_min"])
print("rescal speaks", flush=True)

def chunk(tag, payload):
    return struct.pack("<i", 8 + len(payload)) + tag + payload

def frame(t, rows):
    body = chunk(b"MODL", b"SNO\\0") + chunk(b"SIZE", struct.pack("<3i", H, L, D))
    body += chunk(b"CELL", struct.pack("<i", 8)) + chunk(b"TIME", struct.pack("<d", t))
    body += chunk(b"BORD", struct.pack("<4i", H + 2, L + 2, D + 2, 1))
    head = b"\\x8aCSP@1_\\n" + chunk(b"HDSZ", struct.pack("<i", 20 + len(body))) + body
    cell = lambda state: bytes([state]) + bytes(7)
    plane = b"".join(cell(3 if y < H - rows else 0) * (L + 2) for y in range(H + 2))
    return struct.pack("<i", len(head) + len(plane) * (D + 2)) + head + plane * (D + 2)

fd = int(value("-data_pipe"))
t, i = 0.0, 0
while t <= stop + 0.5:
    if i == 1 and tau == 13:
        print("tau 13 brings bad luck", flush=True)
        sys.exit(3)
    while i == 1 and tau == 7 and not os.path.exists("{root}/go"):
        time.sleep(0.02)
    data = memoryview(frame(t, i))
    while data:
        data = data[os.write(fd, data):]
    t, i = t + every, i + 1
"""

SWEEP = """\
name: winds
parameters: {{H: 10, L: 14, D: 12, Csp_template: "LAYER(2)"}}
sweep:
  grid:
    Lambda_E: [1, 2]
    Tau_min: {taus}
run: {{stop: 20, every: 10, engine: rescal}}
"""


@dataclass(frozen=True)
class Bench:
    """Runs the command as a user would, in a directory of its own."""

    place: Path
    root: Path
    command: str = "rescal-sweep"

    @property
    def sweep(self) -> SweepDirectory:
        return SweepDirectory(self.place / "data_runs" / "winds")

    def write(self, taus: str) -> None:
        (self.place / "winds.yaml").write_text(SWEEP.format(taus=taus))

    def environment(self) -> dict[str, str]:
        return {
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "HOME": str(self.place),
            "RESCAL_SNOW_ROOT": str(self.root),
            "RESCAL_SWEEP_CLUSTER": "local",
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.command, *words],
            cwd=self.place,
            env=self.environment(),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def go(self) -> None:
        (self.root / "go").touch()


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    root = tmp_path / "rescal root"
    for part in ("build", "src", "scripts/real_data"):
        (root / part).mkdir(parents=True)
    for name, text in (("genesis", GENESIS), ("rescal", RESCAL)):
        program = root / "build" / name
        # a path with a space cannot stand behind #!, so env finds the interpreter
        source = text.replace("{python}", "/usr/bin/env python3").replace("{root}", str(root))
        program.write_text(source)
        program.chmod(0o755)
    place = tmp_path / "project"
    place.mkdir()
    return Bench(place, root)
