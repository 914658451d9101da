"""Parameter sweeps of ReSCAL-snow, run on Slurm or on one machine and reduced while they run."""

__version__ = "0.1.0"
