"""Whether the service lives and is ready, and what it counts."""

import asyncio
from collections.abc import Callable
from typing import Any, Final

import msgspec
from aiohttp import web
from prometheus_client import generate_latest
from prometheus_client.openmetrics import exposition as openmetrics

from adapters.http.answers.accept import Form, chosen_form
from adapters.http.answers.replies import answer, durable
from adapters.http.context import context_of
from adapters.http.problems import Fault, Problem
from adapters.http.route_table import OPEN, Parameter, Route
from engine.model.scopes import Scope
from engine.ports import ConfigurationStatus

READY_WITHIN_S: Final = 2.0
ENCODERS: Final[dict[Form, Callable[[Any], bytes]]] = {
    Form("text/plain", "0.0.4"): generate_latest,
    Form("application/openmetrics-text", "1.0.0"): openmetrics.generate_latest,
}
"""The forms of the metrics; who asks for none gets the first."""
OWN_NAME: Final = "http"
"""This adapter, which speaks for itself."""


class Alive(msgspec.Struct, frozen=True):
    """The loop turns."""

    status: str = "alive"


class Check(msgspec.Struct, frozen=True):
    """One thing that must be right."""

    name: str
    good: bool
    detail: str
    required: bool = True
    """False: the service is ready without it."""


class Ready(msgspec.Struct, frozen=True, omit_defaults=True):
    """The service can work."""

    as_of: int
    status: str = "ready"
    checks: list[Check] = []
    """Only when asked for with `verbose`."""


class ConfigurationAnswer(msgspec.Struct, frozen=True):
    """Whether the configuration file is in force, as it was read last."""

    as_of: int
    in_force: bool
    """All of it is."""
    faults: int
    """Not 0: the file has so many faults, and nothing of it is in force; the process's log names them."""
    not_taken: list[str]
    """What is not followed of the file that is in force, as routing or an adapter does not take it."""


async def get_livez(_: web.Request) -> web.Response:
    """Say that the loop turns."""
    return web.Response(body=msgspec.json.encode(Alive()), content_type="application/json")


async def get_readyz(request: web.Request) -> web.Response:
    """Say whether the log takes facts."""
    context, verbose = context_of(request), "verbose" in request.query
    try:
        reached = await asyncio.wait_for(asyncio.shield(context.engine.durable()), READY_WITHIN_S)
        written = Check("log", True, f"durable up to {reached}")
    except TimeoutError:
        written = Check("log", False, f"nothing became durable within {READY_WITHIN_S:g} s")
    space = context.views.admitting
    checks = [
        written,
        Check(
            "disk", space, "there is room for new contacts" if space else "disk space for new contacts is not assured"
        ),
        Check(OWN_NAME, not context.stopping, "stopping" if context.stopping else "listening"),
    ]
    checks += [
        Check(status.name, status.up, status.detail, status.required)
        for status in context.engine.statuses()
        if status.name != OWN_NAME
    ]
    violations = context.engine.figures().get("invariant_violations", 0)
    kept = f"{violations} invariants did not hold; the log says when" if violations else "every invariant holds"
    checks.append(Check("books", not violations, kept, required=False))
    checks.append(_configuration(context.engine.configuration()))
    failed = [check for check in checks if check.required and not check.good]
    if failed:
        faults = [Fault(_in_words(check)) for check in (checks if verbose else failed)]
        raise Problem("not-ready", _in_words(failed[0]), faults, {"Retry-After": "5"})
    return await answer(request, Ready(context.views.as_of, checks=checks if verbose else []))


def _configuration(found: ConfigurationStatus) -> Check:
    """Whether the file is followed wholly. Without what is not the service works on, by what held before."""
    not_taken, faults = found
    if faults:
        told = (
            f"the file that was read last has {faults} fault{'' if faults == 1 else 's'}, and what held before holds on"
        )
        return Check(
            "configuration",
            False,
            f"{told}; the process's log names them, as 'trunkline check' does: correct the file and send SIGHUP",
            required=False,
        )
    if not not_taken:
        return Check("configuration", True, "the file is followed", required=False)
    advice = "; correct the file and send SIGHUP, or restart where it says so"
    return Check("configuration", False, f"not taken: {'; '.join(not_taken)}{advice}", required=False)


def _in_words(check: Check) -> str:
    return f"{check.name}: {check.detail}{' (good)' if check.good else ''}"


async def get_configuration(request: web.Request) -> web.Response:
    """Say whether the configuration file is in force."""
    context = context_of(request)
    not_taken, faults = context.engine.configuration()
    in_force = not faults and not not_taken
    return await answer(request, ConfigurationAnswer(context.views.as_of, in_force, faults, list(not_taken)))


async def get_metrics(request: web.Request) -> web.Response:
    """Tell the figures in Prometheus' or OpenMetrics' form."""
    context = context_of(request)
    form = chosen_form(request.headers.get("Accept", ""), tuple(ENCODERS))
    if form is None:
        raise Problem("not-acceptable", f"metrics come as {' or '.join(each.kind for each in ENCODERS)}")
    body = await asyncio.to_thread(context.metrics.encoder(ENCODERS[form], context.views))
    await durable(context)
    content_type = f"{form.kind}; version={form.version}; charset=utf-8"
    return web.Response(
        body=body, headers={"Content-Type": content_type, "Cache-Control": "no-store", "Vary": "Accept"}
    )


ROUTES: Final = (
    Route("GET", "/livez", get_livez, "getLivez", "Whether the process lives", OPEN, "health", answer=Alive),
    Route(
        "GET",
        "/readyz",
        get_readyz,
        "getReadyz",
        "Whether the service can work",
        OPEN,
        "health",
        answer=Ready,
        parameters=(Parameter("verbose", "List what was checked"),),
        problems=(503,),
    ),
    Route(
        "GET",
        "/api/v1/configuration",
        get_configuration,
        "getConfiguration",
        "Whether the configuration file is in force",
        Scope.SUPERVISE,
        "health",
        answer=ConfigurationAnswer,
    ),
    Route(
        "GET",
        "/metrics",
        get_metrics,
        "getMetrics",
        "Figures for Prometheus",
        Scope.READ,
        "health",
        produces=("text/plain", "application/openmetrics-text"),
        problems=(406,),
        text="Prometheus' text format, or OpenMetrics 1.0.0 where the Accept header gives it more weight.",
    ),
)
