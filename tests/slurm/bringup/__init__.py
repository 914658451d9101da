"""A real Slurm cluster on one machine, for tests and for trying things out.

``tests/slurm/up`` and ``tests/slurm/down`` run this package with whatever Python there is, so it
needs nothing but the standard library.
"""
