"""What Slurm says about a cluster and its jobs, and what follows from it.

``cluster`` and ``jobs`` ask, each with few calls for everything at once, and answer with values or
with `Unknown`; ``request`` and ``verdict`` decide, from values alone; ``steering`` releases and cancels.
"""
