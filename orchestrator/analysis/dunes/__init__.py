"""Dunes as objects: their outlines on a map, and their tracks from one map to the next."""

from orchestrator.analysis.dunes.following import Following, follow
from orchestrator.analysis.dunes.outlines import Dune, Outlines, checked, outlines
from orchestrator.analysis.dunes.tracks import Track, tracks

__all__ = ["Dune", "Following", "Outlines", "Track", "checked", "follow", "outlines", "tracks"]
