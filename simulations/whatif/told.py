"""A what-if as values: figures before and now, how near the model is, the first other decision, who wins and loses."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec
import numpy as np

from engine.messages.kinds import EXIT_NAMES, OFFER_MADE
from engine.model.settings import SECOND_NS
from engine.version import installed_version
from simulations.compare.paired import MORE_IS_BETTER, Row, gap, row_of
from simulations.experiment.estimates import Estimate, mean, ratio
from simulations.experiment.figures import FIGURES
from simulations.experiment.result import AT_WORK, BUSY
from simulations.experiment.summary import plain
from simulations.whatif.decisions import Parting, sentence, why_chosen
from simulations.whatif.play import Side
from simulations.whatif.whatif import NOTICED_S, Answer, draws_of, seen_in_model, seen_in_record

Array = np.ndarray[Any, Any]
SHOWN: Final = MORE_IS_BETTER | {"wait_s": False}
VERDICTS: Final = {"other": "better", "one": "worse", None: "chance"}
MODEL: Final = (
    "This is a model. Who came when, and who was at work, is recorded; patience and talks that the record cuts short "
    "are drawn; and people are taken to do the same under other rules. Intervals tell what drawing adds, for this very "
    "record: other days differ more."
)


def told(answer: Answer) -> dict[str, Any]:
    """Return everything that `--json` prints; times in s, shares 0 to 1."""
    record = answer.record
    return {
        "model": MODEL,
        "log": str(record.folder),
        "version": installed_version(),
        "from": moment(record.begin_ns, answer.time_zone),
        "to": moment(record.end_ns, answer.time_zone),
        "contacts": len(record.arrivals),
        "seed": answer.seed,
        "replications": answer.replications,
        "confidence": answer.confidence,
        "figures": figure_rows(answer),
        "occupancy": _occupancy(answer),
        "fidelity": {"same_agent": round(answer.before.as_served, 6), "queues": list(_fidelity(answer))},
        "first_difference": None if answer.parting is None else parting_told(answer, answer.parting),
        "queues": list(_queues(answer)),
        "contacts_changed": {
            "longer": [contact_told(answer, place) for place in answer.most_changed(longer=True)],
            "shorter": [contact_told(answer, place) for place in answer.most_changed(longer=False)],
        },
        "refused_facts": {"before": answer.before.refused, "now": answer.now.refused},
        "left_out": record.remarks,
    }


def moment(at_ns: int, time_zone: str) -> str:
    """Return an instant as people write it, to the millisecond."""
    whole, rest_ns = divmod(at_ns, SECOND_NS)
    at = datetime.fromtimestamp(whole, ZoneInfo(time_zone)).replace(microsecond=rest_ns // 1000)
    return at.isoformat(timespec="milliseconds")


def _configured(answer: Answer) -> list[tuple[int, str]]:
    """Return the queues to which anybody came, by number."""
    names = answer.names.queues
    offered = answer.before.tallies[..., 0].sum(axis=0) + answer.now.tallies[..., 0].sum(axis=0)
    return [(number, name) for number, name in enumerate(names) if offered[number]]


def figure_rows(answer: Answer) -> list[Row]:
    """Return a row a queue and figure, then those of all together, each with the verdict beyond chance."""
    rows = []
    for number, name in [*_configured(answer), (None, None)]:
        places = slice(None) if number is None else slice(number, number + 1)
        one, other = (side.tallies[:, places].sum(axis=1) for side in (answer.before, answer.now))
        for figure, more_is_better in SHOWN.items():
            parts = FIGURES[figure].part, FIGURES[figure].whole, FIGURES[figure].scale
            estimates = (_ratio(one, parts, answer), _ratio(other, parts, answer))
            apart = gap(one, other, parts, answer.confidence)
            row = row_of(name, figure, (*estimates, apart), more_is_better)
            rows.append(
                {"queue": row["queue"], "figure": figure}
                | {"before": row["one"], "now": row["other"], "difference": row["difference"]}
                | {"verdict": verdict(row)}
            )
    return rows


def verdict(row: Row) -> str:
    """Return who wins; where all replications say the same, nothing was drawn, and that they agree is no evidence."""
    apart = row["difference"]
    if not apart["value"]:
        return "the same"
    return "not drawn" if apart["low"] == apart["high"] else VERDICTS[row["better"]]


def _ratio(tallies: Array, parts: Any, answer: Answer) -> Estimate:
    part, whole, scale = parts
    return ratio(part(tallies) * scale, whole(tallies), answer.confidence)


def _occupancy(answer: Answer) -> dict[str, Any]:
    shares = []
    for side in (answer.before, answer.now):
        with np.errstate(divide="ignore", invalid="ignore"):
            shares.append(side.states_ns[:, BUSY].sum(axis=1) / side.states_ns[:, AT_WORK].sum(axis=1))
    names = ("before", "now", "difference")
    values = (*shares, shares[1] - shares[0])
    return {name: plain(mean(value, answer.confidence)) for name, value in zip(names, values, strict=True)}


def _fidelity(answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield how far the recorded rules through the model are from the record, and where single draws of it lie."""
    for number, name in [*_configured(answer), (None, "all")]:
        places = np.arange(len(answer.record.arrivals)) if number is None else answer.queue_of(number)
        if not len(places):
            continue
        recorded = seen_in_record(answer.record, places)
        modelled = seen_in_model(answer.record, answer.before, places)
        draws = None
        if answer.replications > 1:
            drawn = msgspec.structs.asdict(draws_of(answer.before, number, answer.confidence))
            draws = {figure: [round(end, 6) for end in ends] for figure, ends in drawn.items()}
        yield {"queue": name, "recorded": rounded(recorded), "model": rounded(modelled), "draws": draws}


def rounded(value: Any) -> dict[str, Any]:
    """Return a struct of numbers as values."""
    return {key: round(item, 6) for key, item in msgspec.structs.asdict(value).items()}


def _queues(answer: Answer) -> Iterator[dict[str, Any]]:
    """Yield who wins and who loses, by the queue that contacts came to.

    The change of the wait is of the `wait_known`, who were answered or gave up on both sides: whoever is refused now
    waits no less, but is lost.
    """
    change = answer.wait_change_s
    for number, name in _configured(answer):
        places = answer.queue_of(number)
        known = change[places][np.isfinite(change[places])]
        lost = answer.now.lost[places] - answer.before.lost[places]
        yield {
            "queue": name,
            "contacts": len(places),
            "wait_known": len(known),
            "wait_longer": int((known > NOTICED_S).sum()),
            "wait_shorter": int((known < -NOTICED_S).sum()),
            "wait_change_s": round(float(known.mean()), 6) if len(known) else None,
            "lost_change": round(float(lost.sum()), 6),
        }


def contact_told(answer: Answer, place: int) -> dict[str, Any]:
    """Return a contact in the record, before and now."""
    record = answer.record
    arrival, first = record.arrivals[place], record.stages[record.first_stages[place]]
    return {
        "contact": record.name_of(place),
        "seq": int(arrival["seq"]),
        "arrived": moment(int(arrival["at_ns"]), answer.time_zone),
        "queue": answer.names.queues[int(arrival["queue"])],
        "recorded": _outcome(int(first["way_out"]), int(first["agent"]), int(first["wait_ns"]) / 1e9, answer),
        "before": _side_told(answer.before, place, answer),
        "now": _side_told(answer.now, place, answer),
        "wait_change_s": round(float(np.nan_to_num(answer.wait_change_s[place])), 6),
    }


def _side_told(side: Side, place: int, answer: Answer) -> dict[str, Any]:
    """Return the mean wait over the replications in which it was answered or gave up, in how many it was either, and
    what the first of them came to.
    """
    waited = float(side.waited_s[place])
    first = (int(side.way_out[place]), int(side.served_by[place]), float(side.first_wait_s[place]))
    return {
        "wait_s": round(waited, 6) if np.isfinite(waited) else None,
        "answered": round(float(side.answered[place]), 6),
        "gave_up": round(float(side.gave_up[place]), 6),
        "first_draw": _outcome(*first, answer),
    }


def _outcome(way_out: int, agent: int, waited_s: float, answer: Answer) -> dict[str, Any]:
    return {
        "wait_s": round(waited_s, 6) if np.isfinite(waited_s) else None,
        "outcome": EXIT_NAMES.get(way_out, "waiting"),
        "agent": answer.names.agents[agent] if 0 <= agent < len(answer.names.agents) else "",
    }


def parting_told(answer: Answer, parting: Parting) -> dict[str, Any]:
    """Return the first decision that differs, in words."""
    arrival = answer.record.arrivals[parting.contact]
    return {
        "at": moment(parting.at_ns, answer.time_zone),
        "contact": answer.record.name_of(parting.contact),
        "seq": int(arrival["seq"]),
        "queue": answer.names.queues[int(arrival["queue"])],
        "arrived": moment(int(arrival["at_ns"]), answer.time_zone),
        "before": _decided(answer, parting, parting.before),
        "now": _decided(answer, parting, parting.now),
    }


def _decided(answer: Answer, parting: Parting, row: Any) -> dict[str, Any]:
    """Return what one side decided: of the contact itself, or, where that waited on, of whom else and when it did."""
    is_own = row is not None and int(row["dedupe"]) - 1 == parting.contact
    found = {"agent": "", "says": "nothing: it waits on", "why": ""}
    if row is not None:
        agent = int(row["agent"])
        found["agent"] = answer.names.agents[agent] if 0 <= agent < len(answer.names.agents) else ""
        found["says"] = sentence(row, answer.names)
        if int(row["kind"]) == OFFER_MADE:
            found["why"] = why_chosen(row, answer.names)
        if not is_own:
            found["says"] = f"another contact, {answer.record.name_of(int(row['dedupe']) - 1)}, is {found['says']}"
    if not is_own and parting.later is not None:
        after_s = (int(parting.later["at_ns"]) - parting.at_ns) / 1e9
        found["says"] += f"; {after_s:.1f} s later: {sentence(parting.later, answer.names)}"
    return found
