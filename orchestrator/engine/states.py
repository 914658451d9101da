"""The states of a cell under the names that rules use; kernels know them as plain numbers."""

from __future__ import annotations

from orchestrator.formats.cellspace import Cell

GRAIN = int(Cell.GR)
MOBILE = int(Cell.GRJ)
SINTERED = int(Cell.GRV)
AIR = int(Cell.EAUC)
WALL = int(Cell.BORD)
NEUTRAL = int(Cell.DUM)
SOURCE = int(Cell.IN)
SINK = int(Cell.OUT)

STATES = 16  # the room that tables leave for a state; a file may hold 0..11
