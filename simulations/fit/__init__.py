"""From what happened to a scenario: recorded calls read into one table, estimates with their fit, a file of both."""
