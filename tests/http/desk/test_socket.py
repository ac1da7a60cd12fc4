"""The desk's socket: what an agent does and is told, over reloads, second tabs and lost connections."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import ClientSession, CookieJar, web

from engine.messages.observed import MessageSent, OfferAnswered
from engine.ports import Hint
from tests.http.desk.support import CENTRE, Desk, opened, sign_in, socket_of
from tests.http.support import CONTACTS, Build, House, get, tell
from tests.http.test_metrics import scrape

DESK = "/api/v1/ws/desk"


async def bring(house: House, name: str, **more: Any) -> None:
    """Bring a chat."""
    async with ClientSession(house.url) as client:
        await tell(
            client, CONTACTS, 201, contact=name, **{"queue": "chat", "channel": "chat", "customer": "lan@x.vn", **more}
        )


async def customer_says(house: House, name: str, text: str) -> None:
    """Let the customer write."""
    async with ClientSession(house.url) as client:
        await tell(client, f"{CONTACTS}/{name}/messages", by="customer", text=text)


async def connected(house: House, desk: Desk, name: str) -> int:
    """Bring a chat and let the desk take it; returns its id."""
    await desk.do("status", status="available")
    await bring(house, name)
    await desk.until(lambda: desk.contact(name).get("state") == "offered")
    assert (await desk.do("accept", contact=name))["refused"] == ""
    await desk.until(lambda: desk.contact(name)["state"] == "connected")
    number: int = desk.contact(name)["id"]
    return number


async def test_a_line_is_told_though_its_turn_brings_a_source_nobody_knew(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        number = await connected(house, desk, "chat-1")
        await customer_says(house, "chat-1", "eins")
        await desk.until(lambda: "eins" in desk.lines.get(number, {}).values())
        await house.engine.submit("web:new", [MessageSent(contact="chat-1", by="customer", text="zwei")])
        await desk.until(lambda: "zwei" in desk.lines[number].values())


async def test_a_chat_from_the_offer_to_the_end_of_its_wrap_up(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        assert desk.items["agent"]["state"] == "offline"
        assert desk.items["house"]["pause_reasons"] == ["lunch", "training"]
        number = await connected(house, desk, "chat-1")
        assert desk.contact("chat-1")["customer"] == "lan@x.vn"
        await customer_says(house, "chat-1", "Xin chào")
        await desk.until(lambda: "Xin chào" in desk.lines.get(number, {}).values())
        said = await desk.do("say", contact="chat-1", text="Chào chị")
        await desk.until(lambda: said["seq"] in desk.lines[number])
        await desk.do("end", contact="chat-1")
        await desk.until(lambda: desk.contact("chat-1")["state"] == "wrapping")
        assert desk.contact("chat-1")["ended_by"] == "agent"
        assert desk.contact("chat-1")["until_ns"] > 0
        await desk.do("finish", contact="chat-1")
        await desk.until(lambda: not desk.contact("chat-1"))
        await desk.until(lambda: desk.items["agent"]["state"] == "idle")
    async with ClientSession(house.url) as client:
        record = (await get(client, f"{CONTACTS}/chat-1"))["contact"]
        assert (record["agent"], record["ended_by"]) == ("an", "agent")


async def test_a_declined_offer_goes_away(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        await desk.do("status", status="available")
        await bring(house, "chat-1")
        await desk.until(lambda: desk.contact("chat-1").get("state") == "offered")
        await desk.do("decline", contact="chat-1")
        await desk.until(lambda: not desk.contact("chat-1"))
        await desk.until(lambda: desk.items["agent"]["declined"] == 1)


async def test_a_second_tab_shows_the_same_and_a_lost_one_goes_on(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as one:
        number = await connected(house, one, "chat-1")
        await customer_says(house, "chat-1", "eins")
        async with opened(house) as other:
            await other.do("say", contact="chat-1", text="zwei", id="same")
            again = await other.do("say", contact="chat-1", text="zwei", id="same")
            await one.until(lambda: again["seq"] in one.lines.get(number, {}))
        reached = max(one.lines[number])
        await customer_says(house, "chat-1", "drei")
        await one.until(lambda: "drei" in one.lines[number].values())
        assert list(one.lines[number].values()) == ["eins", "zwei", "drei"]
        async with opened(house, after={str(number): reached}) as resumed:
            await resumed.until(lambda: bool(resumed.lines.get(number)))
            assert list(resumed.lines[number].values()) == ["drei"]


async def test_read_marks_reach_every_tab(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        number = await connected(house, desk, "chat-1")
        await customer_says(house, "chat-1", "Xin chào")
        await desk.until(lambda: bool(desk.lines.get(number)))
        told = await desk.do("read", contact="chat-1", up_to_seq=max(desk.lines[number]))
        assert told["refused"] == ""
    async with ClientSession(house.url) as client:
        conversation = await get(client, f"{CONTACTS}/chat-1/messages")
        assert conversation["agent_read_seq"] == conversation["messages"][-1]["seq"]


async def test_who_hands_over_is_told_which_queues_would_keep_the_caller_in_vain(build: Build) -> None:
    queues = "queues:\n  inside: {members_only: true, preferred_wait: 1m}\n  idle: {members_only: true}\n"
    house = await build(centre=CENTRE.replace("queues:\n", queues, 1))
    house.engine.state.directory.colleague_queues = ("inside",)  # the adapter for phones says so, and is not here
    async with opened(house) as one, ClientSession(house.url) as client:
        of_house = {each["queue"]: each["for_colleagues"] for each in one.items["house"]["queues"]}
        assert of_house == {"inside": True, "idle": False, "chat": False, "care": False, "sales": False}
        assert (await one.ask("colleagues"))["unserved"] == ["inside", "idle"]
        told = (await get(client, "/api/v1/queues"))["queues"]
        assert [each["queue"] for each in told if each["for_colleagues"]] == ["inside"]
        await connected(house, one, "chat-1")
        refused = await tell(client, f"{CONTACTS}/chat-1/transfer", 422, queue="inside")
        assert "'inside' is for colleagues only" in refused["detail"]


async def test_what_is_put_back_was_handed_over_by_nobody(build: Build) -> None:
    house = await build(centre=CENTRE.replace("queues: [care]", "queues: [chat, care]"))
    async with opened(house) as one, opened(house, "binh") as other, ClientSession(house.url) as client:
        await connected(house, one, "chat-1")
        await other.do("status", status="available")
        await tell(client, f"{CONTACTS}/chat-1/requeue", reason="to a colleague")
        await one.until(lambda: one.contact("chat-1").get("state") == "wrapping")
        assert (one.contact("chat-1")["ended_by"], one.contact("chat-1")["put_back"]) == ("requeue", False)
        await other.until(lambda: other.contact("chat-1").get("state") == "offered")
        offered = other.contact("chat-1")
        assert (offered["from_agent"], offered["put_back"]) == ("an", True)
        moved = {one.name: one for one in (await scrape(client)).values()}
        for name, value in (("trunkline_transfers_out", 0), ("trunkline_put_back", 1)):
            assert sum(sample.value for sample in moved[name].samples) == value


async def test_a_transfer_takes_the_lines_along(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as one, opened(house, "binh") as other:
        await other.do("status", status="available")
        number = await connected(house, one, "chat-1")
        await customer_says(house, "chat-1", "Xin chào")
        colleagues = (await one.ask("colleagues"))["colleagues"]
        assert [each["agent"] for each in colleagues] == ["binh"]
        assert (await one.ask("colleagues"))["closed"] == []
        async with ClientSession(house.url) as client:
            await tell(client, "/api/v1/queues/sales/close")
            assert (await one.ask("colleagues"))["closed"] == ["sales"]
        assert (await one.do("transfer", contact="chat-1", queue="care"))["refused"] == ""
        await other.until(lambda: other.contact("chat-1").get("state") == "offered")
        offered = other.contact("chat-1")
        assert offered["from_agent"] == "an"
        assert offered["waits_ns"] > offered["arrived_ns"], "who is handed over waits since then"
        await one.until(lambda: one.contact("chat-1").get("state") == "wrapping")
        own = one.contact("chat-1")
        assert (own["state"], own["from_agent"], own["from_queue"]) == ("wrapping", "", "")
        assert own["ended_by"] == "transfer", "not: the customer, nor whoever ends it next"
        await other.do("accept", contact="chat-1")
        await other.until(lambda: "Xin chào" in other.lines.get(number, {}).values())
        late = await one.do("say", contact="chat-1", text="too late")
        assert late["refused"] == "wrong_state"


async def test_nobody_acts_for_others(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as one, opened(house, "binh") as other:
        await connected(house, one, "chat-1")
        assert (await other.do("say", contact="chat-1", text="not mine"))["refused"] == "wrong_state"
        assert "do not serve" in (await other.do("end", contact="chat-1"))["error"]
        assert "do not serve" in (await other.do("transfer", contact="chat-1", queue="care"))["error"]
        assert (await other.do("accept", contact="chat-1"))["refused"] == "no_such_offer"
        assert "not in your hands" in (await other.ask("earlier", contact_id=one.contact("chat-1")["id"]))["error"]
        assert one.contact("chat-1")["state"] == "connected"


async def test_earlier_contacts_of_the_customer_alone(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        first = await connected(house, desk, "chat-1")
        await customer_says(house, "chat-1", "the first time")
        await desk.do("end", contact="chat-1")
        await desk.do("finish", contact="chat-1")
        await desk.until(lambda: not desk.contact("chat-1"))
        second = await connected(house, desk, "chat-2")
        (earlier,) = (await desk.ask("earlier", contact_id=second))["earlier"]
        assert (earlier["id"], earlier["agent"], earlier["state"]) == (first, "an", "closed")
        told = (await desk.ask("transcript", contact_id=first))["conversation"]
        assert [line["text"] for line in told["messages"]] == ["the first time"]
        await bring(house, "chat-3", customer="somebody@else.vn")
        assert "no customer whom you serve" in (await desk.ask("transcript", contact_id=999))["error"]


async def test_a_command_that_is_not_understood_is_answered(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        assert "not understood" in (await desk.do("rule"))["error"]
        assert "not understood" in (await desk.do("status", status="paused", reason="L" * 65))["error"]
        assert "not understood" in (await desk.ask("weather"))["error"]
        number = await connected(house, desk, "chat-1")
        assert "not understood" in (await desk.do("say", contact="chat-1", text="half \ud83d"))["error"]
        fields = {f"field-{index}": "ư" * 1024 for index in range(32)}
        told = await desk.do("classify", contact="chat-1", contact_id=number, code="booked", fields=fields)
        assert "not understood" not in told.get("error", "")
        assert not (await desk.do("say", contact="chat-1", text="whole"))["error"]


@pytest.mark.parametrize(
    "said",
    [
        '{"type": "do", "command": {"id": "", "verb": "rule"}}',
        '{"type": "do", "command": {"id": "half \\ud83d", "verb": "rule"}}',
        '{"type": "do"}',
        '{"type": "alive", "ago_s": -1}',
        "do",
    ],
)
async def test_what_is_not_understood_and_has_no_name_closes_the_desk(build: Build, said: str) -> None:
    house = await build(centre=CENTRE)
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await sign_in(client, house.url)
        async with socket_of(client, house.url) as desk:
            await desk.socket.send_str(said)
            message = await desk.socket.receive()
            assert message.data == 1008
            assert "not understood" in str(message.extra)


async def test_notes_and_codes_stay_with_the_contact(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        number = await connected(house, desk, "chat-1")
        of = {"contact": "chat-1", "contact_id": number}
        await desk.do("note", text="gọi lại thứ Sáu", **of)
        await desk.until(lambda: bool(desk.contact("chat-1")["notes"]))
        await desk.do("end", contact="chat-1")
        await desk.until(lambda: desk.contact("chat-1")["state"] == "wrapping")
        await desk.do("classify", code="complaint", **of)
        await desk.do("classify", code="booked", fields={"solved": "yes"}, **of)
        await desk.until(lambda: (desk.contact("chat-1")["classified"] or {}).get("code") == "booked")
        assert "no wrap-up code" in (await desk.do("classify", code="nonsense", **of))["error"]
        assert "is no answer" in (await desk.do("classify", fields={"ease": "9"}, **of))["error"]
        assert "another one has its name" in (await desk.do("note", contact="chat-1", contact_id=1, text="x"))["error"]
        await desk.do("finish", contact="chat-1")
        second = await connected(house, desk, "chat-2")
        (earlier,) = (await desk.ask("earlier", contact_id=second))["earlier"]
        assert earlier["code"] == "booked"
        assert [note["text"] for note in earlier["notes"]] == ["gọi lại thứ Sáu"]
        assert (await desk.do("note", text="late", **of))["error"] == "", "who had it until lately may remark on it"


async def test_own_figures_count_what_one_did_oneself(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        assert desk.items["figures"]["answered"] == 0
        assert desk.items["figures"]["service_level"] is None
        await connected(house, desk, "chat-1")
        await desk.until(lambda: desk.items["figures"]["answered"] == 1)
        assert desk.items["figures"]["service_level"] == 1.0
    async with opened(house, "binh") as other:
        assert other.items["figures"]["answered"] == 0


async def test_own_occupancy_goes_on_while_nothing_happens(build: Build) -> None:
    house = await build(centre=CENTRE)
    desks = house.adapter.context.desks
    wall_ns, later_ns = desks._wall_ns, [0]
    desks._wall_ns = lambda: wall_ns() + later_ns[0]
    async with opened(house) as desk:
        await desk.do("status", status="available")
        later_ns[0] = 60_000_000_000
        desks.hub.wake_all()
        await desk.until(lambda: desk.items["figures"]["occupancy"] == 0.0)
        later_ns[0] = 0
        await connected(house, desk, "chat-1")
        as_of = house.engine.views.as_of
        later_ns[0] = 1_200_000_000_000
        desks.hub.wake_all()
        await desk.until(lambda: (desk.items["figures"]["occupancy"] or 0.0) > 0.9)
        assert house.engine.views.as_of == as_of


async def test_typing_is_told_both_ways(build: Build) -> None:
    house = await build(centre=CENTRE)
    heard: list[Hint] = []
    link = house.adapter.context.engine
    link.watch_hints(heard.append)
    async with opened(house) as desk:
        number = await connected(house, desk, "chat-1")
        link.hint(Hint("chat-1", "customer"))
        await desk.until(lambda: desk.typing.get(number, False))
        await desk.socket.send_json({"type": "typing", "contact_id": number, "typing": True})
        await desk.do("status", status="available")
        assert heard[-1] == Hint("chat-1", "agent", "an")


@pytest.mark.parametrize("ends", ["session", "link"])
async def test_a_desk_that_ends_in_mid_line_is_typed_at_no_more(build: Build, ends: str) -> None:
    house = await build(centre=CENTRE)
    heard: list[Hint] = []
    rests = asyncio.Event()
    link = house.adapter.context.engine
    link.watch_hints(heard.append)
    link.watch_hints(lambda hint: None if hint.typing else rests.set())
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await sign_in(client, house.url)
        async with socket_of(client, house.url) as desk:
            numbers = {name: await connected(house, desk, name) for name in ("chat-1", "chat-2")}
            for name, on in (("chat-1", True), ("chat-2", True), ("chat-2", False)):
                await desk.socket.send_json({"type": "typing", "contact_id": numbers[name], "typing": on})
            await desk.ask("colleagues")
            before = len(heard)
            rests.clear()
            if ends == "session":
                async with client.delete(f"{house.url}/api/v1/desk/session") as answer:
                    assert answer.status == 204
                await desk.until(lambda: desk.ended == "session_over")
                assert heard[before:] == [Hint("chat-1", "agent", "an", typing=False)], "before the page hears of it"
        await asyncio.wait_for(rests.wait(), 10)
    assert heard[before:] == [Hint("chat-1", "agent", "an", typing=False)]


async def test_a_phone_that_refuses_is_told_to_who_asked(build: Build) -> None:
    house = await build(centre=CENTRE)
    link = house.adapter.context.engine
    async with opened(house) as desk:
        number = await connected(house, desk, "chat-1")
        for agent in ("binh", "nobody"):
            link.hint(Hint("chat-1", "customer", agent, typing=False, refused="hold"))
        for holds in (False, True):
            link.hint(Hint("chat-1", "agent", "an", typing=False, refused="resume", holds=holds))
            await desk.until(lambda: desk.refused != [])
            told = {"type": "refused", "contact_id": number, "verb": "resume", "by": "agent", "holds": holds}
            assert desk.refused.pop() == told
        assert not desk.typing


async def test_a_call_that_rings_at_a_phone_is_answered_there(build: Build) -> None:
    phone = '  - {name: dung, queues: [sales], phone: {address: "sip:dung@example.org"}}\n'
    house = await build(centre=CENTRE + phone)
    async with ClientSession(house.url) as client:
        reachable: dict[str, Any] = {"type": "agent_reachability_changed", "agent": "dung", "reachable": True}
        await tell(client, "/api/v1/events", 202, **reachable)
    async with opened(house, "dung", password="") as desk:
        await desk.do("status", status="available")
        await bring(house, "call-1", queue="sales", channel="voice")
        await desk.until(lambda: desk.contact("call-1").get("state") == "offered")
        assert "at your phone" in (await desk.do("accept", contact="call-1"))["error"]
        assert (await desk.do("decline", contact="call-1"))["refused"] == ""


async def test_hold_is_asked_of_whoever_has_the_call(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk, ClientSession(house.url) as client:
        await desk.do("status", status="available")
        await bring(house, "call-1", queue="sales", channel="voice")
        await desk.until(lambda: desk.contact("call-1").get("state") == "offered")
        await desk.do("accept", contact="call-1")
        assert (await desk.do("hold", contact="call-1"))["refused"] == ""
        effects = house.adapter.context.feed.effects.after(0, 100)[0]
        assert any(b'"hold_contact"' in body for _, body in effects)
        assert desk.contact("call-1")["state"] == "connected", "not before it is so"
        await tell(client, "/api/v1/events", 202, type="contact_held", contact="call-1")
        await desk.until(lambda: desk.contact("call-1")["state"] == "held")
        assert (await desk.do("hold", contact="call-1"))["refused"] == "wrong_state"
        assert (await desk.do("resume", contact="call-1"))["refused"] == ""


async def test_adherence_is_that_of_the_schedule(build: Build) -> None:
    now = datetime.now(tz=UTC)
    hours = [(now + timedelta(hours=by)).strftime("%Y-%m-%dT%H:%M") for by in (-1, 1)]
    shift = f"{{agent: an, from: {hours[0]}, to: {hours[1]}, activity: work}}"
    house = await build(centre=f"{CENTRE}quality: {{schedule: [{shift}]}}\n")
    async with opened(house) as desk:
        assert desk.items["figures"]["scheduled"]
        assert desk.items["figures"]["adherence"] == 0.0, "offline since the turn began"
    async with opened(house, "binh") as other:
        assert not other.items["figures"]["scheduled"]
        assert other.items["figures"]["adherence"] is None


async def test_what_fails_here_is_told_and_logged(
    build: Build, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise OSError("the disk is gone")

    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        monkeypatch.setattr("adapters.http.desk.socket.fact_of", broken)
        monkeypatch.setattr("adapters.http.desk.socket.answer_to", broken)
        assert "it failed here" in (await desk.do("status", status="available"))["error"]
        assert "it failed here" in (await desk.ask("colleagues"))["error"]
    assert caplog.text.count("could not be served") == 2


async def test_what_is_over_in_that_moment_is_told_as_such(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        monkeypatch.setattr(
            "adapters.http.desk.socket.fact_of", lambda *_, **__: OfferAnswered(contact="gone meanwhile", agent="an")
        )
        for verb, refused in (("accept", "no_such_offer"), ("end", "wrong_state")):
            told = await desk.do(verb, contact="gone meanwhile")
            assert (told["error"], told["refused"]) == ("", refused), "the page has words for it in each language"


async def test_what_was_done_and_is_sent_again_is_answered_as_then(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        number = await connected(house, desk, "chat-1")
        of = {"contact": "chat-1", "contact_id": number}
        commands: list[dict[str, Any]] = [
            {"verb": "note", "id": "n", "text": "window seat", **of},
            {"verb": "classify", "id": "c", "code": "booked", **of},
            {"verb": "end", "id": "e", "contact": "chat-1"},
        ]
        first = [await desk.do(**command) for command in commands]
        assert [(told["error"], told["refused"]) for told in first] == [("", "")] * 3
        await desk.until(lambda: desk.contact("chat-1")["state"] == "wrapping")
        await desk.do("finish", contact="chat-1")
        await desk.until(lambda: not desk.contact("chat-1"))
        desk.settled.clear()
        assert [await desk.do(**command) for command in commands] == first
        assert "do not serve" in (await desk.do("end", id="again", contact="chat-1"))["error"]
        number = await connected(house, desk, "chat-2")
        gone = {"verb": "transfer", "id": "t", "contact": "chat-2", "queue": "care"}
        told = await desk.do(**gone)
        await desk.until(lambda: desk.contact("chat-2").get("state") != "connected")
        desk.settled.clear()
        assert await desk.do(**gone) == told


async def test_a_desk_is_told_something_all_the_time(build: Build, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("adapters.http.desk.socket.PULSE_EVERY_S", 0.05)
    house = await build(centre=CENTRE)
    async with opened(house) as desk:
        for _ in range(3):
            assert await desk.socket.receive_json(timeout=30) == {"type": "pulse"}


async def test_a_page_of_another_agent_is_shown_nothing(build: Build) -> None:
    house = await build(centre=CENTRE)
    async with ClientSession(cookie_jar=CookieJar(unsafe=True)) as client:
        await sign_in(client, house.url, "binh")
        async with client.ws_connect(f"{house.url}/api/v1/ws/desk") as socket:
            await socket.send_json({"type": "hello", "agent": "an"})
            await socket.send_json({"type": "do", "command": {"id": "1", "verb": "status", "status": "available"}})
            assert await socket.receive_json() == {"type": "end", "reason": "other_agent"}
            assert (await socket.receive()).data == 1000
        assert house.engine.views.agent("binh").status == "offline"


async def test_who_leaves_before_the_desk_has_opened_is_no_fault_of_the_service(
    build: Build, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = await build(centre=CENTRE)
    prepare = web.WebSocketResponse.prepare
    answered = asyncio.Event()

    async def prepare_late(response: web.WebSocketResponse, request: web.Request) -> Any:
        opening.cancel()
        while request.transport is not None:  # noqa: ASYNC110 - that somebody has gone has no event
            await asyncio.sleep(0.005)
        answered.set()
        return await prepare(response, request)

    monkeypatch.setattr(web.WebSocketResponse, "prepare", prepare_late)
    async with ClientSession(house.url, cookie_jar=CookieJar(unsafe=True)) as client:
        await sign_in(client, house.url)
        opening = asyncio.ensure_future(client.ws_connect(DESK))
        with pytest.raises(asyncio.CancelledError):
            await opening
        await answered.wait()
        requests = (await scrape(client))["http_server_request_duration_seconds"].samples
    (told,) = {one.labels["http_response_status_code"] for one in requests if one.labels["http_route"] == DESK}
    assert told == "499"
    assert [one for one in caplog.records if one.levelname == "ERROR"] == []
