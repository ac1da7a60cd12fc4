"""How long contacts wait: the share answered within every time, with the threshold of the service level."""

from typing import Final

from simulations.report.folder import Folder, Row, level_note, limits
from simulations.report.markup import el
from simulations.report.plot import Plot, band, dot, level, line, ticks, upright, x_axis, y_axis
from simulations.report.section import PANELS_MAX, Missing, Panel, Section, Table
from simulations.report.wording import Words

TOLD_S: Final = (
    0.0,
    5.0,
    10.0,
    15.0,
    20.0,
    30.0,
    45.0,
    60.0,
    90.0,
    120.0,
    180.0,
    300.0,
    600.0,
    3600.0,
    14_400.0,
    43_200.0,
)
UNITS: Final = ((7200.0, 3600.0, "hour"), (600.0, 60.0, "minute"), (0.0, 1.0, "second"))
"""From how long an axis on: the unit that it is told in, s."""
NEARLY_ALL: Final = 0.995
"""Share of the answered up to which the curve is drawn."""


def waits(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: a picture for each queue."""
    if not folder.waits:
        return Missing("waits", "trunkline simulate FILE -o DIR")
    by_queue: dict[str, list[Row]] = {}
    for row in folder.waits:
        by_queue.setdefault(row["queue"], []).append(row)
    told = {name: rows for name, rows in by_queue.items() if rows[-1]["answered"]}
    panels = [_panel(folder, name, rows, say) for name, rows in list(told.items())[:PANELS_MAX]]
    legend = [
        ("line at-work", say("answered_within")),
        ("rect band", say("limits", share=say.share(folder.confidence, 0))),
    ]
    legend += [("line target", say("threshold_and_target"))]
    lead = [_sentence(folder, name, rows, say) for name, rows in list(told.items())[:4]]
    table, notes = _table(folder, told, say), level_note(folder, say)
    return Section("waits", lead, panels, table, legend, wide=len(panels) > 1, notes=notes)


def at(rows: list[Row], seconds: float) -> Row:
    """Return the row of the last edge that is no later; what nobody waited longer than is as the last one told."""
    return [row for row in rows if row["within_s"] is not None and row["within_s"] <= seconds][-1]


def quantile_s(rows: list[Row], share: float) -> float | None:
    """Return the wait within which this share of the answered were, s; None if that is beyond the last edge."""
    wanted, before = share * rows[-1]["answered"], (0.0, 0.0)
    for row in rows:
        if row["answered"] >= wanted:
            if row["within_s"] is None:
                return None
            inside = row["answered"] - before[1]
            part = (wanted - before[1]) / inside if inside else 0.0
            return float(before[0] + part * (row["within_s"] - before[0]))
        before = (row["within_s"], row["answered"])
    return None


def _sentence(folder: Folder, name: str, rows: list[Row], say: Words) -> str:
    within_s = folder.target(name)[1]
    found, within = at(rows, within_s), say.duration(within_s)
    half, most = quantile_s(rows, 0.5), quantile_s(rows, 0.95)
    if not half:
        at_once = say.share(at(rows, 0.0)["share"])
        return say("waits_lead_at_once", queue=name, share=say.share(found["share"]), within=within, at_once=at_once)
    return say(
        "waits_lead",
        queue=name,
        share=say.share(found["share"]),
        within=within,
        half=say.duration(half),
        most=say.duration(most),
    )


def _panel(folder: Folder, name: str, rows: list[Row], say: Words) -> Panel:
    target, within_s = folder.target(name)
    edges = [row for row in rows if row["within_s"] is not None]
    total = rows[-1]["answered"]
    end = next((row["within_s"] for row in edges if row["answered"] >= NEARLY_ALL * total), edges[-1]["within_s"])
    reach = min(max(end, 2 * within_s, 10.0), max(edges[-1]["within_s"], 2 * within_s))
    unit, word = next((unit, word) for least, unit, word in UNITS if reach > least)
    marks = [mark * unit for mark in ticks(0.0, reach / unit, 6)]
    plot = Plot(0, marks[-1], 0, 1, top=16, bottom=246)
    shown = [row for row in edges if row["within_s"] <= marks[-1]]
    xs, shares = [row["within_s"] for row in shown], [row["share"] for row in shown]
    if shown[-1] is edges[-1] and rows[-1]["within_s"] is not None:
        xs, shares = [*xs, marks[-1]], [*shares, shares[-1]]
    found = at(rows, within_s)
    shapes = [
        *y_axis(plot, [0, 0.25, 0.5, 0.75, 1], lambda value: say.share(value, 0)),
        *x_axis(plot, marks, lambda mark: say.number(mark / unit), say("wait_axis", unit=say(word))),
        upright(plot, within_s),
        *([level(plot, target)] if target is not None else []),
        band(plot, xs[: len(shown)], [row["share_lo"] for row in shown], [row["share_hi"] for row in shown]),
        line(plot, xs, shares, "at-work"),
        *dot(plot, within_s, found["share"], found["share_lo"], found["share_hi"]),
    ]
    label = f"{say.share(found['share'])} ≤ {say.duration(within_s)}"
    right = plot.x(within_s) < plot.right - 150
    shapes.append(
        el(
            "text",
            label,
            class_="axis strong" if right else "axis strong end",
            x=plot.x(within_s) + (12 if right else -12),
            y=min(plot.y(found["share"]) + 28, plot.bottom - 8),
        )
    )
    return Panel(name, _sentence(folder, name, rows, say), shapes)


def _table(folder: Folder, told: dict[str, list[Row]], say: Words) -> Table:
    names = list(told)[:PANELS_MAX]
    thresholds = {folder.target(name)[1] for name in names}
    longest = max((row["within_s"] or 0.0 for rows in told.values() for row in rows), default=0.0)
    times = sorted({*TOLD_S, *thresholds})
    times = [time for time in times if time <= longest] or [0.0]
    rows = [
        [f"≤ {say.duration(time)}", *(say.shares(limits(at(told[name], time), "share")) for name in names)]
        for time in times
    ]
    for share in (0.5, 0.8, 0.9, 0.95, 0.99):
        waited = [quantile_s(told[name], share) for name in names]
        cells = [say("longer", time=say.duration(longest)) if time is None else say.duration(time) for time in waited]
        rows.append([say("quantile", share=say.share(share, 0)), *cells])
    return Table([say("wait"), *(f"{name}, %" for name in names)], rows)
