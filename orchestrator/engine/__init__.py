"""The built-in engine, a process that nobody imports."""
