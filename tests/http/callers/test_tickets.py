"""One-use tickets: what EventSource opens a stream with."""

import pytest
from aiohttp import ClientSession

from adapters.http.callers.tickets import LIVES_NS, TICKETS_MAX, Tickets
from adapters.http.callers.tokens import Caller
from adapters.http.problems import Problem
from tests.http.support import CENTRE, Build
from tests.http.test_security import TOKENS, bearer

ANNA = Caller("anna", frozenset({"read"}))


def test_a_ticket_is_good_once_and_for_a_while() -> None:
    tickets = Tickets()
    ticket = tickets.issue(ANNA, 0)
    assert tickets.use(ticket, LIVES_NS) is ANNA
    for late, given in ((0, ticket), (0, "x"), (LIVES_NS + 1, tickets.issue(ANNA, 0))):
        with pytest.raises(Problem, match="ask for another one"):
            tickets.use(given, late)


def test_tickets_are_bounded() -> None:
    tickets = Tickets()
    first = tickets.issue(ANNA, 0)
    kept = [tickets.issue(ANNA, 0) for _ in range(TICKETS_MAX)]
    with pytest.raises(Problem):
        tickets.use(first, 0)
    assert tickets.use(kept[0], 0) is ANNA


async def test_a_stream_is_opened_by_ticket(build: Build) -> None:
    house = await build(centre=CENTRE + TOKENS)
    async with ClientSession(house.url) as client:
        address = "/api/v1/stream/tickets"
        async with client.post(address, headers=bearer("ingester")) as answer:
            assert answer.status == 403
        async with client.post(address, headers=bearer("reader")) as answer:
            assert answer.status == 201
            params = {"ticket": (await answer.json())["ticket"]}
        async with client.get("/api/v1/queues", params=params) as answer:
            assert answer.status == 401, "it opens streams only"
        async with client.get("/api/v1/stream", params=params) as answer:
            assert answer.status == 200
            assert b"retry" in await answer.content.readline()
        async with client.get("/api/v1/stream", params=params) as answer:
            assert answer.status == 401
