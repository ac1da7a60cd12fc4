"""Who is gone, or was told, when the process starts again: calls of the vanished end, and nobody is told twice."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from adapters.sip.protocol import Dialog, Request, Response
from engine.log.reader import read_log
from engine.messages.kinds import BY_NAMES, CONTACT_ENDED
from engine.messages.rows import ROW
from engine.replay.restore import LOG_FOLDER
from tests.ports import free_port
from tests.sip.conftest import OpenPhone, OpenTcp
from tests.sip.support import centre, until
from tests.sip.test_restart import Served, legs_recorded
from tests.sip.user_agent import UserAgent

pytestmark = pytest.mark.slow


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """An engine that is not started yet."""
    one = Served(tmp_path)
    one.script = "fast_process.py"
    yield one
    await one.kill()


def said_to(phone: UserAgent) -> list[str]:
    """What comes to a phone from now on, repetitions and all: methods, and statuses with their method."""
    said: list[str] = []
    take = phone._take

    def note(message: Request | Response) -> None:
        said.append(message.method if isinstance(message, Request) else f"{message.status} {message.cseq.method}")
        take(message)

    phone._take = note  # type: ignore[method-assign]
    return said


def ended_by(served: Served) -> list[str]:
    """Who ended contacts, in order."""
    frames = [frame.rows.view(ROW) for frame in read_log(served.folder / "data" / LOG_FOLDER)]
    return [BY_NAMES[int(row["a"])] for rows in frames for row in rows[rows["kind"] == CONTACT_ENDED]]


async def talk(served: Served, ann: UserAgent, bob: UserAgent) -> tuple[Dialog, Dialog]:
    """Bob talks to ann; returns her dialog and his."""
    served.configure(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    await served.start("ann")
    bob.invite("sales", served.port, bob.sdp())
    agents, callers = await ann.pick_up(), await bob.connected()
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) >= 3)
    return agents, callers


async def is_asked(phone: UserAgent, dialog: Dialog, status: int = 200) -> None:
    """Wait for OPTIONS within the dialog, and answer."""
    asked = await phone.request("OPTIONS")
    assert dialog.receive_request(asked.request) is None
    phone.reply(asked, status)


async def test_peers_who_are_there_talk_on(served: Served, open_phone: OpenPhone) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    agents, callers = await talk(served, ann, bob)
    await served.kill()
    told = said_to(bob)
    await served.start()
    await is_asked(ann, agents)
    await until(lambda: "200 INVITE" in told)  # the phone's layer acknowledges it, as it must
    bob.within(callers, "INFO")
    at_ann = await ann.request("INFO")
    ann.reply(at_ann, 200)
    await bob.response(200, "INFO")
    bob.within(callers, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    await until(lambda: ended_by(served) == ["customer"])
    assert set(told) == {"200 INVITE", "200 INFO", "200 BYE"}


async def test_an_offer_that_waits_for_an_ack_of_before_goes_on_with_the_callers_next_word(
    served: Served, open_phone: OpenPhone
) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    agents, callers = await talk(served, ann, bob)
    served.script = "serve_process.py"  # whose question comes late
    await served.again()
    ann.within(agents, "INVITE", ann.sdp("sendonly"))
    await ann.response(100)
    bob.within(callers, "INFO")
    at_ann, at_bob = await ann.request("INFO"), await bob.request("INVITE")
    assert b"sendonly" in at_bob.request.body
    for phone, heard in ((ann, at_ann), (bob, at_bob)):
        phone.reply(heard, 200, b"" if phone is ann else bob.sdp("recvonly"))
    ann.acknowledge(agents, await ann.response(200, "INVITE"))
    bob.within(callers, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)


async def test_a_call_of_longer_standing_goes_on(served: Served, open_phone: OpenPhone) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    agents, callers = await talk(served, ann, bob)
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) >= 4)  # the caller is known to have its 200
    await served.again()
    await is_asked(ann, agents, 405)  # it does not know OPTIONS, so it is there
    await is_asked(bob, callers)
    ann.within(agents, "BYE")
    await ann.response(200, "BYE")
    bob.reply(await bob.request("BYE"), 200)


async def test_a_caller_who_vanished_meanwhile_is_released(served: Served, open_phone: OpenPhone) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    agents, _ = await talk(served, ann, bob)
    await served.kill()
    bob.close()
    await served.start()
    await is_asked(ann, agents)
    ann.reply(await ann.request("BYE"), 200)
    assert ended_by(served) == ["network"]


async def test_the_caller_of_a_phone_that_vanished_meanwhile_is_told(served: Served, open_phone: OpenPhone) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    await talk(served, ann, bob)
    await served.kill()
    ann.close()
    await served.start()
    bob.reply(await bob.request("BYE"), 200)
    assert ended_by(served) == ["network"]


async def test_a_phone_that_knows_nothing_of_the_call_any_more_ends_it(served: Served, open_phone: OpenPhone) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    agents, _ = await talk(served, ann, bob)
    await served.kill()
    told = said_to(ann)
    await served.start()
    await is_asked(ann, agents, 481)
    bob.reply(await bob.request("BYE"), 200)
    assert ended_by(served) == ["network"]
    assert set(told) == {"ACK", "OPTIONS"}  # there is nobody to be told of the end


async def test_a_caller_over_tcp_who_takes_no_connections_any_more_is_released(
    served: Served, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> None:
    ann = await open_phone("ann")
    served.configure(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    await served.start("ann")
    bob = await tcp_phone("bob").connect(served.port, contact_port=free_port())
    bob.invite("sales", served.port, bob.sdp())
    agents = await ann.pick_up()
    await bob.connected()
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) >= 4)
    await served.again()
    await is_asked(ann, agents)
    ann.reply(await ann.request("BYE"), 200)
    assert ended_by(served) == ["network"]


async def test_a_caller_who_hung_up_meanwhile_says_so_again_and_gets_no_answer_to_the_invite(
    served: Served, open_phone: OpenPhone
) -> None:
    served.script = "serve_process.py"  # the phones' timers are as slow
    ann, bob = await open_phone("ann"), await open_phone("bob")
    _, callers = await talk(served, ann, bob)
    await served.kill()
    told = said_to(bob)
    bob.within(callers, "BYE")  # repeated until somebody answers
    await served.start()
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    assert ended_by(served) == ["customer"]
    assert set(told) == {"200 BYE"}


@pytest.mark.parametrize("side", ["caller", "agent"])
async def test_of_a_call_that_ended_as_it_died_only_who_did_not_end_it_is_told(
    served: Served, open_phone: OpenPhone, side: str
) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    served.script = "dying_process.py"
    agents, callers = await talk(served, ann, bob)
    told = said_to(bob)
    if side == "caller":
        bob.within(callers, "BYE")
    else:
        ann.within(agents, "BYE")
    await served.dead()
    served.script = "fast_process.py"
    await served.start()
    if side == "caller":
        ann.reply(await ann.request("BYE"), 200)
        await until(lambda: bool({"481 BYE", "200 BYE"} & set(told)))
        await served.terminate()  # whatever it sent has arrived
        assert set(told) <= {"481 BYE", "200 BYE"}
    else:
        bob.reply(await bob.request("BYE"), 200)
        await served.terminate()
        assert set(told) == {"BYE"}
