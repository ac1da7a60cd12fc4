"""Hours at work: as the record says where it does, however quiet the queues are; by whom they answered elsewhere."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from engine.config.compile import compile_directory, compile_settings
from engine.messages.kinds import SETTING_CHANGED, TABLE_AGENT
from engine.messages.observed import AgentStatusChanged, ContactArrived
from engine.model.settings import AgentSetting
from simulations.experiment.recording import record
from simulations.fit.calls import SECOND_NS, STINT, Calls
from simulations.fit.duty import signed_in, stints, who_serves
from simulations.fit.fitted import fit
from simulations.fit.log_settings import LogSettings
from simulations.fit.read import read_calls
from simulations.fit.read_log import calls_of
from simulations.fit.scenario_file import hours_told, scenario_files
from simulations.scenario.scenario import Scenario
from tests.driver_support import START_NS, house, load_centre

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world
QUIET = Scenario.of(
    {
        "horizon": {"from": "2026-11-23 00:00", "to": "2026-11-26 00:00", "interval": "1h"},
        "queues": {
            "busy": {"arrivals": {"rate": "1/min"}, "handle": {"talk": "3m"}, "skills": {"a": 1}},
            "quiet": {"arrivals": {"rate": "3/h"}, "handle": {"talk": "2m"}, "skills": {"b": 1}},
        },
        "agents": [
            {"group": "one", "count": 5, "skills": {"a": 1}},
            {"group": "two", "count": 4, "skills": {"b": 1}},
        ],
    }
)


def test_who_answers_seldom_was_at_work_all_the_same(tmp_path: Path) -> None:
    record(QUIET, 3, 0, tmp_path / "log")
    calls = read_calls(tmp_path / "log")
    found = fit(calls, 3600)
    by_queue = {tuple(group.queues): group for group in found.groups}
    assert {names: len(group.agents) for names, group in by_queue.items()} == {("busy",): 5, ("quiet",): 4}
    for names, count in ((("busy",), 5), (("quiet",), 4)):
        np.testing.assert_allclose(by_queue[names].at_work, count, atol=0.01)
        assert by_queue[names].paused == pytest.approx(0.0, abs=1e-3)
    assert hours_told(found) == "from when the record says that they were there and ready"
    text = scenario_files(found, calls, tmp_path / "day.yaml")["day.yaml"]
    assert f"staffing: {[4] * 24}" in text
    guessed = fit(told_by_calls_only(calls), 3600)
    quiet = next(group for group in guessed.groups if group.queues == ["quiet"])
    assert max(quiet.at_work) < 2, "calls alone do not tell"
    assert hours_told(guessed).endswith("whoever answers seldom or nobody is missed")


def told_by_calls_only(calls: Calls) -> Calls:
    """Return the same calls as a record has them that says nothing of hours."""
    return Calls(calls.rows, calls.types, calls.agents, calls.time_zone, calls.source, {})


async def test_a_log_tells_pauses_and_who_answered_nobody(tmp_path: Path) -> None:
    async with house(tmp_path) as h:
        await h.tell(AgentStatusChanged(agent="alice", status="available"))
        await h.pass_time(600)
        await h.tell(AgentStatusChanged(agent="alice", status="paused", reason="lunch"))
        await h.pass_time(300)
        await h.tell(AgentStatusChanged(agent="bob", status="paused", reason="lunch"))
        await h.tell(ContactArrived(contact="one", queue="sales"))
        await h.pass_time(100)
        await h.tell(AgentStatusChanged(agent="alice", status="available"))
        await h.tell(AgentStatusChanged(agent="bob", status="offline"))
        await h.pass_time(400)
        await h.tell(ContactArrived(contact="two", queue="sales"))
        calls = calls_of(h.log.read_runs(), "a log", "UTC")
    assert in_seconds(calls, signed_in(calls)) == [("alice", 0, 1400), ("bob", 900, 1000)]
    assert in_seconds(calls, stints(calls)) == [("alice", 0, 600), ("alice", 1000, 1400)]
    assert calls.may_serve == {"alice": ["sales", "help", "later"], "bob": ["sales", "later"]}


def test_the_settings_of_a_log_say_who_serves_what_however_seldom(tmp_path: Path) -> None:
    """Of those who may serve two queues most answer one of them alone, and serve the other all the same."""
    queue = {"handle": {"talk": "3m"}, "strategy": "longest-idle"}
    both = Scenario.of(
        {
            "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 10:00", "interval": "30m"},
            "queues": {
                "sales": queue | {"arrivals": {"rate": "4/min"}},
                "mail": queue | {"arrivals": {"rate": "4/h"}, "channel": "email"},
            },
            "agents": [{"group": "all", "count": 16, "queues": ["sales", "mail"]}],
        }
    )
    record(both, 3, 0, tmp_path / "log")
    calls = read_calls(tmp_path / "log")
    assert [(group.queues, len(group.agents)) for group in fit(calls).groups] == [(["sales", "mail"], 16)]
    assert not who_serves(told_by_calls_only(calls)).all()


def test_what_an_agent_may_serve_is_what_held_for_most_of_the_time_signed_in(tmp_path: Path) -> None:
    config = load_centre(tmp_path)
    directory = compile_directory(config)
    settings, hour_ns = LogSettings(), 3600 * SECOND_NS
    settings.rename(directory, 0)
    rows = compile_settings(config, directory)
    rows["kind"] = SETTING_CHANGED
    for row in rows:
        settings.change(row)
    alice, help_ = directory.agents.number("alice"), directory.queues.number("help")
    before = settings.may_serve(("alice",), np.zeros(0, STINT), 0)[0]["alice"]
    row = rows[:1].copy()
    row["agent"], row["queue"], row["contact"], row["a"] = TABLE_AGENT, alice, AgentSetting.CAPACITY, 0
    for at_h, calls_at_once in ((4, 0), (5, 1)):
        row["at_ns"], row["a"] = at_h * hour_ns, calls_at_once
        settings.change(row[0])
    assert directory.queues.name(help_) in before
    for stay, said, varied in (
        ((0, 12), before, 1),
        ((0, 4), before, 0),
        ((4, 5), [], 0),
        ((3, 12), before, 1),
        ((4, 6), before, 1),
        ((3.5, 5), [], 1),
    ):
        signed = np.array([(0, *(round(at * hour_ns) for at in stay))], STINT)
        found, count = settings.may_serve(("alice",), signed, 12 * hour_ns)
        assert (found["alice"], count) == (said, varied), stay


def in_seconds(calls: Calls, rows: Any) -> list[tuple[str, int, int]]:
    """Return stays with names, s from the start."""
    return [
        (calls.agents[agent], round((begin - START_NS) / SECOND_NS), round((end - START_NS) / SECOND_NS))
        for agent, begin, end in rows.tolist()
    ]


QUEUE_LOG = """1000|NONE|NONE|NONE|QUEUESTART|
1000|NONE|sales|Ann|ADDMEMBER|
1000|NONE|help|Ann|ADDMEMBER|
1100|1|sales|NONE|ENTERQUEUE||4711|1
1104|1|sales|Ann|CONNECT|4|ch|1
1110|NONE|NONE|Eve|AGENTLOGIN|SIP/1
1120|1|sales|Ann|COMPLETECALLER|4|16|1
1200|NONE|sales|Ann|PAUSE|lunch
1300|NONE|help|Ann|PAUSE|lunch
1400|NONE|NONE|Ann|UNPAUSEALL|
1500|NONE|sales|Ann|REMOVEMEMBER|
1600|NONE|help|Ann|REMOVEMEMBER|
1650|NONE|sales|Old|REMOVEMEMBER|
1700|2|sales|NONE|ENTERQUEUE||4712|1
1703|2|sales|Static|CONNECT|3|ch|1
1750|NONE|sales|Static|PAUSE|
1760|2|sales|Static|COMPLETECALLER|3|57|1
1770|NONE|help|Static|ADDMEMBER|
1790|3|sales|NONE|ENTERQUEUE||4712|1
1800|3|sales|Static|CONNECT|10|ch|1
1900|3|sales|Static|COMPLETECALLER|10|100|1
2000|NONE|NONE|Eve|AGENTLOGOFF|SIP/1|890
"""


def test_a_queue_log_tells_members_and_their_pauses(tmp_path: Path) -> None:
    path = tmp_path / "queue_log"
    path.write_text(QUEUE_LOG, encoding="utf-8")
    calls = read_calls(path)

    def told(rows: Any) -> list[tuple[str, int, int]]:
        return sorted(
            (calls.agents[agent], begin // SECOND_NS, end // SECOND_NS) for agent, begin, end in rows.tolist()
        )

    assert told(calls.signed_in) == [("Ann", 1000, 1600), ("Eve", 1110, 2000), ("Old", 1000, 1650)]
    assert "Static" not in {name for name, *_ in told(calls.signed_in)}, "at work before, too, by configuration"
    assert told(calls.paused) == [("Ann", 1300, 1400), ("Static", 1750, 1770)], "help is none of what was paused"
    assert ("Ann", 1000, 1300) in told(stints(calls)), "paused in one of two queues is at work"
    assert told(stints(calls))[-2:] == [("Static", 1703, 1750), ("Static", 1770, 1900)], "of the guess, less the pause"
    assert calls.may_serve == {"Ann": ["sales", "help"], "Old": ["sales"], "Static": ["help"]}
