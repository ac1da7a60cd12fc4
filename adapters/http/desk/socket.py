"""One open desk: what changes goes out, what the agent does comes in.

Nothing is queued for a desk. It is woken by durable turns and sends what is new since what it sent: items that look
different, and the lines behind its place in each conversation. So a desk that was away, or is slow, is told the
present, and no line twice; what it does is named by the page, so that a repeat changes nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from typing import Any, Final

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from adapters.http.desk.cases import AnyCaseCommand, CaseCommand, OpenCase, case_fact_of
from adapters.http.desk.commands import (
    Accept,
    AnyCommand,
    Classify,
    NotAllowed,
    Note,
    Read,
    Say,
    SetStatus,
    fact_id,
    fact_of,
)
from adapters.http.desk.house import HouseItems
from adapters.http.desk.hub import DeskHub, Waker
from adapters.http.desk.items import PLANS, adherence_of, items_of, rings_at_phone
from adapters.http.desk.lately import had_lately
from adapters.http.desk.not_understood import named
from adapters.http.desk.openers import Openers
from adapters.http.desk.questions import AnyQuestion, answer_to, changed_cases
from adapters.http.desk.said import Alive, Ask, Do, Hello, Said, Typing
from adapters.http.desk.sessions import Session
from adapters.http.desk.typing_signs import TypingSigns
from adapters.http.desk.uploads import Uploads
from engine.errors import Overloaded, TrunklineError
from engine.messages.observed import MessageSent, Observed
from engine.model.settings import SECOND_NS
from engine.ports import EngineLink
from engine.projections.contacts.engagements import Engagement
from engine.projections.days import midnight_ns
from engine.uploads import submit_naming

LOOK_EVERY_S: Final = 10.0
"""Sessions end without an event: a desk looks this often anyway."""
WRITE_WITHIN_S: Final = 20.0
"""A desk that takes nothing for so long is closed; it comes back when it can."""
SETTLED_WITHIN_S: Final = 10.0
UNDERWAY_MAX: Final = 64
"""Commands of one desk that are not answered yet; beyond, it is read more slowly."""
PULSE_EVERY_S: Final = 10.0
"""A desk is told something at least so often: the page knows a dead link by its silence."""
LINES_AT_ONCE: Final = 500
ADHERENCE_EVERY_NS: Final = 30_000_000_000
"""It changes with time alone, and is reckoned from all of the day."""
SOURCE: Final = "http:desk"
SAID_MAX: Final = 256 << 10
"""Bytes of one message from a page: more than the longest that is allowed, 32 fields of 1,024 signs."""


logger = logging.getLogger(__name__)
_DECODER: Final = msgspec.json.Decoder(Said)
_ENCODER: Final = msgspec.json.Encoder()


class UnknownAgent(TrunklineError):
    """The agent whose desk it is stands no longer in the configuration."""


class DeskSocket:
    """One socket of one agent's desk. `lives` says whether the session still holds; `touch` takes when somebody was
    there, in ns ago."""

    def __init__(
        self,
        session: Session,
        engine: EngineLink,
        hub: DeskHub,
        wall_ns: Callable[[], int],
        time_zone: str,
        lives: Callable[[], str],
        touch: Callable[[int], None],
        uploads: Uploads,
        house: HouseItems,
    ) -> None:
        agent = self._agent = session.agent
        self._engine = engine
        self._hub = hub
        self._wall_ns = wall_ns
        self._time_zone = time_zone
        self._why_ended = lives
        self._touch = touch
        self._uploads = uploads
        self._house = house
        self._openers = Openers()
        self._ws = web.WebSocketResponse(heartbeat=20.0, max_msg_size=SAID_MAX, compress=False)
        self.waker = Waker(engine.views.agent_number(agent), session.id)
        self._sent: dict[str, bytes] = {}
        self._adherence: tuple[bool, float | None] = (False, None)
        self._adherence_due_ns = 0
        self._after: dict[int, int] = {}
        self._read_seqs: dict[int, tuple[int, int]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._room = asyncio.Semaphore(UNDERWAY_MAX)
        self._in_order = asyncio.Lock()
        """Held from when a command is read until its fact is handed in: none overtakes the one before."""
        self._told_s = 0.0
        self._signs = TypingSigns(engine, agent)

    async def run(self, request: web.Request) -> web.WebSocketResponse:
        """Serve the desk until it goes, the session ends or the service stops."""
        pump: asyncio.Task[None] | None = None
        try:
            await self._hub.kept()  # nothing is done here that nobody would wait for after a crash
            await self._ws.prepare(request)
            async for message in self._ws:
                if message.type != WSMsgType.TEXT:
                    break
                said = self._understood(message.data)
                if isinstance(said, Hello):
                    if said.agent not in ("", self._agent):
                        await self._end("other_agent")
                        break
                    if pump is None:
                        reached = self._engine.views.as_of  # who has seen more has seen a log of before a backup
                        self._after = {int(name): seq for name, seq in said.after.items() if seq <= reached}
                        pump = asyncio.get_running_loop().create_task(self._pump(), name="desk")
                elif isinstance(said, str):
                    kind, name = named(message.data)
                    if not name:
                        await self._ws.close(code=WSCloseCode.POLICY_VIOLATION, message=said.encode()[:120])
                        continue
                    await self._room.acquire()
                    self._start(self._send({"type": kind, "id": name, "error": said}))
                else:
                    self._note_doing(said)
                    if isinstance(said, Do | Ask):
                        await self._room.acquire()
                        self._start(self._served(said))
                    elif isinstance(said, Typing):
                        self._signs.tell(said)
        finally:
            self._signs.rest()
            self._hub.leave(self.waker)
            tasks = [task for task in (pump, *self._tasks) if task is not None]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
        return self._ws

    def _understood(self, text: str) -> Said | str:
        try:
            said: Said = _DECODER.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            return f"not understood: {error}"
        return said

    def _note_doing(self, said: Do | Ask | Alive | Typing) -> None:
        """Keep the session from being idle by what somebody does: a page reads, and asks, with nobody before it."""
        match said:
            case Alive():
                self._touch(int(said.ago_s * SECOND_NS))
            case Do() if not isinstance(said.command, Read):
                self._touch(0)
            case Typing(typing=True):
                self._touch(0)

    def _start(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._tasks.discard(task)
        self._room.release()
        if not task.cancelled() and task.exception() is not None:
            self.waker.wake()

    # --- out

    async def _pump(self) -> None:
        try:
            while not self._ws.closed:
                reason = "stopping" if self._hub.closing else self._why_ended()
                if reason:
                    await self._end(reason)
                    return
                await self._tell_unreached()
                await self._tell_status()
                await self._tell_news()
                await self._tell_hints()
                await self.waker.news(min(LOOK_EVERY_S, await self._pulse()))
        except (ConnectionError, TimeoutError):
            await self._ws.close(code=WSCloseCode.TRY_AGAIN_LATER)
        except UnknownAgent:
            await self._end("unknown")
        except Exception:
            logger.exception("the desk of agent %s could not be told what is new", self._agent)
            await self._ws.close(code=WSCloseCode.INTERNAL_ERROR)

    async def _end(self, reason: str) -> None:
        self._signs.rest()
        with contextlib.suppress(ConnectionError, TimeoutError):
            await self._send({"type": "end", "reason": reason})
        await self._ws.close()

    async def _pulse(self) -> float:
        """Say something where nothing was said for long; return in how many seconds to look again."""
        now_s = asyncio.get_running_loop().time()
        if now_s - self._told_s >= PULSE_EVERY_S:
            await self._send({"type": "pulse"})
            return PULSE_EVERY_S
        return self._told_s + PULSE_EVERY_S - now_s

    async def _tell_news(self) -> None:
        views = self._engine.views
        try:
            held = views.contacts.engagements(self._agent)
        except KeyError as error:
            raise UnknownAgent(str(error.args[0])) from None
        wall_ns = self._wall_ns()
        today_ns = midnight_ns(wall_ns, self._time_zone)
        if wall_ns >= self._adherence_due_ns:
            self._adherence_due_ns = wall_ns + ADHERENCE_EVERY_NS
            self._adherence = await asyncio.to_thread(adherence_of, views, self._agent, today_ns, wall_ns)
            held = views.contacts.engagements(self._agent)
        if await self._openers.learn(held, views):
            held = views.contacts.engagements(self._agent)
        items = items_of(
            self._engine,
            self._agent,
            held,
            today_ns,
            self._adherence,
            self._house,
            self._openers,
            now_ns=wall_ns,
            open_elsewhere=self._hub.is_elsewhere(self.waker.agent, self.waker.session),
        )
        items[PLANS] = self._hub.plans
        as_of, now_ns = views.as_of, views.now_ns(wall_ns)
        self.waker.contacts = {one.contact_id: one.contact for one in held}
        await asyncio.wait_for(self._engine.durable(), WRITE_WITHIN_S)
        changed = {key: msgspec.Raw(body) for key, body in items.items() if self._sent.get(key) != body}
        gone = [key for key in self._sent if key not in items]
        if changed or gone:
            kind = "delta" if self._sent else "snapshot"
            self._sent = items
            told = {"type": kind, "as_of": as_of, "now_ns": now_ns, "items": changed, "removed": gone}
            await self._send(told)
        await self._tell_cases(held, now_ns)
        said = self.waker.said()
        for one in held:
            is_new = one.contact_id in said or one.contact_id not in self._read_seqs
            if is_new and one.state != "offered" and one.channel != "voice":
                await self._tell_lines(one)
        for contact_id in (self._after.keys() | self._read_seqs.keys()) - self.waker.contacts.keys():
            self._read_seqs.pop(contact_id, None)
            self._after.pop(contact_id, None)

    async def _tell_lines(self, one: Engagement) -> None:
        views, contact_id = self._engine.views, one.contact_id
        while True:
            after_seq = self._after.get(contact_id, 0)
            try:
                found = await asyncio.to_thread(views.contacts.conversation, contact_id, after_seq, LINES_AT_ONCE)
            except KeyError:
                return  # so many contacts came since that it is forgotten; the log still has it
            read = found.customer_read_seq, found.agent_read_seq
            if found.messages or self._read_seqs.get(contact_id, (0, 0)) != read:
                await self._send(
                    {
                        "type": "lines",
                        "contact_id": contact_id,
                        "messages": found.messages,
                        "customer_read_seq": read[0],
                        "agent_read_seq": read[1],
                    }
                )
            self._read_seqs[contact_id] = read
            self._after[contact_id] = max(after_seq, found.messages[-1].seq if found.messages else 0)
            if not found.more:
                return

    async def _tell_cases(self, held: list[Engagement], now_ns: int) -> None:
        """Tell the cases of each customer here of whom one has changed, whoever changed it."""
        changed = self.waker.cases()
        if changed:
            for told in await changed_cases(changed, held, self._engine.views, now_ns):
                await self._send({"type": "cases", **told})

    async def _tell_hints(self) -> None:
        for contact_id, is_typing in self.waker.typing().items():
            await self._send({"type": "typing", "contact_id": contact_id, "typing": is_typing})
        for contact_id, hint in self.waker.refused().items():
            refused = {"contact_id": contact_id, "verb": hint.refused, "by": hint.by, "holds": hint.holds}
            await self._send({"type": "refused", **refused})

    async def _tell_unreached(self) -> None:
        """Tell of callbacks that came to nothing, before the contact is gone: the page knows then whose it was."""
        for contact, hint in self.waker.unreached().items():
            await self._send({"type": "unreached", "contact": contact, "why": hint.unreached, "again": hint.again})

    async def _tell_status(self) -> None:
        """Tell who else has chosen the agent's status."""
        chosen = self.waker.status()
        if chosen is not None:
            await self._send(msgspec.to_builtins(chosen))

    async def _send(self, told: dict[str, Any]) -> None:
        await asyncio.wait_for(self._ws.send_str(_ENCODER.encode(told).decode()), WRITE_WITHIN_S)
        self._told_s = asyncio.get_running_loop().time()

    # --- in

    async def _served(self, said: Do | Ask) -> None:
        """Do what the page says, or tell what it asks, and answer, whatever comes of it."""
        kind, name = ("done", said.command.id) if isinstance(said, Do) else ("answer", said.question.id)
        told: dict[str, Any] = {"type": kind, "id": name}
        try:
            told |= await (self._do(said.command) if isinstance(said, Do) else self._answer(said.question))
        except (NotAllowed, KeyError) as error:
            told["error"] = str(error.args[0])
        except FileNotFoundError:
            told["error"] = "the file is not there any more; attach it once more"
        except Overloaded as full:
            told |= {"error": str(full), "again_s": full.retry_after_s}
        except TimeoutError:
            told |= {"error": "the log is not durable yet", "again_s": 1}
        except Exception:
            logger.exception("what the desk of agent %s said could not be served", self._agent)
            told["error"] = "it failed here, and the service's log says why; try again, or tell who runs the service"
        await self._send(told)

    async def _do(self, command: AnyCommand | AnyCaseCommand) -> dict[str, Any]:
        async with self._in_order:
            before = self._engine.came_before(SOURCE, fact_id(command, self._agent))
            with self._turn(command, came_before=before):
                fact = await self._fact_of(command, came_before=before)
                file, store = fact.attachment if isinstance(fact, MessageSent) else None, self._engine.attachments
                submit = partial(self._engine.submit, SOURCE, [fact])
                if file is not None and store is not None:
                    submitted = await submit_naming(file, store, submit)
                else:
                    submitted = submit()
        (receipt,) = await asyncio.wait_for(asyncio.shield(submitted), SETTLED_WITHIN_S)
        if receipt.error and receipt.field == "contact":  # over meanwhile; the page says so in its language
            return {"seq": 0, "error": "", "refused": "no_such_offer" if isinstance(command, Accept) else "wrong_state"}
        return {"seq": receipt.seq, "error": receipt.error, "refused": receipt.refused}

    def _turn(self, command: AnyCommand | AnyCaseCommand, *, came_before: bool) -> AbstractContextManager[None]:
        """The command's turn among those about its contact. How far somebody has read is in no order."""
        if isinstance(command, Read):
            return contextlib.nullcontext()
        contact = "" if isinstance(command, SetStatus) else command.contact
        return self._hub.in_order.turn((self._agent, contact), command.id, came_before=came_before)

    async def _answer(self, question: AnyQuestion) -> dict[str, Any]:
        views = self._engine.views
        told = await answer_to(question, self._agent, views.contacts.engagements(self._agent), views, self._wall_ns())
        await asyncio.wait_for(self._engine.durable(), WRITE_WITHIN_S)
        return told

    async def _fact_of(self, command: AnyCommand | AnyCaseCommand, *, came_before: bool) -> Observed:
        """The fact that a command makes. Raises NotAllowed, KeyError."""
        views = self._engine.views
        held = views.contacts.engagements(self._agent)
        lately = isinstance(command, Note | Classify | OpenCase | CaseCommand) and had_lately(
            command, self._agent, views, self._wall_ns()
        )
        if isinstance(command, OpenCase | CaseCommand):
            return await case_fact_of(command, self._agent, held, views, came_before=came_before, had_lately=lately)
        if isinstance(command, Accept) and not came_before and self._rings_at_phone(command.contact, held):
            raise NotAllowed("this call is answered at your phone, which rings")
        file = None
        if isinstance(command, Say) and command.attachment:
            file = self._uploads.read(command.attachment, self._agent, self._goes_to(command, held), self._wall_ns())
        return fact_of(command, self._agent, held, file, came_before=came_before, had_lately=lately)

    @staticmethod
    def _goes_to(command: Say, held: list[Engagement]) -> int:
        """The id of the contact that a line goes to; what the page says counts only where nobody has that name now."""
        return next((one.contact_id for one in held if one.contact == command.contact), command.contact_id)

    def _rings_at_phone(self, contact: str, held: list[Engagement]) -> bool:
        """Whether a call rings at the agent's phone, which alone can answer it."""
        return any(rings_at_phone(self._engine, self._agent, one) for one in held if one.contact == contact)
