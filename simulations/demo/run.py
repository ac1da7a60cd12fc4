"""The demo: an engine with the example centre, and people who come in through its sockets."""

import asyncio
import logging
import signal
import sys
import tempfile
import time
from importlib.resources import as_file, files
from pathlib import Path
from typing import Final

import msgspec
import uvloop
from rich.console import Console

from engine.commands.outcome import Exit
from engine.config import Config, load_config
from engine.kernel.warm import warm
from engine.live.host import EngineHost
from simulations.demo.addresses import Addresses, at_addresses, choose_addresses
from simulations.demo.books import Books, balanced, channels_of, recounted, totals_of
from simulations.demo.company import Company, PeopleFailed, plan_of
from simulations.demo.options import DemoOptions
from simulations.demo.people.tally import Tally
from simulations.demo.screen import Screen, result, welcome

SEGMENT_BYTES: Final = 16 << 20
"""Small enough that the first segment is there at once."""
NS: Final = 1_000_000_000
STOP_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


def run(options: DemoOptions) -> int:
    """Run the demo; returns the exit code: 0 only when the books balance.

    Raises what `EngineHost.start` raises, and PeopleFailed.
    """
    console = Console(stderr=options.as_json, highlight=False)
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(name)s: %(message)s")
    # On this machine alone it is meant to be open to everybody.
    logging.getLogger("adapters.http.adapter").setLevel(logging.ERROR)
    with as_file(files("simulations.demo") / "centre.yaml") as path:
        config = load_config(path)
    addresses = choose_addresses(config, options.http_port, options.sip_port, options.chat_port)
    config = at_addresses(config, addresses)
    with console.status("loading the routing kernel (compiled once, which takes a minute)"):
        warm()
    if options.data is not None:
        books = uvloop.run(_Demo(options, options.data, config, addresses, console).run())
    else:
        with tempfile.TemporaryDirectory(prefix="trunkline-demo-") as folder:
            books = uvloop.run(_Demo(options, Path(folder), config, addresses, console).run())
    if options.as_json:
        sys.stdout.write(msgspec.json.encode(books).decode() + "\n")
    else:
        result(console, books)
    return Exit.OK if books.balanced else Exit.FINDINGS


class _Demo:
    """One run."""

    def __init__(
        self, options: DemoOptions, data: Path, config: Config, addresses: Addresses, console: Console
    ) -> None:
        self._options = options
        self._data = data
        self._config = config
        self._addresses = addresses
        self._console = console
        self._stopping = asyncio.Event()
        self._company: Company | None = None

    async def run(self) -> Books:
        """From the start of the engine to the books."""
        loop = asyncio.get_running_loop()
        host = EngineHost(self._config, self._data, segment_bytes=SEGMENT_BYTES)
        for number in STOP_SIGNALS:
            loop.add_signal_handler(number, self._on_signal)
        try:
            await host.start()
            began_s = time.monotonic()
            people = await self._with_people(host)
            await host.engine.durable()
            seen, channels = totals_of(host.engine), channels_of(host.engine)
            violations = host.engine.counters["invariant_violations"]
            seconds = time.monotonic() - began_s
        finally:
            for number in STOP_SIGNALS:
                loop.remove_signal_handler(number)
            await host.stop()
        again = await asyncio.to_thread(recounted, self._data, seen.as_of)
        violations += len(again.findings)
        return Books(
            offered=seen.offered,
            answered=seen.exits["answered"],
            abandoned=seen.exits["abandoned"] + seen.exits["short_abandoned"],
            exits=seen.exits,
            waiting=seen.waiting,
            channels=channels,
            as_of=seen.as_of,
            invariant_violations=violations,
            balanced=balanced(seen, again, violations),
            recount=again,
            people=people,
            seconds=round(seconds, 1),
            data=None if self._options.data is None else str(self._options.data),
        )

    async def _with_people(self, host: EngineHost) -> Tally:
        """Let the people in, until time is over or somebody says stop; returns their book."""
        company = self._company = await Company.invite(plan_of(self._config, self._addresses, time.time_ns()))
        try:
            welcome(self._console, self._addresses)
            left_s = None if self._options.duration_ns is None else self._options.duration_ns / NS
            ends_at_s = None if left_s is None else time.monotonic() + left_s
            showing = asyncio.create_task(Screen(self._console, host.engine, ends_at_s).show())
            stopped = asyncio.create_task(self._stopping.wait())
            await asyncio.wait((stopped, company.ended, showing), timeout=left_s, return_when=asyncio.FIRST_COMPLETED)
            if company.ended.done():
                raise PeopleFailed("the simulated callers and agents ended by themselves; what they said stands above")
            showing.cancel()
            stopped.cancel()
            await asyncio.gather(showing, stopped, return_exceptions=True)
            return await company.leave()
        finally:
            company.dismiss()

    def _on_signal(self) -> None:
        """The first time: let everybody finish. The second time: do not."""
        if self._stopping.is_set() and self._company is not None:
            self._company.dismiss()
        self._stopping.set()
