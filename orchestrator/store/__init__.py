"""Reduced snapshots on disk: a journal that only grows, and the arrays published from it."""

from __future__ import annotations

from orchestrator.store.arrays import publish, published, reduced
from orchestrator.store.journal import Journal, read_journal

__all__ = ["Journal", "publish", "published", "read_journal", "reduced"]
