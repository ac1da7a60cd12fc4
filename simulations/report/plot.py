"""A frame with axes, and the shapes in it: steps, lines, bands and whiskers, in the coordinates of the figures."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec

from simulations.report.folder import Disruption
from simulations.report.markup import Element, el, short
from simulations.report.section import WIDTH
from simulations.report.wording import Words

LEFT: Final = 68.0
RIGHT: Final = 22.0
LABELS_MAX: Final = 11
STEPS_MAX: Final = 360
"""Of one line: more are too narrow to be seen."""
Known = Sequence[float | None]


class Plot(msgspec.Struct, frozen=True):
    """Where figures stand in a picture: `x0` to `x1` from left to right, `y0` to `y1` from `bottom` up to `top`."""

    x0: float
    x1: float
    y0: float
    y1: float
    top: float = 16.0
    bottom: float = 262.0
    left: float = LEFT
    right: float = WIDTH - RIGHT

    def x(self, value: float) -> float:
        """Return where a figure stands across."""
        return self.left + (self.right - self.left) * (value - self.x0) / ((self.x1 - self.x0) or 1.0)

    def y(self, value: float) -> float:
        """Return how high a figure stands; what is beyond the frame stands at its edge."""
        share = min(max((value - self.y0) / ((self.y1 - self.y0) or 1.0), 0.0), 1.0)
        return self.bottom - (self.bottom - self.top) * share


def ticks(low: float, high: float, wanted: int = 4, *, whole: bool = False) -> list[float]:
    """Return round numbers from `low` to `high` or just beyond, about so many steps apart; of people, whole ones."""
    span = max(high - low, 1e-9)
    step = 10.0 ** math.floor(math.log10(span / wanted))
    step = max(step, 1.0) if whole else step
    factors = (1, 2, 5, 10) if whole and step < 10 else (1, 2, 2.5, 5, 10)
    step *= next((factor for factor in factors if span / (step * factor) <= wanted + 0.5), 10)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def digits_of(marks: Sequence[float], scale: float = 1.0) -> int:
    """Return how many digits after the point tell all marks apart as they are, two at most."""
    for digits in (0, 1):
        if all(abs(round(mark * scale, digits) - mark * scale) < 1e-6 for mark in marks):
            return digits
    return 2


def y_axis(plot: Plot, at: Sequence[float], written: Callable[[float], str], name: str = "") -> list[Element]:
    """Return the lines across, with what they stand for."""
    shapes: list[Element] = []
    for value in at:
        y = plot.y(value)
        shapes.append(el("path", class_="rule", d=f"M{short(plot.left)} {short(y)}H{short(plot.right)}"))
        shapes.append(el("text", written(value), class_="axis end", x=plot.left - 7, y=y + 4))
    if name:
        shapes.append(el("text", name, class_="axis name", x=plot.left + 4, y=plot.top - 5))
    return shapes


def x_axis(plot: Plot, at: Sequence[float], written: Callable[[float], str], name: str = "") -> list[Element]:
    """Return ticks below with what they stand for; every other one, never 0, gives way where there is little room."""
    shapes: list[Element] = []
    stays = list(at).index(0) % 2 if 0 in at else 0
    for place, value in enumerate(at):
        x = plot.x(value)
        shapes.append(el("path", class_="tick", d=f"M{short(x)} {short(plot.bottom)}v5"))
        kind = "axis mid" if place % 2 == stays else "axis mid fine"
        shapes.append(el("text", written(value), class_=kind, x=x, y=plot.bottom + 19))
    if name:
        shapes.append(el("text", name, class_="axis mid name", x=(plot.left + plot.right) / 2, y=plot.bottom + 36))
    return shapes


def time_axis(plot: Plot, starts: Sequence[datetime], interval_s: float, say: Words) -> list[Element]:
    """Return the hours, or the days where there are several, below a plot over intervals."""
    per_hour = 3600.0 / interval_s
    hours = len(starts) / per_hour
    if hours <= 36:
        step_h = next((step for step in (0.25, 0.5, 1, 2, 3, 4, 6) if hours / step <= LABELS_MAX), 6)
        places = [
            place for place, start in enumerate(starts) if (start.hour * 60 + start.minute) % round(step_h * 60) == 0
        ]
        places = places or list(range(0, len(starts), math.ceil(len(starts) / LABELS_MAX)))
        return x_axis(plot, places, lambda place: f"{starts[round(place)]:%H:%M}")
    places = [place for place, start in enumerate(starts) if place == 0 or start.date() != starts[place - 1].date()]
    places = places[:: math.ceil(len(places) / LABELS_MAX)]
    return x_axis(plot, places, lambda place: say.day(starts[round(place)]))


def upsets(plot: Plot, disruptions: Sequence[Disruption]) -> list[Element]:
    """Return the stretches in which something goes wrong, behind all else."""
    return [
        el(
            "rect",
            class_="upset",
            x=plot.x(one.start),
            width=max(plot.x(one.end) - plot.x(one.start), 1.0),
            y=plot.top,
            height=plot.bottom - plot.top,
        )
        for one in disruptions
    ]


def thinned(values: Known) -> tuple[int, Known]:
    """Return how many neighbours are taken together so that a picture can show them, and their means."""
    stride = math.ceil(len(values) / STEPS_MAX) or 1
    if stride == 1:
        return 1, values
    parts = [[value for value in values[at : at + stride] if value is not None] for at in range(0, len(values), stride)]
    return stride, [sum(part) / len(part) if part else None for part in parts]


def steps(plot: Plot, values: Known, kind: str) -> Element:
    """Return a line that stays level through each interval; it is broken where nothing is known."""
    stride, shown = thinned(values)
    path, before, end = "", None, ""
    for place, value in enumerate(shown):
        x, y = short(plot.x(place * stride)), None if value is None else short(plot.y(value))
        if y != before:
            path += end if before is not None else ""
            path += f"V{y}" if before is not None and y is not None else "" if y is None else f"M{x} {y}"
        before, end = y, f"H{short(plot.x(min((place + 1) * stride, len(values))))}"
    return el("path", class_=f"line {kind}", d=path + (end if before is not None else ""))


def line(plot: Plot, xs: Sequence[float], ys: Known, kind: str) -> Element:
    """Return a line through points; it is broken where nothing is known."""
    path, before = "", False
    for x, y in zip(xs, ys, strict=True):
        if y is None or not math.isfinite(y):
            before = False
            continue
        path += f"{'L' if before else 'M'}{short(plot.x(x))} {short(plot.y(y))}"
        before = True
    return el("path", class_=f"line {kind}", d=path)


def band(plot: Plot, xs: Sequence[float], lows: Known, highs: Known, kind: str = "band") -> Element:
    """Return the surface between two lines, where both are known."""
    both = [
        (x, low, high) for x, low, high in zip(xs, lows, highs, strict=True) if low is not None and high is not None
    ]
    up = "L".join(f"{short(plot.x(x))} {short(plot.y(high))}" for x, _, high in both)
    down = "L".join(f"{short(plot.x(x))} {short(plot.y(low))}" for x, low, _ in reversed(both))
    return el("path", class_=kind, d=f"M{up}L{down}Z" if both else "")


def level(plot: Plot, value: float, kind: str = "target") -> Element:
    """Return a line straight across."""
    return el("path", class_=f"line {kind}", d=f"M{short(plot.left)} {short(plot.y(value))}H{short(plot.right)}")


def upright(plot: Plot, value: float, kind: str = "target", *, span: tuple[float, float] | None = None) -> Element:
    """Return a line straight up, all the way or from one height of the picture to another."""
    top, bottom = span or (plot.top, plot.bottom)
    return el("path", class_=f"line {kind}", d=f"M{short(plot.x(value))} {short(bottom)}V{short(top)}")


def dot(plot: Plot, x: float, y: float, low: float | None, high: float | None, kind: str = "dot") -> list[Element]:
    """Return a point with the limits of its interval."""
    across, shapes = plot.x(x), []
    if low is not None and high is not None:
        bottom, top = short(plot.y(low)), short(plot.y(high))
        left = short(across - 5)
        shapes.append(
            el("path", class_="whisker", d=f"M{left} {bottom}h10M{left} {top}h10M{short(across)} {bottom}V{top}")
        )
    return [*shapes, el("circle", class_=kind, cx=across, cy=plot.y(y), r=4.5)]


def lying(plot: Plot, y: float, low: float, high: float) -> Element:
    """Return the limits of an interval across, at a height of the picture."""
    left, right, top = short(plot.x(low)), short(plot.x(high)), short(y - 5)
    return el("path", class_="whisker", d=f"M{left} {top}v10M{right} {top}v10M{left} {short(y)}H{right}")
