"""The latest contacts: what became of each, and why."""
