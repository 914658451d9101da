"""How fast snapshots are taken from a pipe and reduced, against merely draining the pipe.

    python benchmarks/reduction.py [--stream FILE.xz] [--rounds N]

The writer is a process of its own with all bytes in memory, so that the pipe is the limit and not
a simulator. Every figure is measured in a fresh process; rounds alternate and the median is shown.
Without ``--stream`` one synthetic snapshot of ReSCAL-snow's example, 82 x 402 x 202 cells, is sent again
and again.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from orchestrator.formats import frames
from orchestrator.formats.cellspace import Header, header_bytes
from orchestrator.model.reductions import REDUCTIONS
from orchestrator.runner import pipe
from orchestrator.runner.decoder import Decoder
from orchestrator.runner.reducer import Reducer

HEIGHT, LENGTH, DEPTH = 80, 400, 200
WRITER = """
import os, sys
from pathlib import Path
data, pipe = memoryview(Path(sys.argv[1]).read_bytes()), int(sys.argv[2])
print(flush=True)
sys.stdin.read(1)
for _ in range(int(sys.argv[3])):
    part = data
    while part:
        part = part[os.write(pipe, part):]
"""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--stream", type=Path, help="a recorded stream, xz-compressed")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--measure", nargs=3, metavar=("HOW", "FILE", "TIMES"))
    request = parser.parse_args()
    if request.measure:
        how, file, times = request.measure
        print(json.dumps(measure(how, file, int(times))))
        return
    with tempfile.TemporaryDirectory() as scratch:
        compare(request.stream, request.rounds, Path(scratch))
        memory(Path(scratch))
    start_up(request.rounds)


def compare(recorded: Path | None, rounds: int, scratch: Path) -> None:
    """Print seconds and rate of draining, of reading with our loop, and of reducing."""
    sent = scratch / "stream"
    times = 1
    if recorded is None:
        sent.write_bytes(synthetic(DEPTH))
        times = 5
    else:
        sent.write_bytes(lzma.decompress(recorded.read_bytes()))
    size = times * sent.stat().st_size
    results: dict[str, list[dict[str, float]]] = {"drain": [], "take": [], "reduce": []}
    for _ in range(rounds):
        for how, found in results.items():
            found.append(in_fresh_process(how, sent, times))
    base = statistics.median(r["seconds"] for r in results["drain"])
    what = "synthetic snapshots" if recorded is None else recorded.name
    print(f"{what}, {size / 1e6:.0f} MB, medians of {rounds}")
    for how, label in (
        ("drain", "drain the pipe"),
        ("take", "take snapshots apart"),
        ("reduce", "take apart and reduce"),
    ):
        seconds = statistics.median(r["seconds"] for r in results[how])
        busy = statistics.median(r["busy"] for r in results[how])
        each = statistics.median(r["reducing"] for r in results[how])
        text = f"{label:22} {seconds:7.4f} s {size / seconds / 1e9:5.2f} GB/s {seconds / base:5.2f} x"
        text += f"   {busy:.4f} s of processor"
        print(text + (f", {1e3 * each:.2f} ms of reducing per snapshot" if each else ""))


def memory(scratch: Path) -> None:
    """Print peak memory against the number of snapshots and the depth of the domain."""
    print("peak memory of the reading process")
    for depth, times in ((DEPTH, 1), (DEPTH, 10), (DEPTH, 50), (4 * DEPTH, 1)):
        sent = scratch / f"depth{depth}"
        if not sent.exists():
            sent.write_bytes(synthetic(depth))
        found = in_fresh_process("reduce", sent, times)
        print(f"{times:4} snapshots of depth {depth:4} {found['peak_mb']:8.1f} MB")


def start_up(rounds: int) -> None:
    """Print how long imports take, interpreter included, beside an empty interpreter."""
    print("start-up")
    for code in (
        "pass",
        "import numpy",
        "import orchestrator",
        "import orchestrator.runner.supervisor",
    ):
        spent = []
        for _ in range(rounds):
            before = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            spent.append(time.perf_counter() - before)
        print(f"{code:32} {statistics.median(spent):6.3f} s")


def in_fresh_process(how: str, sent: Path, times: int) -> dict[str, float]:
    """Measure once in a process of its own."""
    command = [sys.executable, __file__, "--measure", how, str(sent), str(times)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def measure(how: str, file: str, times: int) -> dict[str, float]:
    """Read what a writer sends ``times`` over; return seconds and peak memory."""
    with pipe.data_pipe() as (reading, writing):
        command = [sys.executable, "-c", WRITER, file, str(writing.fileno()), str(times)]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=[writing.fileno()],
        ) as writer:
            writing.close()
            assert writer.stdin is not None
            assert writer.stdout is not None
            writer.stdout.readline()  # it has the bytes in memory
            started, busy = time.perf_counter(), time.process_time()
            writer.stdin.write(b"x")
            writer.stdin.close()
            if how == "drain":
                os.set_blocking(reading, True)
                drain(reading)
                reducing = 0.0
            else:
                reducing = receive(reading, writer, reduce=how == "reduce")
            return {
                "seconds": time.perf_counter() - started,
                "busy": time.process_time() - busy,
                "reducing": reducing,
                "peak_mb": peak_mb(),
            }


def peak_mb() -> float:
    """Return the most memory that this process had at a time, in MB.

    The kernel's own account of a process, since getrusage also counts the one it came from.
    """
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def drain(reading: int) -> None:
    """Read to the end into one buffer as large as the pipe, and look at nothing."""
    buffer = bytearray(1 << 20)
    while os.readv(reading, [buffer]):
        pass


def receive(reading: int, writer: subprocess.Popen[bytes], *, reduce: bool) -> float:
    """Take snapshots apart and reduce them as the supervisor does; return seconds for each."""
    ended = os.pidfd_open(writer.pid)
    taken = pipe.Pipe(reading, lambda: writer.poll() is not None, ended, None, lambda: 2.0)
    decoder = Decoder(taken.fill)
    reducer = Reducer(decoder, REDUCTIONS)
    snapshots = 0
    while (header := decoder.header()) is not None:
        if reduce:
            reducer.reduce(header)
        else:
            for _ in decoder.planes():
                pass
        snapshots += 1
    os.close(ended)
    return reducer.spent_s / snapshots


def synthetic(depth: int) -> bytes:
    """Return one framed snapshot with gentle dunes 4 to 9 cells high."""
    header = Header("SNO", HEIGHT, LENGTH, depth, borders=True)
    z, x = np.mgrid[: depth + 2, : LENGTH + 2]
    surface = (6 + 1.5 * np.sin(x / 9.0) + np.sin(z / 7.0 + x / 31.0)).astype(np.int16)
    above = np.arange(HEIGHT + 2)[::-1, None]
    parts = [header_bytes(header)]
    for row in surface:
        plane = np.zeros((HEIGHT + 2, LENGTH + 2), "<u8")
        plane[above > row] = 3
        parts.append(plane.tobytes())
    body = b"".join(parts)
    assert len(body) == header.size + header.payload_bytes
    return frames.pack_size(len(body)) + body


if __name__ == "__main__":
    main()
