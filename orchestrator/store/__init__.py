"""Reduced snapshots on disk: a journal that only grows, and the arrays published from it."""

from __future__ import annotations

from orchestrator.store.arrays import Extent, publish, reduced
from orchestrator.store.journal import Journal, read_journal

__all__ = ["Extent", "Journal", "publish", "read_journal", "reduced"]
