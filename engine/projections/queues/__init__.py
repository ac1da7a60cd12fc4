"""Queues as they are now, and by interval."""
