"""Planners' subcommands of `trunkline`, found by their entry points; what they do is imported when they are called."""
