"""What Slurm says of a cluster and its jobs.

``cluster`` and ``jobs`` ask, each with few calls for everything at once, and answer with values or
with `Unknown`; ``feasibility`` and ``verdict`` decide, from values alone; ``control`` releases and cancels.
"""
