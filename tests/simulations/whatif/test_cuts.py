"""A record in which calls break off, played again: who was cut is cut again, and the rest goes as it did."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.messages.kinds import BY_CUSTOMER, BY_NETWORK, CONTACT_RELEASED, REQUEUE_REQUESTED, SETTING_CHANGED
from engine.messages.rows import empty_rows
from simulations.experiment.recording import record as record_log
from simulations.scenario.scenario import Scenario
from simulations.whatif.cuts import tie, write_cuts
from simulations.whatif.people import people_of
from simulations.whatif.policy import load_policy
from simulations.whatif.record import Record, read_record
from simulations.whatif.rerun import Rerun, RulesRunner
from simulations.whatif.rules import as_recorded, changed_by
from simulations.world.changes import PERSON_CUT, PERSON_PUT_BACK

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
BREAK = "2026-11-23 08:40"
CENTRE: dict[str, Any] = {
    "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
    "sites": {"north": {}, "south": {}},
    "trunk_groups": {"main": {"channels": 30, "site": "north"}, "spare": {"channels": 10, "site": "south"}},
    "channels": {"voice": {"may_interrupt": ["email"]}, "chat": {"capacity": 3, "may_interrupt": ["email"]}},
    "queues": {
        name: {
            "arrivals": {"rate": "2/min"},
            "handle": {"talk": "exponential(4m)", "wrap_up": "20s"},
            "patience": "exponential(3m)",
            "skills": {name: 1},
            "trunk_groups": ["main", "spare"],
        }
        for name in ("orders", "tech")
    }
    | {
        "mail": {"channel": "email", "arrivals": {"rate": "1/min"}, "handle": {"talk": "exponential(6m)"}},
        "web": {
            "channel": "chat",
            "arrivals": {"rate": "1/min"},
            "handle": {"talk": "exponential(6m)"},
            "patience": "2m",
        },
    },
    "agents": [
        {"group": "n", "count": 8, "site": "north", "skills": {"orders": 1, "tech": 1}},
        {"group": "s", "count": 10, "site": "south", "skills": {"orders": 1, "tech": 1}},
    ],
}


def recorded(folder: Path, world: dict[str, Any]) -> Record:
    """A log of the centre to which this happens, taken apart."""
    record_log(Scenario.of(CENTRE | {"disruptions": [{"at": BREAK, "for": "30m", "world": world}]}), 3, 0, folder)
    return read_record(folder)


def played(record: Record, policy: str | None = None, replication: int = 0) -> Rerun:
    """The record under its own rules, or under a policy."""
    changed = as_recorded(record) if policy is None else changed_by(record, load_policy(policy, record), "UTC")
    people = people_of(record)
    return RulesRunner(changed.rules, people).play(people.drawn(1, replication))


@pytest.mark.parametrize("world", [{"carrier_down": ["main"]}, {"power_down": "north"}, {"site_down": "south"}])
def test_a_log_in_which_calls_break_off_comes_out_as_it_was(tmp_path: Path, world: dict[str, Any]) -> None:
    record = recorded(tmp_path, world)
    cut = record.script[record.script["kind"] >= PERSON_CUT]
    assert len(cut) > 5
    assert len(np.unique(cut["at_ns"])) == 1
    first = record.stages[record.first_stages]
    for replication in range(2):
        again = played(record, replication=replication)
        assert again.refused == 0
        np.testing.assert_array_equal(again.waited_ns, first["wait_ns"])
        np.testing.assert_array_equal(again.served_by, first["agent"])
        np.testing.assert_array_equal(again.way_out, first["way_out"])


def test_who_waited_on_lines_that_break_is_cut_off_under_other_rules_too(tmp_path: Path) -> None:
    record = recorded(tmp_path, {"carrier_down": ["main"]})
    first = record.stages[record.first_stages]
    waited = np.flatnonzero(
        np.isin(np.arange(len(first)), record.script["contact"][record.script["kind"] == PERSON_CUT])
    )
    waited = waited[first["agent"][waited] < 0]
    assert len(waited) > 0, "some waited when the lines broke"
    fewer = played(record, "{agents: {remove: [n-1, n-2, n-3, n-4, s-1, s-2, s-3, s-4]}}")
    np.testing.assert_array_equal(fewer.waited_ns[waited], first["wait_ns"][waited])
    np.testing.assert_array_equal(fewer.way_out[waited], first["way_out"][waited])


def test_a_talk_that_was_cut_would_have_lasted_longer(tmp_path: Path) -> None:
    record = recorded(tmp_path, {"carrier_down": ["main"]})
    persons = record.script["contact"][record.script["kind"] == PERSON_CUT]
    cut = np.flatnonzero(np.isin(record.stages["person"], persons) & (record.stages["talk_ns"] >= 0))
    assert len(cut) > 5
    assert not record.stages["talk_ended"][cut].any()
    assert (people_of(record).drawn(1, 0)["talk_ns"][cut] > record.stages["talk_ns"][cut]).all()


def test_cuts_with_nothing_between_them_are_one_moment() -> None:
    rows: np.ndarray[Any, Any] = np.asarray(empty_rows(6))
    rows["kind"] = [CONTACT_RELEASED, REQUEUE_REQUESTED, CONTACT_RELEASED, SETTING_CHANGED, *[CONTACT_RELEASED] * 2]
    rows["a"] = [BY_NETWORK, 0, BY_NETWORK, 0, BY_NETWORK, BY_CUSTOMER]
    rows["at_ns"] = [7, 7, 7, 7, 7, 8]
    write_cuts(rows, np.array([4, 2, 3, -1, 1, 0]))
    assert rows["kind"].tolist() == [PERSON_CUT, PERSON_PUT_BACK, PERSON_CUT, SETTING_CHANGED, PERSON_CUT, PERSON_CUT]
    assert rows["contact"].tolist() == [4, 2, 3, -1, 1, 0]
    tie(rows, np.array([1, 2, 4, 5, 6, 7]))
    assert rows["b"].tolist() == [1, 0, 0, 0, 0, 0], "a fact between, another line, and another instant each end it"


def test_a_cut_of_more_calls_than_the_log_has_room_for_at_once_is_recorded_whole(tmp_path: Path) -> None:
    scenario = Scenario.of(
        {
            "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 09:00", "interval": "30m"},
            "trunk_groups": {"main": {"channels": 30_000}},
            "queues": {
                "calls": {
                    "arrivals": {"rate": "20000/h"},
                    "handle": {"talk": "2h"},
                    "patience": "3h",
                    "trunk_groups": ["main"],
                    "agents": 1,
                }
            },
            "disruptions": [{"at": "2026-11-23 08:50", "for": "5m", "world": {"carrier_down": ["main"]}}],
        }
    )
    record_log(scenario, 3, 0, tmp_path)
    record = read_record(tmp_path)
    cut = record.script[record.script["kind"] == PERSON_CUT]
    assert len(cut) > 15_000
    assert len(np.unique(cut["contact"])) == len(cut)
    assert len(np.unique(cut["at_ns"])) == 1
    assert cut["b"][:-1].all(), "it is one moment all the same"
