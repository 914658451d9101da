"""Checks that an author runs on a reduction or a simulator of their own, as parameters of a test.

>>> import pytest
>>> from pathlib import Path
>>> from orchestrator.conformance import reduction_checks
>>> checks = reduction_checks("profiles:profile", Path("."))
>>> @pytest.mark.parametrize("check", checks)
... def test_profile(check):
...     check()
"""

from orchestrator.conformance.checks import Check, NonconformingError
from orchestrator.conformance.reductions import reduction_checks
from orchestrator.conformance.simulators import simulator_checks

__all__ = ["Check", "NonconformingError", "reduction_checks", "simulator_checks"]
