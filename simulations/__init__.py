"""Simulated worlds: they run the very kernel that takes the calls."""
