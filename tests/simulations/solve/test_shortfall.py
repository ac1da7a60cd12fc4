"""Shifts that cover each interval by itself and not all of them: `solve` says when, of which queue and groups."""

import re
from typing import Any

import pytest

from simulations.queueing.errors import Unreachable
from simulations.scenario.scenario import Scenario
from simulations.solve.goals import Question, goals_of
from simulations.solve.solve import solve
from simulations.solve.timetable import parse_shift

pytestmark = pytest.mark.timeout(600)  # the first of them may compile the world


def test_shifts_that_fall_short_together_are_said_with_their_hours() -> None:
    """Ten agents are enough for any hour, and not for the morning and the evening of one day."""
    queue: dict[str, Any] = {
        "service_level": "80% in 20s",
        "arrivals": {"volumes": [60, 0, 0, 0, 0, 0, 0, 60]},
        "handle": {"talk": "exponential(5m)"},
        "patience": "exponential(3m)",
        "skills": {"sales": 1},
    }
    horizon = {"from": "2026-11-23 08:00", "to": "2026-11-23 16:00", "interval": "1h"}
    group = {"group": "sellers", "count": 1, "skills": {"sales": 1}}
    scenario = Scenario.of({"horizon": horizon, "queues": {"sales": queue}, "agents": [group]})
    question = Question(
        goals_of(scenario.file, {}, {}), shifts=(parse_shift("4h@8:00-12:00"),), group_max={"sellers": 10}, p_block=None
    )
    with pytest.raises(Unreachable) as error:
        solve(scenario, question, replications=4)
    told = str(error.value)
    assert "no shifts cover all that is required with --group-max sellers=10 a day" in told
    hours = r"2026-11-23 (08:00 to 09:00|15:00 to 16:00), queue sales \(sellers\): \d of \d agents at work are missing"
    assert re.search(hours, told), told
    assert told.endswith("allow more agents or other shifts")


def test_a_gap_that_a_target_of_hours_spans_is_no_want_of_shifts() -> None:
    """Calls of the afternoon find nobody; e-mails that come in the half hour of the break are answered after it."""
    calls: dict[str, Any] = {"arrivals": {"rate": "20/h"}, "handle": {"talk": "4m"}, "patience": "exponential(3m)"}
    mail = {"channel": "email", "service_level": "90% in 2h", "handle": {"talk": "10m"}, "patience": "never"}
    scenario = Scenario.of(
        {
            "horizon": {"from": "2026-11-23 08:00", "to": "2026-11-23 18:00", "interval": "30m"},
            "queues": {"calls": calls, "mail": mail | {"arrivals": {"rate": "6/h"}}},
            "agents": [
                {"group": "early", "count": 5, "queues": ["calls"], "shifts": [{"hours": "8:00-12:00"}]},
                {
                    "group": "writers",
                    "count": 5,
                    "queues": ["mail"],
                    "shifts": [{"hours": "8:00-18:00", "breaks": ["12:30-13:00"]}],
                },
            ],
        }
    )
    with pytest.raises(Unreachable) as error:
        solve(scenario, Question(goals_of(scenario.file, {}, {})), replications=2)
    assert "queue calls: 2026-11-23 12:00 to 18:00, 60 % of those who come" in str(error.value)
    assert "mail" not in str(error.value)
