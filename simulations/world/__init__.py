"""Simulated worlds around the kernel: `plain` in Python, a row at a time; `run` compiled, no Python in the loop."""

from simulations.world.plain import Centre, World, joined

__all__ = ["Centre", "World", "joined"]
