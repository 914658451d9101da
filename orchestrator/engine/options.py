"""The command lines of the two programs."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from orchestrator.engine.exit_status import Exit, ExitError
from orchestrator.errors import quoted
from orchestrator.formats.parameter_values import leading_number

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

GENESIS_USAGE = """\
usage: genesis -f PARFILE [-s SEED]
       genesis H L D [-s SEED]

Writes the initial cell space that PARFILE describes to the file that it names.
"""

RESCAL_USAGE = """\
usage: rescal PARFILE [options]

  -dcsp Xt0          a snapshot every X t0, the first one at the start
  -dcsphpp Xt0       likewise, and the gas: nodes, HPP*.bin, velocities of boxes, HPP*.vel, and
                     the stress on the ground, GRAD_VEL*.data
  -stop Xt0          end after X t0 (the model adds half a t0); -stop N: after N minutes
  -stoptime Xt0      end at the time X (the model adds half a t0)
  -s N               seed; Seed in PARFILE wins
  -data_pipe FD      write snapshots to this file descriptor instead of files
  -uncompressed_csp  leave snapshots uncompressed
  -csp_borders       snapshots with their walls
  -altionly          no snapshots, maps of altitude only
  -info              rows in the logs, one per snapshot
  -hm                list the parameters
  -checkpoint STEM   save the whole state after snapshots, to STEM.1, STEM.2 and so on, where that
                     takes less than a hundredth of the time since the last one; between snapshots,
                     to the same names, every 10 min; and on SIGUSR1, at which the run ends with
                     status 250
  -checkpoint_every S  seconds of wall time that lie between two of them at least, and after which
                     the state is saved between snapshots
  -checkpoint_end    save the state at the end of the run, too
  -continue FILE     go on from such a file, to the end and with the snapshots that are asked for
                     now, else to those that were asked for then
"""

_WITH_VALUE = frozenset(
    {"-dcsp", "-dcsphpp", "-dpng", "-dbin", "-stop", "-stoptime", "-s", "-g", "-data_pipe"}
    | {"-checkpoint", "-checkpoint_every", "-continue"}
)
_WHOLE = re.compile(r"[+-]?[0-9]+")
_LONGEST = 18  # signs of a whole number
_PICTURES = frozenset({"-id", "-cv", "-ch", "-ls", "-tr", "-fr"})  # read for themselves
_LEAST_INTERVAL = 1e-3  # t0; less than the time between two events
_LARGEST = 1e38  # of single precision
_GENESIS_SEED = 68374
_RESCAL_SEED = 273676


@dataclass(frozen=True, slots=True)
class GenesisOptions:
    """What ``genesis`` is asked for.

    Attributes
    ----------
    parfile
        The parameter file, or None where the sizes are given instead.
    sizes
        Height, length and depth, or None.
    seed
        From the command line; None where it is not given.
    raw
        Whether cells without a header are asked for.
    unknown
        Words that mean nothing.
    """

    parfile: Path | None
    sizes: tuple[int, int, int] | None
    seed: int | None
    raw: bool
    unknown: tuple[str, ...]

    def seed_or(self, in_file: int | None) -> int:
        """Return the seed; the command line's wins over the file's."""
        seeds = [seed for seed in (self.seed, in_file) if seed is not None]
        return seeds[0] if seeds else _GENESIS_SEED


@dataclass(frozen=True, slots=True)
class RescalOptions:
    """What ``rescal`` is asked for, besides the parameter file.

    Attributes
    ----------
    every, every_picture
        t0 between snapshots and between pictures; None: none.
    stop, stoptime
        t0 to simulate, and time at which to end.
    minutes
        Wall time after which to give up.
    pipe
        File descriptor for snapshots; None: files.
    checkpoint, checkpoint_every_s
        Where the state is saved after snapshots, and the least wall time between two of them.
    checkpoint_end
        Whether it is saved at the end of the run as well.
    resumed
        A saved state to go on from.
    gas
        Whether snapshots come with the state of the gas.
    """

    parfile: Path
    checkpoint: Path | None = None
    checkpoint_every_s: float = 0.0
    checkpoint_end: bool = False
    resumed: Path | None = None
    every: float | None = None
    every_picture: float | None = None
    stop: float | None = None
    stoptime: float | None = None
    minutes: int | None = None
    seed: int = _RESCAL_SEED
    pipe: int | None = None
    compressed: bool = True
    borders: bool = False
    altitudes_only: bool = False
    gas: bool = False
    info: bool = False
    help: bool = False
    parameter_list: bool = False


def genesis(words: Sequence[str]) -> GenesisOptions:
    """Read the command line of ``genesis``.

    Raises
    ------
    ExitError
        If neither a parameter file nor three sizes come first, or a value is missing.
    """
    if len(words) >= 2 and words[0] == "-f":
        parfile, sizes, rest = Path(words[1]), None, words[2:]
    elif len(words) >= 3 and all(_WHOLE.fullmatch(word) for word in words[:3]):
        height, length, depth = map(_number, words[:3])
        parfile, sizes, rest = None, (height, length, depth), words[3:]
    else:
        raise ExitError(Exit.REFUSED, GENESIS_USAGE.rstrip())
    seed, raw, unknown = None, False, []
    for name, value in _options(rest, frozenset({"-s", "-g"})):
        match name:
            case "-s" | "-g":
                seed = _seed(value)
            case "-bin":
                raw = True
            case _:
                unknown.append(name)
    return GenesisOptions(parfile, sizes, seed, raw, tuple(unknown))


def rescal(words: Sequence[str]) -> RescalOptions:
    """Read the command line of ``rescal``; words that mean nothing are passed over.

    Raises
    ------
    ExitError
        If no parameter file comes first, a value is missing or makes no sense.
    """
    if not words or words[0].startswith("-"):
        raise ExitError(Exit.UNREADABLE, RESCAL_USAGE.rstrip())
    values: dict[str, object] = {}
    in_minutes = binary = False
    for name, value in _options(words[1:], _WITH_VALUE):
        match name:
            case "-dcsp" | "-dcsphpp" | "-dpng" if "t0" in value:
                key = "every_picture" if name == "-dpng" else "every"
                values[key] = _interval(name, value)
                values["gas"] = values.get("gas", False) or name == "-dcsphpp"
            case "-dcsp" | "-dcsphpp" | "-dpng":
                _whole(name, value)  # of minutes or seconds, which ReSCAL never uses
                in_minutes |= name != "-dpng"
            case "-stop" if "t0" in value:
                values["stop"] = _decimal(name, value)
            case "-stop":
                values["minutes"] = _whole(name, value)
            case "-stoptime":
                if "t0" not in value:
                    raise ExitError(
                        Exit.REFUSED, f"-stoptime {value}: expected a time like 100t0"
                    )
                values["stoptime"] = _decimal(name, value)
            case "-s" | "-g":
                values["seed"] = _seed(value)
            case "-data_pipe":
                values["pipe"] = _whole(name, value)
            case "-checkpoint":
                values["checkpoint"] = Path(value)
            case "-checkpoint_every":
                values["checkpoint_every_s"] = _decimal(name, value)
            case "-checkpoint_end":
                values["checkpoint_end"] = True
            case "-continue":
                values["resumed"] = Path(value)
            case "-uncompressed_csp":
                values["compressed"] = False
            case "-csp_borders":
                values["borders"] = True
            case "-altionly":
                values["altitudes_only"] = True
            case "-info":
                values["info"] = True
            case "-h" | "--help":
                values["help"] = True
            case "-hm":
                values["parameter_list"] = True
            case "-dbin":
                binary = True
            case "-tr" if value == "5":
                raise ExitError(Exit.REFUSED, "-tr 5: there is no such picture")
            case "-cv":
                if not re.fullmatch(r"[0-9]+x[0-9]+", value):
                    raise ExitError(
                        Exit.UNREADABLE, f"-cv {value}: expected a value like 10x20"
                    )
    if binary and in_minutes:
        raise ExitError(Exit.REFUSED, "-dbin and -dcsp: give -dcsp in t0, like 10t0")
    return RescalOptions(Path(words[0]), **values)  # type: ignore[arg-type]  # keys are fields


def _options(words: Sequence[str], with_value: frozenset[str]) -> Iterator[tuple[str, str]]:
    """Yield each word with its value, which is empty where the word takes none.

    What only tells on pictures looks at the word behind it and leaves it if it is an option.
    """
    at = 0
    while at < len(words):
        name, behind = words[at], words[at + 1 : at + 2]
        at += 1
        if name in with_value and not behind and name not in _PICTURES:
            raise ExitError(Exit.REFUSED, f"{name}: expected a value behind it")
        takes = name in with_value or (name in _PICTURES and bool(behind))
        value = behind[0] if takes else ""
        if takes and not (name in _PICTURES and value.startswith("-")):
            at += 1
        yield name, value


def _seed(text: str) -> int:
    """Return a seed as C reads it: the whole number with which a text begins, or 0."""
    match = _WHOLE.match(text.strip())
    return _number(match[0]) if match else 0


def _whole(name: str, text: str) -> int:
    match = _WHOLE.match(text)
    if not match:
        raise ExitError(Exit.REFUSED, f"{name} {text}: expected a whole number")
    return _number(match[0])


def _number(digits: str) -> int:
    """Return a whole number; longer ones than this mean nothing in C either."""
    if len(digits) > _LONGEST:
        raise ExitError(Exit.REFUSED, f"{quoted(digits)}: expected at most {_LONGEST} digits")
    return int(digits)


def _decimal(name: str, text: str) -> float:
    number = leading_number(text)
    if number is None or not abs(number) < _LARGEST:
        raise ExitError(Exit.REFUSED, f"{name} {text}: expected a number of t0, like 50t0")
    return number


def _interval(name: str, text: str) -> float:
    """Return an interval in t0; 0 means never."""
    value = _decimal(name, text)
    if value != 0 and value < _LEAST_INTERVAL:
        raise ExitError(
            Exit.REFUSED,
            f"{name} {text}: expected 0 or a number of t0 from {_LEAST_INTERVAL:g}",
        )
    return value
