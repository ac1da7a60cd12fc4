"""Convergence: how the figure and its interval of confidence settled as replications came in."""

import math

from simulations.report.folder import Folder, Row, limits
from simulations.report.plot import Plot, band, digits_of, level, line, ticks, x_axis, y_axis
from simulations.report.section import Missing, Panel, Section, Table
from simulations.report.wording import Words

NAMES_MAX = 11


def convergence(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: the service level of all queues with its limits, and how narrow these became."""
    by_queue: dict[str, list[Row]] = {}
    for row in folder.convergence:
        if row["service_level"] is not None and row["service_level_lo"] is not None:
            by_queue.setdefault(row["queue"], []).append(row)
    whole = by_queue.pop("", [])
    if len(whole) < 2:
        return Missing("convergence", "trunkline simulate FILE -o DIR")
    named = {say("all_queues"): whole} | (by_queue if len(by_queue) > 1 else {})
    stop = folder.scenario.file.experiment.stop if folder.scenario is not None else None
    asked = stop.half_width if stop is not None and stop.metric.endswith("service_level") else None
    panels = [_settled(whole, folder, say), _narrowed(named, asked, say)]
    legend = [("line at-work", say("all_queues")), ("rect band", say("limits", share=say.share(folder.confidence, 0)))]
    if len(named) > 1:
        legend.append(("line scheduled", say("each_queue")))
    if asked is not None:
        legend.append(
            ("line target", say("narrow_enough", half=say.number(asked * 100, 1), metric=stop.metric if stop else ""))
        )
    last = whole[-1]
    half = _half(last)
    more = math.ceil(last["replications"] * 4)
    lead = say("convergence_lead", count=last["replications"], half=say.number(half * 100, 2), more=more)
    return Section("convergence", [lead], panels, _table(named, say), legend, wide=True)


def _half(row: Row) -> float:
    return float(row["service_level_hi"] - row["service_level_lo"]) / 2


def _settled(rows: list[Row], folder: Folder, say: Words) -> Panel:
    xs = [row["replications"] for row in rows]
    # The first few say so little that their limits would hide all others.
    later = rows[min(3, len(rows) - 1) :]
    low, high = min(row["service_level_lo"] for row in later), max(row["service_level_hi"] for row in later)
    marks = ticks(max(low, 0.0), min(high, 1.0))
    plot = Plot(xs[0], xs[-1], marks[0], marks[-1], bottom=246)
    digits = digits_of(marks, 100.0)
    shapes = [
        *y_axis(plot, marks, lambda value: say.share(value, digits)),
        *x_axis(plot, _whole(xs), say.number, say("replications")),
        level(plot, rows[-1]["service_level"], "axis-line"),
        band(plot, xs, [row["service_level_lo"] for row in rows], [row["service_level_hi"] for row in rows]),
        line(plot, xs, [row["service_level"] for row in rows], "at-work"),
    ]
    told = say("settled_told", figure=say.shares(limits(rows[-1], "service_level")), count=xs[-1])
    return Panel(say("settled"), told, shapes)


def _narrowed(named: dict[str, list[Row]], asked: float | None, say: Words) -> Panel:
    later = {name: rows[min(2, len(rows) - 1) :] for name, rows in named.items()}
    xs = sorted({row["replications"] for rows in later.values() for row in rows})
    most = max(_half(rows[0]) for rows in later.values())
    marks = ticks(0, max(most, asked or 0.0))
    plot = Plot(xs[0], xs[-1], 0, marks[-1], bottom=246)
    digits = digits_of(marks, 100.0)
    shapes = [
        *y_axis(plot, marks, lambda value: f"±{say.number(value * 100, digits)}"),
        *x_axis(plot, _whole(xs), say.number, say("replications")),
    ]
    if asked is not None:
        shapes.append(level(plot, asked))
    for place, rows in reversed(list(enumerate(later.values()))):
        at = [row["replications"] for row in rows]
        shapes.append(line(plot, at, [_half(row) for row in rows], "scheduled" if place else "at-work"))
    return Panel(
        say("narrowed"), say("narrowed_told", half=say.number(_half(later[next(iter(later))][-1]) * 100, 2)), shapes
    )


def _whole(xs: list[float]) -> list[float]:
    return [
        value for value in ticks(xs[0], xs[-1], 8, whole=True) if xs[0] <= value <= xs[-1] and value == round(value)
    ]


def _table(named: dict[str, list[Row]], say: Words) -> Table:
    names = list(named)[:NAMES_MAX]
    counts = [row["replications"] for row in named[names[0]]]
    by_count = {name: {row["replications"]: row for row in named[name]} for name in names}
    step = max(1, len(counts) // 20)
    chosen = [count for place, count in enumerate(counts) if place % step == 0 or count == counts[-1]]
    rows = [
        [
            say.number(count),
            *(
                say.shares(limits(by_count[name][count], "service_level"), 2) if count in by_count[name] else "–"
                for name in names
            ),
        ]
        for count in chosen
    ]
    return Table([say("replications"), *(f"{name}, %" for name in names)], rows)
