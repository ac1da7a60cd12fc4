"""Two scenarios with the same callers: what differs, and whether beyond chance."""

from collections.abc import Callable, Iterator
from typing import Final

from simulations.compare.unlike import currencies as currencies_of
from simulations.report.folder import Folder, Row, limits_of
from simulations.report.plot import digits_of
from simulations.report.rows import Named, in_rows
from simulations.report.section import Missing, Panel, Section, Table
from simulations.report.wording import Words

SHARES: Final = ("service_level", "abandon_rate", "dismissed_rate", "blocked_rate")
AMOUNTS: Final = ("cost", "benefit")
PLAIN_FROM: Final = 1000.0
"""Amounts of which nobody reads fractions."""
ROWS_MAX: Final = 20
QUEUES_TOLD: Final = 6
"""Of more queues the sentence on how near the model is tells all together."""


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
    lead = [say("comparison_lead", one=_name(folder, "one", say), other=_name(folder, "other", say))]
    lead += [*_unlike(folder.compare, say), *_fidelity(folder, say)]
    lead += [
        _sentence(row, folder, say) for row in folder.compare["figures"] if row["queue"] == "all" and row["better"]
    ]
    if (first := folder.compare.get("first_difference")) is not None:
        said = {side: first[side]["says"] for side in ("before", "now")}
        lead.append(say("whatif_first", at=first["at"], contact=first["contact"], **said))
    notes = [say("whatif_model")] if folder.is_whatif else []
    table = _table(folder.compare["figures"], folder, say)
    return Section("comparison", lead, panels, table, legend, wide=True, notes=notes)


def _unlike(made: Row, say: Words) -> Iterator[str]:
    """Yield what of the two is not compared, or not of the same: of a comparison whose folder tells it."""
    currencies = made.get("currency"), made.get("other_currency", made.get("currency"))
    unpriced = made.get("unpriced", ())
    if currencies[0] != currencies[1] and unpriced:
        yield say(f"comparison_unpriced_{'both' if len(unpriced) > 1 else unpriced[0]}")
    elif currencies[0] != currencies[1]:
        yield say("comparison_currencies", one=currencies[0], other=currencies[1])
    for side in ("one", "other"):
        if queues := made.get(f"queues_of_{side}"):
            yield say(f"comparison_queues_of_{side}", queues=", ".join(queues))
    horizons = made.get("one_horizon"), made.get("other_horizon")
    if horizons[0] != horizons[1]:
        one, other = (f"{horizon['from']} – {horizon['to']}" for horizon in horizons if horizon)
        yield say("comparison_horizons", one=one, other=other)


def _currency(folder: Folder) -> str:
    """Return what money is in: both currencies where the two sides have prices in their own."""
    return ", ".join(currencies_of(folder.compare or {}))


def _fidelity(folder: Folder, say: Words) -> list[str]:
    """Return how near the recorded rules, played through the model, are to the record; of a what-if alone."""
    found = (folder.compare or {}).get("fidelity")
    if found is None:
        return []
    rows = [row for row in found["queues"] if row["queue"] != "all"]
    rows = rows if len(rows) <= QUEUES_TOLD else [row for row in found["queues"] if row["queue"] == "all"]
    told = [
        say(
            "whatif_near",
            queue=say("all_queues") if row["queue"] == "all" else row["queue"],
            recorded=say.share(row["recorded"]["abandoned"]),
            model=say.share(row["model"]["abandoned"]),
            recorded_wait=say.duration(round(row["recorded"]["wait_s"], 1)),
            model_wait=say.duration(round(row["model"]["wait_s"], 1)),
        )
        + _draws(row.get("draws"), say)
        for row in rows
    ]
    return [say("whatif_fidelity", same=say.share(found["same_agent"]), queues="; ".join(told))]


def _draws(draws: Row | None, say: Words) -> str:
    """Return how far single draws of the model lie apart; nothing where the folder does not tell."""
    if draws is None:
        return ""
    shares, waits = ([written(end) for end in draws[figure]] for figure, written in _drawn(say))
    return say("whatif_draws", shares="–".join(shares), waits="–".join(waits))


def _drawn(say: Words) -> tuple[tuple[str, Callable[[float], str]], ...]:
    return ("abandoned", say.share), ("wait_s", lambda seconds: say.duration(round(seconds, 1)))


def _name(folder: Folder, which: str, say: Words) -> str:
    """Return what `one` or `other` is called; where both are called the same, with its file, or else its number."""
    made = folder.compare or {}
    if folder.is_whatif:
        return say(f"whatif_{which}")
    if made["one"] != made["other"]:
        return str(made[which])
    files = made.get("one_file", ""), made.get("other_file", "")
    place = 0 if which == "one" else 1
    return f"{made[which]} ({files[place] if files[0] != files[1] else place + 1})"


def _written(row: Row, key: str, say: Words, digits: int = 1) -> str:
    figure = limits_of(row[key])
    if row["figure"] in AMOUNTS and max((abs(end) for end in figure if end is not None), default=0.0) >= PLAIN_FROM:
        return say.amount(figure)
    return say.limits(figure, digits, 100.0 if row["figure"] in SHARES else 1.0)


def _sentence(row: Row, folder: Folder, say: Words) -> str:
    """Return who is better and by how much: so much more, or less, than the other has."""
    figure = say(f"figure_{row['figure']}", currency=_currency(folder))
    apart, has_more = row["difference"], (row["difference"]["value"] > 0.0) == (row["better"] == "other")
    if apart["value"] < 0.0:
        turned = {"value": "value", "low": "high", "high": "low"}
        apart = {end: None if apart[of] is None else -apart[of] for end, of in turned.items()}
    amount = _written(row | {"difference": apart}, "difference", say, 2)
    difference = say("comparison_more" if has_more else "comparison_less", amount=amount)
    if folder.is_whatif:
        return say(f"whatif_{row['better']}_better", figure=figure, difference=difference)
    return say("comparison_better", winner=_name(folder, row["better"], say), figure=figure, difference=difference)


def _panel(name: str, rows: list[Row], folder: Folder, say: Words) -> Panel:
    scale = 100.0 if name in SHARES else 1.0
    named = []
    for row in rows:
        value, low, high = (None if end is None else end * scale for end in limits_of(row["difference"]))
        kind = {"other": "dot better", "one": "dot worse"}.get(row["better"] or "", "dot")
        queue = say("all_queues") if row["queue"] == "all" else row["queue"]
        named.append(Named(queue, (value, low, high), kind))

    def written(marks: list[float]) -> Callable[[float], str]:
        return lambda value: ("+" if value > 0 else "") + say.compact(value, digits_of(marks))

    shapes, height = in_rows(named, written, say("other_minus_one"))
    told = "; ".join(f"{one.name} {say.limits(one.figure, 2)}" for one in named)
    title = say.heading(f"figure_{name}", currency=_currency(folder))
    return Panel(title, f"{say('other_minus_one')}: {told}", shapes, height)


def _table(rows: list[Row], folder: Folder, say: Words) -> Table:
    cells = []
    for row in rows:
        figure = say(f"figure_{row['figure']}", currency=_currency(folder))
        queue = say("all_queues") if row["queue"] == "all" else row["queue"]
        apart = row["difference"]
        nobody = "chance" if apart["low"] is None or apart["low"] != apart["high"] else "not_drawn"
        if apart["value"] is None:
            nobody = "not_compared"
        if nobody == "not_drawn" and not apart["value"]:
            nobody = "the_same"
        better = _name(folder, row["better"], say) if row["better"] else say(nobody)
        cells.append([queue, figure, better, *(_written(row, key, say, 2) for key in ("one", "other", "difference"))])
    names = [_name(folder, key, say) for key in ("one", "other")]
    return Table([say("queue"), say("figure"), say("better"), *names, say.heading("other_minus_one")], cells, 3)
