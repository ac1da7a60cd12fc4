"""Trunkline's engine: ingest, the compiled kernel, the log, effects and projections."""
