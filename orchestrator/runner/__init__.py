"""What runs in a job: worker, queue, supervisor, watchdog, engine process, pipe, reducer."""
