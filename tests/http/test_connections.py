"""How many connections may be open: who was let in stays, whoever comes beyond is turned away."""

from aiohttp import ClientSession, TCPConnector

from adapters.http.connections import Connections
from tests.http.support import Build


def test_connections_are_counted_once_each() -> None:
    open_, looks = ["a", "b"], list[int]()

    def listed() -> list[str]:
        looks.append(1)
        return list(open_)

    connections = Connections(idle_s=3600, connections_max=2)
    connections._open = listed
    assert all(connections.serves(one) for one in "abab")
    assert len(looks) == 2
    open_.append("c")
    assert not connections.serves("c")
    assert connections.serves("a"), "who is at work is not thrown out for who comes"
    open_.remove("b")
    assert connections.serves("c")


async def test_beyond_the_bound_new_connections_are_told_so_and_closed(build: Build) -> None:
    house = await build("connections: 1")
    async with ClientSession(house.url, connector=TCPConnector(limit=1)) as first:
        for _ in range(2):
            async with first.get("/api/v1/queues") as answer:
                assert answer.status == 200
        async with ClientSession(house.url) as second, second.get("/api/v1/queues") as answer:
            assert (answer.status, answer.headers["Connection"]) == (503, "close")
            assert "more than 1 connections" in (await answer.json())["detail"]
        async with first.get("/api/v1/queues") as answer:
            assert answer.status == 200
