"""A real engine with the SIP adapter on a free port of this machine, and sipp at both ends of it."""

import asyncio
import inspect
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest

from adapters.sip.adapter import SipAdapter
from engine.config.load import load_config
from engine.kernel.tables import Capacity
from engine.live.adapters import Adapters
from engine.live.loop import LiveEngine
from engine.messages.observed import AgentStatusChanged, Observed
from engine.ports import Receipt
from tests.ports import free_port

SCENARIOS: Final = Path(__file__).parents[2] / ".." / "shared" / "data" / "sip" / "sipp"
CAPACITY: Final = Capacity(contacts=1024, agents=64, queues=16, trunk_groups=8, requirements=64, lines=64, intervals=16)
DEADLINE_S: Final = 30.0
OWN_SCENARIOS: Final = Path(__file__).with_name("scenarios")
needs_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="needs sipp (Debian package sip-tester)")
needs_shared_scenarios = pytest.mark.skipif(
    not SCENARIOS.is_dir(), reason="needs the scenarios of the data folder beside the repository (data/sip/sipp)"
)


async def until(condition: Callable[[], Any], what: str = "", deadline_s: float = DEADLINE_S) -> None:
    """Wait until the condition holds. Raises TimeoutError with what was waited for, and what was counted by then."""
    try:
        async with asyncio.timeout(deadline_s):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.005)
    except TimeoutError:
        names = inspect.getclosurevars(condition).nonlocals
        counted = [f"{name} counts {said.counters}" for name, said in names.items() if isinstance(said, Exchange)]
        wanted = what or inspect.getsource(condition).strip().removeprefix("await ")
        raise TimeoutError("; ".join([f"waited {deadline_s:g} s in vain: {wanted}", *counted])) from None


class Exchange:
    """One engine with its SIP adapter."""

    def __init__(self, engine: LiveEngine, adapter: SipAdapter, adapters: Adapters) -> None:
        self.engine = engine
        self.sip = adapter
        self.adapters = adapters

    @property
    def address(self) -> str:
        """Where it listens."""
        return f"127.0.0.1:{self.sip.endpoint.port}"

    @property
    def counters(self) -> dict[str, int]:
        """The adapter's counters."""
        return dict(self.sip.status().counters)

    async def tell(self, *facts: Observed) -> list[Receipt]:
        """Submit facts for nobody's account; all must be accepted."""
        receipts = await self.engine.submit("test", facts)
        assert [receipt.error for receipt in receipts] == [""] * len(facts)
        return receipts

    async def sign_in(self, *agents: str) -> None:
        """Make agents available."""
        await self.tell(*(AgentStatusChanged(agent=agent, status="available") for agent in agents))

    def exits(self, queue: str = "sales") -> dict[str, int]:
        """How entries of the queue ended, by exit, zeros left out."""
        status = next(status for status in self.engine.views.queues(0).queues if status.queue == queue)
        return {name: count for name, count in status.exits.items() if count}

    @property
    def contacts_open(self) -> int:
        """Contacts that the engine holds."""
        return len(self.engine.state.contacts)

    async def settle(self) -> None:
        """Wait until no call and no dialog is left."""
        await until(lambda: not self.sip.calls.by_name and not self.sip.calls.dialogs and not self.contacts_open)


def centre(
    queues: str = "", agents: Sequence[str] = (), phones: dict[str, str] | None = None, sip: str = "", extra: str = ""
) -> str:
    """A configuration file: a queue `sales` unless said otherwise, agents with fixed phone addresses."""
    phones = phones or {}
    lines = ["queues:", queues or "  sales: {ring_limit: 20s}", "agents:" if agents or phones else ""]
    lines += [f"  - {agent}" for agent in agents]
    lines += [f'  - {{name: {name}, phone: {{address: "sip:{name}@{where}"}}}}' for name, where in phones.items()]
    lines += [extra, "adapters:", f"  sip: {{port: 0{', ' + sip if sip else ''}}}"]
    return "\n".join(line for line in lines if line) + "\n"


def make_exchange(engine: LiveEngine, path: Path, **options: Any) -> tuple[SipAdapter, Adapters]:
    """The adapter of a configured engine, not started yet."""
    config = load_config(path, adapters={"sip": lambda: SipAdapter})
    engine.configure(config)
    made: list[SipAdapter] = []

    def find(_: str) -> Callable[[Any, Any], SipAdapter]:
        def make(section: Any, link: Any) -> SipAdapter:
            made.append(SipAdapter(section, link, **options))
            return made[-1]

        return make

    adapters = Adapters(engine, config.adapters, config.endpoints(), find)
    return made[0], adapters


@contextmanager
def undecided(exchange: Exchange) -> Iterator[None]:
    """Let facts wait for their decision."""
    exchange.engine.standstill.begin()
    try:
        yield
    finally:
        exchange.engine.standstill.end()


class Sipp:
    """One sipp process; `port` is its own."""

    def __init__(self, process: asyncio.subprocess.Process, port: int, folder: Path) -> None:
        self._process = process
        self.port = port
        self._folder = folder

    async def wait(self) -> None:
        """Wait for its end; all of its calls must be good."""
        async with asyncio.timeout(DEADLINE_S):
            out, _ = await self._process.communicate()
        errors = "".join(path.read_text(errors="replace") for path in self._folder.glob("*errors.log"))
        assert self._process.returncode == 0, f"{out.decode(errors='replace')[-3000:]}\n{errors[-4000:]}"

    def end(self) -> None:
        """End it if it still runs."""
        if self._process.returncode is None:
            self._process.kill()


class Sipps:
    """Starts sipp processes and ends them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._started: list[Sipp] = []

    async def start(
        self,
        scenario: str,
        target: str = "",
        *,
        calls: int = 1,
        rate: int = 10,
        pause_ms: int = 50,
        transport: str = "udp",
        service: str = "sales",
        port: int = 0,
        twin: int = 0,
    ) -> Sipp:
        """Start a scenario: as caller with a target, as agent without.

        `twin` is the port by which two of them tell each other of their calls; the one that begins by hearing is first.
        """
        port = port or free_port()
        folder = self._folder / f"sipp-{port}"
        folder.mkdir()
        own = OWN_SCENARIOS / f"{scenario}.xml"
        arguments = [
            *(("-sf", str(own if own.is_file() else (SCENARIOS / f"{scenario}.xml").resolve()))),
            *(("-i", "127.0.0.1", "-p", str(port), "-mp", str(free_port()))),
            *(("-t", {"udp": "u1", "tcp": "t1"}[transport], "-m", str(calls), "-d", str(pause_ms))),
            *(["-nostdin", "-buff_size", "4000000", "-timeout", "25s", "-timeout_error", "-trace_err"]),
            *(("-3pcc", f"127.0.0.1:{twin}") if twin else ()),
            *(([target, "-r", str(rate), "-s", service]) if target else []),
        ]
        process = await asyncio.create_subprocess_exec(
            "sipp",
            *arguments,
            cwd=folder,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        sipp = Sipp(process, port, folder)
        self._started.append(sipp)
        return sipp

    async def end(self) -> None:
        """End all."""
        for sipp in self._started:
            sipp.end()
            await sipp._process.wait()
