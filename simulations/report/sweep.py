"""What a sweep found: figures over the values of what was varied, a line for each queue or for each other value."""

import math
from typing import Any, Final

import msgspec

from simulations.report.folder import Folder, Row, limits_of
from simulations.report.plot import Plot, digits_of, dot, level, line, ticks, x_axis, y_axis
from simulations.report.section import Missing, Panel, Section, Table
from simulations.report.wording import Limits, Words

LINES_MAX: Final = 5
FIGURES: Final = ("service_level", "abandon_rate", "asa_s", "occupancy", "cost")
SHARES: Final = ("service_level", "abandon_rate", "occupancy")
WIDTH: Final = 560.0
ASIDE: Final = 0.06
"""By how much points of one value stand beside each other, so that all are seen."""
ALL: Final = "all"


class Series(msgspec.Struct):
    """A line: what it is of, and the points of the first name that was varied, in order."""

    name: str
    queue: str
    points: list[Row]

    def at(self, figure: str) -> list[Limits]:
        """Return a figure of every point; occupancy and cost are of all queues only."""
        return [_figure(point, self.queue, figure) for point in self.points]


def sweep(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: a picture for each figure."""
    if folder.sweep is None:
        return Missing("sweep", "trunkline sweep FILE --vary volume=0.8:1.3:0.1 -o DIR")
    points = folder.sweep["points"]
    # Along the one with the most values; the others make the lines.
    varied = sorted(folder.sweep["varied"], key=lambda axis: -len(axis["values"]))
    series = _series(varied, points, say)
    labels = [str(value) for value in varied[0]["values"]]
    panels = []
    for figure in FIGURES:
        known = [one for one in series if any(value is not None for value, _, _ in one.at(figure))]
        if any(value for one in known for value, _, _ in one.at(figure)):
            panels.append(_panel(figure, known, series, labels, varied[0]["name"], folder, say))
    legend = [(f"line s{place}", one.name) for place, one in enumerate(series)]
    if _target(series, folder) is not None:
        legend.append(("line target", say("target")))
    names = ", ".join(axis["name"] for axis in varied)
    lead = [say("sweep_lead", names=names, points=len(points), replications=folder.sweep["replications"])]
    notes = (
        [say("sweep_lines", shown=len(series))]
        if math.prod(len(axis["values"]) for axis in varied[1:]) > LINES_MAX
        else []
    )
    return Section("sweep", lead, panels, _table(varied, points, folder, say), legend, wide=True, notes=notes)


def _series(varied: list[Row], points: list[Row], say: Words) -> list[Series]:
    """Return the lines: of one name varied every queue, of several every combination of the others."""
    first = varied[0]["name"]
    if len(varied) == 1:
        queues = list(points[0]["queues"])
        found = [Series(say("all_queues"), ALL, points)]
        return found + [Series(name, name, points) for name in queues[: LINES_MAX - 1] if len(queues) > 1]
    others: dict[str, list[Row]] = {}
    for point in points:
        name = ", ".join(f"{key} {value}" for key, value in point["values"].items() if key != first)
        others.setdefault(name, []).append(point)
    every = max(1, math.ceil(len(others) / LINES_MAX))
    return [Series(name, ALL, found) for name, found in list(others.items())[::every]]


def _figure(point: Row, queue: str, figure: str) -> Limits:
    if figure in ("cost", "occupancy") and queue != ALL:
        return None, None, None
    if figure == "cost":
        return limits_of(point["cost"])
    return limits_of((point["all"] if queue == ALL else point["queues"][queue]).get(figure))


def _panel(
    figure: str, known: list[Series], series: list[Series], labels: list[str], name: str, folder: Folder, say: Words
) -> Panel:
    is_share = figure in SHARES
    ends = [end for one in known for found in one.at(figure) for end in found if end is not None]
    target = _target(known, folder) if figure == "service_level" else None
    low, high = (0.0, min(1.0, max(ends))) if is_share else (0.0 if figure == "asa_s" else min(0.0, *ends), max(ends))
    if figure in ("service_level", "occupancy"):
        low, high = max(0.0, min([*ends, *([target] if target else [])]) - 0.02), 1.0
    marks = ticks(low, high)
    plot = Plot(-0.25, len(labels) - 0.75, marks[0], marks[-1], bottom=236, left=86, right=WIDTH - 16)
    digits = digits_of(marks, 100.0 if is_share else 1.0)
    every = max(1, math.ceil(sum(len(label) + 2 for label in labels) / 50))
    shapes = [
        *y_axis(plot, marks, lambda mark: say.share(mark, digits) if is_share else say.compact(mark, digits)),
        *x_axis(plot, list(range(0, len(labels), every)), lambda place: labels[round(place)], name),
        *([level(plot, target)] if target is not None else []),
    ]
    for place, one in enumerate(known):
        figures, kind = one.at(figure), f"s{series.index(one)}"
        aside = ASIDE * (place - (len(known) - 1) / 2)
        xs = [at + aside for at in range(len(figures))]
        shapes.append(line(plot, xs, [value for value, _, _ in figures], kind))
        for x, (value, below, above) in zip(xs, figures, strict=True):
            if value is not None:
                shapes += dot(plot, x, value, below, above, f"point {kind}")
    title = say(f"swept_{figure}", currency=folder.sweep["currency"] if folder.sweep else "")
    told = "; ".join(f"{one.name}: {_span(one.at(figure), is_share, say)}" for one in known)
    return Panel(title, told, shapes, 284, WIDTH)


def _span(figures: list[Limits], is_share: bool, say: Words) -> str:
    values = [value for value, _, _ in figures if value is not None]
    written = [say.share(value) if is_share else say.number(value, 1) for value in (values[0], values[-1])]
    return f"{written[0]} {say('to')} {written[1]}"


def _target(known: list[Series], folder: Folder) -> float | None:
    """Return the target that all queues have in common."""
    if folder.scenario is None:
        return None
    targets = {folder.target(name)[0] for name in folder.scenario.file.queues}
    return targets.pop() if len(targets) == 1 else None


def _table(varied: list[Row], points: list[Row], folder: Folder, say: Words) -> Table:
    names = [axis["name"] for axis in varied]
    rows: list[list[str]] = []
    for point in points:
        queues = list(point["queues"]) if len(point["queues"]) > 1 else []
        for queue in [ALL, *queues]:
            found: dict[str, Any] = {figure: _figure(point, queue, figure) for figure in FIGURES}
            rows.append(
                [
                    *(str(point["values"][name]) for name in names),
                    say("all_queues") if queue == ALL else queue,
                    *(
                        say.shares(found[figure])
                        if figure in SHARES
                        else say.limits(found[figure], 0 if figure == "cost" else 1)
                        for figure in FIGURES
                    ),
                ]
            )
    currency = folder.sweep["currency"] if folder.sweep else ""
    headings = [say(f"swept_{figure}_limits", currency=currency) for figure in FIGURES]
    return Table([*names, say("queue"), *headings], rows, len(names) + 1)
