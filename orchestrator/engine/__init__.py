"""The built-in engine: ReSCAL-snow's model, run as a process of its own."""
