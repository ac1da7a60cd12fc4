"""Measurements of what the project claims, each beside a peer or a bound that was measured in the same run."""
