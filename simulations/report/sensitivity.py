"""Sensitivity: what a little more or less volume, handling time, patience and shrinkage does, as a tornado."""

from typing import Any, Final

from simulations.report.folder import Folder, Row, limits_of
from simulations.report.markup import Element, el
from simulations.report.plot import Plot, digits_of, lying, ticks, upright, x_axis
from simulations.report.section import WIDTH, Missing, Panel, Section, Table
from simulations.report.wording import Words

BAR: Final = 21.0
ROW: Final = 76.0
NAME: Final = 26.0
"""Above the two bars of a factor."""
SIDE: Final = 64.0
PICTURED: Final = ("service_level", "cost")
SHARES: Final = ("service_level", "abandon_rate")


def sensitivity(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: how the service level moves, and the cost where there is any."""
    if folder.sensitivity is None:
        return Missing(
            "sensitivity",
            f"trunkline report {folder.path}" if folder.run is not None else "trunkline simulate FILE -o DIR",
        )
    changes = folder.sensitivity["changes"]
    moving = {row["factor"] for row in changes if any(row[name]["value"] for name in (*SHARES, "asa_s", "cost"))}
    rows = [row for row in changes if row["factor"] in moving]
    if not rows:
        return Missing("sensitivity", "")
    pictured = [name for name in PICTURED if any(row[name]["value"] for row in rows)]
    panels = [_panel(name, rows, folder, say) for name in pictured]
    legend = [("rect more", say("raised")), ("rect less", say("lowered"))]
    count = folder.sensitivity["replications"]
    notes = [] if folder.run is None or folder.run["replications"] == count else [say("sensitivity_fewer", count=count)]
    return Section(
        "sensitivity", _lead(rows, say), panels, _table(rows, folder, say), legend, wide=len(panels) > 1, notes=notes
    )


def _lead(rows: list[Row], say: Words) -> list[str]:
    told = [row for row in rows if row["service_level"]["value"] is not None]
    if not told:
        return []
    worst = min(told, key=lambda row: row["service_level"]["value"])
    figure = say.limits(limits_of(worst["service_level"]), 1, 100.0)
    return [say("sensitivity_lead", change=_named(worst, say), points=figure)]


def _named(row: Row, say: Words) -> str:
    change = row["change"]
    return f"{say('factor_' + row['factor'])} {'+' if change > 0 else '−'}{say.share(abs(change), 0)}"


def _panel(name: str, rows: list[Row], folder: Folder, say: Words) -> Panel:
    scale = 100.0 if name in SHARES else 1.0
    by_factor: dict[str, list[Row]] = {}
    for row in rows:
        by_factor.setdefault(row["factor"], []).append(row)
    reach = {factor: max(abs(row[name]["value"] or 0.0) for row in found) for factor, found in by_factor.items()}
    ordered = sorted(by_factor, key=lambda factor: -reach[factor])
    ends = [end * scale for row in rows for end in limits_of(row[name]) if end is not None]
    marks = ticks(min(0.0, *ends), max(0.0, *ends), 6)
    bottom = 12 + ROW * len(ordered)
    plot = Plot(marks[0], marks[-1], 0, 1, top=8, bottom=bottom, left=SIDE, right=WIDTH - SIDE)
    digits = digits_of(marks)
    title = say(f"moved_{name}", currency=(folder.run or {}).get("cost", {}).get("currency", ""))

    def written(value: float) -> str:
        return ("+" if value > 0 else "") + (
            say.number(value, digits) if name in SHARES else say.compact(value, digits)
        )

    shapes: list[Element] = [*x_axis(plot, marks, written)]
    for place, factor in enumerate(ordered):
        y = plot.top + ROW * place + NAME
        shapes.append(el("text", say(f"factor_{factor}"), class_="axis strong", x=4, y=y - 7))
        for side, row in enumerate(sorted(by_factor[factor], key=lambda row: -row["change"])):
            shapes += _bar(plot, y + BAR * side, row, name, scale, say)
        # Not through the name above.
        shapes.append(upright(plot, 0.0, "axis-line", span=(y - 3, y + 2 * BAR + 1)))
    told = "; ".join(f"{_named(row, say)}: {say.limits(limits_of(row[name]), 1, scale)}" for row in rows)
    return Panel(title, told, shapes, bottom + 28)


def _bar(plot: Plot, y: float, row: Row, name: str, scale: float, say: Words) -> list[Element]:
    value, low, high = (None if end is None else end * scale for end in limits_of(row[name]))
    if value is None:
        return []
    zero, end, middle = plot.x(0.0), plot.x(value), y + (BAR - 2) / 2
    kind = "more" if row["change"] > 0 else "less"
    shapes = [el("rect", class_=kind, x=min(zero, end), width=abs(end - zero), y=y, height=BAR - 2)]
    if low is not None and high is not None:
        shapes.append(lying(plot, middle, low, high))
    text = ("+" if row["change"] > 0 else "−") + say.share(abs(row["change"]), 0)
    # Beside the axis, on the side that the bar leaves free.
    free = zero + 6 if end < zero or zero <= plot.left + 30 else zero - 6
    shapes.append(el("text", text, class_="axis" if free > zero else "axis end", x=free, y=middle + 4))
    return shapes


def _table(rows: list[Row], folder: Folder, say: Words) -> Table:
    queues = list(rows[0]["queues"]) if len(rows[0]["queues"]) > 1 else []
    cells: list[list[str]] = []
    for row in rows:
        shown: list[Any] = [
            say.limits(limits_of(row["service_level"]), 2, 100.0),
            say.limits(limits_of(row["abandon_rate"]), 2, 100.0),
            say.limits(limits_of(row["asa_s"]), 2),
            say.limits(limits_of(row["cost"]), 0),
            *(say.limits(limits_of(row["queues"][queue]), 2, 100.0) for queue in queues[:8]),
        ]
        cells.append([_named(row, say), *shown])
    currency = (folder.run or {}).get("cost", {}).get("currency", "")
    headings = [say("change"), *(say(f"moved_{name}", currency=currency) for name in (*SHARES, "asa_s", "cost"))]
    return Table([*headings, *(say("moved_queue", queue=queue) for queue in queues[:8])], cells)
