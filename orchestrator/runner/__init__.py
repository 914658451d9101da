"""In a job: worker, supervisor, engine process, pipe, reducer."""
