"""Worlds that the engine's own kernel can be run in: callers, agents and time, all made up from a seed."""
