"""``python -m orchestrator.engine genesis|rescal|qsat``: the engine's programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from orchestrator.engine.exits import ExitError

if TYPE_CHECKING:
    from collections.abc import Sequence

_USAGE = "usage: python -m orchestrator.engine genesis|rescal|qsat ARGUMENTS"


def main(words: Sequence[str]) -> int:
    """Run one of the programs and return its exit status."""
    name, *rest = words or [""]
    try:
        match name:
            case "genesis":
                from orchestrator.engine import genesis  # noqa: PLC0415  # starts at once

                genesis.main(rest)
            case "rescal":
                from orchestrator.engine import rescal  # noqa: PLC0415  # needs the kernels

                rescal.main(rest)
            case "qsat":
                from orchestrator.engine import qsat  # noqa: PLC0415  # needs the kernels

                qsat.main(rest)
            case _:
                sys.stderr.write(f"{_USAGE}\n")
                return 2
    except ExitError as error:
        sys.stdout.flush()
        sys.stderr.write(f"{error}\n")
        return error.status
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
