"""Staffing without simulating: agents an interval, shifts that cover them at least cost, several skills.

Steps build on each other, each a pure function over arrays: `offered_loads`, `requirements`, then `shift_patterns` and
`cover`; where groups serve several queues, `pools` and `pooled_requirements` come between. The result is a start: what
it leaves out (priorities, routing, backlogs) a simulation adds as cuts to `cover`.
"""

from simulations.staffing.covering import Cover, cover
from simulations.staffing.loads import METHODS, offered_loads
from simulations.staffing.pools import able_of, pooled_requirements, pools
from simulations.staffing.requirement import Bounds, Requirement, requirements
from simulations.staffing.shifts import Break, Patterns, Shift, check_shift, shift_patterns
from simulations.staffing.task import Cut

__all__ = [
    "METHODS",
    "Bounds",
    "Break",
    "Cover",
    "Cut",
    "Patterns",
    "Requirement",
    "Shift",
    "able_of",
    "check_shift",
    "cover",
    "offered_loads",
    "pooled_requirements",
    "pools",
    "requirements",
    "shift_patterns",
]
