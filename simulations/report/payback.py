"""Structures over the months: when their balance is at 0, and what service they give on the way."""

from typing import Any, Final

from simulations.report.folder import Folder, Row, limits_of
from simulations.report.plot import Plot, band, digits_of, level, line, ticks, x_axis, y_axis
from simulations.report.section import Missing, Panel, Section, Table
from simulations.report.wording import NOTHING, Words

LINES_MAX: Final = 5


def payback(folder: Folder, say: Words) -> Section | Missing:
    """Return the section: the balance of every structure over the months, and its service level."""
    if folder.payback is None:
        return Missing("payback", "trunkline payback FILE FILE -o DIR")
    structures = folder.payback["structures"]
    drawn = structures[:LINES_MAX]
    panels = [_balance(drawn, say), _service(drawn, say)]
    legend = [(f"line s{place}", one["scenario"]) for place, one in enumerate(drawn)]
    lead = [_sentence(one, say) for one in structures]
    return Section("payback", lead, panels, _table(structures, say), legend, wide=True)


def _sentence(one: Row, say: Words) -> str:
    month, currency = one["payback_month"], one["currency"]
    count = len(one["months"])
    balance, investment = say.amount(limits_of(one["balance"])), say.amount((_investment(one), None, None))
    said = {"scenario": one["scenario"], "investment": investment, "currency": currency}
    if month["value"] is None:
        return say("payback_never", **said, months=count, balance=balance)
    return say("payback_lead", **said, months=count, balance=balance, when=_month(month, say))


def _month(month: Row, say: Words) -> str:
    """Return the month with its limits; the later one may not come at all."""
    if month["low"] is None or month["high"] is not None:
        return say.limits((month["value"], month["low"], month["high"]), 0)
    return f"{say.number(month['value'])} ({say.number(month['low'])} {say('to')} {say('later')})"


def _investment(one: Row) -> float:
    found: Any = one["investment"]
    return float(sum(found.values()) if isinstance(found, dict) else found)


def _balance(structures: list[Row], say: Words) -> Panel:
    ends = [
        end for one in structures for month in one["months"] for end in limits_of(month["balance"]) if end is not None
    ]
    marks = ticks(min(0.0, *ends), max(0.0, *ends), 5)
    plot, shapes = _over_months(structures, marks, say)
    shapes += y_axis(plot, marks, lambda mark: say.compact(mark, digits_of(marks)))
    shapes.append(level(plot, 0.0, "axis-line"))
    for place, one in enumerate(structures):
        found = [limits_of(month["balance"]) for month in one["months"]]
        months = [float(month["month"]) for month in one["months"]]
        shapes.append(
            band(plot, months, [low for _, low, _ in found], [high for _, _, high in found], f"band s{place}")
        )
        shapes.append(line(plot, months, [value for value, _, _ in found], f"s{place}"))
    title = say("payback_balance", currency=structures[0]["currency"])
    told = "; ".join(f"{one['scenario']}: {say.amount(limits_of(one['balance']))}" for one in structures)
    return Panel(title, told, shapes)


def _service(structures: list[Row], say: Words) -> Panel:
    levels = [month["service_level"] for one in structures for month in one["months"]]
    least = min((level for level in levels if level is not None), default=1.0)
    marks = ticks(max(0.0, least - 0.02), 1.0, 5)
    plot, shapes = _over_months(structures, marks, say)
    shapes += y_axis(plot, marks, lambda mark: say.share(mark, digits_of(marks, 100.0)))
    for place, one in enumerate(structures):
        months = [float(month["month"]) for month in one["months"]]
        shapes.append(line(plot, months, [month["service_level"] for month in one["months"]], f"s{place}"))
    told = "; ".join(f"{one['scenario']}: {say.share(one['months'][-1]['service_level'])}" for one in structures)
    return Panel(say("curve_service_level"), told, shapes)


def _over_months(structures: list[Row], marks: list[float], say: Words) -> tuple[Plot, list[Any]]:
    count = len(structures[0]["months"])
    plot = Plot(1, max(count, 2), marks[0], marks[-1], bottom=246, left=92)
    months = [month for month in ticks(1, count, 8, whole=True) if 1 <= month <= count]
    return plot, x_axis(plot, months, say.number, say("month"))


def _table(structures: list[Row], say: Words) -> Table:
    rows = [
        [
            say.number(month["month"]),
            one["scenario"],
            say.number(month["volume"], 2),
            say.share(month["service_level"]),
            *(say.limits(limits_of(month[name]), 0) for name in ("cost", "benefit", "balance")),
        ]
        for one in structures
        for month in one["months"]
    ]
    currency = structures[0]["currency"] if structures else NOTHING
    headings = [say("month"), say("structure"), say("volume_factor"), say("curve_service_level")]
    headings += [say(f"payback_{name}", currency=currency) for name in ("cost", "benefit", "balance")]
    return Table(headings, rows, 2)
