"""The process is killed in the middle of a transfer: nobody is lost, and nobody is left talking to nobody."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from adapters.sip.protocol import Dialog, direction_of
from engine.messages.kinds import CONTACT_ENDED
from engine.replay.restore import LOG_FOLDER
from tests.sip.calls.test_attended import QUEUES, agents_of, offered, replaces
from tests.sip.conftest import OpenPhone
from tests.sip.support import centre, until
from tests.sip.test_restart import Served, legs_recorded, recorded
from tests.sip.test_restart_ends import ended_by
from tests.sip.user_agent import UserAgent

pytestmark = pytest.mark.slow

EVES_PORT = 4600
BOBS_PORT = 4700


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """An engine that is not started yet."""
    one = Served(tmp_path)
    yield one
    await one.kill()


async def asked_around(
    served: Served, ann: UserAgent, eve: UserAgent, bob: UserAgent
) -> tuple[Dialog, Dialog, Dialog, Dialog]:
    """Ann talks to bob and has asked eve: the dialogs of ann with bob, bob, ann with eve, and eve."""
    served.configure(centre(queues=QUEUES, agents=agents_of(ann, eve), sip="agent_calls: inside"))
    await served.start("ann", "eve")
    bob.invite("sales", served.port, bob.sdp(port=BOBS_PORT))
    agents, callers = await ann.pick_up(), await bob.connected()
    ann.invite("help", served.port, ann.sdp())
    eves, asking = await eve.pick_up(eve.sdp(port=EVES_PORT)), await ann.connected()
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) >= 6)
    return agents, callers, asking, eves


def transfer(served: Served, ann: UserAgent, agents: Dialog, asking: Dialog) -> None:
    """Ann leaves bob with eve."""
    refer_to = f"<sip:help@127.0.0.1:{served.port}?Replaces={quote(replaces(asking), safe='')}>"
    ann.within(agents, "REFER", headers=(("Refer-To", refer_to),))


async def ends_both(ann: UserAgent, *dialogs: Dialog) -> None:
    """Wait until both of ann's calls are hung up, whatever else she is told."""
    left = {dialog.call_id for dialog in dialogs}
    while left:
        bye = await ann.request("BYE")
        left.discard(bye.request.call_id)
        ann.reply(bye, 200)


async def are_connected(bob: UserAgent, callers: Dialog, eve: UserAgent, eves: Dialog) -> None:
    """Wait until each is told of the other's media, and hang up."""
    heard = await offered(bob, callers, bob.sdp(port=BOBS_PORT))
    assert (b" %d " % EVES_PORT in heard, direction_of(heard)) == (True, "sendrecv")
    heard = await offered(eve, eves, eve.sdp(port=EVES_PORT))
    assert (b" %d " % BOBS_PORT in heard, direction_of(heard)) == (True, "sendrecv")
    eve.within(eves, "INFO")
    at_bob = await bob.request("INFO")
    assert callers.receive_request(at_bob.request) is None
    bob.reply(at_bob, 200)
    await eve.response(200, "INFO")
    await eve_hangs_up(bob, eve, eves)


async def eve_hangs_up(bob: UserAgent, eve: UserAgent, eves: Dialog) -> None:
    """The call ends."""
    eve.within(eves, "BYE")
    await eve.response(200, "BYE")
    bob.reply(await bob.request("BYE"), 200)


@pytest.mark.parametrize("moment", ["asked", "on record", "told"])
async def test_an_attended_transfer_is_brought_to_its_end(served: Served, open_phone: OpenPhone, moment: str) -> None:
    ann, eve, bob = [await open_phone(name) for name in ("ann", "eve", "bob")]
    agents, callers, asking, eves = await asked_around(served, ann, eve, bob)
    if moment == "asked":
        await served.kill()
        transfer(served, ann, agents, asking)  # ann says it again and again
    elif moment == "on record":
        await served.kill()
        served.script = "dying_process.py"
        await served.start()
        transfer(served, ann, agents, asking)
        await served.dead()
        served.script = "serve_process.py"
    else:
        transfer(served, ann, agents, asking)
        await ann.response(202)
        at_bob = await bob.request("INVITE")
        assert callers.receive_request(at_bob.request) is None
        bob.reply(at_bob, 488)  # heard by nobody
        await served.kill()
    await served.start()
    if moment == "asked":
        ann.reply(await ann.request("NOTIFY"), 200)
    await ends_both(ann, agents, asking)
    await are_connected(bob, callers, eve, eves)
    await until(lambda: ended_by(served) == ["agent", "agent"])


async def test_a_caller_who_is_gone_in_the_middle_leaves_nobody_behind(served: Served, open_phone: OpenPhone) -> None:
    ann, eve, bob = [await open_phone(name) for name in ("ann", "eve", "bob")]
    agents, _, asking, _ = await asked_around(served, ann, eve, bob)
    transfer(served, ann, agents, asking)
    await ann.response(202)
    await bob.request("INVITE")
    await served.kill()
    bob.close()
    served.script = "fast_process.py"
    await served.start()
    await ends_both(ann, agents, asking)
    eve.reply(await eve.request("BYE"), 200)
    await until(lambda: ended_by(served) == ["agent", "network"])


async def sent_away(served: Served, ann: UserAgent, bob: UserAgent, eve: UserAgent) -> tuple[Dialog, Dialog]:
    """Bob talks to ann, who asks that he go to eve; the dialogs of ann and bob."""
    served.configure(centre(queues=QUEUES, agents=agents_of(ann, eve)))
    await served.start("ann", "eve")
    bob.invite("sales", served.port, bob.sdp(port=BOBS_PORT))
    agents, callers = await ann.pick_up(), await bob.connected()
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) >= 3)
    ann.within(agents, "REFER", headers=(("Refer-To", "<sip:help@127.0.0.1>"),))
    return agents, callers


async def eve_takes_over(bob: UserAgent, callers: Dialog, eve: UserAgent) -> None:
    """Eve is rung, and bob hears her, within the call that he has."""
    eves = await eve.pick_up(eve.sdp(port=EVES_PORT))
    heard = await offered(bob, callers, bob.sdp(port=BOBS_PORT))
    assert (b" %d " % EVES_PORT in heard, direction_of(heard)) == (True, "sendrecv")
    await eve_hangs_up(bob, eve, eves)


async def test_a_caller_whose_transfer_is_on_record_only_goes_to_the_other_agent(
    served: Served, open_phone: OpenPhone
) -> None:
    ann, eve, bob = [await open_phone(name) for name in ("ann", "eve", "bob")]
    served.script = "dying_process.py"
    agents, callers = await sent_away(served, ann, bob, eve)
    await served.dead()
    served.script = "serve_process.py"
    await served.start()
    await ends_both(ann, agents)
    assert direction_of(await offered(bob, callers, bob.sdp("inactive", BOBS_PORT))) == "inactive"
    await eve_takes_over(bob, callers, eve)
    await until(lambda: recorded(served.folder / "data" / LOG_FOLDER, CONTACT_ENDED) == 2)
    assert ended_by(served) == ["transfer", "agent"]


@pytest.mark.parametrize("moment", ["parking", "ringing", "answered"])
async def test_a_caller_in_the_middle_of_a_blind_transfer_is_brought_to_its_end(
    served: Served, open_phone: OpenPhone, moment: str
) -> None:
    ann, eve, bob = [await open_phone(name) for name in ("ann", "eve", "bob")]
    agents, callers = await sent_away(served, ann, bob, eve)
    await ann.response(202, "REFER")
    ann.reply(await ann.request("NOTIFY"), 200)
    await ends_both(ann, agents)
    if moment == "parking":
        parked = await bob.request("INVITE")
        assert callers.receive_request(parked.request) is None
        bob.reply(parked, 200, bob.sdp("inactive", BOBS_PORT))
    else:
        await offered(bob, callers, bob.sdp("inactive", BOBS_PORT))
    call = await eve.request("INVITE")
    eve.reply(call, 180)
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) >= 5)
    eves = eve.dialog_of(call.request, call.transaction)
    if moment == "answered":
        eve.reply(call, 200, eve.sdp(port=EVES_PORT))
        await eve.ack()
        again = await bob.request("INVITE")
        assert callers.receive_request(again.request) is None
    await served.again()
    if moment != "answered":
        eve.reply(call, 200, eve.sdp(port=EVES_PORT))
        await eve.ack()
    heard = await until_media(bob, callers)
    assert direction_of(heard) == "sendrecv"
    await eve_hangs_up(bob, eve, eves)
    assert ended_by(served) == ["transfer", "agent"]


async def until_media(bob: UserAgent, callers: Dialog) -> bytes:
    """Answer what bob is offered until it is eve's media."""
    while b" %d " % EVES_PORT not in (heard := await offered(bob, callers, bob.sdp(port=BOBS_PORT))):
        pass
    return heard
