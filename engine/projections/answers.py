"""The shapes of answers that hold several things at one position of the log."""

import msgspec

from engine.projections.agents.occupancy import Occupancy
from engine.projections.agents.status import AgentStatus, AgentSummary
from engine.projections.contacts.records import ContactRecord
from engine.projections.formulas import abandonment, service_level
from engine.projections.queues.expected_wait import Calibration
from engine.projections.trunk_occupancy import TrunkGroupStatus


class AgentList(msgspec.Struct, frozen=True):
    """Agents at one position of the log; `summary` counts all of them, listed or not."""

    as_of: int
    at_ns: int
    summary: AgentSummary
    agents: list[AgentStatus]
    next_after: str | None = None
    """Where the next page begins; null: this is the last."""


class ContactAnswer(msgspec.Struct, frozen=True):
    """One contact."""

    as_of: int
    contact: ContactRecord


class ContactList(msgspec.Struct, frozen=True):
    """A page of several contacts, latest first."""

    as_of: int
    contacts: list[ContactRecord]
    next_after: int | None = None
    """Where the next page begins; null: no earlier ones are remembered."""


class TrunkGroupList(msgspec.Struct, frozen=True):
    """All trunk groups."""

    as_of: int
    at_ns: int
    trunk_groups: list[TrunkGroupStatus]


class Formulas(msgspec.Struct, frozen=True):
    """Every variant of the service level and of the abandonment rate, over one window of one queue."""

    as_of: int
    at_ns: int
    since_ns: int
    queue: str
    service_levels: list[service_level.ServiceLevel]
    abandonments: list[abandonment.Abandonment]
    calibration: Calibration
    occupancy: Occupancy
    """Of the agents who may serve the queue, over the whole log."""
