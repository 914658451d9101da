"""What is on disk of a sweep: paths, ledger, attempts, status, journal, arrays, provenance."""
