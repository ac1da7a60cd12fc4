"""The sections that describe agents and their phones, one by one or by the hundred."""

import re
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from engine.config.faults import several
from engine.config.queues import WRAP_UP, SkillLevels
from engine.model.fields import Duration, Ref, Section, Text, Whole
from engine.model.passwords import HASH
from engine.model.settings import INHERIT, SECOND_NS

AGENTS_MAX: Final = 10_000
_NUMBER: Final = re.compile(r"\{n(?::(0?\d{1,2}))?\}")
_ADDRESS: Final = r"sips?:[^@\s;]+@[^@\s;]+(;transport=(udp|tcp|tls))?"
Capacities = dict[Annotated[str, Ref("channel")], Annotated[int, Whole(0, 1000)]]
Name = Annotated[str, Text(r"\S(.{0,126}\S)?", "a name; write 1 to 128 characters, in quotes if they are digits")]


def fill_in(template: str, number: int) -> str:
    """Replace `{n}` by the number, and `{n:03}` by the number with leading zeros."""
    return _NUMBER.sub(lambda match: format(number, (match[1] or "") + "d"), template)


def _hashed(value: SecretStr) -> SecretStr:
    if not re.fullmatch(HASH, value.get_secret_value()):
        raise several([((), "this is no hashed password; make one with 'trunkline password'")])
    return value


class Phone(Section):
    """Where an agent's phone is, and how it proves who it is."""

    address: Annotated[str, Text(_ADDRESS, "a phone's address; write it as sip:alice@example.org")]
    password: SecretStr | None = None
    ha1: SecretStr | None = None
    """MD5 of user:realm:password, instead of the password."""
    auto_answer: bool = False
    """Whether it is asked to answer by itself, as headsets do."""

    @model_validator(mode="after")
    def _one_secret(self) -> Self:
        if self.password is not None and self.ha1 is not None:
            raise several([(("ha1",), "'password' is given too; give one of the two")])
        if self.ha1 is not None and not re.fullmatch(r"[0-9a-fA-F]{32}", self.ha1.get_secret_value()):
            raise several([(("ha1",), "an HA1 has 32 hexadecimal digits")])
        return self


class Agent(Section):
    """One agent."""

    name: Name
    display_name: str = ""
    skills: SkillLevels = Field(default_factory=dict)
    queues: list[Annotated[str, Ref("queue")]] = Field(default_factory=list)
    """Queues that the agent is a member of; among a queue's members, the order of the file is that of top-down."""
    site: Annotated[str, Ref("site")] | None = None
    capacity: Capacities = Field(default_factory=dict)
    wrap_up_ns: Annotated[int, WRAP_UP] = Field(default=INHERIT, alias="wrap_up")
    ring_limit_ns: Annotated[int, Duration("0s", "10m")] = Field(default=0, alias="ring_limit")
    max_no_answer: Annotated[int, Whole(0, 1000)] = 3
    no_answer_delay_ns: Annotated[int, Duration("0s", "1h")] = Field(default=5 * SECOND_NS, alias="no_answer_delay")
    decline_delay_ns: Annotated[int, Duration("0s", "1h")] = Field(default=2 * SECOND_NS, alias="decline_delay")
    busy_delay_ns: Annotated[int, Duration("0s", "1h")] = Field(default=10 * SECOND_NS, alias="busy_delay")
    weight: Annotated[int, Whole(1, 1000)] = 1
    phone: Phone | None = None
    desk_password: Annotated[SecretStr, AfterValidator(_hashed)] | None = None
    """Of the agent desk, hashed; not said: no sign-in by password."""


class AgentEntry(Agent):
    """One agent, or `count` of them whose names, addresses and passwords hold `{n}`."""

    count: Annotated[int, Whole(1, AGENTS_MAX)] | None = None
    first: Annotated[int, Whole(0, 1_000_000)] = 1

    @model_validator(mode="after")
    def _differ(self) -> Self:
        if self.count is None:
            return self
        wrong: list[tuple[tuple[str | int, ...], str]] = []
        if not _NUMBER.search(self.name):
            wrong.append((("name",), f"with 'count' the name must hold {{n}}; write {self.name}{{n}}"))
        # Of a phone with faults of its own there is what is good.
        phone: Phone | None = getattr(self, "phone", None)
        address, ha1 = (None if phone is None else vars(phone).get(key) for key in ("address", "ha1"))
        if address is not None and not _NUMBER.search(address):
            user, _, host = address.partition("@")
            text = f"with 'count' each agent has a phone of its own; write {user}{{n}}@{host}"
            wrong.append((("phone", "address"), text))
        if ha1 is not None:
            text = "an HA1 is of one phone's user; with 'count' give 'password', which may hold {n}"
            wrong.append((("phone", "ha1"), text))
        if wrong:
            raise several(wrong)
        return self

    def expand(self) -> list[Agent]:
        """Return the agents that this entry stands for."""
        common = {name: getattr(self, name) for name in Agent.model_fields}
        said = set(common)  # one set for all of them: a set each is a third of what they take
        if self.count is None:
            return [Agent.model_construct(said, **common)]
        numbers = range(self.first, self.first + self.count)
        return [Agent.model_construct(said, **common | self._numbered(number)) for number in numbers]

    def _numbered(self, number: int) -> dict[str, Any]:
        filled: dict[str, Any] = {
            "name": fill_in(self.name, number),
            "display_name": fill_in(self.display_name, number),
        }
        if self.phone is not None:
            password = self.phone.password
            filled["phone"] = self.phone.model_copy(
                update={
                    "address": fill_in(self.phone.address, number),
                    "password": password and SecretStr(fill_in(password.get_secret_value(), number)),
                }
            )
        return filled


def expanded_names(entry: Any) -> list[str]:
    """Return the names that an unchecked entry stands for, as far as it can be told."""
    name = entry.get("name") if isinstance(entry, dict) else None
    if not isinstance(name, str):
        return []
    count, first = entry.get("count"), entry.get("first", 1)
    numbered = isinstance(count, int) and isinstance(first, int) and 1 <= count <= AGENTS_MAX
    if not numbered or not _NUMBER.search(name):
        return [name]
    return [fill_in(name, number) for number in range(first, first + count)]
