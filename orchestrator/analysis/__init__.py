"""Observables, replicates, labelled datasets, comparisons."""
