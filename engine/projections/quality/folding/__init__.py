"""From rows of the log to the state of quality, and copies of it."""
