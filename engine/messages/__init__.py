"""The words of the log: observed facts, decided facts, effects, and their fixed-width rows."""
