"""Figures one below the other, each by name, with the limits of its interval across."""

from collections.abc import Callable
from typing import Final

import msgspec

from simulations.report.markup import Element, el
from simulations.report.plot import Plot, lying, ticks, upright, x_axis
from simulations.report.section import WIDTH
from simulations.report.wording import Limits

ROW: Final = 46.0
SIDE: Final = 64.0
REACH: Final = 9.0
"""Of the line at 0, up and down from a figure."""
SHOWN: Final = 40
"""Letters of a name."""


class Named(msgspec.Struct, frozen=True):
    """A figure in its unit, what it is of, and the class of its dot."""

    name: str
    figure: Limits
    kind: str = "dot"


def in_rows(
    named: list[Named], written: Callable[[list[float]], Callable[[float], str]], axis: str
) -> tuple[list[Element], float]:
    """Return the shapes, and how high they stand; `written` tells how marks are written.

    0 stands upright beside each figure, and leaves the room above free for the name.
    """
    ends = [end for one in named for end in one.figure if end is not None]
    marks = ticks(min(0.0, *ends), max(0.0, *ends), 6)
    bottom = 14 + ROW * len(named)
    plot = Plot(marks[0], marks[-1], 0, 1, top=10, bottom=bottom, left=SIDE, right=WIDTH - SIDE)
    shapes = x_axis(plot, marks, written(marks), axis)
    for place, one in enumerate(named):
        y = plot.top + ROW * (place + 0.72)
        name = one.name if len(one.name) <= SHOWN else f"{one.name[: SHOWN - 1]}…"
        shapes.append(el("text", name, class_="axis strong", x=4, y=y - 12))
        shapes.append(upright(plot, 0.0, span=(y - REACH, y + REACH)))
        value, low, high = one.figure
        if low is not None and high is not None:
            shapes.append(lying(plot, y, low, high))
        if value is not None:
            shapes.append(el("circle", class_=one.kind, cx=plot.x(value), cy=y, r=5.5))
    return shapes, bottom + (44 if axis else 28)
