"""``python -m orchestrator`` is ``rescal-sweep``."""

import sys

from orchestrator.cli import main

sys.exit(main())
