"""Who runs a sweep: workers on this machine, or jobs on Slurm through submitit."""
