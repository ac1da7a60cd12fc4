"""What more or fewer agents would do in the busiest interval: curves by formula, with the simulated point on them."""

from typing import Any, Final

import numpy as np

from simulations.report.folder import Folder, limits, moment
from simulations.report.markup import el
from simulations.report.plot import Plot, digits_of, dot, level, line, ticks, upright, x_axis, y_axis
from simulations.report.pools import Pool, pools_in
from simulations.report.section import Missing, Panel, Section, Table
from simulations.report.wording import Limits, Words

Array = np.ndarray[Any, Any]
ROWS_MAX: Final = 21
NARROW: Final = 440.0
WAIT_MOST_S: Final = 600.0


def trade_off(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: five pictures for each pool of queues."""
    if not folder.pools or folder.scenario is None:
        return Missing("trade_off", "trunkline simulate FILE -o DIR")
    pools = pools_in(folder)
    if not pools:
        return Missing("trade_off", "")
    costs = folder.scenario.file.costs
    panels = [panel for pool in pools for panel in _panels(pool, costs.currency, len(pools) > 1, say)]
    legend = [("line other", say("by_formula")), ("dot dot", say("simulated_now")), ("line target", say("target"))]
    lead = [_sentence(folder, pool, say) for pool in pools]
    return Section(
        "trade_off", lead, panels, _table(pools, costs.currency, say), legend, wide=True, is_formula=True, is_small=True
    )


def _sentence(folder: Folder, pool: Pool, say: Words) -> str:
    number = float(np.interp(pool.present, pool.agents, np.arange(len(pool.agents))))
    place = min(int(number), len(pool.agents) - 2)
    slope = (pool.level[place + 1] - pool.level[place]) / (pool.agents[place + 1] - pool.agents[place])
    text = say(
        "trade_off_lead",
        pool=pool.name,
        at=moment(folder, pool.place, say),
        load=say.number(pool.load, 1),
        present=say.number(pool.present, 1),
        points=say.number(slope * 100, 1),
    )
    if pool.target is not None and pool.fewest is not None:
        text += " " + say("trade_off_fewest", fewest=pool.fewest, target=say.share(pool.target, 0))
    return text


def _panels(pool: Pool, currency: str, several: bool, say: Words) -> list[Panel]:
    row = pool.row
    waits_most = min(WAIT_MOST_S, max(60.0, 2 * (row["asa_s"] or 0.0)))
    pictures: list[tuple[str, Array, Limits, float | None]] = [
        ("service_level", pool.level, limits(row, "service_level"), 1.0),
        ("asa_s", pool.asa_s, limits(row, "asa_s"), waits_most),
    ]
    if pool.one_by_one:
        pictures.append(("occupancy", pool.occupancy, limits(row, "occupancy"), 1.0))
    if float(pool.abandoned.max()) > 0:
        pictures.insert(1, ("abandon_rate", pool.abandoned, limits(row, "abandon_rate"), None))
    if float(np.abs(pool.cost).max()) > 0:
        pictures.append(("cost", pool.cost, pool.simulated_cost, None))
    panels = []
    for name, curve, simulated, most in pictures:
        title = say(f"curve_{name}", currency=currency)
        panel = _panel(pool, name, curve, simulated, most, say)
        panel.title = f"{pool.name}: {title}" if several else title
        panels.append(panel)
    return panels


def _panel(pool: Pool, name: str, curve: Array, simulated: Limits, most: float | None, say: Words) -> Panel:
    value, low, high = simulated
    finite = curve[np.isfinite(curve)]
    top = most if most is not None else max(float(finite.max(initial=0.0)), high or 0.0, value or 0.0)
    bottom = 0.0 if name != "cost" else min(float(finite.min(initial=0.0)), low or value or 0.0)
    marks = [0, 0.25, 0.5, 0.75, 1] if top == 1.0 else ticks(bottom, top, 4)
    first, last = int(pool.agents[0]), int(pool.agents[-1])
    plot = Plot(first, last, marks[0], marks[-1], top=14, bottom=206, left=88, right=NARROW - 16)
    is_share = name in ("service_level", "abandon_rate", "occupancy")
    digits = digits_of(marks, 100.0 if is_share else 1.0)
    shapes = [
        *y_axis(plot, marks, lambda mark: say.share(mark, digits) if is_share else say.compact(mark, digits)),
        *x_axis(
            plot,
            [mark for mark in ticks(first, last, 5, whole=True) if first <= mark <= last],
            say.number,
            say("agents_at_work"),
        ),
    ]
    if name == "service_level" and pool.target is not None:
        shapes.append(level(plot, pool.target))
        if pool.fewest is not None:
            x, beside = plot.x(pool.fewest), plot.x(pool.fewest) < plot.right - 80
            shapes.append(upright(plot, pool.fewest))
            text = say.number(pool.fewest)
            kind = "axis strong" if beside else "axis strong end"
            shapes.append(el("text", text, class_=kind, x=x + (6 if beside else -6), y=plot.bottom - 8))
    within = np.where(curve <= marks[-1], curve, np.nan)
    shapes.append(line(plot, pool.agents.tolist(), within.tolist(), "other"))
    if value is not None:
        shapes += dot(plot, pool.present, value, low, high)
    written = say.shares(simulated) if is_share else say.limits(simulated)
    told = say("curve_told", agents=say.number(pool.present, 1), simulated=written, first=first, last=last)
    return Panel(name, told, shapes, 250, NARROW)


def _table(pools: list[Pool], currency: str, say: Words) -> Table:
    several = len(pools) > 1
    rows = []
    for pool in pools:
        name = [pool.name] if several else []
        figures = [limits(pool.row, key) for key in ("service_level", "abandon_rate", "asa_s", "occupancy")]
        cells = [say.shares(figures[0]), say.shares(figures[1]), say.limits(figures[2]), say.shares(figures[3])]
        rows.append([*name, say("simulated"), say.number(pool.present, 1), *cells, say.limits(pool.simulated_cost, 0)])
        near = np.argsort(np.abs(pool.agents - pool.present), kind="stable")[:ROWS_MAX]
        rows += [[*name, say("formula_word"), *_cells(pool, place, say)] for place in sorted(near.tolist())]
    headings = [*([say("pool")] if several else []), say("source"), say.heading("agents_at_work"), say("level_limits")]
    headings += [
        say("abandoned_limits"),
        say("asa_limits"),
        say("occupancy_limits"),
        say("cost_an_hour", currency=currency),
    ]
    return Table(headings, rows, 2 if several else 1)


def _cells(pool: Pool, place: int, say: Words) -> list[str]:
    return [
        say.number(int(pool.agents[place])),
        say.number(pool.level[place] * 100, 1),
        say.number(pool.abandoned[place] * 100, 1),
        say.number(float(pool.asa_s[place]), 1),
        say.number(pool.occupancy[place] * 100, 1),
        say.number(float(pool.cost[place])),
    ]
