"""Two scenarios with the same callers: what differs, and whether beyond chance."""

from typing import Final

from simulations.report.folder import Folder, Row, limits_of
from simulations.report.markup import el
from simulations.report.plot import Plot, digits_of, lying, ticks, upright, x_axis
from simulations.report.section import WIDTH, Missing, Panel, Section, Table
from simulations.report.wording import Words

ROW: Final = 46.0
SIDE: Final = 64.0
SHOWN: Final = 40
"""Letters of a name."""
SHARES: Final = ("service_level", "abandon_rate", "blocked_rate")
ROWS_MAX: Final = 20


def comparison(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: a picture for each figure that differs anywhere."""
    if folder.compare is None:
        return Missing("comparison", "trunkline compare ONE OTHER -o DIR")
    figures: dict[str, list[Row]] = {}
    for row in folder.compare["figures"]:
        if row["difference"]["value"] is not None:
            figures.setdefault(row["figure"], []).append(row)
    told = {name: rows for name, rows in figures.items() if any(row["difference"]["value"] for row in rows)}
    panels = [_panel(name, rows[:ROWS_MAX], folder, say) for name, rows in told.items()]
    legend = [("dot dot better", say("other_better")), ("dot dot worse", say("one_better")), ("dot dot", say("chance"))]
    lead = [say("comparison_lead", one=_name(folder, "one"), other=_name(folder, "other"))]
    lead += [
        _sentence(row, folder, say) for row in folder.compare["figures"] if row["queue"] == "all" and row["better"]
    ]
    return Section("comparison", lead, panels, _table(folder.compare["figures"], folder, say), legend, wide=True)


def _name(folder: Folder, which: str) -> str:
    """Return what `one` or `other` is called; with its number where both are called the same."""
    made = folder.compare or {}
    is_same = made["one"] == made["other"]
    return f"{made[which]} ({1 if which == 'one' else 2})" if is_same else str(made[which])


def _written(row: Row, key: str, say: Words, digits: int = 1) -> str:
    figure = limits_of(row[key])
    return say.limits(figure, digits, 100.0 if row["figure"] in SHARES else 1.0)


def _sentence(row: Row, folder: Folder, say: Words) -> str:
    winner = _name(folder, row["better"])
    figure = say(f"figure_{row['figure']}", currency=(folder.compare or {}).get("currency", ""))
    return say("comparison_better", winner=winner, figure=figure, difference=_written(row, "difference", say, 2))


def _panel(name: str, rows: list[Row], folder: Folder, say: Words) -> Panel:
    scale = 100.0 if name in SHARES else 1.0
    gaps = [[None if end is None else end * scale for end in limits_of(row["difference"])] for row in rows]
    ends = [end for gap in gaps for end in gap if end is not None]
    marks = ticks(min(0.0, *ends), max(0.0, *ends), 6)
    bottom = 14 + ROW * len(rows)
    plot = Plot(marks[0], marks[-1], 0, 1, top=10, bottom=bottom, left=SIDE, right=WIDTH - SIDE)
    digits = digits_of(marks)
    title = say.heading(f"figure_{name}", currency=(folder.compare or {}).get("currency", ""))
    shapes = [
        *x_axis(
            plot, marks, lambda value: ("+" if value > 0 else "") + say.compact(value, digits), say("other_minus_one")
        ),
        upright(plot, 0.0),
    ]
    for place, (row, (value, low, high)) in enumerate(zip(rows, gaps, strict=True)):
        y = plot.top + ROW * (place + 0.72)
        queue = say("all_queues") if row["queue"] == "all" else row["queue"]
        name = queue if len(queue) <= SHOWN else f"{queue[: SHOWN - 1]}…"
        shapes.append(el("text", name, class_="axis strong", x=4, y=y - 12))
        if low is not None and high is not None:
            shapes.append(lying(plot, y, low, high))
        kind = {"other": "dot better", "one": "dot worse"}.get(row["better"] or "", "dot")
        shapes.append(el("circle", class_=kind, cx=plot.x(value or 0.0), cy=y, r=5.5))
    told = "; ".join(f"{row['queue']} {_written(row, 'difference', say, 2)}" for row in rows)
    return Panel(title, f"{say('other_minus_one')}: {told}", shapes, bottom + 44)


def _table(rows: list[Row], folder: Folder, say: Words) -> Table:
    cells = []
    for row in rows:
        figure = say(f"figure_{row['figure']}", currency=(folder.compare or {}).get("currency", ""))
        queue = say("all_queues") if row["queue"] == "all" else row["queue"]
        better = _name(folder, row["better"]) if row["better"] else say("chance")
        cells.append([queue, figure, better, *(_written(row, key, say, 2) for key in ("one", "other", "difference"))])
    names = [_name(folder, key) for key in ("one", "other")]
    return Table([say("queue"), say("figure"), say("better"), *names, say.heading("other_minus_one")], cells, 3)
