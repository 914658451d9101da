"""A real surface beside those of a sweep: elevation maps read, cut to size, measured and compared."""

from orchestrator.analysis.field.elevation import Elevation
from orchestrator.analysis.field.matches import Match, Ranking
from orchestrator.analysis.field.ranking import rank
from orchestrator.analysis.field.reading import FORMATS, Source, read
from orchestrator.analysis.field.shape import PARTS

__all__ = ["FORMATS", "PARTS", "Elevation", "Match", "Ranking", "Source", "rank", "read"]
