"""Real phones over a restart: they are rung without registering again, and their calls over TCP go on."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.live.host import ADAPTER_FOLDER
from engine.log.reader import read_log
from engine.messages.kinds import CONTACT_HELD, CONTACT_RELEASED, CONTACT_RESUMED
from engine.messages.rows import ROW
from engine.replay.restore import LOG_FOLDER
from tests.sip.baresip import Baresip, needs_baresip
from tests.sip.conftest import OpenBaresip
from tests.sip.support import centre, until
from tests.sip.test_restart import Served

pytestmark = [pytest.mark.peer, pytest.mark.slow, needs_baresip]
AGENT = "{name: ann, phone: {address: 'sip:ann@trunkline.example', password: secret-ann}}"


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """An engine that is not started yet."""
    one = Served(tmp_path)
    yield one
    await one.kill()


def ann_of(served: Served, transport: str) -> str:
    """The agent's account: it registers once in ten minutes."""
    return (
        f"<sip:ann@127.0.0.1:{served.port};transport={transport}>;auth_user=ann;auth_pass=secret-ann;"
        "answermode=auto;regint=600;audio_codecs=PCMU;mwi=no"
    )


def bob_of(served: Served, transport: str) -> str:
    """The caller's account, which does not register."""
    return f"<sip:bob@127.0.0.1:{served.port};transport={transport}>;auth_pass=none;regint=0;audio_codecs=PCMU;mwi=no"


async def kept(served: Served) -> None:
    """Wait until the registration is in the file."""
    await until((served.folder / "data" / ADAPTER_FOLDER / "sip" / "registrations").exists)


def recorded(served: Served, kind: int) -> int:
    """How many rows of a kind the log has."""
    frames = read_log(served.folder / "data" / LOG_FOLDER)
    return sum(int((frame.rows.view(ROW)["kind"] == kind).sum()) for frame in frames)


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_a_phone_is_rung_without_registering_again(
    served: Served, open_baresip: OpenBaresip, transport: str
) -> None:
    served.configure(centre(agents=[AGENT]))
    await served.start("ann")
    ann = await open_baresip(ann_of(served, transport))
    await kept(served)
    await served.again()
    bob = await open_baresip(bob_of(served, "udp"))
    bob.command("dial", f"sip:sales@127.0.0.1:{served.port}")
    await ann.event("CALL_ESTABLISHED")
    await bob.event("CALL_ESTABLISHED")
    bob.command("hangup")
    await ann.event("CALL_CLOSED")


async def connected(served: Served, open_baresip: OpenBaresip, every_s: int = 600) -> tuple[Baresip, Baresip]:
    """A call of bob's with ann, who registers so often, both over TCP."""
    served.configure(centre(agents=[AGENT], sip="registration_min: 1s"))
    await served.start("ann")
    ann = await open_baresip(ann_of(served, "tcp").replace("regint=600", f"regint={every_s}"))
    await kept(served)
    bob = await open_baresip(bob_of(served, "tcp"))
    bob.command("dial", f"sip:sales@127.0.0.1:{served.port};transport=tcp")
    await bob.event("CALL_ESTABLISHED")
    await ann.event("CALL_ESTABLISHED")
    return ann, bob


@pytest.mark.parametrize("kindly", [False, True])
@pytest.mark.parametrize("last", ["agent", "caller"])
async def test_calls_over_tcp_go_on(served: Served, open_baresip: OpenBaresip, last: str, kindly: bool) -> None:
    ann, bob = await connected(served, open_baresip)
    await served.again(kindly=kindly)
    # Hold and resume by re-INVITE, from either side, over connections that are new.
    for number, one in enumerate((bob, ann), start=1):
        for command, kind in (("hold", CONTACT_HELD), ("resume", CONTACT_RESUMED)):
            one.command(command)
            await until(lambda kind=kind, number=number: recorded(served, kind) == number)  # type: ignore[misc]
    ends, left = (ann, bob) if last == "agent" else (bob, ann)
    ends.command("hangup")
    await left.event("CALL_CLOSED")


@pytest.mark.parametrize("kindly", [False, True])
async def test_an_agent_hears_over_tcp_that_the_caller_left_right_after_the_start(
    served: Served, open_baresip: OpenBaresip, kindly: bool
) -> None:
    ann, bob = await connected(served, open_baresip)
    await served.again(kindly=kindly)
    bob.command("hangup")
    await ann.event("CALL_CLOSED")


@pytest.mark.timeout(240)
async def test_an_agent_who_cannot_be_reached_hears_of_the_end_when_registered_again(
    served: Served, open_baresip: OpenBaresip
) -> None:
    ann, bob = await connected(served, open_baresip, every_s=6)
    await served.kill()
    for path in (served.folder / "data" / ADAPTER_FOLDER / "sip").glob("registrations*"):
        path.unlink()  # nothing leads to ann now
    await served.start()
    bob.command("hangup")
    await bob.event("CALL_CLOSED")
    await until(lambda: recorded(served, CONTACT_RELEASED) == 1)
    # Whose time to register comes while the exchange is down tries again after a minute at the most.
    await ann.event("CALL_CLOSED", within_s=100.0)
