"""Whether a visitor is asked how it was: by the house's rules for surveys, beside the inbox's own wish."""

import asyncio
import logging
from typing import Final

from adapters.webchat.chats import Chat
from adapters.webchat.core import Core
from engine.messages.observed import SurveyRequested

logger = logging.getLogger(__name__)
SILENT: Final = frozenset({"answered_already", "cool_down", "not_sampled", "other_queue", "not_served"})
"""Rules by which nobody is asked. Where there is no rule of this kind the inbox's own wish counts."""


class Surveys:
    """Looks at the rules when a chat is over, and records that somebody was asked."""

    def __init__(self, core: Core) -> None:
        self._core = core
        self._tasks: set[asyncio.Task[None]] = set()

    def consider(self, chat: Chat) -> bool:
        """Look whether to ask after a chat that has ended; pages are woken then. False: nobody is to be asked."""
        if not chat.answered or chat.settings.survey is None:
            return False
        task = asyncio.get_running_loop().create_task(self._consider(chat), name="webchat survey")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return True

    async def stop(self) -> None:
        """Look no more; who comes back is asked then."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _consider(self, chat: Chat) -> None:
        await self.judge(chat)
        visitor = self._core.visitors.find(chat.inbox, chat.known_as)
        if visitor is not None:
            visitor.wake()

    async def judge(self, chat: Chat) -> None:
        """Find out whether the visitor of a chat that has ended is asked how it was."""
        core, kind = self._core, chat.settings.survey
        if not chat.answered or kind is None:
            return
        views = core.engine.views
        now_ns = views.now_ns(core.wall_ns())
        try:
            advice = await asyncio.to_thread(views.quality.advice, chat.contact, chat.contact_id, kind, now_ns)
            is_silent = advice.reason in SILENT
        except Exception:
            logger.exception("the rules for surveys could not be read: the visitor of %s is asked", chat.contact)
            is_silent = False
        core.counters["surveys_not_asked"] += is_silent
        chat.survey_open = not is_silent and chat.phase == "ended"

    def ask(self, chat: Chat) -> None:
        """Record, once, that the visitor is asked how it was."""
        kind = chat.settings.survey
        if kind is not None and not chat.asked:
            chat.asked = True
            name = f"survey-{chat.contact_id}"
            self._core.mention([SurveyRequested(id=name, contact=chat.contact, contact_id=chat.contact_id, kind=kind)])
