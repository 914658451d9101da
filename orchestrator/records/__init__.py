"""On disk: paths, ledger, attempts, status, journal, arrays."""
