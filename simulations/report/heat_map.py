"""The service level of every queue and interval as a map: warm where it is below its target."""

from datetime import date
from typing import Final

import msgspec

from simulations.report.folder import Folder, Row, level_note, limits, moment
from simulations.report.markup import Element, el, short
from simulations.report.plot import Plot, time_axis, upsets, x_axis
from simulations.report.section import PANELS_MAX, Missing, Panel, Section, Table, room_for
from simulations.report.wording import Words

ROW: Final = 30.0
LEFT: Final = 132.0
WIDTH: Final = 1080.0
"""More than of other pictures: it is as wide as the page."""
SHADES: Final = ((0.1, "far-above"), (0.0, "above"), (-0.05, "just-below"), (-0.2, "below"), (-9.0, "far-below"))
"""By how much the service level is above its target at least."""
NUMBERS_MAX: Final = 48
"""Columns in which numbers have room."""
TIGHT_BELOW: Final = 25.0
"""Width of a column in which numbers are written small."""
CELLS_MAX: Final = 1500
"""That hold numbers; more are coloured only."""
ROWS_MAX: Final = 31
SHOWN: Final = 14
"""Letters of a name that stand beside a row."""


class _Line(msgspec.Struct):
    """A row of cells: what stands beside it, and cells by column."""

    name: str
    cells: dict[int, Row]
    target: float | None


def heat_map(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: a map of queues by hours, or one of days by hours for each queue."""
    if not folder.intervals:
        return Missing("heat", "trunkline simulate FILE -o DIR")
    days = list(dict.fromkeys(start.date() for start in folder.starts))
    lines = [_Line(name, dict(enumerate(rows)), folder.target(name)[0]) for name, rows in folder.queues.items()]
    if len(days) > 1:
        panels = [_of_days(folder, line, days, say) for line in lines[: room_for(len(folder.starts))]]
    else:
        panels = [_of_queues(folder, lines[:ROWS_MAX], say)]
    legend = [(f"rect {shade}", say(shade.replace("-", "_"))) for _, shade in SHADES]
    lead, table, notes = _lead(folder, lines, say), _table(folder, say), level_note(folder, say)
    if (WIDTH - LEFT) / len({(start.hour, start.minute) for start in folder.starts}) < TIGHT_BELOW:
        notes = [say("heat_tight"), *notes]
    return Section("heat", lead, panels, table, legend, wide=True, is_broad=True, notes=notes)


def _of_queues(folder: Folder, lines: list[_Line], say: Words) -> Panel:
    columns = len(folder.starts)
    numbers = columns <= NUMBERS_MAX
    height = 8 + ROW * len(lines)
    plot = Plot(0, columns, 0, 1, top=8, bottom=height, left=LEFT, right=WIDTH - 6)
    shapes = [shape for place, line in enumerate(lines) for shape in _cells(plot, line, place, say, numbers=numbers)]
    shapes += time_axis(plot, folder.starts, folder.interval_s, say)
    if folder.disruptions:
        shapes += [_framed(shape) for shape in upsets(plot, folder.disruptions)]
    return Panel(say("title_heat"), _told(folder, lines, say), shapes, height + 30, WIDTH)


def _framed(shape: Element) -> Element:
    shape.set("class", "upset-frame")
    return shape


def _of_days(folder: Folder, line: _Line, days: list[date], say: Words) -> Panel:
    minutes = sorted({start.hour * 60 + start.minute for start in folder.starts})
    column = {minute: place for place, minute in enumerate(minutes)}
    by_day: dict[date, dict[int, Row]] = {day: {} for day in days[:ROWS_MAX]}
    for place, start in enumerate(folder.starts):
        if start.date() in by_day:
            by_day[start.date()][column[start.hour * 60 + start.minute]] = line.cells[place]
    height = 8 + ROW * len(by_day)
    plot = Plot(0, len(minutes), 0, 1, top=8, bottom=height, left=LEFT, right=WIDTH - 6)
    numbers = len(minutes) <= NUMBERS_MAX and len(folder.starts) * len(folder.queues) <= CELLS_MAX
    shapes: list[Element] = []
    for place, (day, cells) in enumerate(by_day.items()):
        start = next(start for start in folder.starts if start.date() == day)
        shapes += _cells(plot, _Line(say.day(start), cells, line.target), place, say, numbers=numbers)
    wanted = [place for place, minute in enumerate(minutes) if minute % 120 == 0] or [0]
    shapes += x_axis(plot, wanted, lambda place: f"{minutes[round(place)] // 60:02}:{minutes[round(place)] % 60:02}")
    return Panel(line.name, _told(folder, [line], say), shapes, height + 30, WIDTH)


def _cells(plot: Plot, line: _Line, place: int, say: Words, *, numbers: bool) -> list[Element]:
    y = plot.top + ROW * place
    name = line.name if len(line.name) <= SHOWN else line.name[: SHOWN - 1] + "…"
    shapes = [el("text", name, class_="axis end strong", x=plot.left - 8, y=y + ROW / 2 + 4)]
    wide = plot.x(1) - plot.x(0)
    by_shade: dict[str, list[tuple[int, float]]] = {}
    for column, row in line.cells.items():
        if row["service_level"] is not None:
            by_shade.setdefault(shade_of(row["service_level"], line.target), []).append((column, row["service_level"]))
    for shade, cells in by_shade.items():
        box = f"h{short(wide - 1)}v{short(ROW - 1)}h{short(1 - wide)}z"
        path = "".join(f"M{short(plot.x(column))} {short(y)}{box}" for column, _ in cells)
        shapes.append(el("path", class_=shade, d=path))
        if numbers:
            middle, base = wide / 2, y + ROW / 2 + 4
            tight = " tight" if wide < TIGHT_BELOW else ""
            # Where there is little room three digits would run into each other.
            told = [(at, value) for at, value in cells if not tight or round(value * 100) < 100]
            written = [el("text", say.number(value * 100), x=plot.x(at) + middle, y=base) for at, value in told]
            shapes.append(el("g", written, class_=f"cell fine{tight} on-{shade}"))
    missed = "".join(f"M{short(plot.x(column) + wide - 1)} {short(y)}v6l-6-6z" for column in _missed(line))
    return [*shapes, el("path", class_="corner", d=missed)] if missed else shapes


def shade_of(value: float, target: float | None) -> str:
    """Return the class of a cell."""
    return next(shade for above, shade in SHADES if value - (target if target is not None else 0.8) >= above)


def _missed(line: _Line) -> list[int]:
    target = line.target
    return [
        place
        for place, row in line.cells.items()
        if target is not None and row["service_level"] is not None and row["service_level"] < target
    ]


def _lead(folder: Folder, lines: list[_Line], say: Words) -> list[str]:
    said = []
    for line in lines:
        target, within_s = folder.target(line.name)
        if target is None:
            continue
        missed, asked = _missed(line), f"{say.share(target, 0)} / {say.duration(within_s)}"
        if missed:
            worst = min(missed, key=lambda place: line.cells[place]["service_level"])
            least = say.share(line.cells[worst]["service_level"])
            at = moment(folder, worst, say)
            count = len(line.cells)
            said.append(
                say("heat_missed", queue=line.name, target=asked, count=len(missed), of=count, least=least, at=at)
            )
        else:
            said.append(say("heat_kept", queue=line.name, target=asked))
    return said[:4]


def _told(folder: Folder, lines: list[_Line], say: Words) -> str:
    return " ".join(_lead(folder, lines, say)) or say("title_heat")


def _table(folder: Folder, say: Words) -> Table:
    names = list(folder.queues)[:PANELS_MAX]
    rows, matters = [], []
    for place in range(len(folder.starts)):
        found = [folder.queues[name][place] for name in names]
        rows.append([moment(folder, place, say), *(say.shares(limits(row, "service_level", "sl")) for row in found)])
        levels = [row["service_level"] for row in found if row["service_level"] is not None]
        matters.append(1.0 - min(levels, default=1.0))
    return Table([say("from"), *(f"{name}, %" for name in names)], rows, matters=matters)
