"""The HTTP adapter's life: it listens, hands effects to the stream, and stops without leaving anybody hanging."""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Final

from aiohttp import web

from adapters.http.application import build_application
from adapters.http.below_routes import ProblemRunner
from adapters.http.callers.tokens import Tokens
from adapters.http.connections import Connections
from adapters.http.context import Context
from adapters.http.desk.desk import Desks
from adapters.http.feed.feed import Feed
from adapters.http.metrics.metrics import Metrics
from adapters.http.settings import Settings as HttpSettings
from adapters.http.wallboard.kiosks import Kiosks
from adapters.http.wallboard.last_week import LastWeek
from engine.messages.effects import AnyEffect
from engine.model.rate_limit import RateLimit
from engine.model.tls import OfferedCertificate
from engine.ports import AdapterStatus, EngineLink, OpenContact

logger = logging.getLogger(__name__)
CALLERS_MAX: Final = 4096
"""Callers whose requests are counted; the one that asked longest ago is forgotten."""
LINGER_S: Final = 1.0
"""How long a body that nobody wants is read after the answer, so that the answer arrives."""
SHUTDOWN_S: Final = 2.0
"""How long requests under way get to finish."""
AT_START: Final = (
    *("host", "port", "tls", "time_zone", "cors", "body_limit", "idle_timeout_ns"),
    *("streams", "connections", "desk", "required"),
)
"""Settings that hold from the start on; all others follow a reload."""


class HttpAdapter:
    """Facts and commands in, figures and streams out. Contacts brought here have their effects in the stream."""

    Settings: type = HttpSettings

    def __init__(
        self,
        settings: HttpSettings,
        engine: EngineLink,
        *,
        wall_ns: Callable[[], int] = time.time_ns,
        monotonic_ns: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.name = "http"
        self.settings = settings
        tokens = Tokens(settings.tokens)
        self.context = Context(
            settings=settings,
            engine=engine,
            tokens=tokens,
            rate_limit=RateLimit(settings.requests_per_second, 2 * settings.requests_per_second, CALLERS_MAX),
            feed=Feed(engine, wall_ns, settings.time_zone, settings.streams, settings.all_boards),
            connections=Connections(settings.idle_timeout_ns / 1e9, settings.connections),
            metrics=Metrics(engine, wall_ns),
            kiosks=Kiosks(engine.folder),
            last_week=LastWeek(engine.past),
            desks=Desks(settings, engine, tokens, wall_ns),
            wall_ns=wall_ns,
            monotonic_ns=monotonic_ns,
        )
        for token in settings.tokens:
            self.context.metrics.know_source(f"http:{token.id}")
        self._certificate: OfferedCertificate | None = None
        self._runner: web.AppRunner | None = None
        self.port = 0
        """The port it listens at."""
        self._effects = 0
        self._unsubscribe: Callable[[], None] = lambda: None

    async def start(self, contacts: Sequence[OpenContact]) -> None:
        """Listen. Raises OSError when the address is taken, TlsFilesUnusable."""
        context, settings = self.context, self.settings
        context.feed.start()
        context.desks.start()
        self._unsubscribe = context.metrics.follow()
        runner = ProblemRunner(
            build_application(context),
            access_log=None,
            keepalive_timeout=settings.idle_timeout_ns / 1e9,
            shutdown_timeout=SHUTDOWN_S,
            lingering_time=LINGER_S,
            auto_decompress=False,
            handle_signals=False,
        )
        await runner.setup()
        self._runner = runner
        server = runner.server
        assert server is not None
        context.connections.start(lambda: server.connections)
        shown = self._certificate = OfferedCertificate(settings.tls) if settings.tls is not None else None
        context_of_tls = shown.context if shown is not None else None
        await web.TCPSite(runner, settings.host, settings.port, backlog=1024, ssl_context=context_of_tls).start()
        self.port = runner.addresses[0][1]
        logger.info("listening at %s://%s:%d", settings.scheme, settings.host, self.port)
        if not settings.tokens:
            logger.warning(
                "no tokens are configured: everybody on this machine may do everything at %s://%s:%d",
                settings.scheme,
                settings.host,
                self.port,
            )
        if contacts:
            logger.info("%d contacts that came by HTTP are still open", len(contacts))

    def renew_certificate(self) -> bool:
        """Show what the certificate's files hold now. Raises OSError, TlsFilesUnusable."""
        return self._certificate is not None and self._certificate.renew()

    def reload(self, settings: HttpSettings) -> list[str]:
        """Go on with other boards, tokens and limits; returns what needs a restart."""
        kept = {name: getattr(self.settings, name) for name in AT_START}
        if bool(settings.tokens) != bool(self.settings.tokens):  # whether anybody needs one is no change for a reload
            kept["tokens"] = self.settings.tokens
        waiting = [name for name, value in kept.items() if value != getattr(settings, name)]
        self.settings = self.context.settings = settings.model_copy(update=kept)
        context = self.context
        context.tokens.follow(self.settings.tokens)
        context.feed.follow(self.settings.all_boards)
        context.last_week.forget()
        for token in self.settings.tokens:
            context.metrics.know_source(f"http:{token.id}")
        context.rate_limit.follow(self.settings.requests_per_second, 2 * self.settings.requests_per_second)
        return [name.removesuffix("_ns") for name in waiting]

    def act(self, effect: AnyEffect) -> None:
        """Hand an effect to those who read the stream's topic `effects`."""
        self._effects += 1
        self.context.feed.note_effect(effect)

    def status(self) -> AdapterStatus:
        """Say how it is doing."""
        feed, limit = self.context.feed, self.context.rate_limit
        up = self._runner is not None and not self.context.stopping
        counters = {
            "streams": len(feed.readers),
            "states_skipped": feed.skipped,
            "streams_dropped": feed.dropped,
            "effects": self._effects,
            "requests_refused": limit.refused,
            "desks": self.context.desks.hub.count,
            "desks_left": self.context.desks.presence.set_offline,
            "chats_put_back": self.context.desks.presence.put_back,
            "sign_ins_refused": self.context.desks.sign_in.refused,
            "connections_closed": self.context.connections.closed,
        }
        where = f"listening at {self.settings.host}:{self.port}" if up else "not listening"
        return AdapterStatus(self.name, up, self.settings.required, where, counters)

    async def stop(self) -> None:
        """Tell every stream that it ends, let requests finish, and close."""
        self.context.stopping = True
        self._unsubscribe()
        await self.context.desks.stop()
        await self.context.feed.stop()
        await self.context.connections.stop()
        runner, self._runner = self._runner, None
        if runner is not None:
            await runner.cleanup()
        self.context.looking_back.stop()
