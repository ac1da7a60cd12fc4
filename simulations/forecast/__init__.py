"""The next hour of a running engine, played many times over from its present state by the kernel itself."""
