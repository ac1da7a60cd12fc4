"""Talks at once come out as talks alone, and as a channel on which each further one slows the others down."""

import heapq
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from engine.commands.outcome import Exit
from simulations.commands.fit import fit as fit_command
from simulations.commands.scenario_files import check_scenario
from simulations.experiment.recording import record
from simulations.fit.at_once import alone, begun_during_another, capacity_of, fit_channels, shared_ns
from simulations.fit.calls import SECOND_NS, Calls, Collected
from simulations.fit.fitted import Fit, fit
from simulations.fit.read import read_calls
from simulations.scenario.scenario import Scenario

app = typer.Typer()
app.command()(fit_command)
CHATS = """
version: 1
name: chats
horizon: {from: 2026-11-23 08:00, to: 2026-11-24 18:00, interval: 30m}
skills: [writing, phone]
queues:
  web:
    channel: chat
    strategy: least-occupied
    service_level: {threshold: 60s, target: 0.9}
    skills: {writing: 2}
    arrivals: {rate: 60/h}
    handle: {talk: "erlang(mean=6m, k=3)"}
    patience: exponential(4m)
  calls:
    strategy: longest-idle
    skills: {phone: 1}
    arrivals: {rate: 30/h}
    handle: {talk: exponential(3m)}
    patience: {distribution: exponential(2m), retry: {share: 40%, after: exponential(5m)}}
agents:
  - {group: writers, count: 4, skills: {writing: 3}, capacity: {chat: 3}}
  - {group: callers, count: 2, skills: {phone: 1}}
channels: {chat: {slower: 20%}}
"""


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("chats")
    (folder / "chats.yaml").write_text(CHATS, encoding="utf-8")
    record(Scenario.load(folder / "chats.yaml"), 3, 0, folder / "data")
    return folder / "data"


@pytest.fixture(scope="module")
def calls(log: Path) -> Calls:
    return read_calls(log)


@pytest.fixture(scope="module")
def fitted(calls: Calls) -> Fit:
    return fit(calls)


def test_a_log_tells_what_its_settings_say(calls: Calls) -> None:
    told = dict(zip(calls.types, calls.told, strict=True))
    assert (told["web"].channel, told["web"].strategy, told["web"].target) == ("chat", "least-occupied", 0.9)
    assert told["web"].threshold_ns == 60 * SECOND_NS
    assert told["web"].skills == {"writing": 2}
    assert told["calls"].channel == "voice"
    writers = [name for name in calls.agents if name.startswith("writers")]
    assert len(writers) == 4
    assert capacity_of(calls, writers, "chat") == 3


def test_talks_are_shortened_to_what_they_would_be_alone(calls: Calls, fitted: Fit) -> None:
    (chat,) = fitted.channels
    assert chat.name == "chat"
    assert chat.slower.low <= 0.2 <= chat.slower.high
    assert 0.1 < chat.slower.value < 0.3
    web = next(queue for queue in fitted.queues if queue.name == "web")
    assert web.talk.mean_s.value == pytest.approx(360, rel=0.1)
    seen_s = calls.rows["handle_ns"][(calls.rows["type"] == calls.types.index("web")) & calls.rows["answered"]] / 1e9
    assert seen_s.mean() > 1.15 * web.talk.mean_s.value


def test_the_scenario_has_the_channel_and_who_serves_it(log: Path, tmp_path: Path) -> None:
    out = tmp_path / "day.yaml"
    told = CliRunner().invoke(app, [str(log), "-o", str(out)])
    assert told.exit_code == Exit.OK, told.output
    assert check_scenario(out) is Exit.OK
    file = Scenario.load(out).file
    web = file.queues["web"]
    assert (web.channel, web.service_level.threshold_ns, web.service_level.target) == (1, 60 * SECOND_NS, 0.9)
    assert web.skills == {"writing": 2}
    (writers,) = [group for group in file.agents if "writing" in group.skills]
    assert dict(writers.capacity) == {"chat": 3}
    assert file.channels["chat"].slower == pytest.approx(0.2, abs=0.1)
    assert "chat: " in told.output
    assert "called again within an hour of giving up" in told.output.replace("\n", " ")
    assert "wrap_up" not in out.read_text(encoding="utf-8"), "the log says that there is none"
    found = json.loads(CliRunner().invoke(app, [str(log), "--json"]).stdout)
    assert found["retrials"]["share"]["n"] > 0


def made_up(named: bool) -> Calls:
    """Chats of one agent, three at once, as a CSV has them."""
    chance, found, begins, open_until = np.random.default_rng(2), Collected(), 0.0, [0.0, 0.0, 0.0]
    for _ in range(300):
        begins = max(heapq.heappop(open_until), begins)
        lasts = chance.exponential(300)
        heapq.heappush(open_until, begins + lasts)
        found.add(
            arrival_ns=round(begins * SECOND_NS),
            wait_ns=0,
            handle_ns=round(lasts * SECOND_NS),
            kind="web",
            agent="an",
            answered=True,
        )
    if named:
        found.channels["web"] = "chat"
    return found.calls("made up", "UTC")


def test_capacity_is_what_was_seen_where_nothing_says_it() -> None:
    calls = made_up(named=True)
    assert capacity_of(calls, ["an"], "chat") == 3
    assert fit(calls).groups[0].capacity == {"chat": 3}


def test_a_record_without_channels_is_remarked_on() -> None:
    calls = made_up(named=False)
    assert begun_during_another(calls) > 200
    assert any("chats? Name their channel" in text for text in fit(calls).remarks)
    assert fit_channels(calls) == []


def test_time_at_once_by_hand() -> None:
    found = Collected()
    found.channels |= {"web": "chat", "calls": "voice"}
    for kind, begin, lasts in (("web", 0, 100), ("web", 40, 100), ("calls", 60, 20)):
        found.add(
            arrival_ns=begin * SECOND_NS, wait_ns=0, handle_ns=lasts * SECOND_NS, kind=kind, agent="an", answered=True
        )
    calls = found.calls("made up", "UTC")
    assert (shared_ns(calls, "chat")[:, :2] // SECOND_NS).tolist() == [[40, 60], [40, 60], [0, 0]]
    calls.may_interrupt["voice"] = ["chat"]
    assert (shared_ns(calls, "chat")[:, :2] // SECOND_NS).tolist() == [[40, 40], [40, 40], [0, 0]]
    assert alone(calls, fit_channels(calls)).rows["handle_ns"].tolist() == [n * SECOND_NS for n in (80, 80, 20)]
