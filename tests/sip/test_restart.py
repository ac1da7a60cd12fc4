"""The process is killed in the middle of calls, and started again over its log: the calls go on."""

import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import quote

import pytest

from engine.log.reader import read_log
from engine.messages.kinds import (
    CONTACT_ENDED,
    CONTACT_RELEASED,
    LEG_RECORDED,
    TRUNK_RELEASED,
    TRUNK_REQUESTED,
    TRUNK_SEIZED,
)
from engine.messages.rows import ROW
from engine.replay.restore import LOG_FOLDER
from tests.ports import free_port
from tests.sip.calls.test_attended import QUEUES, agents_of, offered, replaces
from tests.sip.conftest import OpenPhone, OpenTcp
from tests.sip.legs.test_reliable import REQUIRED, acknowledge, said
from tests.sip.support import centre, until
from tests.sip.user_agent import UserAgent

pytestmark = pytest.mark.slow


class Served:
    """An engine in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self.script = "serve_process.py"
        self._process: asyncio.subprocess.Process | None = None

    def configure(self, text: str) -> None:
        """Write the configuration."""
        (self.folder / "centre.yaml").write_text(text.replace("port: 0", f"port: {self.port}"))

    async def start(self, *agents: str) -> None:
        """Start, and wait until it is ready."""
        script = Path(__file__).with_name(self.script)
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            str(script),
            str(self.folder / "centre.yaml"),
            str(self.folder / "data"),
            *agents,
            stdout=asyncio.subprocess.PIPE,
            env={"PYTHONPATH": ":".join(path for path in sys.path if path), "HOME": str(Path.home())},
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(60):
            assert await self._process.stdout.readline() == b"ready\n"

    async def kill(self) -> None:
        """End it without a word."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def terminate(self) -> None:
        """Stop it as an operator does."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self.dead()

    async def dead(self) -> None:
        """Wait until it is no more."""
        assert self._process is not None
        async with asyncio.timeout(60):
            await self._process.wait()

    async def again(self, *, kindly: bool = False) -> None:
        """Kill or stop it, and start it again."""
        await (self.terminate() if kindly else self.kill())
        await self.start()


def recorded(log: Path, kind: int) -> int:
    """How many rows of a kind are durable in a log that is being written."""
    return sum(int((frame.rows.view(ROW)["kind"] == kind).sum()) for frame in read_log(log))


def legs_recorded(log: Path) -> int:
    """How many records of legs are durable."""
    return recorded(log, LEG_RECORDED)


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """An engine that is not started yet."""
    one = Served(tmp_path)
    yield one
    await one.kill()


async def test_a_connected_call_goes_on(served: Served, open_phone: OpenPhone) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    served.configure(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    await served.start("ann")
    bob.invite("sales", served.port, bob.sdp())
    agents = await ann.pick_up()
    callers = await bob.connected()
    await served.kill()
    await served.start()
    # The caller puts the agent on hold, as if nothing had been.
    offer = bob.sdp("sendonly")
    bob.within(callers, "INVITE", offer)
    at_ann = await ann.request("INVITE")
    assert at_ann.request.body == offer
    assert agents.receive_request(at_ann.request) is None
    answer = ann.sdp("recvonly")
    ann.reply(at_ann, 200, answer)
    answered = await bob.hear(
        lambda event: getattr(getattr(event, "response", None), "body", b"") == answer, "the answer to hold"
    )
    bob.acknowledge(callers, answered)
    await ann.ack()
    await served.kill()
    await served.start()
    ann.within(agents, "BYE")
    await ann.response(200, "BYE")
    ended = await bob.request("BYE")
    assert callers.receive_request(ended.request) is None
    bob.reply(ended, 200)


async def test_a_waiting_caller_is_served(served: Served, open_phone: OpenPhone) -> None:
    ann, bob, eve = [await open_phone(name) for name in ("ann", "bob", "eve")]
    served.configure(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    await served.start()
    bob.invite("sales", served.port, bob.sdp())
    await bob.response(182)
    leaving = eve.invite("sales", served.port, eve.sdp())
    await eve.response(182)
    await served.kill()
    await served.start()
    eve.take_back(leaving)
    await eve.response(487)
    await served.kill()
    await served.start("ann")
    agents = await ann.pick_up()
    await bob.connected()
    ann.within(agents, "BYE")
    await ann.response(200, "BYE")
    bob.reply(await bob.request("BYE"), 200)


async def test_reliable_provisional_responses_are_counted_on(served: Served, open_phone: OpenPhone) -> None:
    bob = await open_phone("bob")
    served.configure(centre(phones={"ann": "127.0.0.1:9"}))
    await served.start()
    invite = bob.invite("sales", served.port, bob.sdp(), REQUIRED)
    number, dialog = await said(bob, 182)
    await acknowledge(bob, dialog, f"{number} 1 INVITE")
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) == 2)
    await served.again()
    bob.heard.clear()
    again, _ = await said(bob, 182)
    assert again == number + 1  # or the caller might not acknowledge it
    await acknowledge(bob, dialog, f"{again} 1 INVITE")
    bob.take_back(invite)
    await bob.response(487)


async def test_a_caller_who_takes_connections_is_answered_over_a_new_one(
    served: Served, open_phone: OpenPhone, tcp_phone: OpenTcp
) -> None:
    ann = await open_phone("ann")
    served.configure(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    await served.start()
    bob = await tcp_phone("bob").connect(served.port, contact_port=free_port())
    bob.invite("sales", served.port, bob.sdp())
    await bob.response(182)
    await served.kill()
    at_bob = await bob.listen()
    await served.start("ann")
    agents = await ann.pick_up()
    await bob.connected()
    ann.within(agents, "BYE")
    await ann.response(200, "BYE")
    bob.reply(await bob.request("BYE"), 200)
    at_bob.close()


async def test_a_caller_who_is_back_by_another_connection_gets_the_final_response_there(
    served: Served, tcp_phone: OpenTcp
) -> None:
    served.configure(centre(phones={"ann": "127.0.0.1:9"}))
    await served.start()
    bob = await tcp_phone("bob").connect(served.port)
    waiting = bob.invite("sales", served.port, bob.sdp())
    await bob.response(182)
    await served.again()
    await bob.connect(served.port)
    bob.take_back(waiting)
    await bob.response(487)


async def test_a_caller_who_is_gone_for_good_waits_no_more(served: Served, tcp_phone: OpenTcp) -> None:
    served.configure(centre(phones={"ann": "127.0.0.1:9"}))
    await served.start()
    bob = await tcp_phone("bob").connect(served.port)
    bob.invite("sales", served.port, bob.sdp())
    await bob.response(182)
    await served.again()
    await until(lambda: recorded(served.folder / "data" / LOG_FOLDER, CONTACT_RELEASED) == 1)


async def test_a_caller_who_was_refused_as_it_died_is_told_at_the_start(served: Served, open_phone: OpenPhone) -> None:
    bob = await open_phone("bob")
    served.configure(centre("  sales: {max_wait: 1s}", phones={"ann": "127.0.0.1:9"}))
    served.script = "dying_process.py"
    await served.start()
    bob.invite("sales", served.port, bob.sdp())
    await bob.response(182)
    await served.dead()  # the exit is in the log, the 480 is not on the wire
    served.script = "serve_process.py"
    await served.start()
    await bob.response(480)


async def test_a_caller_who_was_refused_on_arrival_as_it_died_is_told_at_the_start(
    served: Served, open_phone: OpenPhone
) -> None:
    bob = await open_phone("bob")
    served.configure(centre("  sales: {join_empty: available}", phones={"ann": "127.0.0.1:9"}))
    served.script = "dying_process.py"
    await served.start()
    bob.invite("sales", served.port, bob.sdp())
    await served.dead()  # the caller's leg stands behind the exit, in the same turn
    served.script = "serve_process.py"
    await served.start()
    await bob.response(480)


async def test_phones_of_a_call_that_ended_as_it_died_are_hung_up_at_the_start(
    served: Served, open_phone: OpenPhone
) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    served.configure(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    served.script = "dying_process.py"
    await served.start("ann")
    bob.invite("sales", served.port, bob.sdp())
    agents = await ann.pick_up()
    await bob.connected()
    ann.within(agents, "BYE")
    await served.dead()
    served.script = "serve_process.py"
    await served.start()
    bob.reply(await bob.request("BYE"), 200)


async def test_a_phone_that_rang_is_answered(served: Served, open_phone: OpenPhone) -> None:
    ann, bob = await open_phone("ann"), await open_phone("bob")
    served.configure(centre(phones={"ann": f"127.0.0.1:{ann.port}"}))
    await served.start("ann")
    bob.invite("sales", served.port, bob.sdp())
    call = await ann.request("INVITE")
    ann.reply(call, 180)
    await bob.response(180)
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) == 2)
    await served.kill()
    await served.start()
    ann.reply(call, 200, ann.sdp())
    await ann.ack()
    callers = await bob.connected()
    bob.within(callers, "BYE")
    await bob.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)


async def promise_a_callback(
    served: Served, ann: UserAgent, bob: UserAgent, trunk: UserAgent, host: str = "127.0.0.1"
) -> None:
    """Bob has called, was promised a callback by way of the trunk, and the engine is dead; ann may be rung for it."""
    served.configure(
        centre(
            queues="  sales: {steps: [{after: 0s, do: callback, to: back}], members_only: true}\n  back: {}",
            phones={"ann": f"127.0.0.1:{ann.port}"},
            sip=f"outbound: [{{group: national, proxy: 'sip:{host}:{trunk.port}', user: us, password: secret}}]",
            extra="trunk_groups: {national: {channels: 1}}",
        )
    )
    await served.start()
    bob.invite("sales", served.port, bob.sdp())
    await bob.response(480)
    await served.kill()


async def test_a_customer_whose_callback_ended_as_it_died_is_not_called_again(
    served: Served, open_phone: OpenPhone
) -> None:
    ann, bob, trunk = [await open_phone(name) for name in ("ann", "bob", "trunk")]
    await promise_a_callback(served, ann, bob, trunk)
    served.script = "dying_process.py"
    await served.start("ann")
    call = await ann.request("INVITE")
    ann.reply(call, 200, ann.sdp())
    await ann.ack()
    trunk.reply(await trunk.request("INVITE"), 486)
    await served.dead()  # the end is in the log, the BYE is not on the wire
    repeated = trunk.layer.counters["retransmissions_received"]
    served.script = "serve_process.py"
    await served.start()
    ann.reply(await ann.request("BYE"), 200)
    await served.terminate()  # whatever it sent has arrived
    assert not [event for event in trunk.heard if getattr(getattr(event, "request", None), "method", "") == "INVITE"]
    assert trunk.layer.counters["retransmissions_received"] == repeated


@pytest.mark.parametrize("moment", ["waiting", "ringing", "dialling", "authenticated", "talking"])
async def test_a_callback_goes_on(served: Served, open_phone: OpenPhone, moment: str) -> None:
    ann, bob, trunk = [await open_phone(name) for name in ("ann", "bob", "trunk")]
    await promise_a_callback(served, ann, bob, trunk)
    await served.start("ann")
    call = await ann.request("INVITE")
    ann.reply(call, 180)
    if moment == "ringing":
        await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) == 2)
        await served.again()
    offer = ann.sdp()
    ann.reply(call, 200, offer)
    await ann.ack()
    agents = ann.dialog_of(call.request, call.transaction)
    called = await trunk.request("INVITE")
    assert called.request.body == offer
    if moment == "authenticated":
        trunk.reply(called, 407, headers=(("Proxy-Authenticate", 'Digest realm="t", nonce="n", qop="auth"'),))
        called = await trunk.request("INVITE")
        assert 'username="us"' in called.request.get("proxy-authorization")
    trunk.reply(called, 180)
    if moment in ("dialling", "authenticated"):
        await served.again()
    trunk.reply(called, 200, trunk.sdp())
    await trunk.ack()
    customers = trunk.dialog_of(called.request, called.transaction)
    joined = await ann.request("INVITE")
    assert agents.receive_request(joined.request) is None
    ann.reply(joined, 200, ann.sdp())
    await ann.ack()
    if moment == "talking":
        await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) >= 6)
        await served.again()
    trunk.within(customers, "BYE")
    await trunk.response(200, "BYE")
    ann.reply(await ann.request("BYE"), 200)
    log = served.folder / "data" / LOG_FOLDER
    await until(lambda: recorded(log, CONTACT_ENDED) == 1)
    assert [recorded(log, kind) for kind in (TRUNK_REQUESTED, TRUNK_SEIZED, TRUNK_RELEASED)] == [1, 1, 0], "kept"


async def test_a_caller_who_was_transferred_stays_on_the_line(served: Served, open_phone: OpenPhone) -> None:
    ann, eve, bob = [await open_phone(name) for name in ("ann", "eve", "bob")]
    served.configure(centre(queues=QUEUES, agents=agents_of(ann, eve), sip="agent_calls: inside"))
    await served.start("ann", "eve")
    bob.invite("sales", served.port, bob.sdp())
    agents, callers = await ann.pick_up(), await bob.connected()
    ann.invite("help", served.port, ann.sdp())
    eves, asking = await eve.pick_up(), await ann.connected()
    refer_to = f"<sip:help@127.0.0.1:{served.port}?Replaces={quote(replaces(asking), safe='')}>"
    ann.within(agents, "REFER", headers=(("Refer-To", refer_to),))
    await ann.response(202)
    ann.reply(await ann.request("NOTIFY"), 200)
    for _ in range(2):
        ann.reply(await ann.request("BYE"), 200)
    await offered(bob, callers)
    await offered(eve, eves)
    await until(lambda: legs_recorded(served.folder / "data" / LOG_FOLDER) >= 8)
    await served.again()
    await ann.request("BYE")  # the end of the first call is told again, to the phone that had it
    eve.within(eves, "INFO")
    at_bob = await bob.request("INFO")
    assert callers.receive_request(at_bob.request) is None
    bob.reply(at_bob, 200)
    await eve.response(200, "INFO")
    assert not [event for event in bob.heard if getattr(getattr(event, "request", None), "method", "") == "BYE"]
    eve.within(eves, "BYE")
    await eve.response(200, "BYE")
    bob.reply(await bob.request("BYE"), 200)
