"""The Accept header: what weighs most is given, and the body is what Content-Type says."""

import msgpack
import pytest
from aiohttp import ClientSession
from prometheus_client.openmetrics.parser import text_string_to_metric_families as parse_openmetrics
from prometheus_client.parser import text_string_to_metric_families as parse_text

from adapters.http.answers.accept import Form, chosen_form

TEXT, OPEN = Form("text/plain", "0.0.4"), Form("application/openmetrics-text", "1.0.0")
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=0.0.1;"
    "q=0.5,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.4,text/plain;version=0.0.4;q=0.3,*/*;q=0.2"
)
METRICS = [
    ("", TEXT),
    ("*/*", TEXT),
    ("text/*", TEXT),
    ("application/*", OPEN),
    ("text/html, */*;q=0.8", TEXT),
    ("application/openmetrics-text", OPEN),
    ("Application/OpenMetrics-Text; Version=1.0.0", OPEN),
    ('application/openmetrics-text; version="1.0.0"', OPEN),
    ("application/openmetrics-text;version=0.0.1", None),
    ("application/openmetrics-text;version=0.0.1, text/plain;q=0.1", TEXT),
    ("application/openmetrics-text;q=0", None),
    ("application/openmetrics-text;q=0, */*", TEXT),
    ("application/openmetrics-text;q=0.1, text/plain;q=0.9", TEXT),
    ("text/plain;q=0.1, application/openmetrics-text;q=0.9", OPEN),
    ("text/plain;q=0, */*;q=0.5", OPEN),
    ("application/openmetrics-text, text/plain", OPEN),
    ("text/plain, application/openmetrics-text", TEXT),
    ("*/*;q=0.1, application/openmetrics-text;q=0.05", TEXT),
    ("application/json", None),
    ("*/*;q=0", None),
    (PROMETHEUS_2, OPEN),
    (PROMETHEUS_3, OPEN),
    (";;q=,,=", None),
    ("*/*;q=nan", TEXT),
    ("*/*;q=7", TEXT),
]


@pytest.mark.parametrize(("accept", "expected"), METRICS)
async def test_metrics_come_in_the_form_that_weighs_most(
    client: ClientSession, accept: str, expected: Form | None
) -> None:
    async with client.get("/metrics", headers={"Accept": accept}) as answer:
        body, kind = await answer.text(), answer.headers["Content-Type"]
        if expected is None:
            assert (answer.status, kind) == (406, "application/problem+json")
            assert "metrics come as text/plain or application/openmetrics-text" in body
            return
        assert answer.status == 200
    assert kind == f"{expected.kind}; version={expected.version}; charset=utf-8"
    assert body.endswith("# EOF\n") == (expected is OPEN)
    parse = parse_openmetrics if expected is OPEN else parse_text
    assert len(list(parse(body))) > 20


@pytest.mark.parametrize(
    ("accept", "packed"),
    [
        ("", False),
        ("text/html", False),
        ("application/msgpack", True),
        ("application/x-msgpack", True),
        ("application/json, application/msgpack", False),
        ("application/json;q=0.5, application/msgpack", True),
        ("application/msgpack;q=0.5, application/json", False),
        ("application/msgpack;q=0, */*", False),
    ],
)
async def test_answers_come_in_the_form_that_weighs_most(client: ClientSession, accept: str, packed: bool) -> None:
    async with client.get("/api/v1/queues", headers={"Accept": accept}) as answer:
        body = await answer.read()
    assert answer.content_type == ("application/msgpack" if packed else "application/json")
    if packed:
        assert msgpack.unpackb(body)["queues"]


def test_of_equals_the_first_asked_for_then_the_first_offered() -> None:
    assert chosen_form("b/b, a/a", (Form("a/a"), Form("b/b"))) == Form("b/b")
    assert chosen_form("*/*", (Form("a/a"), Form("b/b"))) == Form("a/a")
