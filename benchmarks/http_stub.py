"""What aiohttp alone can do: batches answered from memory. `python -m benchmarks.http_stub PORT BATCH`."""

import sys

import msgspec
import uvloop
from aiohttp import web

from engine.messages.fact_results import FactResult, FactsTaken


def application(batch: int) -> web.Application:
    """Answer every request as if all its facts had been accepted, without a look at them."""
    results = [FactResult(1_000_000 + number, f"lap-1000-{number}-a") for number in range(batch)]
    ready = msgspec.json.encode(FactsTaken(batch, 0, 0, 0, results[-1].seq, results))

    async def answer(request: web.Request) -> web.Response:
        await request.read()
        return web.Response(body=ready, status=202, content_type="application/json")

    async def is_ready(_: web.Request) -> web.Response:
        return web.Response()

    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/api/v1/events", answer)
    app.router.add_get("/readyz", is_ready)
    return app


if __name__ == "__main__":
    web.run_app(
        application(int(sys.argv[2])),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        access_log=None,
        print=None,
        loop=uvloop.new_event_loop(),
    )
