"""Experiments: replications of a scenario over all cores, what they found with confidence, and files of it."""
