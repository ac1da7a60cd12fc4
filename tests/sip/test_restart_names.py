"""The process is killed while a customer is called at one of several addresses of a name: the next is tried, too."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.sip.conftest import OpenPhone
from tests.sip.legs.test_places import Twin, twin
from tests.sip.named_process import NAME
from tests.sip.support import until
from tests.sip.test_restart import Served, promise_a_callback

pytestmark = pytest.mark.slow
__all__ = ["twin"]


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """An engine that is not started yet, to which a name has two addresses."""
    one = Served(tmp_path)
    one.script = "named_process.py"
    yield one
    await one.kill()


async def test_a_customer_is_called_at_the_next_address_after_a_restart(
    served: Served, open_phone: OpenPhone, twin: Twin
) -> None:
    ann, bob, trunk = [await open_phone(name) for name in ("ann", "bob", "trunk")]
    await twin.open("127.0.0.2", trunk.port)
    await promise_a_callback(served, ann, bob, trunk, host=NAME)
    await served.start("ann")
    call = await ann.request("INVITE")
    ann.reply(call, 200, ann.sdp())
    await ann.ack()
    await until(lambda: twin.count("INVITE"))
    await served.kill()
    twin.status = 503
    await served.start()
    at_trunk = await trunk.request("INVITE")
    assert at_trunk.request.cseq.number == 2
    trunk.reply(at_trunk, 486)
    ann.reply(await ann.request("BYE"), 200)
