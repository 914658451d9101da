"""Plan, submit, resubmit, cancel and watch, on Slurm or here."""
