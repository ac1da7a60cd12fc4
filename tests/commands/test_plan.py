"""`trunkline plan`: against a running engine over HTTP, and files by themselves."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from engine.commands.outcome import Exit
from engine.commands.plan import Client, in_words, preview, with_shown
from engine.commands.runbook import WORDS
from engine.main import app
from engine.model.forecast import Figure, Forecast, NextHour, QueueForecast
from engine.model.plan_views import CallbackStep, PlanPreview, PlanStatus, ShownNames
from tests.http.support import CENTRE, House, open_house_at

PLANS = """
sites: {hanoi: {}}
plans:
  storm:
    title: {vi: Bão, en: Storm}
    message: {en: Stay at home}
    close: [help]
    max_length: {sales: 7}
    work_from_home: [{site: hanoi, after: 45m, ramp: 60m, share: 70%}]
    limits: {max_duration: 2h, review_every: 30m}
"""
Plan = Callable[..., Coroutine[Any, Any, Result]]


@pytest.fixture
async def at(tmp_path: Path) -> AsyncIterator[House]:
    opened = await open_house_at(tmp_path, centre=CENTRE + PLANS)
    yield opened
    await opened.adapters.stop()
    await opened.engine.stop()


@pytest.fixture
def plan(at: House) -> Plan:
    async def run(*arguments: str) -> Result:
        invoke = CliRunner().invoke
        return await asyncio.to_thread(invoke, app, ["plan", *arguments], env={"TRUNKLINE_URL": at.url})

    return run


async def test_a_plan_is_activated_looked_at_and_ended(plan: Plan) -> None:
    assert "storm" in (await plan("status")).output
    asked = await plan("activate", "storm", "--reason", "no power")
    assert (asked.exit_code, "say --yes" in asked.output) == (Exit.FAILED, True)
    done = await plan("activate", "storm", "--reason", "no power", "--until", "1h", "--by", "mai", "--yes", "--drill")
    assert done.exit_code == Exit.OK, done.output
    assert "storm is in force until" in done.output
    assert "by mai" in done.output
    active = json.loads((await plan("status", "--json")).output)["plans"][0]["active"]
    assert (active["reason"], active["drill"]) == ("no power", True)
    preview = await plan("preview", "storm")
    assert "what its end would change" in preview.output
    assert "no forecast: " in preview.output
    assert "storm is not in force; " in (await plan("deactivate", "storm")).output
    assert "storm is not in force already" in (await plan("deactivate", "storm")).output


def test_a_preview_counts_people_and_tells_no_mean_wait_beyond_the_hour(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")

    def hour(given_up: float, wait_s: float) -> NextHour:
        share, wait = Figure(given_up / 1000, 0.1, 0.2), Figure(wait_s, wait_s, wait_s)
        people, lost = Figure(1000, 990, 1010), Figure(given_up, 80, 120)
        return NextHour(people, people, people, lost, share, share, share, share, wait)

    queue = QueueForecast("", without=hour(831, 5370), with_plan=hour(168, 70))
    forecast = Forecast(as_of=1, horizon_s=3600, replications=9, elapsed_s=1, whole=queue, queues=[])

    class Asked(Client):
        def preview(self, name: str) -> PlanPreview:
            status = PlanStatus(name, {}, {}, 1, False, True, 3600, None, {}, None)
            return PlanPreview(as_of=1, plan=status, changes=[], forecast=forecast)

    preview(Asked("http://127.0.0.1:9", ""), "storm", as_json=False)
    told = capsys.readouterr().out
    assert "over 60 min" in told
    assert "5370" not in told
    assert "831: 83.1%" in told
    assert "168: 16.8%" in told
    assert told.count(" 1000 ") == 2


@pytest.mark.parametrize(
    ("step", "share", "told"),
    [
        (
            CallbackStep(120.0, ["sales", "help"], []),
            0.02,
            "who has waited so long in sales, help is called back, in the",
        ),
        (CallbackStep(120.0, ["sales"], ["vip"]), 0.02, "left as they are, as they have all their steps: vip"),
        (
            CallbackStep(120.0, [], ["vip"]),
            0.0,
            "no queue of calls has a step to spare, so nobody is called back by it",
        ),
        (
            CallbackStep(120.0, ["sales"], []),
            0.02,
            "called back in these 60 min: 2.0% ±1.0% of all contacts; without it",
        ),
        (CallbackStep(120.0, ["sales"], []), 0.0, "in these 60 min nobody waits long enough to be called back"),
    ],
)
def test_a_preview_says_what_the_step_for_callbacks_does_in_it(
    step: CallbackStep,
    share: float,
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    some, back = Figure(10, 9, 11), Figure(share, share and 0.01, share and 0.03)
    hour = NextHour(some, some, some, some, None, None, None, back, None)
    queue = QueueForecast("", without=hour, with_plan=hour)
    forecast = Forecast(as_of=1, horizon_s=3600, replications=9, elapsed_s=1, whole=queue, queues=[])

    class Asked(Client):
        def preview(self, name: str) -> PlanPreview:
            status = PlanStatus(name, {}, {}, 1, False, True, 3600, None, {}, None)
            return PlanPreview(as_of=1, plan=status, changes=[], callbacks=step, forecast=forecast)

    preview(Asked("http://127.0.0.1:9", ""), "storm", as_json=False)
    assert told in capsys.readouterr().out


async def test_what_is_refused_is_said_in_the_words_of_the_service(plan: Plan) -> None:
    unknown = await plan("activate", "strom", "--reason", "x", "--yes")
    assert (unknown.exit_code, "did you mean 'storm'" in unknown.output) == (Exit.FAILED, True)
    long = await plan("activate", "storm", "--reason", "x", "--until", "3h", "--yes")
    assert (long.exit_code, "2h at most" in long.output) == (Exit.FAILED, True)
    gone = await plan("status", "--url", "http://127.0.0.1:9")
    assert (gone.exit_code, "does not answer" in gone.output) == (Exit.FAILED, True)
    assert "is no address" in (await plan("status", "--url", "localhost")).output


async def test_the_runbook_says_what_people_do(plan: Plan) -> None:
    english, vietnamese = await plan("print", "storm"), await plan("print", "storm", "--language", "vi")
    assert english.output.startswith("# Storm\n")
    assert "| queue help | door | open | closed |" in english.output
    assert "70% of the agents of hanoi work on from home: after 45m, within 1h" in english.output
    assert vietnamese.output.startswith("# Bão\n")
    assert "Kích hoạt" in vietnamese.output
    assert WORDS["en"].keys() == WORDS["vi"].keys()


async def test_the_runbook_calls_queues_sites_and_trunk_groups_as_they_are_shown(tmp_path: Path) -> None:
    plans = PLANS.replace("hanoi: {}", "hanoi: {display_name: Hà Nội}").replace(
        "close: [help]", "close: [help]\n    trunks: {main: 9}"
    )
    centre = CENTRE.replace("  help:", "  help:\n    display_name: Help desk")
    centre = centre.replace("main: {channels: 10}", "main: {display_name: City lines, channels: 10}")
    opened = await open_house_at(tmp_path, centre=centre + plans)
    try:
        arguments = ["plan", "print", "storm", "--url", opened.url]
        printed = (await asyncio.to_thread(CliRunner().invoke, app, arguments)).output
    finally:
        await opened.adapters.stop()
        await opened.engine.stop()
    assert "| queue Help desk | door | open | closed |" in printed
    assert "| trunk group City lines | channels | 10 | 9 |" in printed
    assert "70% of the agents of Hà Nội work on from home" in printed


def test_names_in_what_a_plan_does_are_those_shown() -> None:
    shown = ShownNames({"help": "Help desk"}, {"hanoi": "Hà Nội", "danang": "Đà Nẵng"}, {"main": "City lines"})
    for word, said, told in (
        ("close", ["help", "sales"], "Help desk, sales"),
        (
            "reroute",
            {"sales": "help", "vip": {"to": "help", "after": "2m"}},
            "sales Help desk, vip (to Help desk, after 2m)",
        ),
        ("trunks", {"main": 9}, "City lines 9"),
        ("back_up", {"hanoi": "danang"}, "Hà Nội Đà Nẵng"),
        ("offline", ["hanoi"], "Hà Nội"),
        ("concurrency", {"chat": 4}, "chat 4"),
    ):
        assert in_words(with_shown(word, said, shown)) == told


def test_files_are_checked_by_themselves(tmp_path: Path) -> None:
    def check(*arguments: str) -> Result:
        return CliRunner().invoke(app, ["plan", "check", *arguments])

    file, centre = tmp_path / "storm.yaml", tmp_path / "centre.yaml"
    file.write_text("plan: storm\ntier: 1\nclose: [help, gone]\n", encoding="utf-8")
    centre.write_text("queues: {help: {}}\nplans: [storm.yaml]\n", encoding="utf-8")
    alone = check(str(file))
    assert alone.exit_code == Exit.OK
    assert "storm: good; tier 1, for 8h at most" in alone.output
    for arguments in ((str(file), "--config", str(centre)), (str(centre),)):
        named = check(*arguments)
        assert named.exit_code == Exit.FINDINGS
        assert "storm.yaml:3:15: there is no queue 'gone'; there is help" in named.output
