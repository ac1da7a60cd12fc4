"""The web chat adapter's life: it listens to the public, keeps chats over restarts, and stops without losing one."""

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import web

from adapters.webchat.application import Application
from adapters.webchat.conduct import Conduct
from adapters.webchat.core import Core, Limits
from adapters.webchat.polling import Polling
from adapters.webchat.reception import Reception
from adapters.webchat.settings import Settings as WebChatSettings
from adapters.webchat.sockets import Sockets
from adapters.webchat.surveys import Surveys
from adapters.webchat.switchboard import Switchboard
from adapters.webchat.tokens import Signer
from engine.messages.effects import AnyEffect
from engine.model.tls import OfferedCertificate
from engine.own_key import own_key
from engine.ports import AdapterStatus, EngineLink, OpenContact

logger = logging.getLogger(__name__)
SHUTDOWN_S: Final = 3.0
KEEPALIVE_S: Final = 60.0
LISTENS_BY: Final = ("host", "port", "tls")
"""Settings of the listener, which is opened once."""
COUNTERS: Final = (
    "chats",
    "chats_resumed",
    "chats_ended",
    "lines",
    "lines_repeated",
    "messages_left",
    "numbers_left",
    "surveys_answered",
    "surveys_not_asked",
    "visitors_left",
    "sessions",
    "sockets",
    "polls",
    "frames",
    "files",
    "file_bytes",
    "files_refused",
    "frames_refused",
    "hellos_refused",
    "identities_refused",
    "sessions_refused",
    "origins_refused",
    "requests_refused",
    "requests_broken_off",
    "overloaded",
    "not_taken",
    "refused",
    "sockets_broken",
    "sockets_cut",
    "facts_delayed",
    "facts_dropped",
    "lines_from_log",
)


class WebChatAdapter:
    """Visitors chat through a widget on any page; each chat is a contact."""

    Settings: type = WebChatSettings

    def __init__(
        self,
        settings: WebChatSettings,
        engine: EngineLink,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = "webchat"
        self.settings = settings
        signer = Signer(own_key(engine.folder))
        self.core = Core(settings, engine, signer, Limits(settings), wall_ns, monotonic_ns)
        self.core.counters.update(dict.fromkeys(COUNTERS, 0))
        self._surveys = Surveys(self.core)
        self.switchboard = Switchboard(self.core, self._surveys)
        reception, conduct = Reception(self.core, self._surveys), Conduct(self.core)
        self.sockets = Sockets(self.core, self.switchboard, reception, conduct)
        self.polling = Polling(self.core, self.switchboard, reception, conduct)
        self._application = Application(self.core, self.sockets, self.polling)
        self._certificate: OfferedCertificate | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._runner: web.AppRunner | None = None
        self.port = 0
        """The port it listens at."""

    async def start(self, contacts: Sequence[OpenContact]) -> None:
        """Take up the chats of before and listen. Raises OSError when the address is taken, TlsFilesUnusable."""
        settings = self.settings
        shown = self._certificate = OfferedCertificate(settings.tls) if settings.tls is not None else None
        context = shown.context if shown is not None else None
        self.switchboard.start(contacts)
        runner = web.AppRunner(
            self._application.build(),
            access_log=None,
            keepalive_timeout=KEEPALIVE_S,
            shutdown_timeout=SHUTDOWN_S,
            auto_decompress=False,
            handle_signals=False,
        )
        await runner.setup()
        self._runner = runner
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024, ssl_context=context).start()
        self.port = runner.addresses[0][1]
        logger.info("listening at %s://%s:%d", settings.scheme, settings.host, self.port)

    def reload(self, settings: WebChatSettings) -> list[str]:
        """Follow other settings while chats go on; returns those that need a restart.

        Pages of an inbox that is gone are closed, and its chats end.
        """
        kept = {name: getattr(self.settings, name) for name in LISTENS_BY}
        moved = [name for name, value in kept.items() if value != getattr(settings, name)]
        self.settings = settings.model_copy(update=kept)
        self.core.follow(self.settings)
        self._application.follow()
        self.switchboard.follow(self.settings)
        if self._runner is not None:
            closing = asyncio.get_running_loop().create_task(self.sockets.close_gone(), name="webchat inbox gone")
            self._closing.add(closing)
            closing.add_done_callback(self._closing.discard)
        return moved

    def renew_certificate(self) -> bool:
        """Show what the certificate's files hold now. Raises OSError, TlsFilesUnusable."""
        return self._certificate is not None and self._certificate.renew()

    def act(self, effect: AnyEffect) -> None:
        """Carry out what routing decided."""
        self.switchboard.act(effect)

    def status(self) -> AdapterStatus:
        """Say how it is doing."""
        up = self._runner is not None and not self.core.stopping
        counters = {
            **self.core.counters,
            "sockets_open": len(self.sockets.open),
            "polls_waiting": len(self.polling),
            "chats_open": len(self.core.visitors.by_contact),
            "visitors": len(self.core.visitors),
            "rate_limited": self.core.limits.refused,
        }
        where = f"listening at {self.settings.scheme}://{self.settings.host}:{self.port}" if up else "not listening"
        return AdapterStatus(self.name, up, self.settings.required, where, counters)

    async def stop(self) -> None:
        """Send every page away, to come back to the next process; chats stay as they are."""
        self.core.stopping = True
        self.polling.close()
        await self.sockets.close()
        await self.switchboard.stop()
        await self._surveys.stop()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
