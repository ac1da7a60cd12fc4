"""The log in words: events, and what was written in contacts."""
