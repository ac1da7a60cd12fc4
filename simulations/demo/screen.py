"""What the demo shows: where to look first, then how every queue is doing, then the result."""

import asyncio
import time
from typing import Final

from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from engine.live.loop import LiveEngine
from engine.projections.queues.status import QueueStatus
from simulations.demo.addresses import HOST, PASSWORD, YOU, Addresses
from simulations.demo.books import Books
from simulations.demo.overheard import Overheard
from simulations.demo.people.crowd import INBOX

REFRESH_S: Final = 0.25
LINE_EVERY_S: Final = 10.0
"""Where there is no terminal, one line is printed so often."""
CONTACT: Final = "hello"


def welcome(console: Console, addresses: Addresses) -> None:
    """Say where everything is."""
    for text in addresses.moved:
        console.print(f"note: {text}")
    body = f'{{"type": "contact_arrived", "contact": "{CONTACT}", "queue": "chat", "channel": "chat"}}'
    lines = [
        f"queues, live      {addresses.url}/",
        f"answer yourself   {addresses.url}/desk (sign in as {YOU}, password {PASSWORD}; then choose Ready)",
        f"bring a contact   curl -d '{body}' \\",
        f"                    -H 'Content-Type: application/json' {addresses.url}/api/v1/events",
        f"why this agent?   {addresses.url}/api/v1/contacts/{CONTACT}/explain",
        f"HTTP interface    {addresses.url}/docs     metrics  {addresses.url}/metrics",
    ]
    if addresses.chat_port:
        lines.insert(1, f"chat with it      {addresses.chat_url}/try/{INBOX} (a page with the widget; agents answer)")
    if addresses.sip_port:
        lines.insert(
            1, f"call it yourself  sip:sales@{HOST}:{addresses.sip_port} (any SIP softphone; there is no sound)"
        )
    console.print("\n".join(lines), highlight=False, markup=False, soft_wrap=True)


class Screen:
    """Shows the queues of a running engine until it is cancelled."""

    def __init__(self, console: Console, engine: LiveEngine, ends_at_s: float | None) -> None:
        self._console = console
        self._engine = engine
        self._ends_at_s = ends_at_s
        """On the monotonic clock; None: nobody knows."""
        self._overheard = Overheard(engine)

    async def show(self) -> None:
        """Draw again and again, or print lines where there is no terminal."""
        unsubscribe = self._engine.subscribe(self._overheard.hear)
        try:
            await self._show()
        finally:
            unsubscribe()

    async def _show(self) -> None:
        if not self._console.is_terminal:
            while True:
                await asyncio.sleep(LINE_EVERY_S)
                self._console.print(self._line(), highlight=False, soft_wrap=True)
                for line in self._overheard.lines:
                    self._console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        with Live(self._table(), console=self._console, auto_refresh=False, transient=True) as live:
            while True:
                await asyncio.sleep(REFRESH_S)
                live.update(self._table(), refresh=True)

    def _statuses(self) -> list[QueueStatus]:
        return self._engine.views.queues(self._engine.clock.now_ns()).queues

    def _line(self) -> str:
        parts = [f"{s.queue} {s.waiting} waiting {s.answered} answered {s.abandoned} lost" for s in self._statuses()]
        return f"as of {self._engine.views.as_of}: {'; '.join(parts)}"

    def _table(self) -> Group:
        table = Table("queue", box=None, pad_edge=False)
        for name in ("waiting", "longest", "talking", "free agents", "answered", "abandoned", "service level"):
            table.add_column(name, justify="right")
        for s in self._statuses():
            table.add_row(
                s.queue,
                str(s.waiting),
                f"{s.oldest_wait_s:.0f} s" if s.waiting else "",
                str(s.connected + s.held),
                str(s.available),
                str(s.answered),
                str(s.abandoned),
                "" if s.service_level.value is None else f"{s.service_level.value:.0%} in {s.threshold_s:.0f} s",
                style="red" if s.health == "breached" else "yellow" if s.health == "at_risk" else "",
            )
        said = [Text(line, style="cyan", no_wrap=True, overflow="ellipsis") for line in self._overheard.lines]
        return Group(table, *said, Text(self._footer(), style="dim"))

    def _footer(self) -> str:
        left = "Ctrl-C ends"
        if self._ends_at_s is not None:
            left = f"{max(0.0, self._ends_at_s - time.monotonic()):.0f} s left, {left}"
        return f"all of it as of sequence {self._engine.views.as_of} of the log; {left}"


def result(console: Console, books: Books) -> None:
    """Say how it went, and whether the books balance."""
    exits = ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in books.exits.items() if count)
    again = books.recount
    console.print(
        f"offered {books.offered} = {exits} + {books.waiting} waiting, as of sequence {books.as_of}", soft_wrap=True
    )
    verdict = "the same" if again.totals.exits == books.exits and again.totals.offered == books.offered else "different"
    decided = "the same decisions" if again.verified else "NOT the same decisions"
    console.print(f"the log, {again.rows} rows: counted again {verdict}; decided again {decided}", soft_wrap=True)
    for text in again.findings:
        console.print(f"finding: {text}", soft_wrap=True)
    if books.data is not None:
        console.print(
            f"the log is kept in {books.data}; look at it with: trunkline verify {books.data}", soft_wrap=True
        )
    if not books.balanced:
        console.print("the books do NOT balance", style="red")
