"""``python -m orchestrator.engine genesis|rescal|check|qsat|warm|speed|serve``: the engine's programs."""

import sys

from orchestrator.engine import programs

if __name__ == "__main__":
    programs.run(sys.argv[1:])
