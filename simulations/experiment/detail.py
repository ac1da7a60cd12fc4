"""What pictures need beside the table of intervals, as small tables: waits, pools of queues, trunks and convergence."""

from collections.abc import Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

import numpy as np

from engine.messages.kinds import SETTING_CHANGED, TABLE_TRUNK_GROUP
from engine.model.settings import SECOND_NS, TrunkGroupSetting
from engine.model.tallies import Tally
from simulations.experiment.costs import HOUR_NS, agent_rates, contact_costs
from simulations.experiment.estimates import Estimate, mean, ratio
from simulations.experiment.figures import SERVICE_LEVELS
from simulations.experiment.result import AT_WORK, BUSY, Result
from simulations.experiment.shares import shares
from simulations.scenario.file import ScenarioFile
from simulations.scenario.roster import scheduled_ns, serving_groups
from simulations.world.waits import BIN_EDGES_S

Array = np.ndarray[Any, Any]
Row = dict[str, Any]
STAGES_MAX: Final = 60
"""Numbers of replications that convergence is told at, at most."""
CONVERGING: Final = ("service_level", "abandon_rate", "asa_s")


def wait_rows(result: Result) -> Iterator[Row]:
    """Yield, for every queue and edge of the histogram of waits, the share answered within it, until all are told.

    The share is of those whom the scenario's service level counts, so it ends below 1 where some gave up.
    """
    name = result.model.file.service_level_formula
    whole = SERVICE_LEVELS["live" if name == "abandons_in" else name][1](result.tallies).sum(axis=2)
    within = np.cumsum(result.waits.sum(axis=2), axis=-1)
    for q, queue in enumerate(result.queues):
        found = ratio(within[:, q], whole[:, q, None], result.confidence)
        total = within[:, q].sum(axis=0)
        for place, edge in enumerate(BIN_EDGES_S):
            longer = place == len(BIN_EDGES_S) - 1
            row: Row = {"queue": queue, "within_s": "" if longer else edge, "answered": int(total[place])}
            yield row | _limits("share", found.at(place))
            if total[place] == total[-1]:
                break


def pools_of(file: ScenarioFile) -> list[Array]:
    """Return which queues share agents, directly or by others: one array of places each."""
    serves = serving_groups(file) > 0
    joined = (serves.astype(int) @ serves.T.astype(int) > 0) | np.eye(len(serves), dtype=bool)
    for _ in range(len(serves)):
        joined = joined.astype(int) @ joined.astype(int) > 0
    return [np.flatnonzero(row) for q, row in enumerate(joined) if not row[:q].any()]


def pool_name(file: ScenarioFile, members: Array) -> str:
    """Return what a pool is called: by its queues."""
    names = list(file.queues)
    return " + ".join(names[q] for q in members)


def pool_rows(result: Result) -> Iterator[Row]:
    """Yield a row a pool and interval: its queues as one, and all agents who may serve any of them."""
    file, interval_ns = result.model.file, result.model.file.horizon.interval_ns
    serves = serving_groups(file) > 0
    paid = scheduled_ns(file, result.edges_ns) / interval_ns
    pay = paid * agent_rates(result)[:, None] * interval_ns / HOUR_NS
    of_contacts = contact_costs(result)
    for members in pools_of(file):
        groups = np.flatnonzero(serves[members].any(axis=0))
        tallies = result.tallies[:, members].sum(axis=1)
        states = result.states_s[:, groups].sum(axis=1)
        at_work = states[..., AT_WORK].sum(axis=-1)
        confidence = result.confidence
        figures = {
            "offered": mean(tallies[..., Tally.ENTRIES], confidence),
            "service_level": result.by_interval("service_level", tallies),
            "abandon_rate": result.by_interval("abandon_rate", tallies),
            "asa_s": result.by_interval("asa_s", tallies),
            "aht_s": result.by_interval("aht_s", tallies),
            "occupancy": ratio(states[..., BUSY].sum(axis=-1), at_work, confidence),
            "agents_actual": mean(at_work / (interval_ns / 1e9), confidence),
            "cost": mean(of_contacts[:, members].sum(axis=1) + pay[groups].sum(axis=0), confidence),
        }
        scheduled = paid[groups].sum(axis=0)
        for place, start in enumerate(_starts(result)):
            row: Row = {"pool": pool_name(file, members), "interval_start": start}
            row["agents_scheduled"] = round(float(scheduled[place]), 6)
            for name, estimate in figures.items():
                row |= _limits(name, estimate.at(place))
            yield row


def trunk_rows(result: Result) -> Iterator[Row]:
    """Yield a row a trunk group and interval: channels busy in the mean, the most at once over the replications, and of
    the calls that asked for a channel and may take this group's the share that found none.
    """
    file = result.model.file
    busy, peak = mean(result.busy_trunks, result.confidence), mean(result.peak_trunks, result.confidence)
    high = np.quantile(result.peak_trunks, 0.99, axis=0, method="higher")
    channels = channels_of(result)
    for g, name in enumerate(file.trunk_groups):
        by = [q for q, queue in enumerate(file.queues.values()) if name in queue.trunk_groups]
        refused, asked = (calls[:, by].sum(axis=1) for calls in (result.trunk_refusals, result.trunk_calls))
        blocked = shares(refused, asked, result.confidence)
        for place, start in enumerate(_starts(result)):
            row: Row = {"trunk_group": name, "interval_start": start, "channels": int(channels[g, place])}
            row |= _limits("busy", busy.at(g, place)) | _limits("peak", peak.at(g, place))
            row["peak_p99"] = int(high[g, place])
            yield row | _limits("blocked", blocked.at(place))


def channels_of(result: Result) -> Array:
    """Return the channels of each trunk group and interval, shape (trunk groups, intervals): the most at any time."""
    script, edges = result.model.parts["script"], result.edges_ns
    changes = script[(script["kind"] == SETTING_CHANGED) & (script["agent"] == TABLE_TRUNK_GROUP)]
    changes = changes[changes["contact"] == int(TrunkGroupSetting.CHANNELS)]
    found = np.zeros((len(result.trunk_groups), len(edges) - 1), np.int64)
    for g in range(len(found)):
        for place, (start, end) in enumerate(pairwise(edges)):
            of = changes[(changes["queue"] == g) & (changes["at_ns"] < end)]
            # A group that has no channel from the start on is told of by no change.
            told = of[of["at_ns"] > start]["a"].tolist() + of[of["at_ns"] <= start]["a"].tolist()[-1:]
            found[g, place] = max(told, default=0)
    return found


def convergence_rows(result: Result) -> Iterator[Row]:
    """Yield what the first few, more, and at last all replications said of every queue and of all together."""
    stages = np.unique(np.round(np.geomspace(2, max(result.replications, 2), STAGES_MAX)).astype(int))
    tallies = result.tallies.sum(axis=2)
    of = [(name, tallies[:, q]) for q, name in enumerate(result.queues)] + [("", tallies.sum(axis=1))]
    for name, counted in of:
        for stage in stages[stages <= result.replications]:
            row: Row = {"queue": name, "replications": int(stage)}
            for figure in CONVERGING:
                row |= _limits(figure, _ratio_of(result, figure, counted[:stage]))
            yield row


def _ratio_of(result: Result, figure: str, tallies: Array) -> Estimate:
    part, whole, scale = result.parts_of(figure)
    return ratio(part(tallies) * scale, whole(tallies), result.confidence)


def _limits(name: str, estimate: Estimate) -> Row:
    """Return a figure and its limits as columns, empty where they cannot be told."""
    return {
        f"{name}{end}": round(float(value), 6) if np.isfinite(value) else ""
        for end, value in (("", estimate.value), ("_lo", estimate.low), ("_hi", estimate.high))
    }


def _starts(result: Result) -> list[str]:
    zone = ZoneInfo(result.model.file.time_zone)
    return [datetime.fromtimestamp(int(edge) // SECOND_NS, zone).isoformat() for edge in result.edges_ns[:-1]]
