"""Numbers from reduced snapshots: observables, replicates, labelled datasets, comparisons."""
