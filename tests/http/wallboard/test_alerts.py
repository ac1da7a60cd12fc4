"""Alerts: which thresholds are passed, since when, and when somebody's having seen them is over."""

from typing import Any

import msgspec
import pytest

from adapters.http.boards import BoardSettings
from adapters.http.wallboard.alerts import AlertBook, passed
from adapters.http.wallboard.hour import LastHour
from adapters.http.wallboard.seen import Acknowledged, Seen
from adapters.http.wallboard.tiles import StreamedQueue
from engine.messages.kinds import ALERT_ACKNOWLEDGED
from engine.messages.rows import empty_rows
from engine.ports import Turn

NS = 1_000_000_000
BASE: dict[str, Any] = {
    "queue": "sales",
    "display_name": "",
    "for_colleagues": False,
    "open": True,
    "health": "ok",
    "health_reason": "",
    "waiting": 0,
    "callbacks": 0,
    "callback_since_ns": 0,
    "overdue": 0,
    "oldest_since_ns": 0,
    "offered": 0,
    "connected": 0,
    "held": 0,
    "wrapping": 0,
    "staffed": 1,
    "available": 1,
    "at_work": 1,
    "unattended": False,
    "agents": {"idle": 1},
    "threshold_s": 20.0,
    "target": 0.8,
    "service_level": None,
    "service_level_id": "SL",
    "counted_since_ns": 0,
    "service_level_of": 10,
    "entries": 0,
    "answered": 0,
    "abandoned": 0,
    "average_speed_of_answer_s": None,
    "average_handle_s": None,
    "expected_p50_s": None,
    "expected_p90_s": None,
    "short_abandoned": 0,
    "abandon_rate": None,
    "abandon_rate_of": 0,
    "abandon_rate_id": "AR",
    "occupancy": None,
}


def queue(**figures: Any) -> StreamedQueue:
    """Return a quiet queue with some figures of its own."""
    return StreamedQueue(**{**BASE, **figures})


def board(**settings: Any) -> BoardSettings:
    """Return a board."""
    return BoardSettings.model_validate(settings)


def turn_of(at_ns: int, facts: list[dict[str, Any]]) -> Turn:
    """Return a durable turn with these acknowledgements."""
    rows, payload = empty_rows(len(facts)), b""
    for place, fact in enumerate(facts):
        body = msgspec.msgpack.encode(fact)
        rows[place]["kind"], rows[place]["at_ns"] = ALERT_ACKNOWLEDGED, at_ns
        rows[place]["payload_offset"], rows[place]["payload_size"] = len(payload), len(body)
        payload += body
    return Turn(1, len(facts), rows, memoryview(payload))


@pytest.mark.parametrize(
    ("figures", "found"),
    [
        ({}, []),
        ({"service_level": 0.8}, []),
        ({"service_level": 0.79}, [("service_level", "warn", 0.8)]),
        ({"service_level": 0.69}, [("service_level", "alert", 0.7)]),
        ({"service_level": 0.33, "service_level_of": 9}, []),
        ({"oldest_since_ns": 1000 * NS - 13 * NS}, []),
        ({"oldest_since_ns": 1000 * NS - 14 * NS}, [("oldest_wait_s", "warn", 14.0)]),
        ({"oldest_since_ns": 1000 * NS - 20 * NS}, [("oldest_wait_s", "alert", 20.0)]),
        ({"abandon_rate": 0.5, "abandon_rate_of": 9}, []),
        ({"abandon_rate": 0.5, "abandon_rate_of": 10}, [("abandon_rate", "alert", 0.2)]),
        ({"waiting": 4}, []),
        ({"waiting": 5}, [("waiting", "warn", 5.0)]),
        ({"available": 0, "waiting": 0}, [("available", "alert", 1.0)]),
        ({"available": 0, "open": False}, []),
        ({"waiting": 1, "unattended": True, "agents": {"busy": 1}}, [("unattended", "alert", 0.0)]),
    ],
)
def test_each_figure_is_judged_in_its_direction(figures: dict[str, Any], found: list[tuple[str, str, float]]) -> None:
    wanted = {"waiting": {"warn": 5.0, "alert": 9.0}, "available": {"warn": 1.0, "alert": 1.0}}
    told = passed(board(thresholds=wanted), [queue(**figures)], 1000 * NS)
    assert [(one.metric, one.level, round(one.threshold, 3)) for one in told] == found


def test_an_alert_tells_since_when_and_is_new_when_it_comes_back() -> None:
    seen_by = Seen()
    book = AlertBook({"floor": board(queues=["sales"])}, seen_by)
    name = "floor/sales/service_level"
    assert book.look([queue(service_level=0.6), queue(queue="help", service_level=0.1)], 5 * NS).keys() == {name}
    assert book.look([queue(service_level=0.5)], 9 * NS)[name].since_ns == 5 * NS
    said = [{"by": "lan", "reason": "on it", "alert": name, "type": "alert_acknowledged"}]
    assert seen_by.note(turn_of(10 * NS, said))
    seen = book.look([queue(service_level=0.5)], 11 * NS)[name]
    assert (seen.acknowledged_by, seen.note) == ("lan", "on it")
    assert book.look([queue(service_level=0.75)], 12 * NS)[name].level == "warn", "another level is another alert"
    assert book.look([queue(service_level=0.9)], 13 * NS) == {}
    again = book.look([queue(service_level=0.5)], 14 * NS)[name]
    assert (again.since_ns, again.acknowledged_by) == (14 * NS, "")


def test_the_oldest_wait_tells_the_very_moment() -> None:
    book = AlertBook({"default": board()}, Seen())
    found = book.look([queue(oldest_since_ns=100 * NS)], 150 * NS)["default/sales/oldest_wait_s"]
    assert (found.level, found.since_ns) == ("alert", 120 * NS)


def test_a_service_level_of_several_queues_is_of_all_contacts_that_count() -> None:
    hour = LastHour()
    sales = queue(service_level=0.4286, service_level_of=7, entries=30)
    hour.note([sales, queue(queue="support", service_level=1.0, service_level_of=1, entries=1)], 60 * NS)
    assert hour.of(board(), 60 * NS).service_level[-1] == pytest.approx(0.5, abs=1e-4), "4 of 8, not by who waits yet"


def test_what_was_acknowledged_before_the_start_is_older_than_what_was_since() -> None:
    seen = Seen()
    said = {"by": "lan", "reason": "now", "alert": "sales waiting", "type": "alert_acknowledged"}
    seen.note(turn_of(9 * NS, [said]))
    seen.take_earlier({name: Acknowledged(NS, "binh", "then") for name in ("sales waiting", "help waiting")})
    found = [seen.find(name) for name in ("sales waiting", "help waiting", "chat waiting")]
    assert found == [Acknowledged(9 * NS, "lan", "now"), Acknowledged(NS, "binh", "then"), None]
