"""`trunkline plan`: asks a running engine over HTTP, and prints what it says."""

import json
import sys
import urllib.error
import urllib.request
from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote, urlsplit

import msgspec
import typer
from rich.console import Console
from rich.table import Table

from engine.errors import EngineUnreachable, OrderRefused
from engine.model.durations import format_duration
from engine.model.forecast import Figure, Forecast, NextHour
from engine.model.plan_views import (
    CallbackStep,
    PlanChange,
    PlanDetail,
    PlanList,
    PlanOutcome,
    PlanPreview,
    PlanStatus,
    ShownNames,
)
from engine.model.settings import SECOND_NS

TIMEOUT_S: Final = 30.0
PREVIEW_S: Final = 300.0
"""A first forecast compiles."""
ANSWER_MAX: Final = 16 << 20
_OF_QUEUES: Final = ("close", "only", "reroute", "head_start", "value", "max_length", "announce")
_OF_SITES: Final = ("offline", "back_up", "work_from_home")


class Client:
    """One engine at its address."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        if urlsplit(self.url).scheme not in ("http", "https"):
            raise OrderRefused(f"{url!r} is no address; write http://host:port")
        self._token = token

    def plans(self) -> PlanList:
        """All plans."""
        return msgspec.json.decode(self._ask("GET", "/api/v1/plans"), type=PlanList)

    def detail(self, name: str) -> PlanDetail:
        """One plan."""
        return msgspec.json.decode(self._ask("GET", f"/api/v1/plans/{quote(name, safe='')}"), type=PlanDetail)

    def preview(self, name: str) -> PlanPreview:
        """One plan with the next hour."""
        answer = self._ask("POST", f"/api/v1/plans/{quote(name, safe='')}/preview", {}, PREVIEW_S)
        return msgspec.json.decode(answer, type=PlanPreview)

    def order(self, name: str, what: str, order: dict[str, Any]) -> PlanOutcome:
        """Activate or deactivate."""
        answer = self._ask("POST", f"/api/v1/plans/{quote(name, safe='')}/{what}", order)
        return msgspec.json.decode(answer, type=PlanOutcome)

    def _ask(self, method: str, path: str, body: Any = None, timeout_s: float = TIMEOUT_S) -> bytes:
        """Return what is answered. Raises EngineUnreachable, OrderRefused."""
        headers = {"Accept": "application/json", "Content-Type": "application/json"}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=timeout_s) as answer:
                found: bytes = answer.read(ANSWER_MAX)
                return found
        except urllib.error.HTTPError as error:
            with error:
                raise OrderRefused(_detail(error.read(ANSWER_MAX), error)) from None
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            why = getattr(error, "reason", error)
            text = f"{self.url} does not answer: {why}; is the engine running, and is --url its HTTP adapter?"
            raise EngineUnreachable(text) from None


def _detail(body: bytes, error: urllib.error.HTTPError) -> str:
    """What is wrong, in the service's own words."""
    try:
        problem = msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError:
        problem = {}
    return str(problem.get("detail") or problem.get("title") or f"status {error.code}")


def status(client: Client, as_json: bool) -> None:
    """Print all plans."""
    found = client.plans()
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    table = Table("plan", "title", "tier", "in force", "by", "reason")
    for plan in found.plans:
        active = plan.active
        until = f"{'drill, ' if active.drill else ''}until {local_time(active.until_ns)}" if active else "-"
        said = (active.by, active.reason) if active else ("", "")
        table.add_row(plan.plan, title_of(plan), str(plan.tier), until, *said)
    _console().print(table if found.plans else "the configuration has no plans")


def preview(client: Client, name: str, as_json: bool) -> None:
    """Print what would change, and the next hour."""
    found = client.preview(name)
    if as_json:
        typer.echo(msgspec.json.encode(found))
        return
    console = _console()
    _print_changes(console, found)
    if found.forecast is None:
        console.print(f"no forecast: {found.forecast_missing}", soft_wrap=True)
    else:
        _print_forecast(console, found.forecast)
        if found.callbacks is not None and found.callbacks.queues:
            console.print(_called_back(found.forecast), soft_wrap=True)


def activate(client: Client, name: str, order: dict[str, Any], *, sure: bool, as_json: bool) -> None:
    """Show what would change, ask once more, and order it."""
    if not sure:
        if not sys.stdin.isatty():
            raise OrderRefused("say --yes where nobody can be asked; nothing was changed")
        _print_changes(Console(stderr=True, highlight=False), client.detail(name))
        if not typer.confirm(f"Activate {name} now?", err=True):
            raise OrderRefused("nothing was changed")
    _told(client.order(name, "activate", order), as_json)


def deactivate(client: Client, name: str, order: dict[str, Any], as_json: bool) -> None:
    """End it."""
    _told(client.order(name, "deactivate", order), as_json)


def _told(outcome: PlanOutcome, as_json: bool) -> None:
    if as_json:
        typer.echo(msgspec.json.encode(outcome))
        return
    plan, active = outcome.plan.plan, outcome.plan.active
    now = f"in force until {local_time(active.until_ns)}, by {active.by or 'somebody'}" if active else "not in force"
    typer.echo(f"{plan} is {now}; {outcome.changed} facts recorded" if outcome.changed else f"{plan} is {now} already")
    for text in outcome.refused:
        typer.echo(f"warning: {text}", err=True)


def _console() -> Console:
    return Console(highlight=False)


def local_time(at_ns: int) -> str:
    """An instant by the clock of this machine: `2026-11-23 12:00+0700`."""
    return datetime.fromtimestamp(at_ns / SECOND_NS, UTC).astimezone().strftime("%Y-%m-%d %H:%M%z")


def title_of(plan: PlanStatus, language: str = "en") -> str:
    """What a plan is called in a language, or in any."""
    return plan.title.get(language) or plan.title.get("") or next(iter(plan.title.values()), plan.plan)


def with_shown(word: str, said: Any, shown: ShownNames) -> Any:
    """Return what a plan does in one respect with queues, sites and trunk groups called as they are shown."""
    names = _names_in(word, shown)
    if word == "work_from_home":
        return [home | {"site": names.get(home["site"], home["site"])} for home in said]
    if isinstance(said, dict):
        return {names.get(name, name): _shown_in(one, names) for name, one in said.items()}
    return [names.get(name, name) for name in said] if isinstance(said, list) else said


def _names_in(word: str, shown: ShownNames) -> dict[str, str]:
    """Return what is shown of that which a word of a plan names."""
    if word in _OF_QUEUES:
        return shown.queues
    if word in _OF_SITES:
        return shown.sites
    return shown.trunk_groups if word == "trunks" else {}


def _shown_in(said: Any, names: dict[str, str]) -> Any:
    if isinstance(said, dict):
        return said | {"to": names.get(said["to"], said["to"])} if "to" in said else said
    return names.get(said, said) if isinstance(said, str) else said


def in_words(said: Any) -> str:
    """What a plan does in one respect, on one line."""
    if isinstance(said, dict):
        pairs = ((name, f"({in_words(one)})" if isinstance(one, dict) else one) for name, one in said.items())
        return ", ".join(f"{name} {one}" for name, one in pairs)
    return ", ".join(in_words(one) for one in said) if isinstance(said, list) else str(said)


def what_of(change: PlanChange, shown: ShownNames) -> str:
    """What a change is about."""
    others = f" and {change.count - 1} more" if change.count > 1 else ""
    names = {"queue": shown.queues, "trunk_group": shown.trunk_groups}.get(change.what, {})
    first = change.names[0]
    return f"{change.what.replace('_', ' ')} {names.get(first, first)}{others}".strip()


def _print_changes(console: Console, found: PlanDetail) -> None:
    heading = "what its end would change" if found.plan.active else "what it would change now"
    table = Table("of", "setting", "now", "then", title=f"{found.plan.plan}: {heading}", title_justify="left")
    for change in found.changes:
        table.add_row(what_of(change, found.shown), change.setting, change.now, change.then)
    console.print(table if found.changes else f"{found.plan.plan} changes nothing now")
    if found.callbacks is not None:
        console.print(_callbacks(found.callbacks, found.shown), soft_wrap=True)


def _callbacks(step: CallbackStep, shown: ShownNames) -> str:
    """Say what `callback_after` does."""
    after = format_duration(round(step.after_s * SECOND_NS))
    queues, left_out = (
        ", ".join(shown.queues.get(name, name) for name in names) for names in (step.queues, step.left_out)
    )
    told = f"callback_after {after}: no queue of calls has a step to spare, so nobody is called back by it"
    if step.queues:
        told = f"callback_after {after}: who has waited so long in {queues} is called back, in the place"
        told += " that was reached"
    full = f"; left as they are, as they have all their steps: {left_out}"
    return told + full if step.left_out else told


def _print_forecast(console: Console, forecast: Forecast) -> None:
    title = f"the next {forecast.horizon_s / 60:.0f} min, without and with it; {forecast.replications} times played"
    table = Table("queue", "", "contacts", "service level", "given up", "turned away", "called back", "mean wait")
    table.title, table.title_justify = title, "left"
    table.caption, table.caption_justify = "contacts: people who wait now or come; each is followed to the end", "left"
    for one in (forecast.whole, *forecast.queues):
        table.add_row(one.queue or "all", "without", *_figures(one.without, forecast.horizon_s))
        table.add_row("", "with", *_figures(one.with_plan, forecast.horizon_s))
    console.print(table)


def _called_back(forecast: Forecast) -> str:
    """Say how far the step for callbacks is reached in the hour that was played."""
    with_plan, minutes = forecast.whole.with_plan.called_back, f"{forecast.horizon_s / 60:.0f} min"
    if with_plan is None or with_plan.value == 0.0:
        return f"in these {minutes} nobody waits long enough to be called back, as far as can be told"
    without = forecast.whole.without.called_back
    return f"called back in these {minutes}: {_share(with_plan)} of all contacts; without it {_share(without)}"


def _figures(hour: NextHour, horizon_s: float) -> list[str]:
    given_up = "-" if hour.abandonment is None else f"{hour.given_up.value:.0f}: {_share(hour.abandonment)}"
    shares = [_share(one) for one in (hour.turned_away, hour.called_back)]
    return [f"{hour.contacts.value:.0f}", _share(hour.service_level), given_up, *shares, _wait(hour, horizon_s)]


def _wait(hour: NextHour, horizon_s: float) -> str:
    """Tell the mean wait; one that the hour cannot hold only as that."""
    if hour.mean_wait_s is not None and hour.mean_wait_s.value > horizon_s:
        return f"over {horizon_s / 60:.0f} min"
    return _seconds(hour.mean_wait_s)


def _share(figure: Figure | None) -> str:
    return "-" if figure is None else f"{figure.value:.1%} ±{(figure.high - figure.low) / 2:.1%}"


def _seconds(figure: Figure | None) -> str:
    return "-" if figure is None else f"{figure.value:.0f} ±{(figure.high - figure.low) / 2:.0f} s"
