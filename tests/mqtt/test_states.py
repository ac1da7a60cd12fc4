"""States of queues, without a broker: when the tables are looked at."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from adapters.mqtt.broker import BrokerClient
from adapters.mqtt.settings import Settings
from adapters.mqtt.states import States
from adapters.mqtt.topics import Topics
from engine.live.plans import PlanDriver
from engine.messages.observed import ContactArrived, ContactReleased
from engine.ports import EngineLink
from engine.projections.views import Views
from tests.projections.support import Centre


class Line:
    """Stands for a connection; keeps what is sent."""

    def __init__(self) -> None:
        self.sent: dict[str, bytes] = {}

    async def send_all(self, messages: list[tuple[str, bytes]], **_: Any) -> None:
        self.sent.update(messages)


@pytest.mark.parametrize("large", [False, True])
async def test_queues_are_looked_at_when_something_happened_or_somebody_waits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, large: bool
) -> None:
    if large:
        monkeypatch.setattr("engine.projections.effort.AGENTS_AT_ONCE", 0)
    centre, line, looks = Centre(tmp_path), Line(), 0
    link = SimpleNamespace(views=centre.views, durable=centre.engine.durable, plans=PlanDriver(centre.engine))
    states = States(Settings(host="h"), Topics("t", "s"), cast("EngineLink", link), centre.clock.now_ns)
    queues = Views.queues

    def looked(*given: Any) -> Any:
        nonlocal looks
        looks += 1
        return queues(*given)

    async def publish() -> int:
        nonlocal looks
        looks = 0
        await states._publish(cast("BrokerClient", line), look_at_queues=True)
        return looks

    monkeypatch.setattr(Views, "queues", looked)
    assert (await publish(), await publish()) == (1, 0)
    await centre.say(ContactArrived(contact="c", queue="sales"))
    assert (await publish(), await publish()) == (1, 1), "who waits passes a threshold in silence"
    (sales,) = [body for topic, body in line.sent.items() if topic.endswith("queue/sales/state")]
    assert b'"waiting":1' in sales
    await centre.say(ContactReleased(contact="c"))
    assert (await publish(), await publish()) == (1, 0)
    await centre.after(86_400)
    assert await publish() == 1, "counters of the day begin anew"
    await centre.engine.stop()
