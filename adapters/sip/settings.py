"""The adapter's section of the configuration file."""

import ipaddress
import re
import ssl
from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator

from adapters.sip.protocol import LocalProtocolError, MalformedMessage, Uri, hop_for_uri
from adapters.sip.translate import is_protection
from engine.model.fields import Duration, Ref, Section, Whole, fault
from engine.model.tls import ServerTls, load_authorities
from engine.ports import Listener

DEFAULT_PORT: Final = 5060
DEFAULT_TLS_PORT: Final = 5061
SECOND_NS: Final = 1_000_000_000
NUMBER: Final = re.compile(r"\+?[0-9A-Za-z*#._-]{1,64}")
"""What may be dialled, or shown as a caller."""
Network = ipaddress.IPv4Network | ipaddress.IPv6Network
Algorithm = Literal["MD5", "SHA-256"]


def parse_source(text: str) -> tuple[Network, int]:
    """Read `192.0.2.0/24`, `192.0.2.7` or `192.0.2.7:5060` as a network and a port, 0 for any. Raises ValueError."""
    host, colon, port = text.rpartition(":")
    if colon and port.isdigit() and (host.startswith("[") or ":" not in host):
        return ipaddress.ip_network(host.strip("[]"), strict=False), int(port)
    return ipaddress.ip_network(text.strip("[]"), strict=False), 0


def _check_sources(sources: list[str]) -> list[str]:
    for source in sources:
        try:
            parse_source(source)
        except ValueError:
            raise fault(f"{source!r} is no address; write it as 192.0.2.7, 192.0.2.0/24 or 192.0.2.7:5060") from None
    return sources


class Trunk(Section):
    """Where calls of one trunk group come from."""

    group: Annotated[str, Ref("trunk group")]
    sources: Annotated[list[str], Field(min_length=1)]
    """Addresses, networks, or address:port."""
    trusted: bool = False
    """Whether what it says about a call's priority is believed."""

    _sources = field_validator("sources")(_check_sources)


class Outbound(Section):
    """A way to call customers: through which proxy, on which trunk group's channels."""

    group: Annotated[str, Ref("trunk group")] | None = None
    """Whose channels such calls take; not said: they are not counted."""
    proxy: str
    """Address of the trunk, border controller or PBX, as sip:192.0.2.10:5060;transport=tcp."""
    numbers: list[str] = Field(default_factory=lambda: ["*"], min_length=1)
    """Which numbers it takes, as patterns: `0*`, `+84*`, `19??`."""
    caller_id: str = "trunkline"
    """The number or name that customers see."""
    user: str = ""
    """For the digest authentication of the calls, where the proxy asks for it."""
    password: str = Field(default="", repr=False)

    @field_validator("proxy")
    @classmethod
    def _is_address(cls, proxy: str) -> str:
        try:
            hop = hop_for_uri(Uri.parse(proxy))
        except (LocalProtocolError, MalformedMessage):
            hop = None
        if hop is None or hop.transport not in ("udp", "tcp", "tls"):
            raise fault(f"{proxy!r} is no address; write it as sip:192.0.2.10:5060 or sip:192.0.2.10;transport=tcp")
        return proxy

    @field_validator("caller_id")
    @classmethod
    def _is_user(cls, caller_id: str) -> str:
        if NUMBER.fullmatch(caller_id) is None:
            raise fault(f"{caller_id!r} cannot be shown as a caller; letters, digits and + * # . _ - are allowed")
        return caller_id


class Callbacks(Section):
    """How customers are called back."""

    ring_limit_ns: Annotated[int, Duration("5s", "3m")] = Field(default=45 * SECOND_NS, alias="ring_limit")
    """How long a customer's phone may ring."""
    attempts: Annotated[int, Whole(1, 20)] = 1
    """How often a customer is called who is busy or does not answer."""
    retry_in: Annotated[str, Ref("queue")] | None = None
    """The queue that a customer waits in between two attempts; its overflow step says how long."""

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.attempts > 1 and self.retry_in is None:
            raise fault("more than one attempt needs 'retry_in': a queue without agents whose overflow step leads back")
        return self


class SipTls(ServerTls):
    """Calls over TLS: by which certificate, at which port, and whose certificates are believed."""

    port: Annotated[int, Whole(0, 65_535)] = DEFAULT_TLS_PORT
    """0: any free one."""
    ca_file: str = ""
    """Authorities of the peers that are called; empty: those of the system."""
    verify: bool = True
    """Whether peers that are called must have a certificate of their name by such an authority."""

    def client_context(self) -> ssl.SSLContext:
        """Return a context to connect with. Raises TlsFilesUnusable and OSError."""
        context = ssl.create_default_context() if not self.ca_file else ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self.load_certificate(context)
        if self.ca_file:
            load_authorities(context, self.ca_file)
        if not self.verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        return context


class Settings(Section):
    """Where it listens, which number leads to which queue, whom it believes, and how much it bears."""

    host: str = "127.0.0.1"
    """Address to listen at."""
    port: Annotated[int, Whole(0, 65_535)] = DEFAULT_PORT
    """Of UDP and TCP; 0: any free one."""
    advertise: str = ""
    """Address that Via and Contact name; needed when `host` stands for all addresses."""
    udp: bool = True
    tcp: bool = True
    tls: SipTls | None = None
    """Calls over TLS beside; not said: none."""
    realm: str = "trunkline"
    """Realm of the digest authentication of phones."""
    digest_algorithms: list[Algorithm] = Field(default_factory=lambda: list[Algorithm](["MD5"]), min_length=1)
    """What phones are challenged with, the most wanted first. Some phones give up when they do not know one of them."""
    dial_plan: dict[str, Annotated[str, Ref("queue")]] = Field(default_factory=dict)
    """Dialled number or name to queue; a queue's own name always leads to it."""
    default_queue: Annotated[str, Ref("queue")] | None = None
    """Where everything else goes; not said: 404."""
    agent_calls: Annotated[str, Ref("queue")] | None = None
    """The queue of calls from one agent's phone to another agent by name; not said: only queues can be called."""
    trunks: list[Trunk] = Field(default_factory=list)
    """Trunk groups by source address; the first that fits counts."""
    protected: list[str] = Field(default_factory=lambda: ["ets", "wps", "esnet", "emergency"])
    """What in a trusted trunk's Resource-Priority or Priority lets a call use the group's reserve: namespaces, single
    values as `q735.0`, and `emergency`."""
    outbound: list[Outbound] = Field(default_factory=list)
    """Ways to call customers back; the first that takes the number and has a free channel counts."""
    callbacks: Callbacks = Callbacks()
    callers_from: list[str] = Field(default_factory=list)
    """Addresses and networks that may call besides trunks and phones; empty: all."""
    phone_contacts: dict[Annotated[str, Ref("agent")], str] = Field(default_factory=dict)
    """Fixed contact URIs of phones that do not register, as sip:192.0.2.9:5060;transport=tcp."""
    auto_answer: bool = False
    """Whether phones are asked to answer by themselves."""
    alert_info: str = ""
    """Alert-Info of the INVITE to a phone: which ring tone."""
    park_on_transfer: bool = True
    """Whether a caller who waits after a transfer is put on hold."""
    session_interval_ns: Annotated[int, Duration("90s", "1d")] = Field(
        default=1800 * SECOND_NS, alias="session_interval"
    )
    """A call without a sign of life for so long is over (RFC 4028)."""
    min_session_interval_ns: Annotated[int, Duration("90s", "1d")] = Field(
        default=90 * SECOND_NS, alias="min_session_interval"
    )
    registration_min_ns: Annotated[int, Duration("1s", "1h")] = Field(default=30 * SECOND_NS, alias="registration_min")
    registration_max_ns: Annotated[int, Duration("1m", "1d")] = Field(
        default=3600 * SECOND_NS, alias="registration_max"
    )
    bindings_per_phone: Annotated[int, Whole(1, 16)] = 4
    """Places where one phone may be registered at once; all of them ring."""
    calls: Annotated[int, Whole(1, 1_000_000)] = 20_000
    """Calls at once; beyond, callers get 503."""
    calls_per_second: Annotated[int, Whole(1, 1_000_000)] = 2000
    """New calls from one address; twice as many at once. Beyond, 503."""
    transactions: Annotated[int, Whole(100, 10_000_000)] = 400_000
    connections: Annotated[int, Whole(1, 100_000)] = 2000
    """TCP connections that others make; as many are made by the adapter."""
    connections_per_address: Annotated[int, Whole(1, 100_000)] = 500
    """Of these, from one address, or one IPv6 network of 64 bits."""
    message_limit_ns: Annotated[int, Duration("1s", "5m")] = Field(default=10 * SECOND_NS, alias="message_limit")
    """How long a TCP connection may take for its first message, and for each one that it has begun."""
    receive_buffer: Annotated[int, Whole(65_536, 1 << 30)] = 4 << 20
    """Bytes of the UDP socket's receive buffer; the system may grant less (net.core.rmem_max)."""
    required: bool = True
    """Whether the service counts as not ready without this adapter."""

    _sources = field_validator("callers_from")(_check_sources)

    @field_validator("protected")
    @classmethod
    def _are_known(cls, protected: list[str]) -> list[str]:
        for word in protected:
            if not is_protection(word):
                raise fault(f"{word!r} is neither 'emergency' nor a known namespace or value, as 'ets' or 'q735.0'")
        return protected

    @property
    def calls_back(self) -> bool | None:
        """Whether customers of adapters that cannot call are called here; None: only its own, in vain."""
        return True if self.outbound else None

    @property
    def rings_phones(self) -> bool:
        """Whether agents' phones are rung here, and known to be there."""
        return True

    @property
    def for_colleagues(self) -> tuple[str, ...]:
        """The queue of calls among agents, where customers' calls do not come to it, too."""
        of_customers = {*self.dial_plan.values(), self.default_queue, self.callbacks.retry_in}
        return () if self.agent_calls is None or self.agent_calls in of_customers else (self.agent_calls,)

    @property
    def listeners(self) -> tuple[Listener, ...]:
        """Where it listens."""
        udp = (Listener(("port",), "udp", self.host, self.port),) if self.udp else ()
        tcp = (Listener(("port",), "tcp", self.host, self.port),) if self.tcp else ()
        tls = (Listener(("tls", "port"), "tcp", self.host, self.tls.port),) if self.tls is not None else ()
        return udp + tcp + tls

    @property
    def own_host(self) -> str:
        """The address that peers are told."""
        return self.advertise or self.host

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if not self.udp and not self.tcp and self.tls is None:
            raise fault("'udp' and 'tcp' are both false, and there is no 'tls'; one transport is needed")
        over_tls = [way.proxy for way in self.outbound if hop_for_uri(Uri.parse(way.proxy)).transport == "tls"]
        if over_tls and self.tls is None:
            raise fault(f"{over_tls[0]!r} is reached over TLS, so the section 'tls' is needed")
        if not self.advertise and self.host in ("0.0.0.0", "::"):
            raise fault(f"'host' {self.host} stands for all addresses, so 'advertise' must say which one peers may use")
        if self.min_session_interval_ns > self.session_interval_ns:
            raise fault("'min_session_interval' is above 'session_interval'")
        if self.registration_min_ns > self.registration_max_ns:
            raise fault("'registration_min' is above 'registration_max'")
        return self
