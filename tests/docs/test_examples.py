"""The examples in the documents work: configurations are good, and the example adapter serves customers."""

import asyncio
import importlib.util
import re
import sys
import tomllib
from collections.abc import AsyncIterator, Callable, Iterator
from importlib.metadata import EntryPoint
from pathlib import Path
from types import ModuleType
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from engine.config import load_config
from engine.config.adapters import GROUP, installed_adapters
from engine.live.adapters import Adapters
from engine.messages.kinds import CONTACT_LEFT, EXIT_NAMES
from engine.messages.observed import AgentStatusChanged, ContactReleased, OfferAnswered, QueueClosed
from tests.driver_support import House, house

ROOT: Final = Path(__file__).parents[2]
DOCUMENTS: Final = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
DEADLINE_S: Final = 10.0
BASE: Final = {
    "skills": "skills: [sales, support]",
    "trunk_groups": "trunk_groups: {national: {channels: 30}}",
    "queues": "queues: {sales: {}, support: {}}",
    "agents": "agents: [{name: an}, {name: binh}]",
}
"""What a snippet may speak of without saying it."""
ENVIRONMENT: Final = {"PHONE_AN": "secret", "MQTT_PASSWORD": "secret", "SHOP_SECRET": "0123456789abcdef" * 2}


def blocks(document: Path, language: str) -> list[str]:
    """The code blocks of one language."""
    return re.findall(rf"^```{language}\n(.*?)^```", document.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)


SNIPPETS: Final = [
    pytest.param(text, id=f"{path.name}-{number}")
    for path in DOCUMENTS
    for number, text in enumerate(blocks(path, "yaml"), 1)
]


@pytest.fixture
def telnet(tmp_path: Path) -> Iterator[ModuleType]:
    """The example's module, imported from a file as its package would have it."""
    (code,) = blocks(ROOT / "docs" / "ADAPTERS.md", "python")
    file = tmp_path / "trunkline_telnet.py"
    file.write_text(code, encoding="utf-8")
    spec = importlib.util.spec_from_file_location("trunkline_telnet", file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[spec.name]


@pytest.mark.parametrize("snippet", SNIPPETS)
def test_a_configuration_snippet_is_good(snippet: str, tmp_path: Path, telnet: ModuleType) -> None:
    said = YAML(typ="safe").load(snippet)
    file = tmp_path / "centre.yaml"
    file.write_text("\n".join([snippet, *(text for name, text in BASE.items() if name not in said)]), encoding="utf-8")
    for name in re.findall(r"_file: ([\w.]+)", snippet):
        (tmp_path / name).touch()
    load_config(file, ENVIRONMENT, installed_adapters() | {"telnet": lambda: telnet.TelnetAdapter})


def test_there_are_snippets() -> None:
    assert len(SNIPPETS) >= 6


def test_the_entry_point_names_the_adapter(telnet: ModuleType) -> None:
    (text,) = blocks(ROOT / "docs" / "ADAPTERS.md", "toml")
    project = tomllib.loads(text)
    ((name, value),) = project["project"]["entry-points"][GROUP].items()
    assert EntryPoint(name, value, GROUP).load() is telnet.TelnetAdapter
    assert project["tool"]["setuptools"]["py-modules"] == [telnet.__name__]


class Customer:
    """One connection to the example."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self.writer = reader, writer

    async def line(self) -> str:
        """The next line, '' at the end of the connection."""
        async with asyncio.timeout(DEADLINE_S):
            return (await self._reader.readline()).decode().rstrip()


class Office:
    """A house with the example adapter."""

    def __init__(self, h: House, adapters: Adapters, adapter: Any) -> None:
        self.house, self.adapters, self.adapter = h, adapters, adapter
        self.customers: list[Customer] = []

    async def connect(self) -> Customer:
        """A customer comes."""
        self.customers.append(Customer(*await asyncio.open_connection("127.0.0.1", self.adapter.port)))
        return self.customers[-1]

    @property
    def contacts(self) -> list[str]:
        """Names of the open contacts."""
        return [entry.name for entry in self.house.state.contacts]

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it holds."""
        async with asyncio.timeout(DEADLINE_S):
            while not condition():  # noqa: ASYNC110 - what is waited for has no event
                await asyncio.sleep(0.005)


async def begin(h: House, telnet: ModuleType, **more: Any) -> Office:
    """Start the example as the engine would."""
    made: list[Any] = []

    def find(_name: str) -> Callable[[Any, Any], Any]:
        def make(settings: Any, link: Any) -> Any:
            made.append(telnet.TelnetAdapter(settings, link))
            return made[0]

        return make

    settings = telnet.TelnetAdapter.Settings(queue="sales", port=0, **more)
    adapters = Adapters(h.engine, {"telnet": settings}, [], find)
    await adapters.start()
    return Office(h, adapters, made[0])


@pytest.fixture
async def office(tmp_path: Path, telnet: ModuleType) -> AsyncIterator[Office]:
    async with house(tmp_path) as h:
        opened = await begin(h, telnet, connections=2)
        try:
            yield opened
        finally:
            for customer in opened.customers:
                customer.writer.close()
            await opened.adapters.stop()


async def test_a_customer_is_served(office: Office) -> None:
    customer = await office.connect()
    assert (await customer.line()).startswith("You are number 1 in line")
    (contact,) = office.contacts
    await office.house.tell(AgentStatusChanged(agent="alice", status="available"))
    await office.house.tell(OfferAnswered(contact=contact, agent="alice"))
    assert await customer.line() == "alice is here."
    await office.house.tell(ContactReleased(contact=contact, by="agent"))
    assert await customer.line() == "Good-bye."
    assert await customer.line() == ""
    await office.until(lambda: office.contacts == [])
    assert office.adapter.status().counters["connections"] == 0


async def test_a_customer_who_leaves_is_an_exit(office: Office) -> None:
    customer = await office.connect()
    await customer.line()
    customer.writer.close()
    await office.until(lambda: office.contacts == [])
    rows = [row for frame in office.house.log.read() for row in frame.rows if row["kind"] == CONTACT_LEFT]
    assert [EXIT_NAMES[int(row["a"])] for row in rows] == ["short_abandoned"]


async def test_too_many_customers_are_turned_away(office: Office) -> None:
    for _ in range(2):
        await (await office.connect()).line()
    assert await (await office.connect()).line() == "Sorry: too many are connected. Please come again later."
    assert office.adapter.status().counters["turned_away"] == 1


async def test_a_closed_queue_says_sorry(office: Office) -> None:
    await office.house.tell(QueueClosed(queue="sales"))
    customer = await office.connect()
    assert await customer.line() == "Sorry: refused_closed."
    assert await customer.line() == ""


async def test_contacts_of_before_a_restart_are_released(office: Office, telnet: ModuleType) -> None:
    await (await office.connect()).line()
    await office.adapters.stop()
    assert len(office.contacts) == 1
    again = await begin(office.house, telnet)
    await again.until(lambda: again.contacts == [])
    await again.adapters.stop()
