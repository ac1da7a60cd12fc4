"""The topics: how they are made of names, and what an incoming one says. No sockets.

`<prefix>/<site>/` is followed by

    queue/<queue>/state         retained   one queue, at most once a second
    agent/<agent>/state         retained   one agent, when it changes
    plan/<plan>/state           retained   one continuity plan: whether it is in force
    event/<type>                           the log in words
    contact/<contact>/effect               what the engine asks of whoever brought the contact by MQTT
    in/events[/<source>]        incoming   facts, one or an array
    in/results[/<source>]                  what became of them
    gap                                    what could not be told: events or effects were skipped
    cursor                      retained   how far events were published, and when this was last written

A name that is a level of its own has `%`, `/`, `+`, `#`, a leading `$` and control characters written as %XX.
"""

import re
from typing import Final

from engine.errors import TrunklineError

TOPIC_BYTES_MAX: Final = 512
DEFAULT_SITE: Final = "main"
"""The only site there is, unless one is named: its status stands right below the prefix."""
_SPECIAL: Final = re.compile(r"^\$|[%/+#\x00-\x1f\x7f-\x9f]")
_SOURCE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


class BadTopic(TrunklineError):
    """A topic that means nothing here."""


def escape(name: str) -> str:
    """Return a name as one level of a topic."""
    return _SPECIAL.sub(lambda match: "".join(f"%{byte:02X}" for byte in match[0].encode()), name)


class Topics:
    """The topics of one engine."""

    def __init__(self, prefix: str, site: str, status_topic: str = "") -> None:
        self.root = f"{prefix}/{site}"
        self._prefix = prefix
        self.status = status_topic or (f"{prefix}/$status" if site == DEFAULT_SITE else f"{self.root}/$status")
        self.cursor = f"{self.root}/cursor"
        self.gap = f"{self.root}/gap"
        self.inbox = f"{self.root}/in/events"
        self.results_root = f"{self.root}/in/results"
        self.states = (
            self.queue_state("+", escaped=True),
            self.agent_state("+", escaped=True),
            self.plan_state("+", escaped=True),
        )
        """Filters of the retained states."""

    def queue_state(self, queue: str, *, escaped: bool = False) -> str:
        """Topic of a queue's state."""
        return f"{self.root}/queue/{queue if escaped else escape(queue)}/state"

    def agent_state(self, agent: str, *, escaped: bool = False) -> str:
        """Topic of an agent's state."""
        return f"{self.root}/agent/{agent if escaped else escape(agent)}/state"

    def plan_state(self, plan: str, *, escaped: bool = False) -> str:
        """Topic of a continuity plan's state."""
        return f"{self.root}/plan/{plan if escaped else escape(plan)}/state"

    def event(self, kind: str) -> str:
        """Topic of events of one type."""
        return f"{self.root}/event/{kind}"

    def effect(self, contact: str) -> str:
        """Topic of a contact's effects."""
        return f"{self.root}/contact/{escape(contact)}/effect"

    def results(self, source: str) -> str:
        """Topic of results for a source; empty: the one without a name."""
        return f"{self.results_root}/{source}" if source else self.results_root

    def is_incoming(self, topic: str) -> bool:
        """Whether facts are meant by a message on this topic."""
        return topic == self.inbox or topic.startswith(self.inbox + "/")

    def source_of(self, topic: str) -> str:
        """Return the source that an incoming topic names, empty for none. Raises BadTopic."""
        if topic == self.inbox:
            return ""
        source = topic.removeprefix(self.inbox + "/")
        if source == topic or not _SOURCE.fullmatch(source):
            raise BadTopic(
                f"{topic[:200]!r} is not a topic for facts; publish to {self.inbox} or to {self.inbox}/<source>, "
                "where <source> is 1 to 64 letters, digits, - _ or ."
            )
        return source

    def require_response(self, topic: str) -> None:
        """Raise BadTopic for a response topic that results must not be published to."""
        if not topic or topic.startswith("$") or set(topic) & set("+#\x00"):
            raise BadTopic("the response topic is empty, has wildcards or begins with $")
        if len(topic.encode()) > TOPIC_BYTES_MAX:
            raise BadTopic(f"the response topic has more than {TOPIC_BYTES_MAX} bytes")
        own = topic == self.results_root or topic.startswith(self.results_root + "/")
        # Otherwise whoever may send facts could have states or events forged, or results come back as facts.
        if topic == self.status or (topic.startswith(self._prefix + "/") and not own):
            raise BadTopic(f"the response topic is the engine's own; take one that does not begin with {self._prefix}/")
