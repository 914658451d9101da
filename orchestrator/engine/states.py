"""The states of a cell and their phases."""

from __future__ import annotations

GRAIN = 0
MOBILE = 1
SINTERED = 2
AIR = 3
WALL = 5
NEUTRAL = 6
SOURCE = 7
SINK = 8

STATES = 16  # the room that tables leave for a state; a file may hold 0..11
NAMES = ("GR", "GRJ", "GRV", "EAUC", "VEG", "BORD", "DUM", "IN", "OUT", "TUNNEL", "-", "-")
