"""An agent who chats, at the desk's own socket: signs in, accepts, answers several at once, classifies and finishes."""

import asyncio
import itertools
import logging
from collections.abc import Callable
from typing import Any, Final

import aiohttp
import msgspec

from simulations.demo.people.phrases import BYE, GREETING, answer_to
from simulations.demo.people.tally import Tally
from simulations.demo.people.traits import Chance

logger = logging.getLogger(__name__)
COME_BACK_S: Final = 0.5
Json = dict[str, Any]


class ChatDesk:
    """One agent's desk. What it does goes out as commands with names of their own."""

    def __init__(self, url: str, agent: str, chance: Chance, tally: Tally) -> None:
        self._url = url
        self._agent = agent
        self._chance = chance
        self._tally = tally
        self._socket: aiohttp.ClientWebSocketResponse | None = None
        self._task: asyncio.Task[None] | None = None
        self._items: dict[str, Json] = {}
        self._after: dict[str, int] = {}
        self._timers: dict[tuple[str, int], asyncio.TimerHandle] = {}
        self._names = itertools.count(1)
        self._wrap_up_s = chance.traits.wrap_up_s
        self._greeted: set[int] = set()
        self._underway: dict[str, Json] = {}
        self.is_there = asyncio.Event()
        """Set once the desk has shown what the agent has in hand."""

    def start(self) -> None:
        """Sit down."""
        self._task = asyncio.get_running_loop().create_task(self._live(), name=f"desk of {self._agent}")

    async def stop(self) -> None:
        """Go home."""
        for timer in self._timers.values():
            timer.cancel()
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _live(self) -> None:
        jar = aiohttp.CookieJar(unsafe=True)  # the demo's machine has an address and no name
        async with aiohttp.ClientSession(self._url, cookie_jar=jar) as http:
            while True:
                try:
                    await self._sit(http)
                except (aiohttp.ClientError, OSError, TimeoutError) as error:
                    logger.info("the desk of %s was lost: %s", self._agent, str(error) or type(error).__name__)
                self._socket = None
                await asyncio.sleep(COME_BACK_S)

    async def _sit(self, http: aiohttp.ClientSession) -> None:
        async with http.post("/api/v1/desk/session", json={"agent": self._agent}) as answer:
            answer.raise_for_status()
        async with http.ws_connect("/api/v1/ws/desk") as self._socket:
            await self._socket.send_json({"type": "hello", "after": self._after})
            for command in list(self._underway.values()):
                await self._socket.send_json({"type": "do", "command": command})
            async for message in self._socket:
                if message.type is not aiohttp.WSMsgType.TEXT:
                    break
                self._take(msgspec.json.decode(message.data))

    # --- what is told

    def _take(self, told: Json) -> None:
        if told["type"] in ("snapshot", "delta"):
            if told["type"] == "snapshot":
                self._items = {}
            self._items |= told["items"]
            for key in told["removed"]:
                self._items.pop(key, None)
            self._forget_gone()
            for key, item in told["items"].items():
                if key.startswith("contact:") and (item["channel"] == "chat" or item["state"] == "wrapping"):
                    self._look_at(item)
            self.is_there.set()
        elif told["type"] == "lines":
            self._read(told["contact_id"], told["messages"])
        elif told["type"] == "done" and told.get("again_s"):
            again = self._underway.get(told["id"])
            if again is not None:
                asyncio.get_running_loop().call_later(told["again_s"], self._send, {"type": "do", "command": again})
        elif told["type"] == "done":
            self._underway.pop(told["id"], None)

    def _look_at(self, contact: Json) -> None:
        """Do what a contact asks for in its state: once."""
        number, state = contact["id"], contact["state"]
        if state == "offered":
            self._once(f"offer {contact['since_ns']}", contact, self._chance.ring_s(), self._react)
        elif state == "connected":
            self._once("greet", contact, self._chance.wait_s(self._chance.traits.writing_s), self._greet)
        elif state == "wrapping":
            self._once("wrap", contact, self._chance.wait_s(self._wrap_up_s), self._wrap)
        for task, whom in list(self._timers):
            if whom == number and state == "wrapping" and task != "wrap":
                self._timers.pop((task, whom)).cancel()

    def end_soon(self, mean_s: float) -> None:
        """Everybody wants to go home: what comes after a contact takes no longer than that."""
        self._wrap_up_s = mean_s

    def _react(self, contact: Json) -> None:
        reaction = self._chance.reaction()
        if reaction == "answer":
            self._tally.http_answered += 1
            self._do("accept", contact)
        elif reaction == "decline":
            self._do("decline", contact)

    def _greet(self, contact: Json) -> None:
        self._say(contact, "")

    def _say(self, contact: Json, text: str) -> None:
        """Write; the first time with a greeting."""
        if contact["id"] not in self._greeted:
            self._greeted.add(contact["id"])
            name = self._items.get("agent", {}).get("display_name") or self._agent
            text = f"{GREETING.format(name=name)} {text}".strip()
        if text:
            self._do("say", contact, text=text)

    def _read(self, number: int, lines: list[Json]) -> None:
        """Read what the visitor wrote, and answer the last of it."""
        for line in lines:
            self._after[str(number)] = max(self._after.get(str(number), 0), line["seq"])
        contact = self._items.get(f"contact:{number}")
        last = next((line for line in reversed(lines) if line["by"] == "customer"), None)
        if contact is None or last is None or contact["state"] != "connected":
            return
        self._do("read", contact, up_to_seq=last["seq"])
        self._send({"type": "typing", "contact_id": number, "typing": True})
        planned = self._timers.pop(("greet", number), None)
        if planned is not None:
            planned.cancel()

        def reply(shown: Json) -> None:
            if last["text"] == BYE:
                self._do("end", shown)
            else:
                self._tally.chat_lines_answered += 1
                self._say(shown, answer_to(last["text"]))

        self._again("reply", contact, self._chance.wait_s(self._chance.traits.writing_s), reply)

    def _wrap(self, contact: Json) -> None:
        codes = self._items.get("house", {}).get("codes", [])
        suiting = [one["code"] for one in codes if not one["queues"] or contact["queue"] in one["queues"]]
        if suiting:
            self._do("classify", contact, contact_id=contact["id"], code=self._chance.one_of(suiting))
        self._do("finish", contact)

    # --- what is done

    def _do(self, verb: str, contact: Json, **fields: Any) -> None:
        name = f"{contact['id']}-{next(self._names)}"
        command = {"id": name, "verb": verb, "contact": contact["contact"], **fields}
        self._underway[name] = command
        self._send({"type": "do", "command": command})

    def _send(self, told: Json) -> None:
        socket = self._socket
        if socket is not None and not socket.closed:
            sent = asyncio.get_running_loop().create_task(socket.send_json(told))
            sent.add_done_callback(lambda task: task.cancelled() or task.exception())

    def _once(self, task: str, contact: Json, delay_s: float, action: Callable[[Json], None]) -> None:
        if (task, contact["id"]) not in self._timers:
            self._again(task, contact, delay_s, action)

    def _again(self, task: str, contact: Json, delay_s: float, action: Callable[[Json], None]) -> None:
        """Do it after so long, unless the contact is gone by then; what was planned of this kind is dropped."""
        number = contact["id"]
        planned = self._timers.get((task, number))
        if planned is not None:
            planned.cancel()

        def act() -> None:
            shown = self._items.get(f"contact:{number}")
            if shown is not None:
                action(shown)

        self._timers[task, number] = asyncio.get_running_loop().call_later(delay_s, act)
        self._forget_gone()

    def _forget_gone(self) -> None:
        shown = {item["id"] for key, item in self._items.items() if key.startswith("contact:")}
        self._greeted &= shown
        for task, whom in list(self._timers):
            if whom not in shown:
                self._timers.pop((task, whom)).cancel()
