"""What of two scenarios cannot be compared: money of two currencies, queues of one side, other stretches of time."""

from collections.abc import Iterator
from typing import Any, Final

from simulations.scenario.file import ScenarioFile

Row = dict[str, Any]
_CURRENCIES: Final = {"one": "currency", "other": "other_currency"}


def unlike(one: ScenarioFile, other: ScenarioFile) -> Row:
    """Return what the answer of `compare` tells of both sides: currencies, queues of one side alone, and horizons."""
    return {
        "currency": one.costs.currency,
        "other_currency": other.costs.currency,
        "unpriced": [side for side, file in (("one", one), ("other", other)) if not _is_priced(file)],
        "queues_of_one": [name for name in one.queues if name not in other.queues],
        "queues_of_other": [name for name in other.queues if name not in one.queues],
        "one_horizon": _stretch(one),
        "other_horizon": _stretch(other),
    }


def currencies(found: Row) -> list[str]:
    """Return what the money of a comparison is in: the currency of each side that says prices, or of both."""
    unpriced = found.get("unpriced", ())
    said = [(side, found[key]) for side, key in _CURRENCIES.items() if key in found]
    return list(dict.fromkeys([money for side, money in said if side not in unpriced] or [money for _, money in said]))


def sentences(found: Row) -> list[str]:
    """Return what of a comparison is not compared, or not of the same, in words; nothing where all of it is."""
    return list(_sentences(found))


def _sentences(found: Row) -> Iterator[str]:
    one, other = found["currency"], found["other_currency"]
    if one != other and found["unpriced"]:
        says = "says" if len(found["unpriced"]) == 1 else "say"
        yield f"Money is not compared: {' and '.join(found['unpriced'])} {says} no prices."
    elif one != other:
        yield f"Money is not compared: one is in {one}, other in {other}."
    alone = [(side, found[f"queues_of_{side}"]) for side in ("one", "other")]
    told = [f"{', '.join(queues)} of {side} alone" for side, queues in alone if queues]
    if told:
        yield f"Queues not compared: {'; '.join(told)}. 'all' and money are of all queues of each side."
    horizons = [found[f"{side}_horizon"] for side in ("one", "other")]
    if horizons[0] != horizons[1]:
        began, ended = ([horizon[end] for horizon in horizons] for end in ("from", "to"))
        yield (
            f"The horizons differ: one is {began[0]} to {ended[0]}, other {began[1]} to {ended[1]}; each figure is of "
            "the whole of its own."
        )


def _stretch(file: ScenarioFile) -> Row:
    begin, end = (f"{file.clock(place)} {file.time_zone}" for place in (0, file.intervals))
    return {"from": begin, "to": end}


def _is_priced(file: ScenarioFile) -> bool:
    """Tell whether the scenario says what anything costs or brings."""
    return file.costs.are_said or file.benefits.are_said
