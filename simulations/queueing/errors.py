"""What the planner's formulas refuse."""

from engine.errors import TrunklineError


class UnfitInput(TrunklineError, ValueError):
    """A number that no formula can work with: says which, what it is and what it may be."""


class Unreachable(TrunklineError, ValueError):
    """No number of agents or trunks reaches the target: says why."""
