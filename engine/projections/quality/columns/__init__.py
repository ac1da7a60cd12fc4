"""Columns in which quality is counted, and contacts are kept: many at once, bounded."""
