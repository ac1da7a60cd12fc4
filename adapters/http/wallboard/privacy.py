"""Screens in public places: agents and supervisors by their initials alone, so that no name leaves the service."""

import re
import unicodedata
from typing import Final, TypeVar

import msgspec

from adapters.http.wallboard.alerts import AlertTile
from adapters.http.wallboard.plan_tiles import PlanTile
from adapters.http.wallboard.tiles import WaitingTile
from engine.projections.agents.status import AgentTile

PARTS_MAX: Final = 3
Wait = TypeVar("Wait", bound=WaitingTile)
_BETWEEN: Final = re.compile(r"[\s._-]+")
_DIGITS: Final = re.compile(r"[0-9]+")
_NUMBER: Final = re.compile(r"[0-9]{1,3}$")


def initials(name: str) -> str:
    """`Nguyễn Thị An` is `NTA`, `Nguyễn Thị An 17` `NTA17`, `agent012` `A012`: the number tells many apart."""
    words = [word for word in _BETWEEN.split(unicodedata.normalize("NFC", name)) if word]
    last = [word for word in words[PARTS_MAX:][-1:] if _DIGITS.fullmatch(word)]
    return "".join(_initial(word) for word in words[:PARTS_MAX] + last)


def _initial(word: str) -> str:
    number = _NUMBER.search(word)
    return ("" if _DIGITS.fullmatch(word) else word[0].upper()) + (number[0] if number else "")


def unnamed_agent(agent: AgentTile, number: int) -> AgentTile:
    """Return an agent without their name; the number tells them apart."""
    shown = initials(agent.display_name or agent.agent)
    return msgspec.structs.replace(agent, agent=f"agent-{number}", display_name=shown)


def unnamed_wait(wait: Wait) -> Wait:
    """Return a waiting contact without the names of the agents at whom it rings and who asks in it."""
    if not wait.why_agent and not wait.asked_by:
        return wait
    short, asks = initials(wait.why_agent), initials(wait.asked_by)
    why = wait.why.replace(wait.why_agent, short) if wait.why_agent else wait.why
    return msgspec.structs.replace(wait, why=why, why_agent=short, asked_by=asks)


def unnamed_alert(alert: AlertTile) -> AlertTile:
    """Return an alert without who has seen it, and what they said."""
    if not alert.acknowledged_by and not alert.note:
        return alert
    return msgspec.structs.replace(alert, acknowledged_by=initials(alert.acknowledged_by), note="")


def unnamed_plan(plan: PlanTile) -> PlanTile:
    """Return a plan in force without who activated it, and why."""
    return msgspec.structs.replace(plan, by=initials(plan.by), reason="")
